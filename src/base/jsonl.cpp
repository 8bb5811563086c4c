#include "base/jsonl.h"

#include <algorithm>

#include "base/check.h"
#include "base/files.h"
#include "base/text.h"

namespace hone {

constexpr int kMaxDepth = 256;  // nlohmann destroys nested values recursively: a hostile depth would end the stack

nlohmann::json parse_json(std::string_view text, const std::string& name, ErrorKind kind) {
  const auto guard = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    HONE_CHECK(depth <= kMaxDepth, kind, "{}: JSON nested more than {} deep", name, kMaxDepth);
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), guard);
  } catch (const nlohmann::json::parse_error& e) {
    const size_t at = std::min(e.byte > 0 ? e.byte - 1 : 0, text.size());
    fail(kind, "{}: not valid JSON at byte {}: near {}", name, at, quote_for_message(text.substr(at), 40));
  } catch (const nlohmann::json::exception& e) {
    fail(kind, "{}: not usable JSON: {}", name, e.what());
  }
}

namespace {

void read_lines(std::string_view rest, const std::filesystem::path& path,
                const std::function<void(nlohmann::json value, int64_t line)>& record) {
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (int64_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    const std::string where = path.string() + ":" + std::to_string(line);
    nlohmann::json value = parse_json(text, where);
    try {
      record(std::move(value), line);
    } catch (const Error& e) {
      const std::string message = e.what();
      throw Error(e.kind(), message.starts_with(where) ? message : where + ": " + message);
    }
  }
}

}  // namespace

void read_jsonl(const std::filesystem::path& path,
                const std::function<void(nlohmann::json value, int64_t line)>& record) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return read_lines(read_file(path), path, record);  // a pipe
  const MappedFile file(path);
  read_lines({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path, record);
}

std::string dump_json(const nlohmann::json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace hone
