// Memory that lives long: weights, optimiser state, KV pages. Large buffers come from the system page by page, so what
// is never touched costs nothing, and all of it goes back when the buffer goes; the heap is left to activations.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace hone {

/// Zeroed memory, aligned to 64 bytes; copies share it. Error(io) when there is none left.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t bytes);
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  int64_t size() const { return size_; }

 private:
  std::shared_ptr<char> data_;
  int64_t size_ = 0;
};

/// Zeroed fp32 array.
class FloatArray {
 public:
  FloatArray() = default;
  explicit FloatArray(size_t count) : memory_(static_cast<int64_t>(4 * count)), count_(count) {}
  FloatArray(const FloatArray&) = delete;
  FloatArray& operator=(const FloatArray&) = delete;
  FloatArray(FloatArray&&) = default;
  FloatArray& operator=(FloatArray&&) = default;

  float* data() { return reinterpret_cast<float*>(memory_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(memory_.data()); }
  size_t size() const { return count_; }
  operator std::span<float>() { return {data(), count_}; }
  operator std::span<const float>() const { return {data(), count_}; }

 private:
  Buffer memory_;
  size_t count_ = 0;
};

/// Gives what is free in the heap back to the system, as between two phases that need much memory each.
void release_free_heap();

}  // namespace hone
