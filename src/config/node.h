// A recipe as it was written: maps, lists and scalars that are still text, each with its place in the file. Scalars get
// a type only from the option they are read into, so `gradient_checkpointing: on` is the text "on" and never a bool.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hone/recipe.h"

namespace hone::config {

/// plain: bare YAML text, which may be anything. quoted: text. literal: a number, true, false or null of JSON.
enum class Style { plain, quoted, literal };

struct Node;
struct Entry;

struct Node {
  enum class Kind { scalar, list, map };
  Kind kind = Kind::scalar;
  Style style = Style::plain;
  std::string text;            // scalar
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in the order of the file, keys unique
  SourcePosition position;

  bool is_null() const;
  const Node* find(std::string_view key) const;
  /// Nodes of the whole subtree, itself included.
  size_t size() const;
  /// Levels of the subtree; 1 for a scalar.
  int depth() const;
  /// "a map", "a list", "no value", or the quoted scalar: for "expected a number, got ...".
  std::string describe() const;
};

struct Entry {
  std::string key;
  SourcePosition position;
  Node value;
};

/// file:line:col, or the source alone for an override.
std::string to_string(const SourcePosition& position);

/// What a recipe may hold at most; far above any real one, so that a hostile file costs no time or memory.
struct Limits {
  static constexpr size_t kBytes = size_t{1} << 20;
  static constexpr size_t kNodes = 50'000;  // after aliases are expanded
  static constexpr size_t kKeys = 1'000;    // of one map
  static constexpr int kDepth = 64;
};

}  // namespace hone::config
