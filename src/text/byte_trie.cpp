#include "text/byte_trie.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hone {

ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, int32_t>> entries) {
  std::erase_if(entries, [](const auto& e) { return e.first.empty(); });
  for (const auto& [key, value] : entries) {
    HONE_CHECK(key.size() <= kMaxKeyBytes, ErrorKind::format, "a token of {} bytes ({}); at most {} are accepted",
               key.size(), quote_for_message(key, 30), kMaxKeyBytes);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

  // Breadth first, so that the children of a node can be laid side by side: a node owns a range of the sorted keys.
  struct Task {
    int32_t node;
    size_t begin, end, depth;
  };
  std::vector<Task> tasks{{kRoot, 0, entries.size(), 0}};
  for (size_t t = 0; t < tasks.size(); ++t) {
    auto [node, begin, end, depth] = tasks[t];
    while (begin < end && entries[begin].first.size() == depth) {
      if (value(node) == kNone) nodes_[static_cast<size_t>(node)].value = entries[begin].second;
      ++begin;
    }
    nodes_[static_cast<size_t>(node)].first_child = static_cast<int32_t>(nodes_.size());
    while (begin < end) {
      const char label = entries[begin].first[depth];
      size_t stop = begin;
      while (stop < end && entries[stop].first[depth] == label) ++stop;
      const auto child = static_cast<int32_t>(nodes_.size());
      nodes_.push_back({.label = static_cast<unsigned char>(label)});
      ++nodes_[static_cast<size_t>(node)].num_children;
      tasks.push_back({child, begin, stop, depth + 1});
      begin = stop;
    }
  }
  const Node& root = nodes_[kRoot];
  for (int32_t i = 0; i < root.num_children; ++i) {
    const int32_t child = root.first_child + i;
    root_children_[nodes_[static_cast<size_t>(child)].label] = child;
  }
}

int32_t ByteTrie::child(int32_t node, unsigned char label) const {
  if (node == kRoot) return root_children_[label];
  const Node& parent = nodes_[static_cast<size_t>(node)];
  const auto first = nodes_.begin() + parent.first_child, last = first + parent.num_children;
  const auto found = std::lower_bound(first, last, label, [](const Node& n, unsigned char l) { return n.label < l; });
  return found != last && found->label == label ? static_cast<int32_t>(found - nodes_.begin()) : kNone;
}

}  // namespace hone
