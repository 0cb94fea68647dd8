// winnow_bench: the native harness. First the answer, then the time, then what the time means.
//
//   winnow_bench list    [options]       shapes, their work, the variants of this machine
//   winnow_bench check   [options]       every shape against the same shape in double; exit status 1 when one misses
//   winnow_bench time    [options]       check, then rounds of CPU time beside probes of this machine; JSON
//   winnow_bench probe   [--variant V]   the probes alone
//   winnow_bench compare BEFORE AFTER    two files of `time`; exit status 1 for a slowdown beyond the spread of both
//
//   --shapes FILE   default: bench/shapes/nas-bench-201.txt of the source tree
//   --only TEXT     shapes whose name contains TEXT
//   --variant V     default: the best here     --threads N   default 1     --rounds N   default 7
//   --nodes         time: also a table of nanoseconds by node and phase, from the plan's timing mode, on standard error
//   --out FILE      where the JSON goes; standard output without it
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "evaluation.h"
#include "nodes.h"
#include "probe.h"
#include "runtime/device.h"

namespace winnow::bench {
namespace {

struct Options {
  std::string shapes = WINNOW_BENCH_SHAPES, only, variant, out;
  int64_t threads = 1, rounds = 7;
  bool nodes = false;
  std::vector<std::string> files;
};

struct Usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

int64_t positive(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < 1 || value > 1024) throw Usage(option + " must be in [1, 1024] but was " + text);
  return value;
}

Options parse(int count, char** words) {
  Options options;
  for (int i = 2; i < count; ++i) {
    const std::string word = words[i];
    if (word.rfind("--", 0) != 0) {
      options.files.push_back(word);
      continue;
    }
    if (word == "--nodes") {
      options.nodes = true;
      continue;
    }
    if (i + 1 == count) throw Usage(word + " wants a value");
    const std::string value = words[++i];
    if (word == "--shapes")
      options.shapes = value;
    else if (word == "--only")
      options.only = value;
    else if (word == "--variant")
      options.variant = value;
    else if (word == "--out")
      options.out = value;
    else if (word == "--threads")
      options.threads = positive(word, value);
    else if (word == "--rounds")
      options.rounds = positive(word, value);
    else
      throw Usage("unknown option " + word);
  }
  return options;
}

std::vector<Shape> chosen(const Options& options) {
  std::vector<Shape> shapes;
  for (const Shape& shape : read_shapes(options.shapes))
    if (shape.name.find(options.only) != std::string::npos) shapes.push_back(shape);
  if (shapes.empty()) throw Usage("no shape of " + options.shapes + " contains \"" + options.only + "\"");
  return shapes;
}

// How far the float32 answer is from the double one, and how far it may be.
struct Verdict {
  double error, allowed;
  std::string what;
  bool holds() const { return error <= allowed; }
};

// Small shapes are compared with the reference variant, which shares no fast loop with the others; the formulas as plain loops
// would take minutes on large ones, which are compared with the same variant in double.
Verdict verdict(const Shape& shape, Evaluation& single, const std::string& variant) {
  const bool small = single.flop() < 1e9;
  const Device device = open_device(small ? "reference" : variant, 1);
  Evaluation exact(device.get(), shape, WINNOW_F64);
  const std::string oracle = small ? "reference in float64" : "same variant in float64";
  if (shape.score == "ntk") {
    const std::vector<double> a = single.tangent_kernel(), b = exact.tangent_kernel();
    double error = 0, largest = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      // A NaN must not pass: it would lose every comparison.
      error = std::isfinite(a[i] - b[i]) ? std::max(error, std::fabs(a[i] - b[i])) : INFINITY;
      largest = std::max(largest, std::fabs(b[i]));
    }
    return {error / largest, 1e-4, "largest error of the kernel / its largest entry, " + oracle};
  }
  // Only a unit within rounding of zero may have another sign; the counts differ by at most the samples that have one.
  int64_t units = 0;
  const std::vector<uint64_t> a = single.patterns(&units), b = exact.patterns(&units);
  const size_t words = a.size() / static_cast<size_t>(shape.samples);
  int64_t flips = 0, samples = 0;
  for (size_t i = 0; i < a.size(); i += words) {
    int64_t here = 0;
    for (size_t w = 0; w < words; ++w) here += __builtin_popcountll(a[i + w] ^ b[i + w]);
    flips += here;
    samples += here > 0;
  }
  const double share = static_cast<double>(flips) / (static_cast<double>(units) * static_cast<double>(shape.samples));
  const bool counted = std::llabs(single.regions() - exact.regions()) <= samples;
  return {counted ? share : INFINITY, 1e-4, "share of pattern bits that differ, " + oracle};
}

