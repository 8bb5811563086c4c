#include "reward/instruction_checks.h"

#include <algorithm>
#include <functional>
#include <optional>

#include <utf8proc.h>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "reward/language_id.h"
#include "reward/prose.h"

namespace hone {
namespace {

using nlohmann::json;

// --- Arguments.

/// The first of the names that has a value; IFEval fills the arguments an instruction has no use for with null.
const json* find_arg(const json& args, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = args.find(name);
    if (found != args.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

const json& need_arg(const json& args, std::initializer_list<const char*> names) {
  const json* value = find_arg(args, names);
  HONE_CHECK(value, ErrorKind::data, "argument '{}' is missing", *names.begin());
  return *value;
}

int64_t number_arg(const json& args, std::initializer_list<const char*> names) {
  const json& value = need_arg(args, names);
  const bool whole = value.is_number() && value.get<double>() == static_cast<double>(value.get<int64_t>());
  HONE_CHECK(whole && value.get<double>() >= 0 && value.get<double>() <= 1e9, ErrorKind::data,
             "argument '{}': expected a count, got {}", *names.begin(), quote_for_message(dump_json(value), 40));
  return value.get<int64_t>();
}

std::string text_arg(const json& args, std::initializer_list<const char*> names) {
  const json& value = need_arg(args, names);
  HONE_CHECK(value.is_string() && !value.get_ref<const std::string&>().empty(), ErrorKind::data,
             "argument '{}': expected text, got {}", *names.begin(), quote_for_message(dump_json(value), 40));
  return value.get<std::string>();
}

std::vector<std::string> list_arg(const json& args, std::initializer_list<const char*> names) {
  const json& value = need_arg(args, names);
  std::vector<std::string> list;
  for (const json& item : value.is_array() ? value : json::array({value})) {
    HONE_CHECK(item.is_string() && !item.get_ref<const std::string&>().empty(), ErrorKind::data,
               "argument '{}': expected texts, got {}", *names.begin(), quote_for_message(dump_json(value), 40));
    list.push_back(item.get<std::string>());
  }
  HONE_CHECK(!list.empty(), ErrorKind::data, "argument '{}': the list is empty", *names.begin());
  return list;
}

// --- Text.

std::string lower_text(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const int32_t c = next_code_point(text, at);
    utf8proc_uint8_t bytes[4];
    const auto n = c < 0 ? 0 : utf8proc_encode_char(utf8proc_tolower(c), bytes);
    out.append(n > 0 ? std::string_view(reinterpret_cast<char*>(bytes), static_cast<size_t>(n))
                     : text.substr(start, at - start));
  }
  return out;
}

bool is_word_character(int32_t c) {
  if (c == '_') return true;
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;  // letters, marks and numbers
}

/// Runs of letters, digits and underscores; every Chinese or Japanese character is a word of its own.
std::vector<std::string_view> plain_words(std::string_view text) {
  std::vector<std::string_view> words;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const int32_t c = next_code_point(text, at);
    const bool part = is_word_character(c), alone = script_of(c) == Script::han_kana;
    if (part && inside && !alone) {
      words.back() = text.substr(static_cast<size_t>(words.back().data() - text.data()));
      words.back() = words.back().substr(0, at - static_cast<size_t>(words.back().data() - text.data()));
    } else if (part) {
      words.push_back(text.substr(start, at - start));
    }
    inside = part && !alone;
  }
  return words;
}

int64_t count_occurrences(std::string_view text, std::string_view what) {
  int64_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

/// True if `word` stands in `text` with no letter or digit beside it.
bool holds_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    size_t before = at, end = at + word.size();
    while (before > 0 && (static_cast<unsigned char>(text[before - 1]) & 0xC0) == 0x80) --before;
    if (before > 0) --before;
    const bool free_before = at == 0 || !is_word_character(next_code_point(text, before));
    const bool free_after = end == text.size() || !is_word_character(next_code_point(text, end));
    if (free_before && free_after) return true;
  }
  return false;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator, begin)) {
    pieces.push_back(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

/// Sentences end in . ! ? or their Chinese and Arabic forms before white space, a closing quote or the end, but not
/// after an abbreviation, an initial or the number of a list item. Text after the last mark is a sentence, too.
int64_t count_sentences(std::string_view text) {
  static constexpr std::string_view kAbbreviations[] = {"mr",  "mrs", "ms", "dr",  "prof",   "st", "vs", "etc",
                                                        "e.g", "i.e", "no", "fig", "approx", "jr", "sr"};
  int64_t count = 0;
  bool open = false;  // words since the last end
  size_t token = 0;   // start of the word that stands last
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const int32_t c = next_code_point(text, at);
    if (c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0x0964 || c == 0x061F) {
      count += open;
      open = false;
    } else if (c == '.' || c == '!' || c == '?') {
      const std::string_view rest = text.substr(at);
      const bool ends = rest.empty() || std::string_view(" \t\r\n\"')]*").find(rest.front()) != std::string_view::npos;
      const std::string last = lower_text(text.substr(token, std::min<size_t>(start - token, 20)));
      const bool listed = !last.empty() && last.find_first_not_of("0123456789") == std::string::npos &&
                          (token == 0 || text[token - 1] == '\n');
      const bool abbreviated =
          c == '.' &&
          (listed || (last.size() == 1 && last != "i" && last.front() >= 'a' && last.front() <= 'z') ||
           std::find(std::begin(kAbbreviations), std::end(kAbbreviations), last) != std::end(kAbbreviations));
      if (ends && !abbreviated) {
        count += open;
        open = false;
      }
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '(' || c == '"') {
      token = at;
    } else if (is_word_character(c)) {
      open = true;
    }
  }
  return count + open;
}

/// Every letter that has case is of the wanted one, and there is at least one.
bool has_case(std::string_view text, bool upper) {
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const int32_t c = next_code_point(text, at);
    if (c < 0) continue;
    const bool is_upper = utf8proc_tolower(c) != c, is_lower = utf8proc_toupper(c) != c;
    if (upper ? is_lower && !is_upper : is_upper) return false;
    any |= is_upper || is_lower;
  }
  return any;
}

