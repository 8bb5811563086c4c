// Templates that mean harm: each must end in an Error that says why, soon, with little memory and a shallow stack.
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hone/chat_template.h"
#include "hone/error.h"

namespace hone {
namespace {

using testing::HasSubstr;

std::string repeat(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::string error_of(const std::string& source, const RenderOptions& options = {}) {
  const auto start = std::chrono::steady_clock::now();
  std::string message = "no error";
  try {
    const std::string text = ChatTemplate(source).render(nlohmann::ordered_json::array(), options);
    message = "no error but " + text.substr(0, 200);
  } catch (const Error& e) {
    message = e.what();
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 20) << source.substr(0, 200);  // far above what it takes, for sanitizers on busy machines
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

TEST(JinjaLimits, EndlessLoops) {
  const std::string loop = "{% for i in range(100000) %}", end = "{% endfor %}";
  EXPECT_THAT(error_of(loop + loop + "{{ '' }}" + end + end), HasSubstr("steps"));
  EXPECT_THAT(error_of(loop + loop + end + end), HasSubstr("steps"));
  EXPECT_THAT(error_of("{% macro f() %}{% for i in [1, 2] %}{{ f() }}{% endfor %}{% endmacro %}{{ f() }}"),
              HasSubstr("limits.depth"));
  EXPECT_THAT(error_of("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}"),
              HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ range(10) | map('nope') | list }}"), HasSubstr("no filter named"));
  EXPECT_THAT(error_of("{{ range(10000000) }}"), HasSubstr("at most 100000"));
  EXPECT_THAT(error_of("{{ range(-9223372036854775807, 9223372036854775807) }}"), HasSubstr("at most 100000"));
}

TEST(JinjaLimits, LargeTexts) {
  EXPECT_THAT(error_of("{{ 'a' * 1000000000000 }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ 'ab' * 9223372036854775807 }}"), HasSubstr("too large"));
  EXPECT_THAT(error_of("{{ [0] * 1000000000000 }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ 'x'.ljust(1000000000000) }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ 'x' | center(1000000000000) }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ 'x' | indent(1000000000000) }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ [1] | tojson(indent=1000000000000) }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ '\t'.expandtabs(1000000000000) }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ '%1000000000000d' % 1 }}"), HasSubstr("refused"));
  EXPECT_THAT(error_of("{{ '%.1000000000f' % 1 }}"), HasSubstr("refused"));
  EXPECT_THAT(error_of("{{ '{:1000000000000}'.format(1) }}"), HasSubstr("refused"));
  EXPECT_THAT(error_of("{{ '{:01000000,}'.format(1) }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ [1] | batch(1000000000000, 0) | list }}"), HasSubstr("steps"));
  EXPECT_THAT(error_of("{{ [1] | slice(1000000000000) | list | length }}"), HasSubstr("steps"));
  const std::string doubling =
      "{% set ns = namespace(s='ab') %}{% for i in range(80) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}";
  EXPECT_THAT(error_of(doubling), HasSubstr("steps"));
  EXPECT_THAT(error_of("{% for i in range(90000) %}{{ 'x' * 1000 }}{% endfor %}"), HasSubstr("limits.output_bytes"));
  EXPECT_THAT(error_of("{% set x = 'a' * 10000000 %}{% for i in range(99999) %}{% set y = x.upper() %}{% endfor %}"),
              HasSubstr("steps"));
  EXPECT_THAT(
      error_of("{% set x = 'a' * 10000000 %}{% for i in range(99999) %}{% if x == x ~ '' %}{% endif %}{% endfor %}"),
      HasSubstr("steps"));
}

TEST(JinjaLimits, SearchesStayLinear) {
  const std::string long_texts = "{% set a = 'a' * 1000000 %}{% set b = 'a' * 500000 ~ 'b' %}";
  for (const char* use :
       {"{{ b in a }}", "{{ a.find(b) }}", "{{ a.rfind('b' ~ b) }}", "{{ a.count(b) }}", "{{ a.split(b) | length }}",
        "{{ a.rsplit(b) | length }}", "{{ a | replace(b, 'c') | length }}"}) {
    EXPECT_THAT(error_of(long_texts + use), HasSubstr("no error")) << use;
  }
}

TEST(JinjaLimits, DeepValues) {
  EXPECT_THAT(error_of("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}"),
              HasSubstr("nested more than"));
  EXPECT_THAT(
      error_of("{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = {'k': ns.x} %}{% endfor %}"),
      HasSubstr("nested more than"));
  // Shared parts: small in memory, endless to walk.
  EXPECT_THAT(
      error_of("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"),
      HasSubstr("parts"));
  EXPECT_THAT(
      error_of("{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(20) %}{% set ns.x = [ns.x, ns.x] %}"
               "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{% for i in range(999) %}{{ ns.x == ns.y }}{% endfor %}"),
      HasSubstr("steps"));
}

TEST(JinjaLimits, ChainsAndCyclesOfObjects) {
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.me = ns %}{% set ns.l = [ns] %}{{ ns }}"),
              HasSubstr("no error but <Namespace>"));
  EXPECT_THAT(error_of("{% set ns = namespace(g=[1]) %}{% for i in range(50000) %}{% set ns.g = ns.g | map('string') %}"
                       "{% endfor %}ok"),
              HasSubstr("ok"));
  EXPECT_THAT(error_of("{% set ns = namespace(g=[1]) %}{% for i in range(50000) %}{% set ns.g = ns.g | map('string') %}"
                       "{% endfor %}{{ ns.g | list }}"),
              HasSubstr("limits.depth"));
  EXPECT_THAT(
      error_of("{% set ns = namespace(l=1) %}{% for i in range(50000) %}{% for j in [ns.l] %}{% set ns.l = loop %}"
               "{% if loop.changed(ns.l) %}{% endif %}{% endfor %}{% endfor %}ok"),
      HasSubstr("ok"));
  EXPECT_THAT(
      error_of("{% set ns = namespace(m=1) %}{% macro f(k) %}{% macro g() %}{{ k }}{% endmacro %}{% set ns.m = g %}"
               "{% endmacro %}{% for i in range(20000) %}{{ f(ns.m) }}{% endfor %}ok"),
      HasSubstr("ok"));
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% macro f() %}{% macro g() %}x{% endmacro %}{% set ns.m = g %}"
                       "{% endmacro %}{{ f() }}{{ ns.m() }}"),
              HasSubstr("x"));
}

