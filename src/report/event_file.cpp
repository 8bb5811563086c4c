#include "report/event_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdlib>

namespace hone {
namespace {

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0u);
    table[i] = crc;
  }
  return table;
}();

template <class Word>
std::string little_endian(Word word) {
  std::string bytes(sizeof(Word), '\0');
  for (size_t i = 0; i < sizeof(Word); ++i) bytes[i] = static_cast<char>(word >> (8 * i) & 0xFF);
  return bytes;
}

// A sum stored beside the bytes it covers would itself be summed when files nest, hence TensorFlow's mask.
std::string masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return little_endian<uint32_t>(((crc >> 15) | (crc << 17)) + 0xA282EAD8u);
}

/// Builds one protocol-buffer message field by field.
class Message {
 public:
  Message& integer(int field, uint64_t value) {
    key(field, 0);
    return varint(value);
  }
  Message& real64(int field, double value) {
    key(field, 1);
    bytes_ += little_endian(std::bit_cast<uint64_t>(value));
    return *this;
  }
  Message& real32(int field, float value) {
    key(field, 5);
    bytes_ += little_endian(std::bit_cast<uint32_t>(value));
    return *this;
  }
  Message& bytes(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.bytes_); }
  const std::string& str() const { return bytes_; }

 private:
  void key(int field, int wire_type) { varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type)); }
  Message& varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
    return *this;
  }
  std::string bytes_;
};

// Field numbers of event.proto, summary.proto and tensor.proto. Zero values are left out, as proto3 writers do.
Message event_header(double wall_time, int64_t step) {
  Message event;
  event.real64(1, wall_time);
  if (step != 0) event.integer(2, static_cast<uint64_t>(step));
  return event;
}

constexpr std::string_view kNamePrefix = "events.out.tfevents.";

/// Seconds since 1970, or one more than the newest file's where the clock has not moved on.
int64_t next_file_stamp(const std::filesystem::path& run_dir) {
  using namespace std::chrono;
  int64_t stamp = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  for (const auto& entry : std::filesystem::directory_iterator(run_dir)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kNamePrefix)) continue;
    const int64_t other = std::strtoll(name.c_str() + kNamePrefix.size(), nullptr, 10);
    if (other < 9'999'999'999) stamp = std::max(stamp, other + 1);
  }
  return stamp;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::string event_record(std::string_view message) {
  const std::string length = little_endian<uint64_t>(message.size());
  std::string record = length + masked_crc(length);
  record += message;
  record += masked_crc(message);
  return record;
}

std::string version_event(double wall_time) { return event_header(wall_time, 0).bytes(3, "brain.Event:2").str(); }

std::string scalars_event(double wall_time, int64_t step, const std::vector<std::pair<std::string, double>>& values) {
  Message summary;
  for (const auto& [tag, value] : values) {
    summary.message(1, Message().bytes(1, tag).real32(2, static_cast<float>(value)));
  }
  return event_header(wall_time, step).message(5, summary).str();
}

std::string text_event(double wall_time, int64_t step, std::string_view tag, std::string_view text) {
  constexpr uint64_t kString = 7;  // DT_STRING
  const Message shape = Message().message(2, Message().integer(1, 1));
  const Message tensor = Message().integer(1, kString).message(2, shape).bytes(8, text);
  const Message metadata = Message().message(1, Message().bytes(1, "text"));
  const Message value = Message().bytes(1, tag).message(8, tensor).message(9, metadata);
  return event_header(wall_time, step).message(5, Message().message(1, value)).str();
}

std::string restart_event(double wall_time, int64_t first_dropped_step) {
  constexpr uint64_t kStart = 1;  // SessionLog.START
  return event_header(wall_time, first_dropped_step).message(7, Message().integer(1, kStart)).str();
}

void EventFile::write(std::string_view message) {
  if (!file_) {
    const std::string name = std::string(kNamePrefix) + std::to_string(next_file_stamp(run_dir_)) + ".hone";
    file_ = std::make_unique<FileWriter>(run_dir_ / name);
    using namespace std::chrono;
    file_->write(event_record(version_event(duration<double>(system_clock::now().time_since_epoch()).count())));
  }
  file_->write(event_record(message));
}

void EventFile::flush() {
  if (file_) file_->flush();
}

}  // namespace hone
