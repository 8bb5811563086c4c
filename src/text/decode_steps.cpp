#include "text/decode_steps.h"

#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "text/byte_level.h"
#include "text/text_pattern.h"
#include "text/unicode.h"

namespace hone {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// A step that turns whole tokens into others, one for one: collects a token's fragments first.
template <class Change>
class PerToken final : public DecodeStep {
 public:
  explicit PerToken(Change change) : change_(std::move(change)) {}
  void push(Fragment fragment, const FragmentSink& next) override {
    token_ += fragment.text;
    if (!fragment.ends) return;
    next({change_(std::exchange(token_, {}), std::exchange(first_, false))});
  }

 private:
  Change change_;  // (token, is it the stream's first) -> token
  std::string token_;
  bool first_ = true;
};

template <class Change>
MakeDecodeStep per_token(Change change) {
  return [change = std::move(change)] { return std::make_unique<PerToken<Change>>(change); };
}

template <class Step>
MakeDecodeStep fresh() {
  return [] { return std::make_unique<Step>(); };
}

class Fuse final : public DecodeStep {
 public:
  void push(Fragment fragment, const FragmentSink& next) override {
    next({std::move(fragment.text), std::exchange(first_, false), false});
  }
  void finish(const FragmentSink& next) override { next({"", first_, true}); }

 private:
  bool first_ = true;
};

class ByteLevel final : public DecodeStep {
 public:
  void push(Fragment fragment, const FragmentSink& next) override {
    token_ += fragment.text;
    if (!fragment.ends) return;
    bytes_ += alphabet_to_bytes(std::exchange(token_, {}));
    std::string rest = bytes_.substr(bytes_.size() - unfinished_char_size(bytes_));
    bytes_.resize(bytes_.size() - rest.size());
    if (!bytes_.empty()) next({replace_invalid_utf8(bytes_), std::exchange(first_, false), false});
    bytes_ = std::move(rest);
  }
  void finish(const FragmentSink& next) override { next({replace_invalid_utf8(bytes_), first_, true}); }

