#include "report/characters.h"

#include <algorithm>

#include "base/text.h"

namespace hone {

char32_t first_character(std::string_view text, size_t* size) {
  const auto lead = static_cast<unsigned char>(text[0]);
  *size = 1;
  if (lead < 0x80) return lead;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (length > text.size() || valid_utf8_prefix(text.substr(0, length)) != length) return 0xFFFD;
  char32_t c = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  *size = length;
  return c;
}

}  // namespace hone
