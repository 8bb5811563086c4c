// The program: exit code 0, 1 for a run that failed, 2 for bad usage or a bad recipe, 75 for a run that saved and
// stopped because a signal asked it to.
#include <cstdio>
#include <new>

#include <malloc.h>

#include "base/text.h"
#include "cli/command.h"
#include "pipeline/check_names.h"
#include "pipeline/manifest.h"

namespace {

int report(const hone::Error& e) {
  std::fprintf(stderr, "hone: %s\n", e.what());
  return e.kind() == hone::ErrorKind::usage || e.kind() == hone::ErrorKind::recipe ? 2 : 1;
}

}  // namespace

std::vector<hone::RecipeCheck> hone::program_checks() {
  return {check_files, [](const Recipe& recipe) { return check_names(recipe, builtin_rewards()); }};
}

int main(int argc, char** argv) {
  // Activations come and go in blocks of megabytes: keep them in the heap instead of giving pages back to the system.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  CLI::App app{"hone: post-training of language models", "hone"};
  app.set_version_flag("--version", std::string("hone ") + hone::kVersion);
  app.require_subcommand(1);
  int exit_code = 0;
  hone::add_run(app, exit_code);
  hone::add_check(app);
  hone::add_generate(app);
  hone::add_logprobs(app);
  hone::add_tokenize(app);
  hone::add_score(app);
  hone::add_eval(app);
  hone::add_chat(app);
  hone::add_convert(app);
  hone::add_report(app);
  hone::add_data(app);
  hone::add_bench(app);
  hone::add_doctor(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const hone::Error& e) {
    return report(e);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "hone: out of memory\n");
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "hone: %s\n", e.what());
    return 1;
  }
  return exit_code;
}
