#include "base/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace hone {
namespace {

TEST(Utf8, ValidPrefixStopsAtTheFirstBrokenCharacter) {
  EXPECT_EQ(valid_utf8_prefix("abc\xC3\xA9"), 5u);
  EXPECT_EQ(valid_utf8_prefix("a\xC3"), 1u);           // cut character
  EXPECT_EQ(valid_utf8_prefix("\xC0\x80"), 0u);        // overlong
  EXPECT_EQ(valid_utf8_prefix("\xED\xA0\x80"), 0u);    // surrogate
  EXPECT_EQ(valid_utf8_prefix("\xF4\x90\x80\x80"), 0u);  // past U+10FFFF
  EXPECT_EQ(valid_utf8_prefix("\xF0\x9F\x99\x82"), 4u);
}

TEST(Utf8, ReplacementMatchesPython) {  // bytes.decode('utf-8', 'replace')
  EXPECT_EQ(replace_invalid_utf8("a\xFF\xFE z"), "a\xEF\xBF\xBD\xEF\xBF\xBD z");
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82" "b"), "\xEF\xBF\xBD" "b");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x99"), "\xEF\xBF\xBD");
}

TEST(NearestName, FindsTyposAndLeavesStrangersAlone) {
  const std::vector<std::string> names = {"learning_rate", "max_steps", "temperature"};
  EXPECT_EQ(nearest_name("learnin_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("max_step", names), "max_steps");
  EXPECT_EQ(nearest_name("zzz", names), "");
  EXPECT_EQ(nearest_name("modle", std::vector<std::string>{"name", "model"}), "model");  // a swap is one edit
  EXPECT_EQ(nearest_name(std::string(1'000'000, 'x'), names), "");
}

TEST(QuoteForMessage, StaysOnOneLineAndCutsAtCharacters) {
  EXPECT_EQ(quote_for_message("a\nb"), "'a\\nb'");
  EXPECT_EQ(quote_for_message("\xC3\xA9\xC3\xA9\xC3\xA9", 3), "'\xC3\xA9...'");
}

}  // namespace
}  // namespace hone
