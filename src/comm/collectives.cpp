// The collectives of every transport, built on three byte movers, so that results are the same bits whatever carries
// them.
#include <algorithm>
#include <bit>
#include <limits>

#include <ATen/ATen.h>

#include "base/check.h"
#include "comm/rank_order.h"
#include "hone/comm.h"

namespace hone {
namespace {

enum class Kind : int32_t { sum, max, scalar_sum, scalar_max, broadcast, broadcast_bytes, gather_bytes, barrier };

const char* kind_name(int32_t kind) {
  static constexpr const char* names[] = {"all_reduce_sum of a tensor", "all_reduce_max of a tensor",
                                          "all_reduce_sum of a number", "all_reduce_max of a number",
                                          "broadcast of a tensor",      "broadcast_bytes",
                                          "all_gather_bytes",           "barrier"};
  return kind >= 0 && kind < static_cast<int32_t>(std::size(names)) ? names[kind] : "unknown call";
}

constexpr int64_t kSliceBytes = 1 << 20;         // of one rank, in one round of a tensor reduction
constexpr int64_t kPaddedGatherBytes = 1 << 20;  // gathers up to this size go in one round

template <class T>
std::span<const std::byte> bytes_of(std::span<const T> values) {
  return std::as_bytes(values);
}

int32_t type_code(const at::Tensor& tensor) {
  return static_cast<int32_t>(tensor.scalar_type()) | static_cast<int32_t>(tensor.device().type()) << 8;
}

void check_dense(const at::Tensor& tensor, const char* call) {
  HONE_CHECK(tensor.defined(), ErrorKind::shape, "{}: expected a tensor, got an undefined one", call);
  HONE_CHECK(tensor.layout() == at::kStrided, ErrorKind::shape, "{}: expected a dense tensor", call);
}

}  // namespace

/// Equal on all ranks, but for `count` of byte strings and `value`.
struct Comm::Call {
  int64_t sequence = 0;
  int32_t kind = 0;
  int32_t type = -1;  // dtype and device of a tensor, or which number
  int64_t count = 0;  // elements of a tensor, or bytes
  int64_t root = 0;
  int64_t value = 0;  // bits of a number

  std::string describe() const {
    std::string text = fmt::format("call {}, {}", sequence, kind_name(kind));
    const auto what = static_cast<Kind>(kind);
    if (what == Kind::sum || what == Kind::max || what == Kind::broadcast) {
      text += fmt::format(" ({} x {} on {})", count, c10::toString(static_cast<at::ScalarType>(type & 0xff)),
                          c10::DeviceTypeName(static_cast<c10::DeviceType>(type >> 8), true));
    }
    if (what == Kind::broadcast || what == Kind::broadcast_bytes) text += fmt::format(" from rank {}", root);
    return text;
  }
};

namespace {
bool counts_may_differ(int32_t kind) {
  return kind == static_cast<int32_t>(Kind::broadcast_bytes) || kind == static_cast<int32_t>(Kind::gather_bytes);
}
}  // namespace

/// Every rank learns what every rank is about to do. The price is one small gather per collective; what it buys is an
/// error instead of a hang, or of silent garbage, when ranks drift apart.
std::vector<Comm::Call> Comm::agree(const Call& mine_in) {
  check_alive();
  Call mine = mine_in;
  mine.sequence = calls_++;
  std::vector<Call> all(static_cast<size_t>(size_), mine);
  if (size_ == 1) return all;
  all_gather(bytes_of(std::span<const Call>(&mine, 1)), std::as_writable_bytes(std::span(all)));
  for (int r = 1; r < size_; ++r) {
    const Call &a = all[0], &b = all[static_cast<size_t>(r)];
    const bool same = a.sequence == b.sequence && a.kind == b.kind && a.type == b.type && a.root == b.root &&
                      (a.count == b.count || counts_may_differ(a.kind));
    HONE_CHECK(same, ErrorKind::comm, "ranks disagree on what to do: rank 0 makes {}, rank {} makes {}", a.describe(),
               r, b.describe());
  }
  return all;
}

namespace {

/// One element type's all-reduce of contiguous values: each rank reduces its slice, then all slices are gathered.
template <class T, class AllToAll, class AllGather>
void reduce_slices(std::span<T> values, int ranks, ReduceOp op, AllToAll&& all_to_all, AllGather&& all_gather) {
  const auto n = static_cast<size_t>(ranks);
  const size_t most = std::max<size_t>(1, kSliceBytes / sizeof(T));
  const size_t slice = std::min(most, (values.size() + n - 1) / n);
  std::vector<T> padded(slice * n), parts(slice * n), mine(slice);
  for (size_t done = 0; done < values.size(); done += padded.size()) {
    const std::span<T> piece = values.subspan(done, std::min(padded.size(), values.size() - done));
    std::fill(std::copy(piece.begin(), piece.end(), padded.begin()), padded.end(), T{});
    all_to_all(std::as_bytes(std::span(padded)), std::as_writable_bytes(std::span(parts)));
    detail::reduce_in_rank_order<T>(parts, mine, op);
    all_gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(padded)));
    std::copy_n(padded.begin(), piece.size(), piece.begin());
  }
}

}  // namespace

