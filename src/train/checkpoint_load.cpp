// Finding, verifying and reading checkpoints.
#include <algorithm>
#include <cstring>
#include <deque>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "format/safetensors.h"
#include "train/checkpoint.h"
#include "train/checkpoint_manifest.h"

namespace hone {
namespace fs = std::filesystem;

struct Checkpoint::Contents {
  fs::path path;
  int64_t step = 0;
  nlohmann::json state;
  std::deque<SafetensorsFile> files;
  std::map<std::string, const TensorView*> tensors;

  const TensorView& at(const std::string& name) const {
    const auto found = tensors.find(name);
    if (found != tensors.end()) return *found->second;
    std::vector<std::string> known;
    for (const auto& [other, view] : tensors) known.push_back(other);
    fail(ErrorKind::format, "{}: no tensor {}{}", path.string(), quote_for_message(name), did_you_mean(name, known));
  }
};

Checkpoint open_checkpoint(const fs::path& path) {
  auto contents = std::make_shared<Checkpoint::Contents>();
  contents->path = path;
  detail::Manifest manifest = detail::read_manifest(path);
  const std::optional<detail::StepFolder> named = detail::as_step_folder(path);
  HONE_CHECK(!named || named->step == manifest.step, ErrorKind::format, "{}: its manifest is that of step {}",
             path.string(), manifest.step);
  contents->step = manifest.step;
  contents->state = std::move(manifest.state);
  std::map<std::string, const SafetensorsFile*> files;
  for (const detail::ManifestFile& file : manifest.files) {
    const std::string hash = detail::file_xxh3(path / file.name);
    HONE_CHECK(hash == file.xxh3, ErrorKind::format,
               "{}: its checksum is {}, but the manifest says {}: the file is damaged", (path / file.name).string(),
               hash, quote_for_message(file.xxh3, 20));
    files[file.name] = &contents->files.emplace_back(path / file.name);
  }
  for (const detail::ManifestTensor& tensor : manifest.tensors) {
    const auto file = files.find(tensor.file);
    HONE_CHECK(file != files.end(), ErrorKind::format, "{}: tensor {} is in file {}, which the manifest does not list",
               path.string(), quote_for_message(tensor.name), quote_for_message(tensor.file));
    const TensorView& view = file->second->at(tensor.name);
    HONE_CHECK(view.dtype == DType::F32 && view.shape == tensor.shape, ErrorKind::format,
               "{}: tensor {} is {} {}, but the manifest says F32 {}", (path / tensor.file).string(),
               quote_for_message(tensor.name), dtype_name(view.dtype), shape_text(view.shape),
               shape_text(tensor.shape));
    HONE_CHECK(contents->tensors.emplace(tensor.name, &view).second, ErrorKind::format,
               "{}: the manifest lists tensor {} twice", path.string(), quote_for_message(tensor.name));
  }
  Checkpoint out;
  out.contents_ = std::move(contents);
  return out;
}

int64_t Checkpoint::step() const { return contents_->step; }
const nlohmann::json& Checkpoint::state() const { return contents_->state; }
const fs::path& Checkpoint::path() const { return contents_->path; }
bool Checkpoint::has(const std::string& name) const { return contents_->tensors.contains(name); }
const std::vector<int64_t>& Checkpoint::shape(const std::string& name) const { return contents_->at(name).shape; }

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> out;
  for (const auto& [name, view] : contents_->tensors) out.push_back(name);
  return out;
}

void Checkpoint::read(const std::string& name, std::span<float> out) const {
  const int64_t count = contents_->at(name).numel();
  HONE_CHECK(static_cast<size_t>(count) == out.size(), ErrorKind::format,
             "{}: tensor {} has {} values, expected {}: the checkpoint is of another model", path().string(),
             quote_for_message(name), count, out.size());
  read_slice(name, 0, out);
}

void Checkpoint::read_slice(const std::string& name, int64_t begin, std::span<float> out) const {
  const TensorView& view = contents_->at(name);
  const auto count = static_cast<uint64_t>(view.numel());
  const auto first = static_cast<uint64_t>(begin);
  HONE_CHECK(begin >= 0 && first <= count && out.size() <= count - first, ErrorKind::format,
             "{}: values {} to {} of tensor {} were asked for, but it has {}", path().string(), begin,
             begin + static_cast<int64_t>(out.size()), quote_for_message(name), count);
  if (!out.empty()) std::memcpy(out.data(), view.data.data() + first * sizeof(float), out.size_bytes());
}

std::optional<Checkpoint> load_latest(const fs::path& folder) {
  std::vector<detail::StepFolder> found = detail::step_folders(folder);
  std::string newest_problem;
  for (; !found.empty(); found.pop_back()) {
    const detail::StepFolder& candidate = found.back();
    try {
      return open_checkpoint(candidate.path);
    } catch (const Error& e) {
      log_warn("passing over a damaged checkpoint: {}", e.what());
      if (newest_problem.empty()) newest_problem = e.what();
    }
  }
  HONE_CHECK(newest_problem.empty(), ErrorKind::format,
             "{}: every checkpoint is damaged, the newest like this: {}; remove the folder to start anew",
             folder.string(), newest_problem);
  return std::nullopt;
}

std::vector<int64_t> checkpoint_steps(const fs::path& folder) {
  std::vector<int64_t> steps;
  for (const detail::StepFolder& found : detail::step_folders(folder)) {
    if (steps.empty() || steps.back() != found.step) steps.push_back(found.step);
  }
  return steps;
}

}  // namespace hone
