#include "base/number.h"

#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace hone {
namespace {

Number number(std::string_view text) {
  const auto n = parse_number(text);
  EXPECT_TRUE(n.has_value()) << text;
  return n.value_or(Number{});
}

TEST(Number, WaysToWriteTheSameValueAreEqual) {
  const std::vector<std::vector<std::string>> classes = {
      {"1234", "1,234", "1234.0", "1.234e3", "+1234", " 1234 \n", "1234.", "$1,234", "\\$1234", "1{,}234", "1\\,234",
       "€1234.00", "12340e-1", "2468/2", "\\frac{2468}{2}", "£ 1234", "0001234"},
      {"0.5", ".5", "1/2", "50/100", "5e-1", "\\frac12", "\\dfrac{1}{2}", "0.50/1"},
      {"-3", "\u22123", "-3.0", "-$3", "$-3", "\u20133", "-6/2"},
      {"0", "-0", "0.000", "0e5", "0/7", "-0.0"},
      {"0.1", "1/10", "0.10000"},
      {"1e999999999", "10e999999998"},
  };
  for (size_t i = 0; i < classes.size(); ++i) {
    for (size_t j = 0; j < classes.size(); ++j) {
      for (const auto& a : classes[i]) {
        for (const auto& b : classes[j]) EXPECT_EQ(equal_value(number(a), number(b)), i == j) << a << " " << b;
      }
    }
  }
}

TEST(Number, DoublesCannotTellTheseApart) {
  EXPECT_FALSE(equal_value(number("9007199254740993"), number("9007199254740992")));
  EXPECT_FALSE(equal_value(number("0.1"), number("0.1000000000000000055511151231257827")));
  EXPECT_FALSE(equal_value(number("1/3"), number("0.3333333333333333")));
}

TEST(Number, WhatIsNoNumber) {
  for (const char* text :
       {"",         " ",     "abc",   "12 34", "1,23", "1,2345",       "0,123",     "--5",   "1/0",
        "1/",       "/2",    "1/2/3", "nan",   "inf",  "1e",           "e5",        "0x10",  "1e1234567890",
        "5 apples", "1 1/2", ".",     "-",     "$",    "\\frac{1}{0}", "\\frac{1}", "1.2.3", "\xFF",
        "½",        "12%%"}) {
    EXPECT_FALSE(parse_number(text).has_value()) << text;
  }
}

TEST(Number, PercentIsReadEitherWay) {
  EXPECT_TRUE(equal_answer(number("50%"), number("50")));
  EXPECT_TRUE(equal_answer(number("0.5"), number("50\\%")));
  EXPECT_TRUE(equal_answer(number("50 %"), number("50%")));
  EXPECT_FALSE(equal_answer(number("0.5%"), number("50%")));
  EXPECT_TRUE(equal_answer(number("0%"), number("0")));
}

std::vector<std::string> found(std::string_view text) {
  std::vector<std::string> out;
  auto n = find_number(text);
  while (n) {
    out.emplace_back(text.substr(n->begin, n->end - n->begin));
    n = find_number(text, n->end);
  }
  return out;
}

TEST(FindNumber, SplitsTextAsAPersonWould) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(found("47 + 38 = 85."), (Words{"47", "38", "85"}));
  EXPECT_EQ(found("47+38=85"), (Words{"47", "38", "85"}));
  EXPECT_EQ(found("5-3 is 2, not -2"), (Words{"5", "3", "2", "-2"}));
  EXPECT_EQ(found("x2 and H2O weigh 5km"), (Words{"5"}));
  EXPECT_EQ(found("about $1,234.50, or 20%-30%"), (Words{"$1,234.50", "20%", "30%"}));
  EXPECT_EQ(found("1,2,3"), (Words{"1", "2", "3"}));
  EXPECT_EQ(found("1.2.3"), (Words{"1.2", "3"}));
  EXPECT_EQ(found("\\boxed{\\frac{3}{4}} \\cdot5"), (Words{"\\frac{3}{4}", "5"}));
  EXPECT_EQ(found("so (3)-(4)"), (Words{"3", "4"}));
  EXPECT_EQ(found("no digits"), Words{});
}

TEST(FindNumber, MegabytesOfHostileTextAreLinear) {
  for (const char* piece :
       {"1", "1,", "1,234", "$ ", "\\frac{1", "-", "1/", "1/1", "1.", "e1", ",", " ", "\xE2\x88\x92"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    EXPECT_LE(found(text).size(), text.size());
    parse_number(text);
  }
}

}  // namespace
}  // namespace hone
