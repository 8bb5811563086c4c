// Tokens of an answer in LaTeX or plain notation. What only concerns looks is gone: spacing, sizes, fonts, dollar
// signs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hone::math {

struct Token {
  enum Type {
    number,   // text: digits with a point, without separators; repeating digits in brackets: 0.1(6)
    letter,   // one letter
    word,     // a known function, constant or connective without a backslash: sin, sqrt, pi, and, ...
    command,  // text: name without the backslash
    symbol,   // text: one or two characters: + <= \{ ...
    words,    // prose, lower case, as from \text{...}
    end,
  };
  Type type = end;
  std::string text;
  bool space = false;  // white space stands before it

  bool is(std::string_view t) const { return text == t && type != words && type != end; }
};

/// Always ends with one `end` token. Linear in the input; takes any bytes.
std::vector<Token> tokenize(std::string_view latex);

/// Units that may follow a number without \text: cm, kg, mph, ...
bool is_unit_word(std::string_view word);

}  // namespace hone::math
