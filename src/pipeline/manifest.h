// manifest.json of a run: what it ran on, and how far its stages are.
#pragma once

#include <filesystem>

#include "hone/recipe.h"

namespace hone {

void write_manifest(const std::filesystem::path& run_dir, const Recipe& recipe, int ranks);

/// Instruction set of the kernels, threads, CPU, versions: also what `hone doctor` prints.
nlohmann::json describe_machine();

inline constexpr const char* kVersion = "0.1.0";

}  // namespace hone
