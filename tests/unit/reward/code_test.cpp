#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "code_test_util.h"
#include "hone/error.h"
#include "reward/code/compare.h"
#include "reward/code/fenced.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(ExtractCode, TakesTheLastFencedBlock) {
  EXPECT_EQ(extract_code("print(1)", Finish::stop), "print(1)");
  EXPECT_EQ(extract_code("    return 1\n", Finish::stop), "    return 1\n");
  EXPECT_EQ(extract_code("a\n```python\nx = 1\n```\nb\n```\ny = 2\n```\nc", Finish::stop), "y = 2\n");
  EXPECT_EQ(extract_code("<think>\n```\nx\n```\n</think>\n```py\ny\n```", Finish::stop), "y\n");
  EXPECT_EQ(extract_code("~~~~\na\n~~~\nb\n~~~~", Finish::stop), "a\n~~~\nb\n");
  EXPECT_EQ(extract_code("```\ns = '''\n```python\n'''\n```", Finish::stop), "s = '''\n```python\n'''\n");
  EXPECT_EQ(extract_code("Use ```x``` here", Finish::stop), "Use ```x``` here");
}

TEST(ExtractCode, AnOpenBlockCountsOnlyIfTheCompletionEndedByItself) {
  EXPECT_EQ(extract_code("```\nx\n```\n```\ny", Finish::stop), "y");
  EXPECT_EQ(extract_code("```\nx\n```\n```\ny", Finish::length), "x\n");
  EXPECT_EQ(extract_code("```\ny", Finish::length), "y");
  EXPECT_EQ(extract_code("```", Finish::stop), "");
  EXPECT_EQ(extract_code("", Finish::stop), "");
}

TEST(SameOutput, Rules) {
  EXPECT_TRUE(same_output("1 \r\n2\n\n", "1\n2", OutputRule::lines));
  EXPECT_FALSE(same_output("1\n\n2", "1\n2", OutputRule::lines));
  EXPECT_FALSE(same_output(" 1", "1", OutputRule::lines));
  EXPECT_TRUE(same_output(" 1\n\n2", "1 2\n", OutputRule::tokens));
  EXPECT_FALSE(same_output("1 2 3", "1 2", OutputRule::tokens));
  EXPECT_FALSE(same_output("1\n", "1", OutputRule::exact));
  EXPECT_TRUE(same_output("", " \n", OutputRule::lines));
  EXPECT_FALSE(same_output("1", "", OutputRule::lines));
}

bool same(const char* encoded, const char* expected) {
  return same_value(json::parse(encoded), json::parse(expected), 1e-6);
}

TEST(SameValue, PlainTypes) {
  EXPECT_TRUE(same("1", "1"));
  EXPECT_TRUE(same("1.0", "1"));
  EXPECT_TRUE(same("0.3333333", "0.33333333333"));
  EXPECT_FALSE(same("0.333", "0.33333333333"));
  EXPECT_FALSE(same("true", "1"));
  EXPECT_FALSE(same("1", "true"));
  EXPECT_FALSE(same("null", "false"));
  EXPECT_TRUE(same(R"({"t": [1, [2, "x"]]})", R"([1, [2, "x"]])"));
  EXPECT_FALSE(same("[1, 2]", "[1]"));
  EXPECT_TRUE(same(R"({"s": [3, 1]})", "[1, 3]"));
  EXPECT_FALSE(same(R"({"s": [3, 1]})", "[1, 1]"));
  EXPECT_TRUE(same(R"({"d": [["a", 1], [2, {"t": []}]]})", R"({"a": 1, "2": []})"));
  EXPECT_FALSE(same(R"({"d": [["a", 1]]})", R"({"a": 1, "b": 2})"));
  EXPECT_FALSE(same(R"({"h": 0})", "7"));
  EXPECT_FALSE(same(R"({"f": "nan"})", "7"));
}

