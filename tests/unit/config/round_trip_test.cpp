// Property: a resolved recipe, written as YAML or JSON, reads back to the same recipe, whatever the values.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "config/fields.h"
#include "unit/config/recipe_text.h"

namespace hone {
namespace {

/// A stream of choices, made from a seed.
class Choices {
 public:
  explicit Choices(uint64_t seed) : seed_(seed) {}
  uint64_t below(uint64_t n) { return draw()[0] % n; }
  double unit() {
    const auto r = draw();
    return to_unit(r[0], r[1]);
  }

  /// Text that looks like something else to a careless writer or reader.
  std::string text() {
    static const std::vector<std::string> kPieces = {
        "yes",    "on",  "null", "~",      "1e3",    ".5",     "0x1",    "true", "a",    "B_c",  "</think>",
        "\n",     "\t",  "\r",   " ",      ": ",     " #",     "-",      "- ",   "\"",   "'",    "\\",
        "{",      "[",   "*a",   "&a",     "!t",     "%",      "@",      "|",    ">",    "<<",   "=",
        "é",      "漢",  "😀",    "\u0085", "\u2028", "\u2029", "\uFEFF", "\x7F", "\x01", "\x1B", "\u009F",
        "\u00A0", "---", "...",  ",",      "?",      "`",      "\n\n",   "  x"};
    std::string out;
    for (uint64_t n = below(4); n > 0; --n) out += kPieces[below(kPieces.size())];
    return out;
  }

  nlohmann::json json(int depth) {
    switch (below(depth > 0 ? 8 : 6)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<int64_t>(below(1 << 30)) - (1 << 29);
      case 3:
        return std::ldexp(unit() - 0.5, static_cast<int>(below(200)) - 100);
      case 4:
      case 5:
        return text();
      case 6: {
        nlohmann::json list = nlohmann::json::array();
        for (uint64_t n = below(4); n > 0; --n) list.push_back(json(depth - 1));
        return list;
      }
      default:
        return json_map(depth - 1);
    }
  }
  nlohmann::json json_map(int depth) {
    nlohmann::json map = nlohmann::json::object();
    for (uint64_t n = below(4); n > 0; --n)
      if (const std::string key = text(); !key.empty()) map[key] = json(depth);
    return map;
  }

 private:
  std::array<uint32_t, 4> draw() { return philox(seed_, count_++, 0); }
  uint64_t seed_, count_ = 0;
};

/// Gives every field a value inside its bounds.
class Randomizer {
 public:
  explicit Randomizer(Choices& choices) : choices_(choices) {}

  void operator()(const char*, double& value, const char*, const Bounds& bounds = {}) {
    const double low = std::isfinite(bounds.low) ? bounds.low : -1e6,
                 high = std::isfinite(bounds.high) ? bounds.high : 1e6;
    value = low + (high - low) * (0.001 + 0.998 * choices_.unit());
  }
  void operator()(const char*, int64_t& value, const char*, const Bounds& bounds = {}) {
    const auto low = static_cast<int64_t>(bounds.low);
    const double span = std::isfinite(bounds.high) ? bounds.high - bounds.low + 1 : 4e9;
    value = low + static_cast<int64_t>(choices_.unit() * span);
  }
  void operator()(const char*, bool& value, const char*) { value = choices_.below(2) == 0; }
  void operator()(const char*, std::string& value, const char*, const Bounds& bounds = {}) {
    value = bounds.names.empty() ? choices_.text() : bounds.names[choices_.below(bounds.names.size())];
  }
  void operator()(const char*, nlohmann::json& value, const char*) { value = choices_.json_map(3); }
  void operator()(const char* name, std::vector<std::string>& value, const char* help) {
    value.assign(choices_.below(4), "");
    for (std::string& item : value) item = "x" + choices_.text();
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value, const char* help, const Bounds& bounds = {}) {
    value.reset();
    if (choices_.below(2) == 0) return;
    if constexpr (config::Fields<T>)
      (*this)(name, value.emplace(), help);
    else
      (*this)(name, value.emplace(), help, bounds);
  }
  template <class T>
  void operator()(const char*, std::vector<T>& value, const char*) {
    value.assign(1 + choices_.below(3), T{});
    for (T& item : value) T::fields(item, *this);
  }
  void operator()(const char*, std::vector<StageConfig>&, const char*) {}
  template <config::Fields T>
  void operator()(const char*, T& value, const char*) {
    T::fields(value, *this);
  }
  template <class T>
  void inline_struct(T& value) {
    T::fields(value, *this);
  }
  void rest(nlohmann::json& options, const char*) { options = choices_.json_map(3); }