void Comm::all_reduce(const at::Tensor& tensor, ReduceOp op) {
  const char* call = op == ReduceOp::sum ? "all_reduce_sum" : "all_reduce_max";
  check_dense(tensor, call);
  const at::ScalarType type = tensor.scalar_type();
  HONE_CHECK(
      type == at::kFloat || type == at::kDouble || type == at::kBFloat16 || type == at::kHalf || type == at::kLong,
      ErrorKind::shape, "{}: expected fp32, fp64, bf16, fp16 or int64, got {}", call, c10::toString(type));
  agree({.kind = static_cast<int32_t>(op == ReduceOp::sum ? Kind::sum : Kind::max),
         .type = type_code(tensor),
         .count = tensor.numel()});
  if (size_ == 1 || tensor.numel() == 0) return;
  const at::NoGradGuard no_grad;
  const at::Tensor target = tensor.detach();
  if (!target.is_cpu()) return device_all_reduce(target, op);
  const at::Tensor dense = target.contiguous();
  const auto reduce = [&]<class T>(T* data) {
    reduce_slices<T>(
        {data, static_cast<size_t>(dense.numel())}, size_, op, [this](auto in, auto out) { all_to_all(in, out); },
        [this](auto in, auto out) { all_gather(in, out); });
  };
  switch (type) {
    case at::kFloat:
      reduce(dense.mutable_data_ptr<float>());
      break;
    case at::kDouble:
      reduce(dense.mutable_data_ptr<double>());
      break;
    case at::kBFloat16:
      reduce(dense.mutable_data_ptr<at::BFloat16>());
      break;
    case at::kHalf:
      reduce(dense.mutable_data_ptr<at::Half>());
      break;
    default:
      reduce(dense.mutable_data_ptr<int64_t>());
      break;
  }
  if (!dense.is_same(target)) target.copy_(dense);
}

void Comm::all_reduce_sum(std::span<float> values) {
  all_reduce_sum(at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat));
}

void Comm::all_reduce_max(std::span<float> values) {
  all_reduce_max(at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat));
}

/// The value travels inside the agreement itself.
template <class T>
T Comm::all_reduce_number(T value, ReduceOp op) {
  const auto calls = agree({.kind = static_cast<int32_t>(op == ReduceOp::sum ? Kind::scalar_sum : Kind::scalar_max),
                            .type = std::is_integral_v<T> ? 1 : 0,
                            .value = std::bit_cast<int64_t>(value)});
  T total = std::bit_cast<T>(calls[0].value);
  for (size_t r = 1; r < calls.size(); ++r) total = detail::combine<T>(total, std::bit_cast<T>(calls[r].value), op);
  return total;
}

