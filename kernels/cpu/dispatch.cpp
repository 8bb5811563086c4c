// Picks the kernel table once, from what the CPU can do.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>

#if defined(HONE_HAVE_amx)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels/cpu/kernels.h"

namespace hone::kernels {

#if defined(HONE_HAVE_avx512bf16)
namespace amx {
extern const Table kTable;
}
namespace amx_plain {
extern const Table kTable;
}
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

#if defined(HONE_HAVE_amx)
/// A product in matrix tiles against its plain form. What a sandbox, a hypervisor or an emulator makes of AMX is not
/// always what the CPU says; a product that comes out wrong must not be used.
bool amx_computes() {
  constexpr int64_t m = 37, n = 40, k_units = 19;  // whole and partial blocks, panels and steps of k
  uint16_t a[m * 2 * k_units], b[packed_units(Type::bf16, n, 2 * k_units) * 2];
  const auto value = [](int64_t i) { return static_cast<uint16_t>(0x3f80 + i * 37 % 256 + (i % 3 == 0 ? 0x8000 : 0)); };
  for (int64_t i = 0; i < std::ssize(a); ++i) a[i] = value(i);
  for (int64_t i = 0; i < std::ssize(b); ++i) b[i] = value(i + 5);
  float c[2][m * n];
  for (int i = 0; i < 2; ++i) {
    PanelQueue panels(n);
    (i == 0 ? amx::kTable : amx_plain::kTable)
        .gemm({Type::bf16, a, k_units, b, m, n, k_units, c[i], n, Type::f32, nullptr, nullptr, false}, 0, m, panels);
  }
  for (int64_t i = 0; i < m * n; ++i)
    if (!(std::abs(c[0][i] - c[1][i]) <= 1e-4f * (1.f + std::abs(c[1][i])))) return false;
  return true;
}

/// The CPU has AMX for bf16, the system lets this process use it (Linux asks for a request), and it computes.
bool amx_usable() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;
  if ((edx & kAmxBf16) == 0 || (edx & kAmxTile) == 0) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0 && amx_computes();
}
#endif

bool supported(const Table& table) {
#if defined(HONE_HAVE_avx512bf16)
  const bool avx2_ok = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512_ok = avx2_ok && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512cd");
  if (&table == &amx::kTable) {
    static const bool usable = avx512_ok && __builtin_cpu_supports("avx512bf16") && amx_usable();
    return usable;
  }
  if (&table == &amx_plain::kTable) return avx512_ok;
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
    &amx::kTable, &avx512bf16::kTable, &avx512::kTable, &avx2::kTable,
#endif
    &portable::kTable};

const Table& choose() {
  if (const char* wanted = std::getenv("HONE_ISA"); wanted != nullptr)
    if (const Table* found = table_of(wanted); found != nullptr) return *found;
#if defined(HONE_HAVE_avx512bf16)
  if (supported(amx::kTable)) return amx::kTable;
  if (supported(avx512bf16::kTable) && pair_products_are_slow()) return avx512::kTable;
#endif
  for (const Table* t : kTables)
    if (supported(*t)) return *t;
  return portable::kTable;
}

}  // namespace

const Table* table_of(const char* isa) {
#if defined(HONE_HAVE_amx_plain)
  if (std::strcmp(isa, "amx_plain") == 0) return supported(amx_plain::kTable) ? &amx_plain::kTable : nullptr;
#endif
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
  return supports && &table() != &avx2::kTable && &table() != &portable::kTable;
#else
  return false;
#endif
}

}  // namespace hone::kernels
