// A completion in the making.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hone/tokenizer.h"
#include "hone/types.h"

namespace hone {

/// One completion while it is decoded. `cached` positions of prompt + completion have their keys and values in `table`.
struct Sequence {
  Group* group = nullptr;
  size_t index = 0;            // of the sample in its group
  std::vector<int32_t> table;  // pages, absolute
  int64_t cached = 0;
  StreamDecoder decoder;
  std::string text;                     // decoded so far
  const float* first_logits = nullptr;  // of the prompt's last token, until the first token is drawn

  Sequence(Group* g, size_t i, const Tokenizer& tokenizer)
      : group(g), index(i), decoder(tokenizer, /*skip_special=*/true) {}
  Sample& sample() const { return group->samples[index]; }
  int64_t length() const { return static_cast<int64_t>(group->prompt.ids.size() + sample().ids.size()); }
  int32_t token(int64_t position) const {
    const auto& prompt = group->prompt.ids;
    const size_t p = static_cast<size_t>(position);
    return p < prompt.size() ? prompt[p] : sample().ids[p - prompt.size()];
  }
};

/// A prompt whose keys and values are computed once for all its samples.
struct SharedPrompt {
  Group* group = nullptr;
  std::vector<int32_t> table;
  int64_t cached = 0;         // prompt tokens done
  std::vector<float> logits;  // of the last prompt token, once all are done
  size_t started = 0;         // samples that have forked off
};

}  // namespace hone