std::vector<std::string_view> lines_of(std::string_view text) { return split(text, "\n"); }

// --- Results.

InstructionResult say(bool followed, std::string why) { return {followed, std::move(why)}; }

/// `count` against the arguments: value (exactly), min, max, or IFEval's relation and threshold.
InstructionResult compare_count(int64_t count, const json& args, std::initializer_list<const char*> threshold,
                                std::initializer_list<const char*> relation, std::string_view what) {
  std::string why = fmt::format("{} {}", count, what);
  if (find_arg(args, {"min", "max"})) {
    const bool enough = !find_arg(args, {"min"}) || count >= number_arg(args, {"min"});
    const bool few = !find_arg(args, {"max"}) || count <= number_arg(args, {"max"});
    return say(enough && few, std::move(why));
  }
  const int64_t value = number_arg(args, threshold);
  if (!find_arg(args, relation)) return say(count == value, std::move(why));
  const std::string how = text_arg(args, relation);
  HONE_CHECK(how == "at least" || how == "less than", ErrorKind::data,
             "argument '{}': expected 'at least' or 'less than', got {}", *relation.begin(),
             quote_for_message(how, 40));
  return say(how == "at least" ? count >= value : count < value, std::move(why));
}

/// min_*, max_* and bare counts share a checker: the first two name the bound that `value` is.
json with_bound(const json& args, const char* bound) {
  json bounded = args;
  bounded[bound] = need_arg(args, {"value", bound});
  return bounded;
}

// --- Checks.

using Check = InstructionResult (*)(std::string_view text, const json& args);

InstructionResult words(std::string_view text, const json& args) {
  return compare_count(std::ssize(plain_words(text)), args, {"value", "num_words"}, {"relation"}, "words");
}

InstructionResult sentences(std::string_view text, const json& args) {
  return compare_count(count_sentences(text), args, {"value", "num_sentences"}, {"relation"}, "sentences");
}

/// Paragraphs are separated by blank lines.
InstructionResult paragraphs(std::string_view text, const json& args) {
  int64_t count = 0;
  bool inside = false;
  for (const std::string_view line : lines_of(text)) {
    const bool filled = !trim(line).empty();
    count += filled && !inside;
    inside = filled;
  }
  return compare_count(count, args, {"value"}, {"relation"}, "paragraphs");
}

/// IFEval's paragraphs are separated by ***, and none of them may be empty.
InstructionResult starred_paragraphs(std::string_view text, const json& args) {
  const auto pieces = split(text, "***");
  int64_t count = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const bool filled = !trim(pieces[i]).empty();
    if (!filled && i > 0 && i + 1 < pieces.size()) return say(false, "an empty paragraph");
    count += filled;
  }
  return compare_count(count, args, {"num_paragraphs"}, {"relation"}, "paragraphs");
}

