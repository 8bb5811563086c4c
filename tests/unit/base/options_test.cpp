#include "hone/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hone/error.h"

namespace hone {
namespace {

using testing::HasSubstr;

struct Sub {
  bool flag = false;
  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("flag", c.flag, "a switch");
  }
};

struct Options {
  int64_t digits = 2;
  double weight = 1.0;
  std::string mode = "auto";
  std::vector<std::string> ops = {"+"};
  std::optional<int64_t> max;
  Sub sub;
  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("digits", c.digits, "digits per operand", between(1, 9));
    v("weight", c.weight, "a weight", above(0));
    v("mode", c.mode, "how", one_of({"auto", "tag"}));
    v("ops", c.ops, "operations", one_of({"+", "-"}));
    v("max", c.max, "largest", at_least(0));
    v.inline_struct(c.sub);
  }
};

std::string error_of(const char* json) {
  try {
    read_options<Options>(nlohmann::json::parse(json), "task 'x'");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::recipe);
    return e.what();
  }
  return "";
}

TEST(Options, ReadsWhatIsGivenAndKeepsDefaults) {
  const auto json = nlohmann::json::parse(R"({"digits": 3, "ops": ["-"], "max": 7, "flag": true})");
  const auto options = read_options<Options>(json, "x");
  EXPECT_EQ(options.digits, 3);
  EXPECT_EQ(options.weight, 1.0);
  EXPECT_EQ(options.ops, std::vector<std::string>{"-"});
  EXPECT_EQ(options.max, 7);
  EXPECT_TRUE(options.sub.flag);
  EXPECT_FALSE(read_options<Options>(nullptr, "x").max.has_value());
}

TEST(Options, EveryMismatchNamesPlaceAndExpectation) {
  EXPECT_THAT(error_of(R"({"digts": 3})"), HasSubstr("task 'x': unknown option 'digts'; did you mean 'digits'?"));
  EXPECT_THAT(error_of(R"({"mx": 1})"), HasSubstr("did you mean 'max'? (known: digits, weight, mode, ops, max, flag)"));
  EXPECT_THAT(error_of(R"({"flg": true})"), HasSubstr("did you mean 'flag'?"));
  EXPECT_THAT(error_of(R"({"digits": 0})"), HasSubstr("digits: expected a whole number in [1, 9], got '0'"));
  EXPECT_THAT(error_of(R"({"digits": 2.5})"), HasSubstr("whole number"));
  EXPECT_THAT(error_of(R"({"digits": 18446744073709551615})"), HasSubstr("whole number"));
  EXPECT_THAT(error_of(R"({"weight": 0})"), HasSubstr("> 0"));
  EXPECT_THAT(error_of(R"({"weight": "1"})"), HasSubstr("expected a number"));
  EXPECT_THAT(error_of(R"({"mode": "tags"})"), HasSubstr("expected one of auto, tag, got 'tags'; did you mean 'tag'?"));
  EXPECT_THAT(error_of(R"({"ops": []})"), HasSubstr("list of texts"));
  EXPECT_THAT(error_of(R"({"ops": ["/"]})"), HasSubstr("expected one of +, -"));
  EXPECT_THAT(error_of(R"({"ops": [1]})"), HasSubstr("list of texts"));
  EXPECT_THAT(error_of(R"({"flag": 1})"), HasSubstr("true or false"));
  EXPECT_THAT(error_of("[1]"), HasSubstr("expected an object of options"));
}

}  // namespace
}  // namespace hone
