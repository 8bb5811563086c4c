// A set of byte strings with numbers, searched from a fixed position for every member that starts there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hone {

/// Immutable after construction. Children of a node lie side by side in label order.
class ByteTrie {
 public:
  ByteTrie() = default;
  /// Of equal keys the first counts. Error(format) for a key longer than kMaxKeyBytes; empty keys are left out.
  explicit ByteTrie(std::vector<std::pair<std::string_view, int32_t>> entries);

  static constexpr size_t kMaxKeyBytes = 4096;  // a search costs at most text x longest key
  static constexpr int32_t kRoot = 0, kNone = -1;

  /// The node below `node` by `label`, or kNone.
  int32_t child(int32_t node, unsigned char label) const;
  int32_t value(int32_t node) const { return nodes_[static_cast<size_t>(node)].value; }  // kNone: no key ends here
  bool empty() const { return nodes_.size() <= 1; }

  /// Calls found(length, value) for every key that `text` starts with, shortest first.
  template <class Found>
  void prefixes(std::string_view text, const Found& found) const {
    int32_t node = kRoot;
    for (size_t i = 0; i < text.size(); ++i) {
      node = child(node, static_cast<unsigned char>(text[i]));
      if (node == kNone) return;
      if (value(node) != kNone) found(i + 1, value(node));
    }
  }

 private:
  struct Node {
    int32_t first_child = 0;
    uint16_t num_children = 0;
    unsigned char label = 0;
    int32_t value = kNone;
  };
  std::vector<Node> nodes_{Node{}};
  std::vector<int32_t> root_children_ = std::vector<int32_t>(256, kNone);
};

}  // namespace hone
