// recipe_reference(): the page docs/recipe-reference.md.
#include <fmt/format.h>

#include "base/text.h"
#include "config/aliases.h"
#include "config/check_bounds.h"
#include "config/fields.h"
#include "config/stages.h"
#include "hone/recipe.h"

namespace hone {
namespace {

using config::Fields;

constexpr const char* kIntroduction = R"(# Recipe reference

Generated from `include/hone/recipe.h` (`hone check --options` prints it); do not edit.

A recipe is a YAML file, or a JSON file whose name ends in `.json`. It is read strictly: an unknown key, a value of the wrong
type or out of bounds, and an option that would have no effect beside the others are errors. All problems are listed at once,
each with file, line and column. The run directory gets `recipe.resolved.yaml` with every default filled in, which is a recipe
itself.

- Text needs no quotes, also where YAML has its own ideas: `gradient_checkpointing: on` is the text "on". A bool is `true` or
  `false` and nothing else. Whole numbers may be written `16`, `16.0` or `1e3`; `.inf`, `.nan`, `1_000` and `0x10` are refused.
- `null` is allowed where the default is `null`.
- Paths are relative to the current directory, as in a shell.
- YAML anchors, aliases and `<<:` merges work; tags and several documents are refused.
- `--set KEY=VALUE` changes one value before the recipe is read: `--set stages.rl.learning_rate=1e-6`,
  `--set 'stages.rl.stop=["</answer>"]'`, `--set stages.rl.rewards.0.weight=2`. Entries of a list go by index, by `name`, or by
  `type` where they have no name. VALUE is YAML.

)";

constexpr const char* kTrlDifferences = R"(## Where defaults differ from TRL's

Options with a TRL name have TRL's default (as of 1.16), with these exceptions:

| option | hone | TRL | why |
|---|---|---|---|
| `truncation` | `error` | `keep_start` | a cut conversation trains on an answer without its end |
| `assistant_only_loss` | `true` | `false` | other turns are not the model's to say |
| `max_steps` | `0` | `-1` | both mean: from `num_train_epochs` |
| `save_steps` | `0` | `500` | the end of a stage is always saved |
| `save_total_limit` | `2` | none | full checkpoints are large |
| `ref_model_sync_steps` | `0` | `512`, where `sync_ref_model` is set | one option instead of two |
| `seed` | `0` | `42` | no seed is better than another |

)";

// Type names as the page shows them.
std::string type_name(const std::string&) { return "text"; }
std::string type_name(const double&) { return "number"; }
std::string type_name(const int64_t&) { return "whole number"; }
std::string type_name(const bool&) { return "bool"; }
std::string type_name(const nlohmann::json&) { return "map"; }
std::string type_name(const std::vector<std::string>&) { return "list of text"; }
std::string type_name(const std::vector<RewardConfig>&) { return "list of [rewards](#rewards)"; }
std::string type_name(const std::vector<StageConfig>&) { return "list of [stages](#stages)"; }
std::string type_name(const DataConfig&) { return "[data](#data)"; }
std::string type_name(const SamplingConfig&) { return "[sampling](#sampling)"; }
std::string type_name(const EvalConfig&) { return "[eval](#eval)"; }
template <class T>
std::string type_name(const std::optional<T>&) {
  return type_name(T{});
}

/// Markdown tables end a cell at a bar and take <think> for markup.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += "\\|";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

/// One table row per field.
class TableWriter {
 public:
  explicit TableWriter(std::vector<std::string> required) : required_(std::move(required)) {}
  std::string rows;

  template <class T>
  void operator()(const char* name, const T& value, const char* help, const Bounds& bounds = {}) {
    const bool bounded = !bounds.names.empty() || std::isfinite(bounds.low) || std::isfinite(bounds.high);
    rows += fmt::format("| `{}` | {} | {} | {} | {} |\n", name, type_name(value), default_of(name, value),
                        bounded ? cell(config::describe_bounds(bounds)) : "", cell(help));
  }
  template <class T>
  void inline_struct(const T& c) {
    T::fields(c, *this);
  }
  void rest(const nlohmann::json&, const char* help) {
    rows += fmt::format("| any other key | | | | {} |\n", cell(help));
  }

 private:
  template <class T>
  std::string default_of(const std::string& name, const T& value) {
    if (std::find(required_.begin(), required_.end(), name) != required_.end()) return "**required**";
    if constexpr (Fields<T>)
      return "";
    else
      return "`" + show(value) + "`";
  }

  static std::string show(const std::string& value) { return value.empty() ? "''" : value; }
  static std::string show(double value) { return fmt::format("{}", value); }
  static std::string show(int64_t value) { return fmt::format("{}", value); }
  static std::string show(bool value) { return value ? "true" : "false"; }
  static std::string show(const nlohmann::json&) { return "{}"; }
  template <class T>
  static std::string show(const std::vector<T>&) {
    return "[]";
  }
  template <class T>
  static std::string show(const std::optional<T>&) {
    return "null";
  }

  std::vector<std::string> required_;
};

template <class T>
std::string table(const T& defaults, std::vector<std::string> required) {
  TableWriter writer(std::move(required));
  T::fields(defaults, writer);
  return "| option | type | default | allowed | meaning |\n|---|---|---|---|---|\n" + writer.rows + "\n";
}

std::string alias_table() {
  std::string out =
      "## Names of other frameworks\n\nThese are accepted for the option of the same meaning. An option given under "
      "two "
      "names is an error.\n\n| accepted | option | known from |\n|---|---|---|\n";
  for (const config::Alias& alias : config::aliases())
    out += fmt::format("| `{}` | `{}` | {} |\n", alias.other, alias.canonical, alias.origin);
  return out + "\n";
}

}  // namespace

std::string recipe_reference() {
  std::string out = kIntroduction;
  out += "## Recipe\n\n" + table(Recipe{}, {"model", "stages"});
  out += "## Stages\n\nWhat every stage has, whatever its type:\n\n" + table(StageConfig{}, {"type"});
  out += "### type: sft\n\nSupervised fine-tuning on conversations.\n\n" + table(SftConfig{}, {"data"});
  out += "### type: grpo\n\nReinforcement learning with group-relative advantages.\n\n" +
         table(GrpoConfig{}, {"data", "rewards"});
  out += "### type: reward_model\n\nA scalar head over the model, trained on pairs or labelled responses.\n\n" +
         table(RewardModelConfig{}, {"data"});
  out += "### type: eval\n\nMeasures a model and changes nothing.\n\n" + table(EvalStageConfig{}, {"data", "rewards"});
  out += "## Data\n\nExactly one of `path` and `task`; a task needs a `size`.\n\n" + table(DataConfig{}, {});
  out += "## Rewards\n\n" + table(RewardConfig{}, {"type"});
  out += "## Sampling\n\n" + table(SamplingConfig{}, {});
  out += "## Eval\n\n" + table(EvalConfig{}, {"data"});
  return out + alias_table() + kTrlDifferences;
}

}  // namespace hone
