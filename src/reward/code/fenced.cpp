#include "reward/code/fenced.h"

#include <optional>

#include "base/text.h"
#include "reward/extract.h"

namespace hone {
namespace {

struct Fence {
  char mark;
  size_t length;
  bool bare;  // nothing behind it: it can close a block
};

/// The fence that a line is: up to three spaces, then three or more of ` or ~. (CommonMark, which also forbids ` behind
/// an opening fence of them.)
std::optional<Fence> fence_of(std::string_view line) {
  const size_t indent = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(indent);
  if (indent > 3 || line.empty() || (line[0] != '`' && line[0] != '~')) return std::nullopt;
  const char mark = line[0];
  const size_t length = std::min(line.find_first_not_of(mark), line.size());
  const std::string_view rest = line.substr(length);
  if (length < 3 || (mark == '`' && rest.find('`') != std::string_view::npos)) return std::nullopt;
  return Fence{mark, length, trim(rest).empty()};
}

}  // namespace

std::string_view extract_code(std::string_view completion, Finish finish) {
  const std::string_view text = after_thinking(completion);
  std::optional<std::string_view> last;
  std::optional<Fence> open;
  size_t start = 0;  // of the open block's content
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const auto fence = fence_of(text.substr(at, end - at));
    if (!open && fence) {
      open = fence;
      start = std::min(end + 1, text.size());
    } else if (open && fence && fence->mark == open->mark && fence->length >= open->length && fence->bare) {
      last = text.substr(start, at - start);
      open.reset();
    }
    at = end + 1;
  }
  if (open && (finish == Finish::stop || !last)) last = text.substr(start);
  return last.value_or(text);
}

}  // namespace hone
