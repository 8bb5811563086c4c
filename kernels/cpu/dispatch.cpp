// Picks the kernel table once, from what the CPU can do.
#include <algorithm>
#include <chrono>
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

#if defined(HONE_HAVE_avx512bf16)
double seconds_of(const Table& table) {
  constexpr int64_t kRounds = 20'000;  // a tenth of a millisecond
  double best = 1e9;
  for (int repeat = 0; repeat < 3; ++repeat) {
    float sink = 0;
    const auto start = std::chrono::steady_clock::now();
    table.spin_products(Type::bf16, kRounds, &sink);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

/// Some CPUs run the product of bf16 pairs at half the speed of the two multiply-adds that give the same bits.
bool pair_products_are_slow() { return seconds_of(avx512::kTable) < 0.8 * seconds_of(avx512bf16::kTable); }
#endif

const Table* const kTables[] = {
#if defined(HONE_HAVE_avx512bf16)
    &avx512bf16::kTable, &avx512::kTable, &avx2::kTable,
#endif
    &portable::kTable};

const Table& choose() {
  if (const char* wanted = std::getenv("HONE_ISA"); wanted != nullptr)
    if (const Table* found = table_of(wanted); found != nullptr) return *found;
#if defined(HONE_HAVE_avx512bf16)
  if (supported(avx512bf16::kTable) && pair_products_are_slow()) return avx512::kTable;
#endif
  for (const Table* t : kTables)
    if (supported(*t)) return *t;
  return portable::kTable;
}

}  // namespace

const Table* table_of(const char* isa) {
  for (const Table* t : kTables)
    if (supported(*t) && std::strcmp(isa, t->isa) == 0) return t;
  return nullptr;
}

const Table& table() {
  static const Table& chosen = choose();
  return chosen;
}

bool has_bf16() {
#if defined(HONE_HAVE_avx512bf16)
  static const bool supports = supported(avx512bf16::kTable);
  return supports && (&table() == &avx512bf16::kTable || &table() == &avx512::kTable);
#else
  return false;
#endif
}

}  // namespace hone::kernels
