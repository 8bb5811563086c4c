// Case mappings that give several characters.
#pragma once

namespace hone::jinja {

struct SpecialCasing {
  char32_t character;
  const char32_t* upper;
  const char32_t* title;
};

/// The row of `c`, or null when its mappings are single characters.
const SpecialCasing* special_casing(char32_t c);

}  // namespace hone::jinja
