// Recipe text -> Node tree.
#pragma once

#include <string>
#include <string_view>

#include "config/node.h"
#include "config/problems.h"

namespace hone::config {

/// Text that cannot be read on after `position`.
struct SyntaxError {
  SourcePosition position;
  std::string message;
};

/// A file: strict JSON where `name` ends in .json, else YAML. Both add duplicate keys and the like to `problems` and
/// throw SyntaxError.
Node read_document(std::string_view text, const std::string& name, Problems& problems);

/// YAML 1.2, less what a recipe has no use for: tags, several documents, recursive or huge aliases. A map's `<<:`
/// merges another map's entries. Positions count from `start`; where its line is 0 (an override) every position is
/// `start`.
Node read_yaml(std::string_view text, const SourcePosition& start, Problems& problems);

/// RFC 8259: no comments, no trailing commas, no duplicate keys.
Node read_json(std::string_view text, const SourcePosition& start, Problems& problems);

/// Throws SyntaxError for what is not plain UTF-8 text.
void check_text(std::string_view text, const SourcePosition& start);

/// Number of characters in well-formed UTF-8.
int count_characters(std::string_view text);

}  // namespace hone::config