InstructionResult nth_paragraph(std::string_view text, const json& args) {
  const int64_t wanted = number_arg(args, {"num_paragraphs"}), nth = number_arg(args, {"nth_paragraph"});
  HONE_CHECK(nth >= 1, ErrorKind::data, "argument 'nth_paragraph': counted from 1, got {}", nth);
  const auto pieces = split(text, "\n\n");
  const int64_t count = std::count_if(pieces.begin(), pieces.end(), [](auto piece) { return !trim(piece).empty(); });
  if (count != wanted || nth > std::ssize(pieces)) return say(false, fmt::format("{} paragraphs", count));
  std::string_view first = trim(pieces[static_cast<size_t>(nth - 1)]);
  first = first.substr(0, first.find_first_of(" \t\r\n"));
  while (!first.empty() && (first.front() == '\'' || first.front() == '"')) first.remove_prefix(1);
  first = first.substr(0, first.find_first_of(".,?!'\""));
  return say(lower_text(first) == lower_text(text_arg(args, {"first_word"})),
             fmt::format("paragraph {} begins with {}", nth, quote_for_message(first, 40)));
}

/// Lines that begin with - or a single *. As in IFEval a * needs something behind it, if only a line break.
InstructionResult bullets(std::string_view text, const json& args) {
  int64_t count = 0;
  const auto lines = lines_of(text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t start = lines[i].find_first_not_of(" \t\r\f\v");
    if (start == std::string_view::npos) continue;
    const std::string_view item = lines[i].substr(start);
    const bool star = item.front() == '*' && (item.size() > 1 ? item[1] != '*' : i + 1 < lines.size());
    count += star || item.front() == '-';
  }
  return compare_count(count, args, {"value", "num_bullets"}, {"relation"}, "bullets");
}

InstructionResult keywords(std::string_view text, const json& args) {
  const std::string lowered = lower_text(text);
  for (const std::string& word : list_arg(args, {"value", "keywords"})) {
    if (lowered.find(lower_text(word)) == std::string::npos)
      return say(false, quote_for_message(word, 40) + " is missing");
  }
  return say(true, "every keyword occurs");
}

InstructionResult forbidden(std::string_view text, const json& args) {
  const std::string lowered = lower_text(text);
  for (const std::string& word : list_arg(args, {"value", "forbidden_words"})) {
    if (holds_word(lowered, lower_text(word))) return say(false, quote_for_message(word, 40) + " occurs");
  }
  return say(true, "no forbidden word");
}

InstructionResult keyword_count(std::string_view text, const json& args) {
  const std::string word = text_arg(args, {"keyword"});
  return compare_count(count_occurrences(lower_text(text), lower_text(word)), args, {"value", "frequency"},
                       {"relation"}, "times " + quote_for_message(word, 40));
}

InstructionResult letter_count(std::string_view text, const json& args) {
  const std::string letter = text_arg(args, {"letter"});
  return compare_count(count_occurrences(lower_text(text), lower_text(letter)), args, {"value", "let_frequency"},
                       {"let_relation", "relation"}, "times " + quote_for_message(letter, 8));
}

InstructionResult capital_words(std::string_view text, const json& args) {
  const auto all = plain_words(text);
  const int64_t count = std::count_if(all.begin(), all.end(), [](auto word) { return has_case(word, true); });
  return compare_count(count, args, {"value", "capital_frequency"}, {"capital_relation", "relation"},
                       "words in capitals");
}

InstructionResult placeholders(std::string_view text, const json& args) {
  int64_t count = 0;
  for (const std::string_view line : lines_of(text)) {
    for (size_t at = line.find('['); at != std::string_view::npos; at = line.find('[', at)) {
      at = line.find(']', at);
      if (at == std::string_view::npos) break;
      ++count;
    }
  }
  if (find_arg(args, {"num_placeholders"}))
    return say(count >= number_arg(args, {"num_placeholders"}), fmt::format("{} placeholders", count));
  return compare_count(count, args, {"value"}, {"relation"}, "placeholders");
}

