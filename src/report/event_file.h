// TensorBoard's event file: records of the protocol-buffer message tensorflow.Event, each framed with its length and
// two masked CRC-32C sums. Only the few fields that scalars, texts and restarts need are written, by hand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"

namespace hone {

/// CRC-32C (Castagnoli) of the bytes; crc32c("123456789") == 0xE3069283.
uint32_t crc32c(std::string_view bytes);

/// The record around one message: u64 length, masked CRC of the length, message, masked CRC of the message.
std::string event_record(std::string_view message);

/// Messages of type tensorflow.Event. `wall_time` is in unix seconds.
std::string version_event(double wall_time);
std::string scalars_event(double wall_time, int64_t step, const std::vector<std::pair<std::string, double>>& values);
std::string text_event(double wall_time, int64_t step, std::string_view tag, std::string_view text);
/// Makes readers forget every value at `first_dropped_step` or later that stands before it.
std::string restart_event(double wall_time, int64_t first_dropped_step);

/// Appends events to a new file of `run_dir` whose name sorts behind those already there, as TensorBoard wants it.
/// The file appears with the first event.
class EventFile {
 public:
  explicit EventFile(std::filesystem::path run_dir) : run_dir_(std::move(run_dir)) {}
  /// Frames one message; Error(io) on failure.
  void write(std::string_view message);
  /// Hands what was written to the operating system.
  void flush();

 private:
  std::filesystem::path run_dir_;
  std::unique_ptr<FileWriter> file_;
};

}  // namespace hone
