#include "train/checkpoint_manifest.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <xxhash.h>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "format/tensor_view.h"

namespace hone::detail {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int64_t kFormat = 1;
constexpr const char* kManifest = "manifest.json";
constexpr const char* kManifestHash = "manifest.xxh3";

std::string xxh3(std::span<const std::byte> bytes) {
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

const Json& field(const Json& object, const char* name) {
  HONE_CHECK(object.is_object() && object.contains(name), ErrorKind::format, "'{}' is missing", name);
  return object.at(name);
}

std::string text(const Json& object, const char* name) {
  const Json& value = field(object, name);
  HONE_CHECK(value.is_string(), ErrorKind::format, "'{}' is not a string", name);
  return value.get<std::string>();
}

int64_t count(const Json& value, const char* name) {
  HONE_CHECK(value.is_number_integer() && value.get<double>() >= 0 && value.get<double>() < 0x1p63, ErrorKind::format,
             "'{}' is not a count", name);
  return value.get<int64_t>();
}

/// A name from the manifest never leads out of the checkpoint's folder.
std::string file_name(const Json& object, const char* name) {
  const std::string value = text(object, name);
  HONE_CHECK(
      !value.empty() && value != "." && value != ".." && value.find_first_of(std::string_view("/\0", 2)) == value.npos,
      ErrorKind::format, "'{}' is not the name of a file: {}", name, quote_for_message(value));
  return value;
}

}  // namespace

Json to_json(const ManifestTensor& t) {
  return {{"name", t.name}, {"file", t.file}, {"dtype", "F32"}, {"shape", t.shape}};
}
Json to_json(const ManifestFile& f) { return {{"name", f.name}, {"size", f.size}, {"xxh3", f.xxh3}}; }

ManifestTensor tensor_from_json(const Json& json) {
  ManifestTensor out{.name = text(json, "name"), .file = file_name(json, "file")};
  HONE_CHECK(text(json, "dtype") == "F32", ErrorKind::format, "tensor {} is not fp32", quote_for_message(out.name));
  const Json& shape = field(json, "shape");
  HONE_CHECK(shape.is_array(), ErrorKind::format, "'shape' is not a list");
  for (const Json& extent : shape) out.shape.push_back(count(extent, "shape"));
  return out;
}

ManifestFile file_from_json(const Json& json) {
  return {.name = file_name(json, "name"), .size = count(field(json, "size"), "size"), .xxh3 = text(json, "xxh3")};
}

std::string file_xxh3(const fs::path& path) { return xxh3(MappedFile(path).bytes()); }

void write_manifest(const fs::path& folder, const Manifest& manifest) {
  Json json = {{"format", kFormat},       {"tool", "hone " HONE_VERSION}, {"step", manifest.step},
               {"ranks", manifest.ranks}, {"files", Json::array()},       {"tensors", Json::array()},
               {"state", manifest.state}};
  for (const ManifestFile& file : manifest.files) json["files"].push_back(to_json(file));
  for (const ManifestTensor& tensor : manifest.tensors) json["tensors"].push_back(to_json(tensor));
  const std::string body = dump_json(json, 1) + "\n";
  write_file_atomic(folder / kManifest, body);
  write_file_atomic(folder / kManifestHash, xxh3(std::as_bytes(std::span(body))) + "\n");
}

Manifest read_manifest(const fs::path& folder) {
  const fs::path path = folder / kManifest;
  const std::string body = read_file(path);
  const std::string hash = xxh3(std::as_bytes(std::span(body)));
  const std::string stored = read_file(folder / kManifestHash);
  HONE_CHECK(stored == hash + "\n", ErrorKind::format, "{}: its checksum is {}, but {} says {}: the file is damaged",
             path.string(), hash, kManifestHash, quote_for_message(trim(stored), 20));
  const Json json = parse_json(body, path.string(), ErrorKind::format);
  return with_context(path.string(), [&] {
    const int64_t format = count(field(json, "format"), "format");
    HONE_CHECK(format == kFormat, ErrorKind::format,
               "written in checkpoint format {} by {}; this program reads format {}", format,
               quote_for_message(text(json, "tool")), kFormat);
    Manifest out{.step = count(field(json, "step"), "step"),
                 .ranks = count(field(json, "ranks"), "ranks"),
                 .state = field(json, "state")};
    for (const Json& file : field(json, "files")) out.files.push_back(file_from_json(file));
    for (const Json& tensor : field(json, "tensors")) out.tensors.push_back(tensor_from_json(tensor));
    for (const ManifestFile& file : out.files) {
      std::error_code error;
      const auto size = fs::file_size(folder / file.name, error);
      HONE_CHECK(!error, ErrorKind::format, "file {} cannot be read: {}", file.name, error.message());
      HONE_CHECK(size == static_cast<uintmax_t>(file.size), ErrorKind::format, "file {} has {} bytes, expected {}",
                 file.name, size, file.size);
    }
    return out;
  });
}

std::string step_name(int64_t step) { return fmt::format("step-{:06d}", step); }

std::optional<StepFolder> as_step_folder(const fs::path& path) {
  const std::string name = path.filename().string();
  StepFolder out{.old = name.ends_with(".old"), .path = path};
  const std::string_view stem = std::string_view(name).substr(0, name.size() - (out.old ? 4 : 0));
  if (!stem.starts_with("step-")) return std::nullopt;
  const auto [end, problem] = std::from_chars(stem.data() + 5, stem.data() + stem.size(), out.step);
  if (problem != std::errc{} || end != stem.data() + stem.size() || stem != step_name(out.step)) return std::nullopt;
  return out;
}

std::vector<StepFolder> step_folders(const fs::path& folder) {
  std::vector<StepFolder> out;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return out;
  HONE_CHECK(!error, ErrorKind::io, "{}: cannot list checkpoints: {}", folder.string(), error.message());
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    HONE_CHECK(!error, ErrorKind::io, "{}: cannot list checkpoints: {}", folder.string(), error.message());
    const std::optional<StepFolder> found = as_step_folder(entries->path());
    if (found && entries->is_directory(error)) out.push_back(*found);
  }
  const auto order = [](const StepFolder& f) { return std::tuple(f.step, !f.old); };
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return out;
}

}  // namespace hone::detail