TEST(SameValue, LargeIntegersAreExact) {
  EXPECT_TRUE(same(R"({"i": "0x20000000000001"})", "9007199254740993"));
  EXPECT_FALSE(same(R"({"i": "0x20000000000001"})", "9007199254740992"));
  EXPECT_TRUE(same(R"({"i": "-0x20000000000001"})", "-9007199254740993"));
  EXPECT_TRUE(same(R"({"i": "0xffffffffffffffff"})", "18446744073709551615"));
  EXPECT_FALSE(same(R"({"i": "0x1ffffffffffffffff"})", "18446744073709551615"));
  EXPECT_FALSE(same(R"({"i": "what"})", "9007199254740993"));
  EXPECT_FALSE(same(R"({"i": 5})", "9007199254740993"));
}

class Code : public NeedsSandbox {};

TEST_F(Code, ProgramsReadInputAndPrint) {
  const json fields = stdin_tests("3 4\n", "7\n");
  EXPECT_EQ(kind(score_code("```python\na, b = map(int, input().split())\nprint(a + b)\n```", fields)), "correct");
  const Verdict bad = score_code("print(8)", fields);
  EXPECT_EQ(kind(bad), "wrong");
  EXPECT_THAT(bad.why, HasSubstr("printed '8', expected '7'"));
  EXPECT_THAT(score_code("print(7); 1 / 0", fields).why, HasSubstr("ZeroDivisionError"));
  EXPECT_EQ(kind(score_code("print(7)\nraise SystemExit", fields)), "correct");
  EXPECT_THAT(score_code("print(7)\nimport sys\nsys.exit(3)", fields).why, HasSubstr("status 3"));
  EXPECT_EQ(
      kind(score_code("if __name__ == '__main__':\n    import sys\n    print(sum(map(int, sys.stdin.read().split())))",
                      fields)),
      "correct");
  EXPECT_EQ(kind(score_code("import threading\nthreading.Timer(0.01, lambda: print(7)).start()", fields)), "correct");
}

TEST_F(Code, ProgramsInCpp) {
  if (access("/usr/bin/g++", X_OK) != 0) GTEST_SKIP() << "no g++ on this machine";
  json fields = stdin_tests("3 4\n", "7\n");
  fields["language"] = "cpp";
  fields["tests"]["cases"].push_back({{"input", "1 1"}, {"output", "2"}});
  EXPECT_EQ(
      kind(score_code("#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }", fields)),
      "correct");
  EXPECT_THAT(score_code("int main() { return x; }", fields).why, HasSubstr("does not compile: 'error:"));
  EXPECT_THAT(score_code("int main() { *(volatile int*)0 = 1; }", fields).why, HasSubstr("signal 11"));
  fields["tests"] = {{"type", "asserts"}, {"asserts", {"assert f() == 1"}}};
  EXPECT_EQ(kind(score_code("x", fields)), "unscorable");
}

TEST_F(Code, FunctionsAreCalled) {
  EXPECT_EQ(kind(score_code("def f(a, b=2): return a * b", call_tests("f", {3}, 6))), "correct");
  EXPECT_EQ(kind(score_code("def f(a, b): return a - b", call_tests("f", {{"b", 1}, {"a", 3}}, 2))), "correct");
  EXPECT_EQ(kind(score_code("class Solution:\n    def twoSum(self, n): return (n[1], n[0])",
                            call_tests("twoSum", {{1, 2}}, {2, 1}))),
            "correct");
  EXPECT_EQ(
      kind(score_code("class A:\n    def m(self): return {'k': {1}}", call_tests("A.m", json::array(), {{"k", {1}}}))),
      "correct");
  EXPECT_THAT(score_code("def f(a): return a[1]", call_tests("f", {{1}}, 1)).why, HasSubstr("IndexError"));
  EXPECT_THAT(score_code("x = 1", call_tests("f", {1}, 1)).why, HasSubstr("AttributeError"));
  EXPECT_THAT(score_code("def f(a): return object()", call_tests("f", {1}, 1)).why, HasSubstr("returned"));
  EXPECT_THAT(score_code("def f(x):\n    while True: pass",
                         {{"tests", call_tests("f", {1}, 1)["tests"]}, {"time_limit_s", 0.2}})
                  .why,
              HasSubstr("ran longer than 0.2 s"));
  EXPECT_THAT(score_code("x = ", call_tests("f", {1}, 1)).why, HasSubstr("SyntaxError"));
}