/// *marked* or **marked** parts of a line.
InstructionResult highlights(std::string_view text, const json& args) {
  int64_t count = 0;
  for (const std::string_view line : lines_of(text)) {
    for (size_t at = line.find('*'); at != std::string_view::npos; at = line.find('*', at)) {
      const size_t stars = line.substr(at).starts_with("**") ? 2 : 1;
      const size_t close = line.find('*', at + stars);
      if (close == std::string_view::npos) break;
      const bool closed = stars == 1 || line.substr(close).starts_with("**");
      count += closed && !trim(line.substr(at + stars, close - at - stars)).empty();
      at = closed ? close + stars : close;
    }
  }
  if (find_arg(args, {"num_highlights"}))
    return say(count >= number_arg(args, {"num_highlights"}), fmt::format("{} highlights", count));
  return compare_count(count, args, {"value"}, {"relation"}, "highlights");
}

/// `Section 1`, `Section 2`, ... with the given word.
InstructionResult sections(std::string_view text, const json& args) {
  const std::string word = text_arg(args, {"section_spliter", "name"});
  int64_t count = 0;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at)) {
    at += word.size();
    const size_t digit = at < text.size() && text[at] == ' ' ? at + 1 : at;
    count += digit < text.size() && text[digit] >= '0' && text[digit] <= '9';
  }
  const int64_t wanted = number_arg(args, {"num_sections", "value"});
  return say(count >= wanted, fmt::format("{} sections", count));
}

InstructionResult json_format(std::string_view text, const json&) {
  text = trim(text);
  for (const std::string_view fence : {"```json", "```Json", "```JSON", "```"}) {
    if (text.starts_with(fence)) {
      text = text.substr(fence.size());
      break;
    }
  }
  if (text.ends_with("```")) text = text.substr(0, text.size() - 3);
  try {
    parse_json(trim(text), "completion");
    return say(true, "valid JSON");
  } catch (const Error& e) {
    return say(false, quote_for_message(e.what(), 100));
  }
}

InstructionResult title(std::string_view text, const json&) {
  for (const std::string_view line : lines_of(text)) {
    const size_t open = line.find("<<"), close = line.rfind(">>");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) continue;
    if (!trim(line.substr(open + 2, close - open - 2)).empty()) return say(true, "has a title");
  }
  return say(false, "no <<title>>");
}

InstructionResult one_of_answers(std::string_view text, const json& args) {
  static const json kIfEval = {"My answer is yes.", "My answer is no.", "My answer is maybe."};
  const json* given = find_arg(args, {"value"});
  for (const std::string& answer : list_arg({{"value", given ? *given : kIfEval}}, {"value"})) {
    if (text.find(answer) != std::string_view::npos) return say(true, "answers " + quote_for_message(answer, 40));
  }
  return say(false, "none of the allowed answers");
}

InstructionResult two_responses(std::string_view text, const json&) {
  std::vector<std::string_view> filled;
  const auto pieces = split(text, "******");
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!trim(pieces[i]).empty()) {
      filled.push_back(trim(pieces[i]));
    } else if (i > 0 && i + 1 < pieces.size()) {
      return say(false, "an empty response");
    }
  }
  return say(filled.size() == 2 && filled[0] != filled[1], fmt::format("{} responses", filled.size()));
}

InstructionResult starts_with(std::string_view text, const json& args) {
  const std::string phrase = lower_text(trim(text_arg(args, {"value", "prompt_to_repeat", "start_phrase"})));
  return say(lower_text(trim(text)).starts_with(phrase), "begins with " + quote_for_message(trim(text), 40));
}

InstructionResult ends_with(std::string_view text, const json& args) {
  text = trim(text);
  const size_t last = text.find_last_not_of('"');
  const std::string_view bare = last == std::string_view::npos ? "" : text.substr(0, last + 1);
  const std::string_view tail = bare.size() > 40 ? bare.substr(bare.size() - 40) : bare;
  return say(lower_text(bare).ends_with(lower_text(trim(text_arg(args, {"value", "end_phrase"})))),
             "ends with " + quote_for_message(tail, 60));
}

InstructionResult quotation(std::string_view text, const json&) {
  text = trim(text);
  return say(text.size() > 1 && text.front() == '"' && text.back() == '"', "quotation marks around the whole");
}

/// A line with P.S., P.P.S or the like, spaces between the letters ignored.
InstructionResult postscript(std::string_view text, const json& args) {
  const auto squeeze = [](std::string_view s) {
    std::string out = lower_text(s);
    std::erase(out, ' ');
    return out;
  };
  const std::string marker = squeeze(text_arg(args, {"value", "postscript_marker"}));
  return say(squeeze(text).find(marker) != std::string::npos, "postscript " + quote_for_message(marker, 20));
}

