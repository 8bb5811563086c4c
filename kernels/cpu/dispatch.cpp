// Picks the kernel table once, from what the CPU can do.
#include <cstdlib>
#include <cstring>

#include "kernels/cpu/kernels.h"

namespace hone::kernels {

#if defined(HONE_HAVE_avx512bf16)
namespace avx512bf16 {
extern const Table kTable;
}
namespace avx512 {
extern const Table kTable;
}
namespace avx2 {
extern const Table kTable;
}
#endif
namespace portable {
extern const Table kTable;
}

namespace {

bool supported(const Table& table) {
#if defined(HONE_HAVE_avx512bf16)
  const bool avx2_ok = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512_ok = avx2_ok && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512cd");
  if (&table == &avx512bf16::kTable) return avx512_ok && __builtin_cpu_supports("avx512bf16");
  if (&table == &avx512::kTable) return avx512_ok;
  if (&table == &avx2::kTable) return avx2_ok;
#endif
  return &table == &portable::kTable;
}

const Table& choose() {
  const Table* const tables[] = {
#if defined(HONE_HAVE_avx512bf16)
    &avx512bf16::kTable,
    &avx512::kTable,
    &avx2::kTable,
#endif
    &portable::kTable
  };
  const char* wanted = std::getenv("HONE_ISA");
  for (const Table* t : tables)
    if (supported(*t) && (wanted == nullptr || std::strcmp(wanted, t->isa) == 0)) return *t;
  for (const Table* t : tables)
    if (supported(*t)) return *t;
  return portable::kTable;
}

}  // namespace

const Table& table() {
  static const Table& chosen = choose();
  return chosen;
}

bool fast_bf16() { return std::strcmp(table().isa, "avx512bf16") == 0; }

}  // namespace hone::kernels
