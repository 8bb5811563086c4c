// Static scoping. jinja2 decides at compile time which scope a name belongs to: a name that a scope assigns anywhere is
// that scope's own everywhere in it. This pass makes the same decision and gives every variable a slot.
#pragma once

#include "text/jinja/ast.h"

namespace hone::jinja {

/// Fills the scopes and names of a parsed program, and checks that filters and tests exist. Error(format).
void resolve_names(Program& program);

}  // namespace hone::jinja
