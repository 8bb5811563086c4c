#include "text/token_model.h"

#include <fmt/format.h>

namespace hone {

bool TokenModel::append_byte_tokens(std::string_view bytes, std::vector<int32_t>& out) const {
  const size_t before = out.size();
  for (const char c : bytes) {
    const auto id = vocabulary_.find(fmt::format("<0x{:02X}>", static_cast<unsigned char>(c)));
    if (!id) return out.resize(before), false;
    out.push_back(*id);
  }
  return true;
}

}  // namespace hone
