#include "text/jinja/search.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace hone::jinja {

size_t find_forward(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size()) return kNotFound;
  if (needle.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr ? kNotFound : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

size_t find_backward(std::string_view text, std::string_view needle, size_t end) {
  text = text.substr(0, std::min(end, text.size()));
  if (needle.size() > text.size()) return kNotFound;
  if (needle.size() < 16) return text.rfind(needle);
  const std::string mirrored(text.rbegin(), text.rend()), pattern(needle.rbegin(), needle.rend());
  const size_t at = find_forward(mirrored, pattern);
  return at == kNotFound ? kNotFound : text.size() - at - needle.size();
}

}  // namespace hone::jinja
