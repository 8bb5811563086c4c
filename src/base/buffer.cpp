#include "base/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <malloc.h>
#include <sys/mman.h>

#include "base/check.h"

namespace hone {
namespace {

constexpr int64_t kMapped = int64_t{1} << 20;  // from this size on the system is asked directly

char* map_pages(int64_t bytes) {
  void* memory =
      ::mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  ::madvise(memory, static_cast<size_t>(bytes), MADV_HUGEPAGE);  // fewer address lookups in decode; a wish only
  return static_cast<char*>(memory);
}

char* allocate(int64_t bytes) {
  const size_t rounded = (static_cast<size_t>(bytes) + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, std::max<size_t>(rounded, 64));
  if (memory != nullptr) std::memset(memory, 0, rounded);
  return static_cast<char*>(memory);
}

}  // namespace

Buffer::Buffer(int64_t bytes) : size_(bytes) {
  HONE_ASSERT(bytes >= 0);
  char* memory = bytes >= kMapped ? map_pages(bytes) : allocate(bytes);
  HONE_CHECK(memory != nullptr, ErrorKind::io, "out of memory: {:.2f} GB more were needed",
             1e-9 * static_cast<double>(bytes));
  data_ = std::shared_ptr<char>(memory, [bytes](char* p) {
    if (bytes >= kMapped)
      ::munmap(p, static_cast<size_t>(bytes));
    else
      std::free(p);
  });
}

void release_free_heap() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace hone
