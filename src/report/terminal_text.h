// Text for a terminal: widths, cutting, numbers, durations.
#pragma once

#include <string>
#include <string_view>

namespace hone {

/// The text with everything that could move the cursor or reorder the line (control characters, bidirectional marks,
/// broken UTF-8) replaced by '?'; newlines become spaces.
std::string printable(std::string_view text);

/// Terminal columns of printable text: two for East Asian wide characters and emoji, none for combining marks.
int display_width(std::string_view text);

/// The longest front part that is at most `columns` wide.
std::string cut_to_width(std::string_view text, int columns);

/// At most four significant digits: 0, 0.532, 1234, 1.5e-05, nan.
std::string short_number(double value);

/// 42s, 17m05s, 3h12m, 2d04h.
std::string short_duration(double seconds);

}  // namespace hone
