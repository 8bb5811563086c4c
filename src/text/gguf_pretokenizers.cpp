#include "text/gguf_pretokenizers.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hone {
namespace {

const std::string kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string kContraction = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";
const std::string kSpaceRuns = R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string kOtherRuns = R"( ?[^\s\p{L}\p{N}]+[\r\n]*|)" + kSpaceRuns;

const std::string kLlama3 = kContraction + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)" + kOtherRuns;
const std::string kQwen2 = kContraction + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)" + kOtherRuns;
const std::string kQwen35 =
    kContraction + R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" + kSpaceRuns;
const std::string kSeedCoder =
    kContraction + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|)" + kSpaceRuns;
const std::string kBailing = R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|)"
                             R"(\s*[\r\n]|\s+(?!\S)|\s+)";

// Words whose capitals come first (Tekken, o200k); `suffix` may follow a word.
std::string cased_words(const std::string& suffix) {
  const std::string lead = R"([^\r\n\p{L}\p{N}]?)", upper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])",
                    lower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
  return lead + upper + "*" + lower + "+" + suffix + "|" + lead + upper + "+" + lower + "*" + suffix;
}
const std::string kCasedRuns = R"( ?[^\s\p{L}\p{N}]+[\r\n/]*|)" + kSpaceRuns;
const std::string kTekken = cased_words("") + R"(|\p{N}|)" + kCasedRuns;
const std::string kGpt4o = cased_words(kContraction + "?") + R"(|\p{N}{1,3}|)" + kCasedRuns;
const std::string kYoutuWords = cased_words(kContraction + "?") + R"(|\p{N}|)" + kCasedRuns;

const std::string kDeepSeekV3Words =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|)" +
    kSpaceRuns;
const std::string kDeepSeekLetters =
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-"
    "ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼ"
    "ℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-"
    "𐳲𑢠-𑣟𞤀-𞥃]+";
const std::string kBloom = R"( ?[^(\s|.,!?…。，、।۔،)]+)";

struct Entry {
  std::vector<std::string> names;
  GgufPreTokenizer pre;
};

const std::vector<Entry>& table() {
  static const std::vector<Entry> entries{
      {{"gpt-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "phi-2", "jina-es", "jina-de", "jina-v2-es",
        "jina-v2-de", "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4"},
       {{kGpt2}}},
      {{"smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"}, {{R"(\p{N})", kGpt2}}},
      {{"command-r"}, {{R"(\p{N})", kGpt2}, true}},
      {{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"},
       {{kLlama3}, false, true, true}},
      {{"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, {{kLlama3}}},
      {{"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez"}, {{kQwen2}, true}},
      {{"stablelm2", "hunyuan", "solar-open", "grok-2"}, {{kQwen2}}},
      {{"qwen35"}, {{kQwen35}, true}},
      {{"tekken"}, {{kTekken}, false, true, true}},
      {{"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}, {{kGpt4o}}},
      {{"youtu"},
       {{"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+",
         kYoutuWords},
        false,
        true}},
      {{"deepseek-llm"},
       {{R"([\r\n])", kDeepSeekLetters, "\\s?[!-/:-~！-／：-～‘-‟　-。]+", R"(\s+$)", "[一-龥ࠀ-一가-퟿]+",
         R"(\p{N}+)"}}},
      {{"deepseek-coder"}, {{R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+", R"(\p{N})"}}},
      {{"deepseek-v3", "hunyuan-dense", "joyai-llm"},
       {{R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+", kDeepSeekV3Words}}},
      {{"falcon"}, {{R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, "[0-9][0-9][0-9]"}}},
      {{"poro-chat", "bloom", "gpt3-finnish"}, {{kBloom}}},
      {{"viking"}, {{kBloom, R"(\p{N})"}}},
      {{"bailingmoe", "bailingmoe2", "llada-moe"}, {{kBailing}}},
      {{"seed-coder"}, {{kSeedCoder}}},
      {{"default"}, {{R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}}},
  };
  return entries;
}

}  // namespace

GgufPreTokenizer gguf_pretokenizer(std::string_view pre) {
  std::vector<std::string> names;
  for (const Entry& entry : table()) {
    if (std::find(entry.names.begin(), entry.names.end(), pre) != entry.names.end()) return entry.pre;
    names.insert(names.end(), entry.names.begin(), entry.names.end());
  }
  fail(ErrorKind::format, "tokenizer.ggml.pre {} is not known{}; known are {}", quote_for_message(pre),
       did_you_mean(pre, names), join(names, ", "));
}

}  // namespace hone
