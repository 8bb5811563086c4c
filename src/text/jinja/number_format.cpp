#include "text/jinja/number_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/check.h"

namespace hone::jinja {

std::string format_real(double number, char type, int64_t precision, bool alternate) {
  HONE_CHECK(precision >= 0 && precision <= 400, ErrorKind::data, "a precision of {} digits is out of range",
             precision);
  const bool upper = type < 'a';
  number = std::fabs(number);
  if (std::isnan(number)) return upper ? "NAN" : "nan";
  if (std::isinf(number)) return upper ? "INF" : "inf";
  const std::string pattern = std::string(alternate ? "%#.*" : "%.*") + type;
  char buffer[800];
  const int length = std::snprintf(buffer, sizeof(buffer), pattern.c_str(), static_cast<int>(precision), number);
  return std::string(buffer, static_cast<size_t>(length));
}

std::string format_integer(uint64_t magnitude, int base, bool upper_case) {
  const char* digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  do {
    out.push_back(digits[magnitude % static_cast<uint64_t>(base)]);
    magnitude /= static_cast<uint64_t>(base);
  } while (magnitude > 0);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string group_digits(const std::string& digits, char separator, size_t size) {
  const size_t whole = std::min(digits.find_first_not_of("0123456789abcdefABCDEF"), digits.size());
  std::string out;
  for (size_t i = 0; i < whole; ++i) {
    if (i > 0 && (whole - i) % size == 0) out.push_back(separator);
    out.push_back(digits[i]);
  }
  return out + digits.substr(whole);
}

}  // namespace hone::jinja