 private:
  Choices& choices_;
};

// What the rules between options need, whatever was drawn.
void mend(DataConfig& c) {
  c.path = "p" + c.path;
  c.task.clear();
  c.options.clear();
  c.split = "train";
}
void mend(std::vector<RewardConfig>& rewards) {
  for (size_t i = 0; i < rewards.size(); ++i) {
    rewards[i].type = "t" + rewards[i].type;
    rewards[i].name = "n" + std::to_string(i) + rewards[i].name;
    if (rewards[i].until_step) rewards[i].from_step = std::min(rewards[i].from_step, *rewards[i].until_step - 1);
    for (const char* key : {"type", "weight", "name", "sources", "cap", "from_step", "until_step", "ramp_steps"})
      rewards[i].options.erase(key);
  }
}
void mend(EvalConfig& c) {
  mend(c.data);
  c.num_generations = std::max<int64_t>(c.num_generations, 1);
}
void mend(OptimConfig& c) {
  c.min_lr_rate = c.lr_scheduler_type == "cosine_with_min_lr" ? 0.25 : 0;
  c.warmup_steps = 0;
}
template <class Stage>
void mend_training(Stage& c) {
  mend(c.data);
  mend(c.optim);
  mend(c.rewards);
  if (c.eval) mend(*c.eval);
  c.max_steps = 0;
  c.save_steps = 5;
}
void mend(SftConfig& c) {
  mend_training(c);
  c.data.overlong_prompts = "error", c.data.generation_prefix.clear();
  if (!c.eval) c.rewards.clear(), c.sampling = {};
}
void mend(GrpoConfig& c) {
  mend_training(c);
  c.num_mini_batches = 1;
  c.loss.beta += 0.5;
  c.loss.kl_place = "loss", c.loss.kl_estimator = "k3";
}
void mend(RewardModelConfig& c) {
  mend(c.data);
  mend(c.optim);
  c.max_steps = 0;
  c.save_steps = 5;
  c.data.overlong_prompts = "error", c.data.generation_prefix.clear();
  c.eval_fraction = 0.25;
}
void mend(EvalStageConfig& c) {
  mend(c.eval);
  mend(c.rewards);
  c.eval.eval_steps = 0;
  c.eval.temperature.reset();
}

Recipe random_recipe(uint64_t seed) {
  Choices choices(seed);
  Randomizer randomize(choices);
  Recipe recipe;
  Recipe::fields(recipe, randomize);
  recipe.name = "run-" + std::to_string(seed);
  recipe.model = "m" + recipe.model;
  recipe.output_dir = "o" + recipe.output_dir;
  for (uint64_t i = 0, n = 1 + choices.below(4); i < n; ++i) {
    StageConfig stage;
    stage.type = config::stage_types()[choices.below(config::stage_types().size())];
    stage.name = "s" + std::to_string(i);
    stage.from = "base";
    config::make_stage(stage);
    config::with_stage(stage, [&](auto& c) {
      randomize.inline_struct(c);
      mend(c);
    });
    recipe.stages.push_back(std::move(stage));
  }
  return recipe;
}

TEST(RoundTrip, AnyRecipe) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Recipe recipe = random_recipe(seed);
    const nlohmann::json expected = recipe_to_json(recipe);
    const std::string yaml = recipe_to_yaml(recipe);
    try {
      EXPECT_EQ(recipe_to_json(parse_recipe(yaml, "r.yaml")), expected) << yaml;
      EXPECT_EQ(recipe_to_yaml(parse_recipe(yaml, "r.yaml")), yaml);
      EXPECT_EQ(recipe_to_json(parse_recipe(expected.dump(), "r.json")), expected);
    } catch (const Error& e) {
      FAIL() << "seed " << seed << ": " << e.what() << "\n" << yaml;
    }
  }
}

TEST(RoundTrip, EveryDefaultIsWritten) {
  const std::string yaml = recipe_to_yaml(parse_recipe(test::kSmall, "r.yaml"));
  for (const std::string& name : config::stage_field_names("grpo"))
    EXPECT_NE(yaml.find("    " + name + ":"), std::string::npos) << name;
  EXPECT_LT(yaml.find("num_prompts_per_step"), yaml.find("max_running_sequences"));  // the order of the reference page
  EXPECT_LT(yaml.find("name: r"), yaml.find("defaults_version: 1"));
}

}  // namespace
}  // namespace hone