TEST_F(Code, AssertsSeePlainValues) {
  EXPECT_EQ(kind(score_code("def f(x): return x + 1", assert_tests({"assert f(1) == 2", "assert f(2) == 3"}))),
            "correct");
  EXPECT_EQ(kind(score_code("def sum(a, b): return a + b", assert_tests({"assert sum(1, 2) == 3"}))), "correct");
  EXPECT_THAT(score_code("pass", assert_tests({"assert max(1, 2) == 2"})).why, HasSubstr("defines no max"));
  EXPECT_EQ(kind(score_code("def f(x): x.append(1)",
                            check_tests("f", "def check(c):\n    a = [0]\n    c(a)\n    assert a == [0, 1]"))),
            "correct");
  EXPECT_EQ(kind(score_code("def f(g, x): return g(g(x))", assert_tests({"assert f(lambda x: x * 2, 3) == 12"}))),
            "correct");
  EXPECT_EQ(
      kind(score_code("def f(n):\n    for i in range(n): yield i", assert_tests({"assert list(f(3)) == [0, 1, 2]"}))),
      "correct");
  EXPECT_EQ(kind(score_code("class P:\n    def __init__(s, x): s.x = x\ndef f(p): return p.x",
                            assert_tests({"assert f(P(4)) == 4", "assert P(3).x == 3"}))),
            "correct");
  EXPECT_EQ(
      kind(score_code(
          "def f(x):\n    if x < 0: raise ValueError('no')\n    return x",
          check_tests(
              "f",
              "def check(c):\n    try:\n        c(-1)\n        assert False\n    except ValueError:\n        pass"))),
      "correct");
  EXPECT_EQ(kind(score_code("    return a + b",
                            check_tests("f", "def check(c):\n    assert c(1, 2) == 3", "def f(a, b):\n"))),
            "correct");
}

TEST_F(Code, PartialCreditCountsTests) {
  json fields = assert_tests({"assert f(1) == 1", "assert f(2) == 5", "assert f(3) == 3", "assert f(4) == 4"});
  const Verdict verdict = score_code("def f(x): return x", fields, R"({"partial_credit": true})");
  EXPECT_EQ(kind(verdict), "wrong");
  EXPECT_FLOAT_EQ(verdict.reward, 0.75f);
  EXPECT_FLOAT_EQ(score_code("def f(x): return x", fields).reward, 0.f);
  fields = stdin_tests("1", "1");
  fields["tests"]["cases"].push_back({{"input", "2"}, {"output", "2"}});
  EXPECT_FLOAT_EQ(score_code("print(1)", fields, R"({"partial_credit": true})").reward, 0.5f);
}

