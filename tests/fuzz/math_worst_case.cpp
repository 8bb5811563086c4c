// Scores random answers with the reward `math` and prints the median and the worst CPU time of a call:
//   math_worst_case [COUNT] [SEED] [MAX_MS]      exit code 1 if a call took longer than MAX_MS
// Inputs are made of the pieces that notation is made of, and of repetitions, deep nesting and damaged answers.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "hone/reward.h"

namespace {

constexpr auto kPieces = std::to_array<const char*>({"\\frac{",
                                                     "\\frac",
                                                     "\\sqrt{",
                                                     "\\sqrt[3]{",
                                                     "\\sqrt",
                                                     "^",
                                                     "^{",
                                                     "_{",
                                                     "_",
                                                     "{",
                                                     "}",
                                                     "(",
                                                     ")",
                                                     "[",
                                                     "]",
                                                     "\\{",
                                                     "\\}",
                                                     "|",
                                                     "+",
                                                     "-",
                                                     "*",
                                                     "/",
                                                     "\\cdot ",
                                                     "\\times ",
                                                     "=",
                                                     "<",
                                                     "\\le ",
                                                     "\\in ",
                                                     ",",
                                                     ";",
                                                     ":",
                                                     "\\pm ",
                                                     "!",
                                                     "%",
                                                     "^\\circ ",
                                                     "\\pi ",
                                                     "e",
                                                     "i",
                                                     "x",
                                                     "y",
                                                     "a",
                                                     "n",
                                                     "\\infty ",
                                                     "\\cup ",
                                                     "\\cap ",
                                                     "\\setminus ",
                                                     "\\sin ",
                                                     "\\cos ",
                                                     "\\tan^{-1}",
                                                     "\\log_",
                                                     "\\ln ",
                                                     "\\binom{",
                                                     "\\text{",
                                                     "\\text{ and }",
                                                     "\\text{ cm}",
                                                     "\\mathrm{",
                                                     "\\left",
                                                     "\\right",
                                                     "\\begin{pmatrix}",
                                                     "\\end{pmatrix}",
                                                     "&",
                                                     "\\\\",
                                                     "0",
                                                     "1",
                                                     "2",
                                                     "3",
                                                     "7",
                                                     "9",
                                                     "12",
                                                     "100",
                                                     "999999999",
                                                     "1.5",
                                                     "0.1",
                                                     "1e9",
                                                     "1e-300",
                                                     "1,234",
                                                     "\\overline{3}",
                                                     "0.\\overline{3}",
                                                     "\\boxed{",
                                                     "<answer>",
                                                     "</answer>",
                                                     "The answer is ",
                                                     "####",
                                                     "$",
                                                     "\\(",
                                                     "\\)",
                                                     "\n",
                                                     " ",
                                                     ". ",
                                                     "\\sum_{k=1}^n",
                                                     "\\lfloor ",
                                                     "\\rfloor ",
                                                     "9^9^9^9",
                                                     "(x+1)^{99}",
                                                     "(a+b+c+d+e+f+g)^{50}",
                                                     "100!",
                                                     "\\sqrt{2}",
                                                     "\\sqrt{3+\\sqrt{2}}",
                                                     "2^{x}",
                                                     "\\cos(x)^2",
                                                     "\xC3\xA9",
                                                     "\xFF",
                                                     "π",
                                                     "√",
                                                     "²"});

constexpr auto kGolds = std::to_array<const char*>(
    {"5", "\\frac{14}{3}", "3\\sqrt{13}", "\\left( 3, \\frac{\\pi}{2} \\right)", "x^8 + x^7 + x^6 + 1",
     "1 \\pm \\sqrt{19}", "(-\\infty, 2) \\cup (3, \\infty)", "\\begin{pmatrix} -2 \\\\ -14 \\\\ -7 \\end{pmatrix}",
     "y = 2x + 3", "\\cot x", "\\text{Evelyn}", "\\text{(C)}", "52_8", "x \\in [-2,7]", "\\{1\\pm\\sqrt{5},-2\\}",
     "2^{n+1}", "e^{i\\pi}", "n!"});

using Random = std::mt19937_64;

std::string pieces(Random& r, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += kPieces[r() % kPieces.size()];
  return out;
}

std::string repeated(Random& r) {
  const std::string unit = pieces(r, 1 + r() % 3);
  const size_t size = r() % 64 == 0 ? 100'000 : 1 + r() % 4096;
  std::string out = r() % 2 == 0 ? pieces(r, r() % 5) : "";
  while (out.size() < size) out += unit;
  return out;
}

std::string damaged(Random& r) {
  std::string out = kGolds[r() % kGolds.size()];
  for (size_t i = 1 + r() % 4; i > 0 && !out.empty(); --i) {
    const size_t at = r() % out.size();
    if (r() % 3 == 0) out.erase(at, 1);
    if (r() % 3 == 0) out.insert(at, kPieces[r() % kPieces.size()]);
    if (r() % 3 == 0) out += "+" + std::string(kGolds[r() % kGolds.size()]);
  }
  return out;
}

std::string completion(Random& r) {
  std::string text;
  switch (r() % 8) {
    case 0:
      text = repeated(r);
      break;
    case 1:
    case 2:
      text = damaged(r);
      break;
    default:
      text = pieces(r, 1 + r() % 40);
  }
  return r() % 2 == 0 ? "\\boxed{" + text + "}" : text;
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  Random random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const double limit_ms = argc > 3 ? std::strtod(argv[3], nullptr) : 20;
  const auto score = hone::rule_rewards().make("math");
  std::vector<float> times;
  std::array<size_t, 3> verdicts{};
  double worst = 0;
  std::string worst_gold, worst_text;
  for (size_t i = 0; i < count; ++i) {
    const std::string gold = random() % 4 == 0 ? pieces(random, 1 + random() % 12) : kGolds[random() % kGolds.size()];
    const std::string text = random() % 16 == 0 ? gold : completion(random);
    const nlohmann::json fields = {{"answer", gold}};
    const double start = cpu_seconds();
    const hone::Verdict verdict = score({.prompt = "", .completion = text, .fields = fields});
    const double seconds = cpu_seconds() - start;
    ++verdicts[static_cast<size_t>(verdict.verdict)];
    times.push_back(static_cast<float>(seconds));
    if (seconds > worst) worst = seconds, worst_gold = gold, worst_text = text;
  }
  std::nth_element(times.begin(), times.begin() + static_cast<long>(count / 2), times.end());
  std::printf("%zu calls: median %.1f us, worst %.2f ms; %zu correct, %zu wrong, %zu unscorable\n", count,
              1e6 * static_cast<double>(times[count / 2]), 1e3 * worst, verdicts[0], verdicts[1], verdicts[2]);
  std::printf("worst: gold %.200s\n       answer %.300s\n", worst_gold.c_str(), worst_text.c_str());
  return 1e3 * worst > limit_ms;
}
