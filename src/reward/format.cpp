// format: the tags stand where they should. Only structure counts, never content.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "hone/options.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct FormatOptions {
  std::vector<std::string> tags = {"think", "answer"};
  bool strict = true;
  bool allow_empty = false;
  std::string generation_prefix;
  bool opened_by_prompt = true;
  std::string stop_string;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("tags", c.tags, "elements that must each occur once, in this order");
    v("strict", c.strict, "nothing but white space outside the elements");
    v("allow_empty", c.allow_empty, "elements may hold nothing but white space");
    v("generation_prefix", c.generation_prefix, "what the prompt already wrote; put before the completion");
    v("opened_by_prompt", c.opened_by_prompt, "a prompt that ends in the first opening tag has opened the element");
    v("stop_string", c.stop_string, "stop string that ended the completion; put back behind it");
  }
};

/// Where the only occurrence of `tag` begins; npos with the reason in `why` otherwise.
size_t only_occurrence(std::string_view text, const std::string& tag, std::string& why) {
  const size_t first = text.find(tag);
  if (first == std::string_view::npos) {
    why = tag + " is missing";
  } else if (text.find(tag, first + tag.size()) != std::string_view::npos) {
    why = tag + " occurs more than once";
  } else {
    return first;
  }
  return std::string_view::npos;
}

/// The reason why `text` has the wrong format, or "".
std::string fault(std::string_view text, const FormatOptions& options) {
  size_t end = 0;  // of the element before
  std::string why;
  for (const std::string& name : options.tags) {
    const std::string open_tag = "<" + name + ">", close_tag = "</" + name + ">";
    const size_t open = only_occurrence(text, open_tag, why);
    if (!why.empty()) return why;
    const size_t close = only_occurrence(text, close_tag, why);
    if (!why.empty()) return why;
    if (open < end || close < open) return open_tag + " ... " + close_tag + " is out of order";
    if (options.strict && !trim(text.substr(end, open - end)).empty()) return "text before " + open_tag;
    const size_t start = open + open_tag.size();
    if (!options.allow_empty && trim(text.substr(start, close - start)).empty()) return open_tag + " is empty";
    end = close + close_tag.size();
  }
  if (options.strict && !trim(text.substr(end)).empty()) return "text after </" + options.tags.back() + ">";
  return "";
}

/// What stands before the completion: the prefix as given or, failing that, an opening tag that the prompt ends in.
std::string opening(const ScoreInput& in, const FormatOptions& options) {
  if (!options.generation_prefix.empty() || !options.opened_by_prompt) return options.generation_prefix;
  const std::string tag = "<" + options.tags.front() + ">";
  return trim(in.prompt).ends_with(tag) ? tag : "";
}

}  // namespace

RewardFunction make_format(const nlohmann::json& json) {
  const auto options = read_options<FormatOptions>(json, "reward 'format'");
  for (const std::string& tag : options.tags) {
    const bool usable = !tag.empty() && tag.find_first_of("<>/ \t\r\n") == std::string::npos;
    HONE_CHECK(usable, ErrorKind::recipe, "reward 'format': tags: expected a bare name like think, got {}",
               quote_for_message(tag));
    HONE_CHECK(std::count(options.tags.begin(), options.tags.end(), tag) == 1, ErrorKind::recipe,
               "reward 'format': tags: '{}' is listed twice", tag);
  }
  return [options](const ScoreInput& in) {
    std::string text = opening(in, options);
    text += in.completion;
    if (in.finish == Finish::stop && !text.ends_with(options.stop_string)) text += options.stop_string;
    std::string why = fault(text, options);
    return why.empty() ? correct() : wrong(std::move(why));
  };
}

}  // namespace hone
