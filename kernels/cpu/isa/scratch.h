// Per-thread working memory that grows and is reused.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace hone::kernels::HONE_ISA {
namespace {

struct Scratch {
  char* data = nullptr;
  int64_t size = 0;
  ~Scratch() { std::free(data); }
};

/// At least `bytes` of 64-byte aligned memory, valid until this thread's next call with the same SLOT; null when memory
/// is exhausted.
template <int SLOT>
char* scratch(int64_t bytes) {
  thread_local Scratch memory;
  if (memory.size < bytes) {
    std::free(memory.data);
    const int64_t size = round_up(bytes + bytes / 4, 64);
    memory.data = static_cast<char*>(std::aligned_alloc(64, static_cast<size_t>(size)));
    memory.size = memory.data ? size : 0;
  }
  return memory.data;
}

/// Hands out consecutive aligned pieces of one allocation.
class Carver {
 public:
  explicit Carver(char* base) : at_(base) {}
  template <class T>
  T* take(int64_t count) {
    T* out = reinterpret_cast<T*>(at_);
    at_ += bytes<T>(count);
    return out;
  }
  template <class T>
  static constexpr int64_t bytes(int64_t count) {
    return round_up(count * static_cast<int64_t>(sizeof(T)), 64);
  }

 private:
  char* at_;
};

}  // namespace
}  // namespace hone::kernels::HONE_ISA