bool report(const Shape& shape, const Verdict& v) {
  std::fprintf(stderr, "%-4s %-30s %.2e of %.0e allowed (%s)\n", v.holds() ? "ok" : "MISS", shape.name.c_str(), v.error,
               v.allowed, v.what.c_str());
  return v.holds();
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::map<std::string, std::string> facts;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size())
      facts[line.substr(0, line.find_last_not_of("\t ", colon - 1) + 1)] = line.substr(colon + 2);
  }
  return facts["model name"] + ", family " + facts["cpu family"] + " model " + facts["model"];
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string json(const Probe& p) {
  std::ostringstream out;
  out << "{\"bits\": " << p.bits << ", \"fused\": " << (p.fused ? "true" : "false") << ", \"gflops\": " << p.gflops
      << ", \"triad_gigabytes_per_second\": " << p.gigabytes_per_second << "}";
  return out.str();
}

double wall_seconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::string load() {
  double average = 0;
  return getloadavg(&average, 1) == 1 ? std::to_string(average) : "null";
}

int list(const Options& options) {
  const Device device = open_device(options.variant, 1);
  std::printf("variants: %s; default %s\n", available_variants().c_str(), variant_name(device->device->variant));
  for (const Shape& shape : chosen(options)) {
    const Evaluation evaluation(device.get(), shape, WINNOW_F32);
    std::printf("%-30s %12lld MACs/sample %10.3f GFLOP\n", shape.name.c_str(), static_cast<long long>(evaluation.macs()),
                evaluation.flop() / 1e9);
  }
  return 0;
}

int check(const Options& options) {
  const Device device = open_device(options.variant, options.threads);
  bool all = true;
  for (const Shape& shape : chosen(options)) {
    Evaluation evaluation(device.get(), shape, WINNOW_F32);
    all = report(shape, verdict(shape, evaluation, variant_name(device->device->variant))) && all;
  }
  return all ? 0 : 1;
}

