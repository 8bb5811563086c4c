// The "pre_tokenizer" of a tokenizer.json: cuts a normalised text into the words that the model sees one by one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace hone {

/// A text and the words in it, in order, none empty. Words need not cover the text.
struct Words {
  struct Span {
    size_t begin, end;  // bytes
  };
  std::string text;
  std::vector<Span> spans;
  bool at_start = false;  // the first word begins where the whole input does

  std::string_view word(Span span) const { return std::string_view(text).substr(span.begin, span.end - span.begin); }
};

/// May be called from many threads.
using PreTokenizer = std::function<void(Words& words)>;

/// Reads {"type": ...}; null leaves the text whole. Error(format) names an unknown type and its place.
PreTokenizer read_pretokenizer(const nlohmann::json& json, const std::string& where);

}  // namespace hone
