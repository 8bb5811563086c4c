// Token strings and their ids, both ways. Ids may have gaps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hone {

class Vocabulary {
 public:
  /// What a vocabulary does with a token listed twice.
  enum class Repeats { refuse, last_wins };

  /// Error(format) for a negative id, one far above the number of tokens, or one that two tokens claim.
  Vocabulary(std::vector<std::pair<std::string, int64_t>> tokens, Repeats repeats);
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  std::optional<int32_t> find(std::string_view token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }
  /// nullptr if no token has this id.
  const std::string* token(int64_t id) const {
    return id >= 0 && id < end_id() && present_[static_cast<size_t>(id)] ? &tokens_[static_cast<size_t>(id)] : nullptr;
  }
  int32_t size() const { return static_cast<int32_t>(ids_.size()); }       // number of tokens
  int32_t end_id() const { return static_cast<int32_t>(tokens_.size()); }  // one more than the largest id

 private:
  std::vector<std::string> tokens_;  // by id
  std::vector<bool> present_;
  std::unordered_map<std::string_view, int32_t> ids_;  // keys look into tokens_
};

}  // namespace hone