InstructionResult language(std::string_view text, const json& args) {
  const std::string name = text_arg(args, {"value", "language"});
  const std::string wanted = language_code(name);
  HONE_CHECK(!wanted.empty(), ErrorKind::data, "argument 'language': unknown language {}", quote_for_message(name, 40));
  const std::string found = main_language(text);
  return say(found == wanted, found.empty() ? "no known language" : "the language is " + found);
}

InstructionResult no_comma(std::string_view text, const json&) {
  const int64_t commas = std::count(text.begin(), text.end(), ',');
  return say(commas == 0, fmt::format("{} commas", commas));
}

template <Check check>
InstructionResult at_most(std::string_view text, const json& args) {
  return check(text, with_bound(args, "max"));
}
template <Check check>
InstructionResult at_least(std::string_view text, const json& args) {
  return check(text, with_bound(args, "min"));
}

struct Row {
  const char* type;    // hone's name; "" if it has none
  const char* ifeval;  // IFEval's id; "" if it has none
  Check check;
};

constexpr Row kRows[] = {
    {"words", "length_constraints:number_words", words},
    {"min_words", "", at_least<words>},
    {"max_words", "", at_most<words>},
    {"sentences", "length_constraints:number_sentences", sentences},
    {"min_sentences", "", at_least<sentences>},
    {"max_sentences", "", at_most<sentences>},
    {"paragraphs", "", paragraphs},
    {"min_paragraphs", "", at_least<paragraphs>},
    {"max_paragraphs", "", at_most<paragraphs>},
    {"", "length_constraints:number_paragraphs", starred_paragraphs},
    {"nth_paragraph_first_word", "length_constraints:nth_paragraph_first_word", nth_paragraph},
    {"bullets", "detectable_format:number_bullet_lists", bullets},
    {"min_bullets", "", at_least<bullets>},
    {"max_bullets", "", at_most<bullets>},
    {"keywords", "keywords:existence", keywords},
    {"forbidden_words", "keywords:forbidden_words", forbidden},
    {"keyword_count", "keywords:frequency", keyword_count},
    {"letter_count", "keywords:letter_frequency", letter_count},
    {"capital_words", "change_case:capital_word_frequency", capital_words},
    {"placeholders", "detectable_content:number_placeholders", placeholders},
    {"highlights", "detectable_format:number_highlighted_sections", highlights},
    {"sections", "detectable_format:multiple_sections", sections},
    {"json", "detectable_format:json_format", json_format},
    {"title", "detectable_format:title", title},
    {"one_of", "detectable_format:constrained_response", one_of_answers},
    {"two_responses", "combination:two_responses", two_responses},
    {"starts_with", "combination:repeat_prompt", starts_with},
    {"ends_with", "startend:end_checker", ends_with},
    {"quotation", "startend:quotation", quotation},
    {"postscript", "detectable_content:postscript", postscript},
    {"language", "language:response_language", language},
    {"uppercase", "change_case:english_capital",
     [](std::string_view text, const json&) { return say(has_case(text, true), "all capitals"); }},
    {"lowercase", "change_case:english_lowercase",
     [](std::string_view text, const json&) { return say(has_case(text, false), "all lower case"); }},
    {"no_comma", "punctuation:no_comma", no_comma},
};

}  // namespace

InstructionResult check_instruction(std::string_view text, const std::string& type, const json& args) {
  HONE_CHECK(args.is_object(), ErrorKind::data, "instruction {}: its arguments must be an object",
             quote_for_message(type, 60));
  for (const Row& row : kRows) {
    if (type.empty() || (type != row.type && type != row.ifeval)) continue;
    try {
      InstructionResult result = row.check(text, args);
      result.followed = result.followed && !trim(text).empty();  // as in IFEval: saying nothing follows nothing
      return result;
    } catch (const Error& e) {
      fail(ErrorKind::data, "instruction {}: {}", quote_for_message(type, 60), e.what());
    }
  }
  const std::vector<std::string> known = instruction_types();
  fail(ErrorKind::data, "unknown instruction {}{}", quote_for_message(type, 60), did_you_mean(type, known));
}

std::vector<std::string> instruction_types() {
  std::vector<std::string> types;
  for (const Row& row : kRows) {
    for (const std::string name : {row.type, row.ifeval}) {
      if (!name.empty()) types.push_back(name);
    }
  }
  return types;
}

}  // namespace hone
