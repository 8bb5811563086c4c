// From Oniguruma's dialect, which tokenizer.json is written in, to PCRE2's.
#pragma once

#include <string>
#include <string_view>

namespace hone {

/// Rewrites what means something else in PCRE2: \s, \w and \b (Unicode's White_Space and word characters), \h, \v, \u,
/// (?m), long property names, scripts, nested character classes. Error(format) for what has no counterpart.
std::string pcre_from_oniguruma(std::string_view pattern);

}  // namespace hone
