// report.html: a whole run on one self-contained page.
#pragma once

#include <filesystem>
#include <string>

namespace hone {

/// Reads what a run folder holds by now (recipe.resolved.yaml, manifest.json, metrics.jsonl, samples/*.jsonl; each may
/// be missing or cut short) and writes RUN/report.html: inline CSS and SVG, nothing fetched, readable without scripts.
/// Model output is hostile and is shown as text only. The same files give the same bytes. Returns the path.
/// Error(io) if `run_dir` is not a folder or the page cannot be written.
std::filesystem::path write_report(const std::filesystem::path& run_dir);

/// The page as text.
std::string render_report(const std::filesystem::path& run_dir);

}  // namespace hone
