#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>
#include <array>

#include <pcre2.h>

#include "base/check.h"
#include "base/text.h"
#include "text/regex_syntax.h"
#include "text/unicode.h"

namespace hone {
namespace {

constexpr size_t kMaxPatternBytes = 64 << 10;
constexpr uint32_t kMaxSteps = 20'000'000;  // of one match attempt: under a second
constexpr uint32_t kMaxHeapKib = 64 << 10;  // of the interpreter
constexpr size_t kJitStackBytes = 1 << 20;

template <auto Free>
struct Release {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Release<Free>>;

/// What one thread needs to run any pattern.
struct Scratch {
  Handle<pcre2_match_data, pcre2_match_data_free> match{pcre2_match_data_create(1, nullptr)};
  Handle<pcre2_match_context, pcre2_match_context_free> context{pcre2_match_context_create(nullptr)};
  Handle<pcre2_jit_stack, pcre2_jit_stack_free> stack{pcre2_jit_stack_create(32 << 10, kJitStackBytes, nullptr)};

  Scratch() {
    pcre2_set_match_limit(context.get(), kMaxSteps);
    pcre2_set_heap_limit(context.get(), kMaxHeapKib);
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

std::string pcre_message(int code) {
  std::array<PCRE2_UCHAR, 200> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

Regex::Regex(const std::string& pattern) : pattern_(pattern) {
  HONE_CHECK(pattern.size() <= kMaxPatternBytes, ErrorKind::format, "regex of {} bytes; at most {} are accepted",
             pattern.size(), kMaxPatternBytes);
  HONE_CHECK(is_valid_utf8(pattern), ErrorKind::format, "regex {} is not UTF-8", quote_for_message(pattern));
  compile(pcre_from_oniguruma(pattern));
}

Regex Regex::literal(std::string_view literal) {
  Regex regex;
  regex.pattern_ = literal;
  std::string escaped;
  for (const char c : literal) {
    if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c))) {
      escaped += fmt::format("\\x{{{:02x}}}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  regex.compile(escaped);
  return regex;
}

void Regex::compile(const std::string& translated) {
  int error = 0;
  PCRE2_SIZE where = 0;
  // `^` and `$` stand at every line in Oniguruma.
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &where, nullptr);
  HONE_CHECK(code != nullptr, ErrorKind::format, "regex {}: {} (near {})", quote_for_message(pattern_),
             pcre_message(error), quote_for_message(translated.substr(std::min(where, translated.size())), 20));
  code_ = std::shared_ptr<const void>(
      code, [](const void* p) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(p))); });
  jit_ = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
}

bool Regex::find(std::string_view text, size_t from, size_t* begin, size_t* end) const {
  thread_local Scratch scratch;
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  int result = PCRE2_ERROR_JIT_STACKLIMIT;
  if (jit_) {
    result = pcre2_jit_match(code, subject, text.size(), from, 0, scratch.match.get(), scratch.context.get());
  }
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) {  // the interpreter keeps its state on the heap
    result = pcre2_match(code, subject, text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, scratch.match.get(),
                         scratch.context.get());
  }
  if (result == PCRE2_ERROR_NOMATCH) return false;
  HONE_CHECK(result >= 0, ErrorKind::data, "regex {} gave up on a text of {} bytes: {}", quote_for_message(pattern_),
             text.size(), pcre_message(result));
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(scratch.match.get());
  *begin = std::min(range[0], range[1]), *end = range[1];  // \K in a lookahead can put the start behind the end
  return true;
}

void Regex::cut(std::string_view text, std::vector<MatchedRange>& out) const {
  out.clear();
  size_t done = 0, from = 0, begin = 0, end = 0;
  bool matched_before = false;
  while (from <= text.size() && find(text, from, &begin, &end)) {
    begin = std::max(begin, done);
    if (begin == end && matched_before && end == done) {  // an empty match right behind the last one does not count
      if (from >= text.size()) break;
      from += char_size(text[from]);
      continue;
    }
    if (begin > done) out.push_back({done, begin, false});
    out.push_back({begin, end, true});
    done = from = end;
    matched_before = true;
  }
  if (done < text.size()) out.push_back({done, text.size(), false});
}

}  // namespace hone