TEST_F(Code, HostileCompletions) {
  const json fields = stdin_tests("", "1");
  EXPECT_EQ(score_code("", fields).why, "no code found");
  EXPECT_EQ(score_code(" \n\t", fields).why, "no code found");
  EXPECT_EQ(kind(score_code("print('\xff')", stdin_tests("", "\xff"))), "wrong");  // Python refuses to load it
  EXPECT_EQ(kind(score_code(std::string("print(1)\0", 9), fields)), "wrong");
  EXPECT_EQ(kind(score_code(std::string(1 << 20, '('), fields)), "wrong");
  EXPECT_EQ(kind(score_code(std::string((1 << 20) + 1, '#'), fields)), "wrong");
  EXPECT_EQ(kind(score_code("print(1)\n" + std::string(900'000, '#'), fields)), "correct");
  EXPECT_EQ(kind(score_code("print(1)", stdin_tests(std::string(3 << 20, 'x'), "1"))), "correct");
}

TEST_F(Code, RecordsThatCannotBeScored) {
  const auto why = [](const char* fields) {
    const Verdict verdict = score_code("print(1)", json::parse(fields));
    EXPECT_EQ(kind(verdict), "unscorable") << fields;
    return verdict.why;
  };
  EXPECT_THAT(why("{}"), HasSubstr("no tests"));
  EXPECT_THAT(why("[]"), HasSubstr("no tests"));
  EXPECT_THAT(why(R"j({"tests": {"type": "stdin", "cases": []}})j"), HasSubstr("no tests"));
  EXPECT_THAT(why(R"j({"tests": {"type": "asserts", "asserts": []}})j"), HasSubstr("no tests"));
  EXPECT_THAT(why(R"j({"tests": {"type": "asserts", "asserts": ["f(1)"]}})j"), HasSubstr("no assertion"));
  EXPECT_THAT(why(R"j({"tests": {"type": "asserts", "code": "def check(c): pass", "entry_point": "f"}})j"),
              HasSubstr("no assertion"));
  EXPECT_THAT(why(R"j({"tests": {"type": "asserts", "asserts": ["assert ("]}})j"), HasSubstr("do not run"));
  EXPECT_THAT(why(R"j({"tests": {"type": "what"}})j"), HasSubstr("unknown type"));
  EXPECT_THAT(why(R"j({"tests": {"type": "call", "cases": [{"args": [], "output": 1}]}})j"), HasSubstr("entry_point"));
  EXPECT_THAT(why(R"j({"tests": {"type": "call", "entry_point": "f", "cases": [{"args": 1, "output": 1}]}})j"),
              HasSubstr("args"));
  EXPECT_THAT(why(R"j({"language": "cobol", "tests": {"type": "stdin", "cases": [{"input": "", "output": ""}]}})j"),
              HasSubstr("cobol"));
  EXPECT_THAT(why(R"j({"time_limit_s": -1, "tests": {"type": "stdin", "cases": [{"input": "", "output": ""}]}})j"),
              HasSubstr("time_limit_s"));
}

TEST_F(Code, ManyThreadsAtOnce) {
  const auto reward = rule_rewards().make("code");
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const json fields = call_tests("f", {i}, i + t);
        const std::string code = "def f(x): return x + " + std::to_string(t);
        right += kind(reward({.prompt = "", .completion = code, .fields = fields})) == "correct";
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 40);
}

TEST_F(Code, RunsAreReproducible) {
  const std::string code = "import random\nprint({'a', 'b', 'c', 'd'}, random.random())";
  const Verdict first = score_code(code, stdin_tests("", ""));
  const auto reward = rule_rewards().make("code");
  const json fields = stdin_tests("", "");
  EXPECT_EQ(first.why, reward({.prompt = "", .completion = code, .fields = fields}).why);
}

TEST(CodeSandbox, RefusesToRunWithoutBubblewrap) {
  try {
    rule_rewards().make("code", {{"bwrap", "/nowhere/bwrap"}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::recipe);
    EXPECT_THAT(e.what(), HasSubstr("/nowhere/bwrap is missing"));
    EXPECT_THAT(e.what(), HasSubstr("allow_weak_sandbox"));
  }
}

TEST(CodeSandbox, RunsWeakerIfToldTo) {
  SandboxOptions options = code_sandbox();
  options.bwrap = "/nowhere/bwrap";
  options.allow_weak = true;
  const SandboxReport report = probe_sandbox(options);
  ASSERT_EQ(report.problem, "");
  EXPECT_FALSE(report.strong());
  EXPECT_THAT(report.missing(), HasSubstr("bubblewrap"));
  for (const SandboxLayer& layer : report.layers) {
    const bool holds_anywhere = layer.name == "system call filter" || layer.name == "memory limit";
    EXPECT_TRUE(layer.active || !holds_anywhere) << layer.name;
  }
  const std::string weak = R"({"bwrap": "/nowhere/bwrap", "allow_weak_sandbox": true})";
  EXPECT_EQ(kind(score_code("def f(x): return x", call_tests("f", {1}, 1), weak)), "correct");
  EXPECT_EQ(kind(score_code("def f(x): return 2", call_tests("f", {1}, 1), weak)), "wrong");
  EXPECT_EQ(
      kind(score_code("while True: pass", {{"tests", stdin_tests("", "")["tests"]}, {"time_limit_s", 0.2}}, weak)),
      "wrong");
}

}  // namespace
}  // namespace hone
