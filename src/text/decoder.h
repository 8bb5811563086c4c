// The "decoder" of a tokenizer.json, written once, as a stream: decoding a list of ids is pushing them all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace hone {

/// Part of a token on its way through the steps. Most tokens come in one fragment; where a step fuses tokens, the next
/// one sees a single token that arrives piece by piece. Texts are cut at characters only.
struct Fragment {
  std::string text;
  bool begins = true;  // first of its token
  bool ends = true;    // last of its token
};
using FragmentSink = std::function<void(Fragment)>;

/// One step and its state within one stream.
class DecodeStep {
 public:
  virtual ~DecodeStep() = default;
  virtual void push(Fragment fragment, const FragmentSink& next) = 0;
  virtual void finish(const FragmentSink& /*next*/) {}  // passes on what is held back
};

using MakeDecodeStep = std::function<std::unique_ptr<DecodeStep>()>;
using Decoder = std::vector<MakeDecodeStep>;

/// Reads {"type": ...}; null joins tokens with spaces. Error(format) names an unknown type and its place.
Decoder read_decoder(const nlohmann::json& json, const std::string& where);

/// One stream of tokens through a decoder.
class DecoderState {
 public:
  explicit DecoderState(const Decoder& decoder);
  void push(std::string token, std::string& out);
  void finish(std::string& out);

 private:
  void run(size_t step, Fragment fragment, std::string& out);
  std::vector<std::unique_ptr<DecodeStep>> steps_;
};

}  // namespace hone
