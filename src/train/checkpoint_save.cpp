// Saving: everything is written into step-N.tmp and synced before a rename makes it step-N.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/check.h"
#include "base/files.h"
#include "base/log.h"
#include "base/text.h"
#include "format/safetensors.h"
#include "train/checkpoint.h"
#include "train/checkpoint_manifest.h"

namespace hone {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  HONE_CHECK(!error, ErrorKind::io, "{}: cannot rename to {}: {}", from.string(), to.filename().string(),
             error.message());
}

void remove_folder(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  HONE_CHECK(!error, ErrorKind::io, "{}: cannot remove: {}", path.string(), error.message());
}

/// Out of sight first, so that a kill in the middle leaves an unfinished save and not a damaged checkpoint.
void retire_folder(const fs::path& path) {
  const fs::path aside = path.string() + ".tmp";
  remove_folder(aside);
  rename_folder(path, aside);
  remove_folder(aside);
}

/// With every missing parent, each one's name durable.
void make_folder(const fs::path& path) {
  std::error_code error;
  if (path.empty() || fs::is_directory(path, error)) return;
  make_folder(path.parent_path());
  fs::create_directory(path, error);
  HONE_CHECK(!error, ErrorKind::io, "{}: cannot make the folder: {}", path.string(), error.message());
  sync_path(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void check_tensors(const std::vector<CheckpointTensor>& tensors) {
  std::set<std::string> names;
  for (const CheckpointTensor& tensor : tensors) {
    const std::string name = quote_for_message(tensor.name);
    HONE_CHECK(!tensor.name.empty(), ErrorKind::shape, "checkpoint: a tensor has no name");
    HONE_CHECK(names.insert(tensor.name).second, ErrorKind::shape, "checkpoint: two tensors are called {}", name);
    const std::optional<int64_t> count = checked_numel(tensor.shape);
    HONE_CHECK(count && static_cast<size_t>(*count) == tensor.data.size(), ErrorKind::shape,
               "checkpoint: tensor {} has shape {} but {} values", name, shape_text(tensor.shape), tensor.data.size());
    if (all_finite(tensor.data)) continue;
    const auto bad = std::find_if(tensor.data.begin(), tensor.data.end(), [](float v) { return !std::isfinite(v); });
    fail(ErrorKind::data, "checkpoint: tensor {} is {} at {}: not saved; the last good checkpoint is untouched", name,
         *bad, bad - tensor.data.begin());
  }
}

/// JSON has no infinities: they would come back as null.
void check_state(const json& state, const std::string& at) {
  if (state.is_number_float()) {
    HONE_CHECK(std::isfinite(state.get<double>()), ErrorKind::data, "checkpoint: {} is not finite: not saved",
               quote_for_message(at));
  } else if (state.is_structured()) {
    for (const auto& [key, value] : state.items()) check_state(value, at + "." + key);
  }
}

/// Runs `body` on every rank; if it threw on any, every rank throws the first one's error.
template <class Body>
void all_or_none(Comm& comm, Body&& body) {
  std::string outcome;  // empty, or the error's kind and text
  try {
    body();
  } catch (const Error& e) {
    outcome = static_cast<char>('A' + static_cast<int>(e.kind())) + std::string(e.what());
  } catch (const std::exception& e) {
    outcome = static_cast<char>('A' + static_cast<int>(ErrorKind::io)) + std::string(e.what());
  }
  const std::vector<std::string> outcomes = comm.all_gather_bytes(outcome);
  for (size_t r = 0; r < outcomes.size(); ++r) {
    if (outcomes[r].empty()) continue;
    const std::string who = comm.size() > 1 ? fmt::format("rank {}: ", r) : "";
    throw Error(static_cast<ErrorKind>(outcomes[r][0] - 'A'), who + outcomes[r].substr(1));
  }
}

/// This rank's file; its part of the manifest.
json write_own_file(const fs::path& folder, const std::vector<CheckpointTensor>& tensors, const Comm& comm) {
  if (tensors.empty()) return {{"files", json::array()}, {"tensors", json::array()}};
  const std::string name = fmt::format("state-{:05d}-of-{:05d}.safetensors", comm.rank(), comm.size());
  std::vector<TensorSource> sources;
  json listed = json::array();
  for (const CheckpointTensor& tensor : tensors) {
    sources.push_back({.name = tensor.name, .dtype = DType::F32, .shape = tensor.shape, .data = tensor.data.data()});
    listed.push_back(detail::to_json(detail::ManifestTensor{tensor.name, name, tensor.shape}));
  }
  write_safetensors(folder / name, sources);
  const auto size = static_cast<int64_t>(fs::file_size(folder / name));
  const json file = detail::to_json(detail::ManifestFile{name, size, detail::file_xxh3(folder / name)});
  return {{"files", json::array({file})}, {"tensors", std::move(listed)}};
}

detail::Manifest join_parts(const std::vector<std::string>& parts, int64_t step, const json& state) {
  detail::Manifest out{.step = step, .ranks = static_cast<int64_t>(parts.size()), .state = state};
  std::set<std::string> names;
  for (const std::string& text : parts) {
    const json part = json::parse(text);
    for (const json& file : part.at("files")) out.files.push_back(detail::file_from_json(file));
    for (const json& tensor : part.at("tensors")) {
      out.tensors.push_back(detail::tensor_from_json(tensor));
      const std::string& name = out.tensors.back().name;
      HONE_CHECK(names.insert(name).second, ErrorKind::shape, "checkpoint: two ranks save a tensor {}",
                 quote_for_message(name));
    }
  }
  return out;
}

/// Makes `temporary` the step's checkpoint. A checkpoint of the same step stays readable, as step-N.old, until then.
void publish(const fs::path& temporary, const fs::path& final) {
  const fs::path old = final.string() + ".old";
  std::error_code ignored;
  const bool replaces = fs::exists(final, ignored);
  if (replaces) {
    remove_folder(old);
    rename_folder(final, old);
  }
  try {
    rename_folder(temporary, final);
  } catch (const Error&) {
    if (replaces) fs::rename(old, final, ignored);
    throw;
  }
  sync_path(final.parent_path());
  remove_folder(old);
}

/// Best effort: a leftover costs disk space, an error here would cost the run.
void remove_beyond_limit(const fs::path& folder, int64_t saved_step, int64_t limit) {
  try {
    std::vector<detail::StepFolder> found = detail::step_folders(folder);
    int64_t kept = 1;  // the new one
    for (auto it = found.rbegin(); it != found.rend(); ++it) {
      if (it->step == saved_step) continue;
      bool good = true;
      try {
        detail::read_manifest(it->path);
      } catch (const Error&) {
        good = false;  // must not push a good one out
      }
      if (good && kept < limit)
        ++kept;
      else
        retire_folder(it->path);
    }
  } catch (const std::exception& e) {
    log_warn("old checkpoints were not removed: {}", e.what());
  }
}

}  // namespace

void save_checkpoint(const fs::path& folder, int64_t step, const std::vector<CheckpointTensor>& tensors,
                     const json& state, Comm& comm, const SaveOptions& options) {
  HONE_CHECK(step >= 0, ErrorKind::usage, "checkpoint: the step must not be negative, got {}", step);
  HONE_CHECK(options.save_total_limit >= 1, ErrorKind::usage, "save_total_limit must be at least 1, got {}",
             options.save_total_limit);
  const fs::path final = folder / detail::step_name(step);
  const fs::path temporary = final.string() + ".tmp";
  std::string own_part;
  try {
    all_or_none(comm, [&] {
      check_tensors(tensors);
      check_state(state, "state");
      if (!comm.is_main()) return;
      remove_folder(temporary);
      make_folder(temporary);
    });
    all_or_none(comm, [&] { own_part = write_own_file(temporary, tensors, comm).dump(); });
    const std::vector<std::string> parts = comm.all_gather_bytes(own_part);
    all_or_none(comm, [&] {
      if (!comm.is_main()) return;
      detail::write_manifest(temporary, join_parts(parts, step, state));
      // Catches folders that are not one place for all ranks.
      detail::read_manifest(temporary);
      sync_path(temporary);
      publish(temporary, final);
    });
  } catch (...) {
    std::error_code ignored;
    if (comm.is_main()) fs::remove_all(temporary, ignored);
    throw;
  }
  if (comm.is_main()) remove_beyond_limit(folder, step, options.save_total_limit);
}

void save_checkpoint(const fs::path& folder, int64_t step, const std::vector<CheckpointTensor>& tensors,
                     const json& state, const SaveOptions& options) {
  save_checkpoint(folder, step, tensors, state, *make_single_comm(), options);
}

void remove_stale_saves(const fs::path& folder) {
  for (const detail::StepFolder& found : detail::step_folders(folder)) {
    if (!found.old) continue;
    const fs::path replacement = folder / detail::step_name(found.step);
    std::error_code ignored;
    if (fs::exists(replacement, ignored))
      remove_folder(found.path);
    else
      rename_folder(found.path, replacement);
  }
  std::error_code error;
  std::vector<fs::path> unfinished;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with("step-") && name.ends_with(".tmp")) unfinished.push_back(it->path());
  }
  for (const fs::path& path : unfinished) {
    log_info("removing an unfinished save: {}", path.string());
    remove_folder(path);
  }
}

}  // namespace hone
