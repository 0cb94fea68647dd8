// A test file is a list of TEST blocks and this header's main. A failed check is printed and counted; the program goes on and
// returns 1 at the end. Random tests draw from `test::seed()`, printed first and settable by WINNOW_TEST_SEED, so that one
// line replays a failure.
#pragma once

#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace winnow::test {

struct Registry {
  std::vector<std::pair<const char*, std::function<void()>>> tests;
  int64_t checks = 0, failures = 0;
  std::string note;  // what a failing check should also say: the case it was in
};

inline Registry& registry() {
  static Registry instance;
  return instance;
}

struct Registration {
  Registration(const char* name, std::function<void()> body) { registry().tests.emplace_back(name, std::move(body)); }
};

inline uint64_t seed() {
  const char* text = std::getenv("WINNOW_TEST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

inline void note(const std::string& text) { registry().note = text; }

inline void fail(const char* file, int line, const std::string& text) {
  Registry& r = registry();
  ++r.failures;
  if (r.failures <= 50) {
    std::printf("%s:%d: %s%s%s\n", file, line, text.c_str(), r.note.empty() ? "" : "  in ", r.note.c_str());
    std::fflush(stdout);
  }
}

// `text`: a string, or what makes one, which only a failure asks for; some tests check millions of numbers.
template <typename Text>
void check(bool holds, const char* file, int line, const Text& text) {
  ++registry().checks;
  if (holds) return;
  if constexpr (std::is_invocable_v<Text>) {
    fail(file, line, text());
  } else {
    fail(file, line, text);
  }
}

template <typename T>
std::string text_of(const T& value) {
  std::ostringstream out;
  out.precision(17);
  out << value;
  return out.str();
}

template <typename A, typename B>
void check_equal(const A& actual, const B& expected, const char* file, int line, const char* what) {
  check(actual == expected, file, line,
        [&] { return std::string(what) + " is " + text_of(actual) + " but must be " + text_of(expected); });
}

inline void check_near(double actual, double expected, double bound, const char* file, int line, const char* what) {
  // Written so that a NaN fails.
  check(std::fabs(actual - expected) <= bound, file, line, [&] {
    return std::string(what) + " is " + text_of(actual) + " but must be within " + text_of(bound) + " of " + text_of(expected);
  });
}

inline void check_contains(const std::string& text, const std::string& part, const char* file, int line) {
  check(text.find(part) != std::string::npos, file, line, [&] { return "\"" + text + "\" must contain \"" + part + "\""; });
}

// The program: runs all tests, or those whose name contains the argument.
inline int run(int argc, char** argv) {
  std::printf("seed %" PRIu64 " (replay: WINNOW_TEST_SEED=%" PRIu64 " %s)\n", seed(), seed(), argv[0]);
  for (const auto& [name, body] : registry().tests) {
    if (argc > 1 && std::string(name).find(argv[1]) == std::string::npos) continue;
    const int64_t before = registry().failures;
    note("");
    body();
    if (registry().failures != before) std::printf("FAILED %s\n", name);
  }
  std::printf("%" PRId64 " checks, %" PRId64 " failed\n", registry().checks, registry().failures);
  return registry().failures == 0 && registry().checks > 0 ? 0 : 1;
}

}  // namespace winnow::test

#define TEST(name)                                                                 \
  static void test_##name();                                                       \
  static const winnow::test::Registration registration_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(...) winnow::test::check(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__ " does not hold")
#define CHECK_EQUAL(actual, expected) winnow::test::check_equal(actual, expected, __FILE__, __LINE__, #actual)
#define CHECK_NEAR(actual, expected, bound) winnow::test::check_near(actual, expected, bound, __FILE__, __LINE__, #actual)
#define CHECK_CONTAINS(text, part) winnow::test::check_contains(text, part, __FILE__, __LINE__)