TEST(JinjaLimits, DeepSources) {
  const int n = 10000;
  for (const auto& [open, middle, close] : std::vector<std::array<std::string, 3>>{{"(", "1", ")"},
                                                                                   {"[", "1", "]"},
                                                                                   {"{1: ", "1", "}"},
                                                                                   {"f(", "1", ")"},
                                                                                   {"x[", "1", "]"},
                                                                                   {"- ", "1", ""},
                                                                                   {"not ", "1", ""},

                                                                                   {"1 if 1 else ", "1", ""},
                                                                                   {"x is eq (", "1", ")"}}) {
    EXPECT_THAT(error_of("{{ " + repeat(open, n) + middle + repeat(close, n) + " }}"), HasSubstr("nested more than"))
        << open;
  }
  for (const std::string chain :
       {" + 1", " * 1", " ** 1", "|abs", ".a", "[0]", "()", " and 1", " or 1", " is eq 1 and 1"}) {
    EXPECT_THAT(error_of("{{ 1" + repeat(chain, n) + " }}"), HasSubstr("in a chain")) << chain;
  }
  EXPECT_THAT(error_of(repeat("{% if 1 %}", n) + repeat("{% endif %}", n)), HasSubstr("nested more than"));
  EXPECT_THAT(error_of(repeat("{% for x in y %}", n) + repeat("{% endfor %}", n)), HasSubstr("nested more than"));
  EXPECT_THAT(error_of("{% set " + repeat("(", n) + "x" + repeat(")", n) + " = 1 %}"), HasSubstr("nested more than"));
  EXPECT_THAT(error_of("{{ 1" + repeat(" ~ 1", n) + " }}"), HasSubstr("no error"));
  EXPECT_THAT(error_of("{% if 0 %}" + repeat("{% elif 0 %}", n) + "{% endif %}"), HasSubstr("no error"));
  EXPECT_THAT(error_of(std::string((1 << 20) + 1, 'x')), HasSubstr("at most 1048576"));
}

TEST(JinjaLimits, NoWayOut) {
  EXPECT_THAT(error_of("{% include '/etc/passwd' %}"), HasSubstr("no place"));
  EXPECT_THAT(error_of("{% import 'x' as y %}"), HasSubstr("no place"));
  EXPECT_THAT(error_of("{{ ''.__class__.__mro__ }}"), HasSubstr("has no attribute"));
  EXPECT_THAT(error_of("{{ range.__globals__.x }}"), HasSubstr("has no attribute"));
  EXPECT_THAT(error_of("{{ messages.append(1) }}"), HasSubstr("would change"));
  EXPECT_THAT(error_of("{{ {}.update({'a': 1}) }}"), HasSubstr("would change"));
  EXPECT_THAT(error_of("{{ [1] | random }}"), HasSubstr("not supported"));
}

TEST(JinjaLimits, BrokenSources) {
  EXPECT_THAT(error_of("a\n  {{ 1 + }}"), HasSubstr("chat template 2:10: expected an expression, got '}}'"));
  EXPECT_THAT(error_of("{% if x %}\n{% endfor %}"), HasSubstr("2:4: unknown tag 'endfor'"));
  EXPECT_THAT(error_of("{{ x | uper }}"), HasSubstr("1:8: no filter named 'uper'; did you mean 'upper'?"));
  EXPECT_THAT(error_of("{% if x %}"), HasSubstr("expected '{% endif %}', got the end of the template"));
  EXPECT_THAT(error_of("\xff"), HasSubstr("not UTF-8 at byte 0"));
  EXPECT_THAT(error_of("{{ '\\ud800' }}"), HasSubstr("UTF-8 cannot hold"));
  EXPECT_THAT(error_of("line\n{{ x.y.z }}"), HasSubstr("2:5: 'x' is undefined"));
  EXPECT_THAT(error_of("{{ raise_exception('a\nb') }}"), HasSubstr("rejects the conversation: 'a\\nb'"));
}

TEST(JinjaLimits, TheCallerSetsThem) {
  RenderOptions options;
  options.limits.steps = 10;
  EXPECT_THAT(error_of("{% for i in range(10) %}{{ i }}{% endfor %}", options), HasSubstr("more than 10 steps"));
  options.limits = {.output_bytes = 5};
  EXPECT_THAT(error_of("123456", options), HasSubstr("more than 5 bytes"));
  options.limits = {.depth = 3};
  EXPECT_THAT(error_of("{{ 1 + (1 + (1 + 1)) }}", options), HasSubstr("more than 3 evaluations"));
}

}  // namespace
}  // namespace hone
