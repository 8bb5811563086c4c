// Names that other frameworks use for options of the same meaning and unit.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hone::config {

struct Alias {
  std::string other;      // what verl, TRL, OpenRLHF, ... call it
  std::string canonical;  // what hone calls it
  std::string origin;     // who does, for the reference page
};

/// Accepted wherever the canonical name is an option, unless the other name is an option there itself.
std::span<const Alias> aliases();

/// The canonical name of `name`, or `name`.
std::string canonical_name(std::string_view name);

}  // namespace hone::config
