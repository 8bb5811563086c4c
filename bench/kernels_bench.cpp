// Micro-benchmarks of the kernels on the shapes of a 135 M parameter model. `share` is the part of this machine's limit
// (products: multiply-adds in registers; the rest: memory reads), measured at the start with the same threads.
#include <numeric>

#include <benchmark/benchmark.h>

#include "base/rng.h"
#include "base/threads.h"
#include "ops/attention.h"
#include "ops/gemm.h"
#include "ops/head.h"
#include "ops/linear.h"
#include "ops/machine_limits.h"
#include "train/adamw.h"

namespace hone {
namespace {

constexpr int64_t kHidden = 576, kFfn = 1536, kHeads = 9, kKvHeads = 3, kHeadDim = 64, kVocab = 49152;

const MachineLimits& limits() {
  static const MachineLimits measured = measure_limits();
  return measured;
}

Type type_of_run() { return kernels::has_bf16() ? Type::bf16 : Type::f32; }

Tensor random(std::initializer_list<int64_t> shape, Type type) {
  return cast(at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(7), at::kFloat), type);
}

Matrix random_matrix(int64_t rows, int64_t cols, float* grad = nullptr) {
  Matrix w(rows, cols, type_of_run());
  const Tensor values = at::randn({rows, cols}, at::kFloat) * 0.05;
  w.pack(floats(values), 0, rows);
  w.grad = grad;
  return w;
}

void report_flops(benchmark::State& state, double flops) {
  const double limit = limits().flop_s(type_of_run());
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * flops, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["share"] = benchmark::Counter(flops / limit, benchmark::Counter::kIsIterationInvariantRate);
}

void report_bytes(benchmark::State& state, double bytes) {
  state.counters["GB/s"] = benchmark::Counter(1e-9 * bytes, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["share"] =
      benchmark::Counter(1e-9 * bytes / limits().read_gb_s, benchmark::Counter::kIsIterationInvariantRate);
}

/// y = x W^T. One layer after the other, as in a model: weights come from memory, not from the cache.
void linear_forward(benchmark::State& state) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  std::vector<Matrix> layers;
  for (int64_t bytes = 0; bytes < (int64_t{256} << 20); bytes += 2 * n * k) layers.push_back(random_matrix(n, k));
  const Tensor x = random({m, k}, type_of_run()), y = at::empty({m, n}, at::kFloat);
  size_t at = 0;
  for (auto _ : state) multiply(x.const_data_ptr(), m, layers[at++ % layers.size()], y.mutable_data_ptr(), Type::f32);
  if (m == 1)
    report_bytes(state, static_cast<double>(n * k * kernels::element_size(type_of_run())));
  else
    report_flops(state, 2.0 * static_cast<double>(m * n * k));
}
BENCHMARK(linear_forward)
    ->ArgNames({"rows", "out", "in"})
    ->ArgsProduct({{1, 2, 8, 64, 512}, {2 * kFfn}, {kHidden}})
    ->Args({1, kHidden, kFfn})
    ->Args({64, kHidden, kFfn})
    ->Args({64, 960, kHidden})
    ->Args({1, kVocab, kHidden})
    ->Args({64, kVocab, kHidden});

void linear_input_gradient(benchmark::State& state) {
  const int64_t m = state.range(0);
  const Matrix w = random_matrix(2 * kFfn, kHidden);
  const Tensor dy = random({m, 2 * kFfn}, type_of_run()), dx = empty({m, kHidden}, type_of_run());
  for (auto _ : state) multiply_transposed(dy.const_data_ptr(), m, w, dx.mutable_data_ptr(), type_of_run());
  report_flops(state, 2.0 * static_cast<double>(m * 2 * kFfn * kHidden));
}
BENCHMARK(linear_input_gradient)->ArgName("rows")->Arg(256)->Arg(2048);

void linear_weight_gradient(benchmark::State& state) {
  const int64_t m = state.range(0), n = 2 * kFfn;
  const Tensor dy = random({m, n}, type_of_run()), x = random({m, kHidden}, type_of_run());
  const Tensor dw = at::zeros({n, kHidden}, at::kFloat);
  for (auto _ : state)
    accumulate_outer(type_of_run(), dy.const_data_ptr(), n, n, x.const_data_ptr(), kHidden, m, floats(dw));
  report_flops(state, 2.0 * static_cast<double>(m * n * kHidden));
}
BENCHMARK(linear_weight_gradient)->ArgName("rows")->Arg(256)->Arg(2048);

/// Rows of `sequences` equally long sequences: the last row of each (decode), or every row (training).
struct Rows {
  std::shared_ptr<RowPlan> plan = std::make_shared<RowPlan>();
  double pairs = 0;  // of a row and a key it sees
  Rows(int64_t sequences, int64_t length, bool all) {
    plan->storage.reserve(static_cast<size_t>(sequences));
    for (int64_t s = 0; s < sequences; ++s) {
      std::vector<int32_t>& table = plan->storage.emplace_back((length + 63) / 64);
      std::iota(table.begin(), table.end(), static_cast<int32_t>(plan->num_blocks));
      plan->num_blocks += static_cast<int64_t>(table.size());
      plan->trees.push_back(static_cast<int64_t>(plan->positions.size()));
      for (int64_t p = all ? 0 : length - 1; p < length; ++p) {
        plan->writes.push_back({static_cast<int32_t>(plan->positions.size()), table[static_cast<size_t>(p / 64)],
                                static_cast<int32_t>(p % 64)});
        plan->positions.push_back(static_cast<int32_t>(p));
        plan->tables.push_back(table.data());
        pairs += static_cast<double>(p + 1);
      }
    }
    plan->trees.push_back(static_cast<int64_t>(plan->positions.size()));
  }
};

AttentionSpec attention_spec() { return {.kv = {type_of_run(), kKvHeads, kHeadDim}, .heads = kHeads, .scale = 0.125f}; }

RopeTable rope_table(int64_t length) {
  const Tensor angle = at::arange(length).unsqueeze(1) * at::logspace(0, -4, kHeadDim / 2);
  return {at::cos(angle).contiguous(), at::sin(angle).contiguous()};
}

void attention_forward(benchmark::State& state) {
  const Rows rows(state.range(0), state.range(1), state.range(2) != 0);
  const AttentionSpec spec = attention_spec();
  const RopeTable rope = rope_table(state.range(1));
  const KvStore store = make_kv_store(spec.kv, rows.plan->num_blocks);
  const Tensor qkv = random({std::ssize(rows.plan->positions), (kHeads + 2 * kKvHeads) * kHeadDim}, Type::f32);
  for (auto _ : state) benchmark::DoNotOptimize(attention(qkv, spec, rope, rows.plan, store));
  report_flops(state, 4.0 * rows.pairs * kHeads * kHeadDim);
}
BENCHMARK(attention_forward)
    ->ArgNames({"sequences", "length", "all"})
    ->Args({64, 192, 0})
    ->Args({8, 2048, 0})
    ->Args({4, 1024, 1})
    ->Args({1, 4096, 1});

void attention_backward(benchmark::State& state) {
  const Rows rows(state.range(0), state.range(1), true);
  const AttentionSpec spec = attention_spec();
  const RopeTable rope = rope_table(state.range(1));
  const Tensor qkv =
      random({std::ssize(rows.plan->positions), (kHeads + 2 * kKvHeads) * kHeadDim}, Type::f32).requires_grad_(true);
  const Tensor out = attention(qkv, spec, rope, rows.plan, make_kv_store(spec.kv, rows.plan->num_blocks));
  const Tensor d_out = at::randn_like(out);
  for (auto _ : state) out.backward(d_out, /*retain_graph=*/true);
  report_flops(state, 10.0 * rows.pairs * kHeads * kHeadDim);
}
BENCHMARK(attention_backward)->ArgNames({"sequences", "length"})->Args({4, 1024})->Args({1, 4096});

void head_forward(benchmark::State& state) {
  const Matrix w = random_matrix(kVocab, kHidden);
  const Tensor h = random({state.range(0), kHidden}, type_of_run());
  const std::vector<int32_t> targets(static_cast<size_t>(state.range(0)), 17);
  for (auto _ : state) benchmark::DoNotOptimize(head_logprobs(h, w, targets, 1.f));
  report_flops(state, 2.0 * static_cast<double>(state.range(0) * kVocab * kHidden));
}
BENCHMARK(head_forward)->ArgName("rows")->Arg(64)->Arg(1024);

void head_backward(benchmark::State& state) {
  const Tensor dw = at::zeros({kVocab, kHidden}, at::kFloat);
  const Matrix w = random_matrix(kVocab, kHidden, floats(dw));
  const Tensor h = random({state.range(0), kHidden}, type_of_run()).requires_grad_(true);
  const std::vector<int32_t> targets(static_cast<size_t>(state.range(0)), 17);
  const Tensor loss = head_logprobs(h, w, targets, 1.f).logp.sum();
  for (auto _ : state) loss.backward({}, /*retain_graph=*/true);
  report_flops(state, 6.0 * static_cast<double>(state.range(0) * kVocab * kHidden));
}
BENCHMARK(head_backward)->ArgName("rows")->Arg(1024);

/// Logits of 48 rows and their softmax statistics, chunk by chunk: how large a chunk of the vocabulary should be.
void vocabulary_chunk(benchmark::State& state) {
  const int64_t chunk = state.range(0), rows = 48, k = kernels::units(type_of_run(), kHidden);
  const Matrix w = random_matrix(kVocab, kHidden);
  const Tensor h = random({rows, kHidden}, type_of_run()), tile = at::empty({rows, chunk}, at::kFloat);
  for (auto _ : state) {
    kernels::LogitStats stats[rows];
    for (int64_t c = 0; c < kVocab; c += chunk) {
      kernels::PanelQueue panels(chunk);
      kernels::table().gemm({w.type, h.const_data_ptr(), k, w.packed.data() + 4 * c * k, rows, chunk, k,
                             tile.mutable_data_ptr(), chunk, Type::f32, nullptr, nullptr, false},
                            0, rows, panels);
      for (int64_t r = 0; r < rows; ++r)
        stats[r] = kernels::table().join_stats(
            stats[r], kernels::table().chunk_stats(floats(tile) + r * chunk, chunk, 1.f, true));
    }
    benchmark::DoNotOptimize(stats);
  }
  const double flops = 2.0 * rows * kVocab * kHidden;  // on one thread
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * flops, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["share"] = benchmark::Counter(flops * num_threads() / limits().flop_s(type_of_run()),
                                               benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(vocabulary_chunk)->ArgName("chunk")->RangeMultiplier(2)->Range(128, 16384);

void rms_norm(benchmark::State& state) {
  const int64_t rows = 2048;
  const Tensor x = random({rows, kHidden}, Type::f32), w = at::ones({kHidden}, at::kFloat);
  const Norm norm{.weight = floats(w), .size = kHidden};
  for (auto _ : state) benchmark::DoNotOptimize(norm_rows(x, norm, type_of_run()));
  report_bytes(state, static_cast<double>(rows * kHidden * 4));
}
BENCHMARK(rms_norm);

void adamw(benchmark::State& state) {
  const size_t n = 64 << 20;
  std::vector<float> w(n, 0.1f), g(n, 0.01f), m(n), v(n);
  int64_t step = 0;
  for (auto _ : state) adamw_step(w, g, m, v, ++step, {.lr = 1e-5}, 1.0);
  report_bytes(state, 16.0 * static_cast<double>(n));
}
BENCHMARK(adamw)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hone

BENCHMARK_MAIN();
