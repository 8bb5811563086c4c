// Regular expressions of tokenizer files, on PCRE2's JIT with limits that a hostile pattern cannot escape.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

/// A piece of a text: [begin, end) in bytes, and whether it matched or lies between matches.
struct MatchedRange {
  size_t begin, end;
  bool matched;
};

/// Immutable, safe to use from many threads.
class Regex {
 public:
  /// `pattern` as tokenizer.json has it, in Oniguruma's syntax; Error(format) if it cannot be compiled.
  explicit Regex(const std::string& pattern);
  /// A pattern that matches exactly `literal`.
  static Regex literal(std::string_view literal);

  /// Cuts `text` (well-formed UTF-8) into matches and what lies between, in order, and replaces `out` by it.
  /// Error(data) if the pattern takes too many steps.
  void cut(std::string_view text, std::vector<MatchedRange>& out) const;
  const std::string& pattern() const { return pattern_; }

 private:
  Regex() = default;
  void compile(const std::string& translated);
  bool find(std::string_view text, size_t from, size_t* begin, size_t* end) const;

  std::string pattern_;
  std::shared_ptr<const void> code_;  // pcre2_code
  bool jit_ = false;
};

}  // namespace hone
