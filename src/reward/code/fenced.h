// Finds the code in a completion.
#pragma once

#include <string_view>

#include "hone/types.h"

namespace hone {

/// Content of the last fenced block (``` or ~~~) behind the thinking, or everything there if there is none. A block
/// that is still open counts to the end of a completion that ended by itself; of one that was cut off the block before
/// it counts, if any. A view into the completion, white space untouched.
std::string_view extract_code(std::string_view completion, Finish finish);

}  // namespace hone