int time(const Options& options) {
  const Device device = open_device(options.variant, options.threads);
  const std::string variant = variant_name(device->device->variant);
  std::ostringstream out;
  const Probe first = probe(variant);
  out << "{\"machine\": " << quoted(processor()) << ", \"cores\": " << sysconf(_SC_NPROCESSORS_ONLN) << ", \"load\": " << load()
      << ",\n \"compiler\": " << quoted(WINNOW_BENCH_COMPILER) << ", \"flags\": " << quoted(WINNOW_BENCH_FLAGS)
      << ", \"commit\": " << quoted(WINNOW_COMMIT) << ",\n \"variant\": " << quoted(variant)
      << ", \"threads\": " << options.threads << ", \"rounds\": " << options.rounds
      << ", \"clock\": " << quoted(options.threads == 1 ? "thread CPU seconds" : "wall seconds")
      << ",\n \"probe\": " << json(first) << ",\n \"results\": [";
  bool all = true;
  const char* separator = "\n";
  for (const Shape& shape : chosen(options)) {
    Evaluation evaluation(device.get(), shape, WINNOW_F32);
    const Verdict v = verdict(shape, evaluation, variant);
    all = report(shape, v) && all;
    const auto clock = options.threads == 1 ? thread_seconds : wall_seconds;
    // A score of microseconds is repeated until a round takes a hundredth of a second.
    const auto once = [&] { evaluation.run(); };
    double before = clock();
    once();
    const int64_t repeats = std::max<int64_t>(1, static_cast<int64_t>(0.01 / std::max(1e-7, clock() - before)));
    std::vector<double> seconds;
    for (int64_t round = 0; round < options.rounds; ++round) {
      before = clock();
      for (int64_t i = 0; i < repeats; ++i) once();
      seconds.push_back((clock() - before) / static_cast<double>(repeats));
    }
    std::sort(seconds.begin(), seconds.end());
    const size_t n = seconds.size();
    const double median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
    const double floor = evaluation.flop() / 1e9 / first.gflops;
    out << separator << "  {\"name\": " << quoted(shape.name) << ", \"median\": " << median << ", \"min\": " << seconds.front()
        << ", \"max\": " << seconds.back() << ", \"gflop\": " << evaluation.flop() / 1e9 << ", \"floor\": " << floor
        << ", \"fraction_of_probe\": " << floor / median << ", \"error\": " << v.error << ", \"allowed\": " << v.allowed << "}";
    separator = ",\n";
    std::fprintf(stderr, "     %-30s median %.6f s [%.6f, %.6f], floor %.6f s, %.0f %% of the probe\n", shape.name.c_str(),
                 median, seconds.front(), seconds.back(), floor, 100 * floor / median);
    if (options.nodes) print_nodes(device.get(), shape);
  }
  out << "\n]}\n";
  if (options.out.empty()) {
    std::cout << out.str();
  } else {
    std::ofstream file(options.out);
    if (!(file << out.str()).flush()) throw std::runtime_error("cannot write " + options.out);
  }
  return all ? 0 : 1;
}

// The results of a file that `time` wrote: one per line.
struct Result {
  std::string name;
  double median, min, max;
};
std::vector<Result> results(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Result> found;
  for (std::string line; std::getline(file, line);) {
    char name[128];
    Result r;
    if (std::sscanf(line.c_str(), " {\"name\": \"%127[^\"]\", \"median\": %lf, \"min\": %lf, \"max\": %lf", name, &r.median,
                    &r.min, &r.max) == 4) {
      r.name = name;
      found.push_back(r);
    }
  }
  if (found.empty()) throw std::runtime_error(path + " has no results of winnow_bench time");
  return found;
}

int compare(const Options& options) {
  if (options.files.size() != 2) throw Usage("compare wants two files");
  const std::vector<Result> before = results(options.files[0]), after = results(options.files[1]);
  bool slower = false, common = false;
  std::printf("%-30s %12s %12s %8s\n", "", "before", "after", "ratio");
  for (const Result& b : before)
    for (const Result& a : after) {
      if (a.name != b.name) continue;
      common = true;
      const bool worse = a.min > b.max;
      slower = slower || worse;
      std::printf("%-30s %10.6f s %10.6f s %8.3f%s\n", a.name.c_str(), b.median, a.median, b.median / a.median,
                  worse ? "  SLOWER beyond the spread" : "");
    }
  if (!common) throw std::runtime_error("the two files have no shape in common");
  return slower ? 1 : 0;
}

int run(int count, char** words) {
  const std::string command = count > 1 ? words[1] : "";
  const Options options = parse(count, words);
  if (command == "compare") return compare(options);
  if (!options.files.empty()) throw Usage("unexpected word " + options.files[0]);
  if (command == "list") return list(options);
  if (command == "check") return check(options);
  if (command == "time") return time(options);
  if (command == "probe") {
    std::cout << json(probe(variant_name(open_device(options.variant, 1)->device->variant))) << "\n";
    return 0;
  }
  throw Usage("usage: winnow_bench list|check|time|probe|compare [options]");
}

}  // namespace
}  // namespace winnow::bench

int main(int count, char** words) {
  try {
    return winnow::bench::run(count, words);
  } catch (const winnow::bench::Usage& e) {
    std::fprintf(stderr, "winnow_bench: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "winnow_bench: %s\n", e.what());
    return 1;
  }
}