 private:
  std::string token_, bytes_;
  bool first_ = true;
};

std::optional<char> byte_of_token(std::string_view token) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const auto digit = [&](char c) { return kHex.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c); };
  const size_t high = digit(token[3]), low = digit(token[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<char>(high << 4 | low);
}

/// A whole run of byte tokens is text or, if it is not UTF-8, one U+FFFD a byte: so it can only be told at its end.
class ByteTokens final : public DecodeStep {
 public:
  void push(Fragment fragment, const FragmentSink& next) override {
    const std::optional<char> byte = fragment.begins && fragment.ends ? byte_of_token(fragment.text) : std::nullopt;
    if (byte) return bytes_.push_back(*byte);
    finish(next);
    next(std::move(fragment));
  }
  void finish(const FragmentSink& next) override {
    const std::string bytes = std::exchange(bytes_, {});
    if (bytes.empty()) return;
    if (is_valid_utf8(bytes)) return next({bytes});
    for (size_t i = 0; i < bytes.size(); ++i) next({"\xEF\xBF\xBD"});
  }

 private:
  std::string bytes_;
};

class Join final : public DecodeStep {
 public:
  explicit Join(std::string separator) : separator_(std::move(separator)) {}
  void push(Fragment fragment, const FragmentSink& next) override {
    if (fragment.begins && !std::exchange(first_, false)) fragment.text = separator_ + fragment.text;
    next(std::move(fragment));
  }

 private:
  std::string separator_;
  bool first_ = true;
};

/// Drops up to `start` characters c in front of each token as they come, and up to `stop` behind it at its end.
class Strip final : public DecodeStep {
 public:
  Strip(char32_t c, size_t start, size_t stop) : start_(start), stop_(stop) { append_char(mark_, c); }
  void push(Fragment fragment, const FragmentSink& next) override {
    if (fragment.begins) to_drop_ = start_, held_ = 0;
    std::string_view text = fragment.text;
    while (to_drop_ > 0 && text.starts_with(mark_)) text.remove_prefix(mark_.size()), --to_drop_;
    if (!text.empty()) to_drop_ = 0;
    // Marks at the end wait: they go if the token ends within `stop_` of them.
    size_t marks = 0;
    std::string_view body = text;
    while (marks < stop_ && body.ends_with(mark_)) body.remove_suffix(mark_.size()), ++marks;
    std::string out;
    if (!body.empty()) {
      for (; held_ > 0; --held_) out += mark_;
      out += body;
    }
    for (held_ += marks; held_ > stop_; --held_) out += mark_;
    if (fragment.ends) held_ = 0;
    next({std::move(out), fragment.begins, fragment.ends});
  }

 private:
  std::string mark_;
  size_t start_, stop_;
  size_t to_drop_ = 0, held_ = 0;
};

/// The last token's suffix vanishes, the others' becomes a space: so one token is always held back.
class WordSuffix final : public DecodeStep {
 public:
  explicit WordSuffix(std::string suffix) : suffix_(std::move(suffix)) {}
  void push(Fragment fragment, const FragmentSink& next) override {
    if (fragment.begins && held_) emit(" ", next);
    held_ = held_.value_or("") + fragment.text;
  }
  void finish(const FragmentSink& next) override {
    if (held_) emit("", next);
  }

 private:
  void emit(std::string_view replacement, const FragmentSink& next) {
    std::string token = *std::exchange(held_, std::nullopt);
    if (!suffix_.empty()) replace_all(token, suffix_, replacement);
    next({std::move(token)});
  }
  std::string suffix_;
  std::optional<std::string> held_;
};

void clean_up_english(std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules{{{" .", "."},
                                                                                  {" ?", "?"},
                                                                                  {" !", "!"},
                                                                                  {" ,", ","},
                                                                                  {" ' ", "'"},
                                                                                  {" n't", "n't"},
                                                                                  {" 'm", "'m"},
                                                                                  {" do not", " don't"},
                                                                                  {" 's", "'s"},
                                                                                  {" 've", "'ve"},
                                                                                  {" 're", "'re"}}};
  for (const auto& [from, to] : kRules) replace_all(text, from, to);
}

}  // namespace

MakeDecodeStep decode_byte_level() { return fresh<ByteLevel>(); }
MakeDecodeStep decode_byte_tokens() { return fresh<ByteTokens>(); }
MakeDecodeStep decode_fuse() { return fresh<Fuse>(); }

MakeDecodeStep decode_join(std::string separator) {
  return [separator = std::move(separator)] { return std::make_unique<Join>(separator); };
}

MakeDecodeStep decode_metaspace(char32_t mark, bool prefixed) {
  return per_token([mark, prefixed](const std::string& token, bool first) {
    std::string out;
    for (size_t at = 0; at < token.size();) {
      const char32_t c = next_char(token, at);
      if (c != mark)
        append_char(out, c);
      else if (!(first && prefixed))
        out.push_back(' ');
    }
    return out;
  });
}

MakeDecodeStep decode_replace(Regex pattern, std::string content) {
  return per_token([pattern = std::move(pattern), content = std::move(content)](const std::string& token, bool) {
    return replace_matches(pattern, token, content);
  });
}

MakeDecodeStep decode_strip(char32_t c, size_t start, size_t stop) {
  return [c, start, stop] { return std::make_unique<Strip>(c, start, stop); };
}

MakeDecodeStep decode_word_pieces(std::string prefix, bool cleanup) {
  return per_token([prefix = std::move(prefix), cleanup](std::string token, bool first) {
    if (!first) token = token.starts_with(prefix) ? token.substr(prefix.size()) : " " + token;
    if (cleanup) clean_up_english(token);
    return token;
  });
}

MakeDecodeStep decode_word_suffix(std::string suffix) {
  return [suffix = std::move(suffix)] { return std::make_unique<WordSuffix>(suffix); };
}

}  // namespace hone
