// Any bytes are a tokenizer.json or an Error; an accepted one encodes and decodes without harm, and its streamed text
// is its decoded text.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "hone/error.h"
#include "hone/tokenizer.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_files.h"

namespace {

void use(const std::string& bytes) {
  const hone::Tokenizer tokenizer(std::make_shared<const hone::TokenizerData>(hone::load_tokenizer_json(bytes)));
  for (const char* text : {"", " Hello  wörld\n123", "<s>今天 👩‍👧 e\xCC\x81", "\xFF\x00\xE2\x82"}) {
    const auto ids = tokenizer.encode(text);
    hone::StreamDecoder stream(tokenizer);
    std::string streamed;
    for (const int32_t id : ids) streamed += stream.push(id);
    if (streamed + stream.flush() != tokenizer.decode(ids)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    use(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const hone::Error&) {
  }
  return 0;
}
