// `--set stages.rl.beta=0.1`: changes the tree before it is read, so that an override is checked like the file is.
#pragma once

#include <string>
#include <vector>

#include "config/node.h"
#include "config/problems.h"

namespace hone::config {

/// Applies "a.b=value" texts in order. The value is YAML; maps on the way are made where they are missing, entries of a
/// list go by index, `name`, or `type` where they have no name. What an override sets has the override as its position.
void apply_overrides(Node& root, const std::vector<std::string>& overrides, Problems& problems);

}  // namespace hone::config
