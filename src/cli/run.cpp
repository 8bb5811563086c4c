#include "hone/run.h"

#include <csignal>

#include "cli/command.h"

namespace hone {
namespace {

volatile std::sig_atomic_t stop_signals = 0;

/// The first signal asks the run to finish its step and save; the second one ends the process at once.
void on_signal(int signal) {
  stop_signals = stop_signals + 1;
  if (stop_signals > 1) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

constexpr int kStoppedExit = 75;

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  struct Args {
    std::string recipe, restart_from;
    std::vector<std::string> overrides;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("run", "run a recipe, or continue it where it stopped");
  command->add_option("recipe", args->recipe, "YAML or JSON file")->required();
  command->add_option("--set", args->overrides, "override, e.g. stages.rl.learning_rate=1e-6");
  command->add_option("--restart-from", args->restart_from, "forget this stage and those after it");
  command->callback([args, &exit_code] {
    const Recipe recipe = load_recipe(args->recipe, args->overrides, program_checks());
    for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) std::signal(signal, on_signal);
    const std::unique_ptr<Comm> comm = make_comm();
    const RunEnd end = with_abort(*comm, [&] {
      return run_recipe(
          recipe,
          {.restart_from = args->restart_from,
           .stop_requested = [&comm] { return comm->all_reduce_max(static_cast<int64_t>(stop_signals)) > 0; }},
          *comm);
    });
    if (end == RunEnd::stopped) exit_code = kStoppedExit;
  });
}

}  // namespace hone