double Comm::all_reduce_sum(double value) { return all_reduce_number(value, ReduceOp::sum); }
double Comm::all_reduce_max(double value) { return all_reduce_number(value, ReduceOp::max); }
int64_t Comm::all_reduce_sum(int64_t value) { return all_reduce_number(value, ReduceOp::sum); }
int64_t Comm::all_reduce_max(int64_t value) { return all_reduce_number(value, ReduceOp::max); }

void Comm::check_root(int root, const char* call) const {
  HONE_CHECK(root >= 0 && root < size_, ErrorKind::comm, "{}: root must be a rank from 0 to {}, got {}", call,
             size_ - 1, root);
}

void Comm::broadcast(const at::Tensor& tensor, int root) {
  check_dense(tensor, "broadcast");
  check_root(root, "broadcast");
  agree({.kind = static_cast<int32_t>(Kind::broadcast),
         .type = type_code(tensor),
         .count = tensor.numel(),
         .root = root});
  if (size_ == 1 || tensor.numel() == 0) return;
  const at::NoGradGuard no_grad;
  const at::Tensor target = tensor.detach();
  if (!target.is_cpu()) return device_broadcast(target, root);
  const at::Tensor dense = target.contiguous();
  broadcast_raw({static_cast<std::byte*>(dense.mutable_data_ptr()), dense.nbytes()}, root);
  if (!dense.is_same(target) && rank_ != root) target.copy_(dense);
}

std::string Comm::broadcast_bytes(std::string_view bytes, int root) {
  check_root(root, "broadcast_bytes");
  const auto calls = agree(
      {.kind = static_cast<int32_t>(Kind::broadcast_bytes), .count = static_cast<int64_t>(bytes.size()), .root = root});
  std::string out(rank_ == root ? bytes : std::string_view());
  out.resize(static_cast<size_t>(calls[static_cast<size_t>(root)].count));
  if (size_ > 1 && !out.empty()) broadcast_raw(std::as_writable_bytes(std::span(out)), root);
  return out;
}

std::vector<std::string> Comm::all_gather_bytes(std::string_view mine) {
  const auto calls =
      agree({.kind = static_cast<int32_t>(Kind::gather_bytes), .count = static_cast<int64_t>(mine.size())});
  std::vector<std::string> out(calls.size());
  out[static_cast<size_t>(rank_)] = mine;
  if (size_ == 1) return out;
  size_t longest = 0;
  for (const Call& call : calls) longest = std::max(longest, static_cast<size_t>(call.count));
  if (longest * calls.size() <= kPaddedGatherBytes) {
    if (longest == 0) return out;
    std::string padded(mine), all(longest * calls.size(), '\0');
    padded.resize(longest);
    all_gather(std::as_bytes(std::span(padded)), std::as_writable_bytes(std::span(all)));
    for (size_t r = 0; r < out.size(); ++r) out[r] = all.substr(r * longest, static_cast<size_t>(calls[r].count));
    return out;
  }
  for (int r = 0; r < size_; ++r) {  // large ones without padding, so that memory is the sum of the sizes
    std::string& part = out[static_cast<size_t>(r)];
    part.resize(static_cast<size_t>(calls[static_cast<size_t>(r)].count));
    if (!part.empty()) broadcast_raw(std::as_writable_bytes(std::span(part)), r);
  }
  return out;
}

void Comm::barrier() { agree({.kind = static_cast<int32_t>(Kind::barrier)}); }

void Comm::device_all_reduce(const at::Tensor& tensor, ReduceOp) {
  fail(ErrorKind::comm, "all_reduce: these ranks cannot reduce a tensor on {}", tensor.device().str());
}

void Comm::device_broadcast(const at::Tensor& tensor, int) {
  fail(ErrorKind::comm, "broadcast: these ranks cannot broadcast a tensor on {}", tensor.device().str());
}

}  // namespace hone
