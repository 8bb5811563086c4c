#include "text/byte_level.h"

#include <array>
#include <vector>

#include "text/unicode.h"

namespace hone {
namespace {

struct Alphabet {
  std::array<std::string, 256> of_byte;
  std::vector<int> byte_of = std::vector<int>(0x144, -1);  // by character

  Alphabet() {
    char32_t next = 0x100;  // printable Latin-1 stands for itself; the rest follows from U+0100 on, in order
    for (char32_t b = 0; b < 256; ++b) {
      const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      const char32_t c = printable ? b : next++;
      append_char(of_byte[b], c);
      byte_of[c] = static_cast<int>(b);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}

}  // namespace

std::string bytes_to_alphabet(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char b : bytes) out += alphabet().of_byte[static_cast<unsigned char>(b)];
  return out;
}

std::string alphabet_to_bytes(std::string_view token) {
  std::string out;
  for (size_t at = 0; at < token.size();) {
    const char32_t c = next_char(token, at);
    const int byte = c < alphabet().byte_of.size() ? alphabet().byte_of[c] : -1;
    if (byte < 0) return std::string(token);
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

}  // namespace hone
