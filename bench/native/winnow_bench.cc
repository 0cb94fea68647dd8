// winnow_bench: the native harness. First the answer, then the time, then what the time means.
//
// Exit status: 0 done, 1 an answer or a time missed, 2 a wrong command line, 3 a file, 4 the library refused.
//
//   winnow_bench list    [options]       shapes, their work, the variants of this machine
//   winnow_bench check   [options]       every shape against its oracle; exit status 1 when one misses
//   winnow_bench [time]  [options]       check, then rounds of CPU time beside probes of this machine; JSON
//   winnow_bench scale   [options]       ntk: wall time of --threads (default 2) over one, beside as many concurrent probes; JSON
//   winnow_bench probe   [options]       the probes alone
//   winnow_bench peak    [options]       the multiply-add probe alone, 10 ms: for interleaving
//   winnow_bench compare BEFORE AFTER    two files of `time`; exit status 1 for a slowdown beyond the spread of both
//
//   --shapes FILE   default: published.txt of WINNOW_BENCH_SHAPES, else of the source tree     --tiny   tiny.txt beside it
//   --only TEXT     shapes whose name contains TEXT
//   --variant V     reference, portable, avx2, avx512, or all that this machine has; default WINNOW_VARIANT, else the best here
//   --threads N     default 1     --rounds N   default 7
//   --nodes         time: also nanoseconds by node and phase, from the plan's timing mode: all in the JSON, a table of most of them on
//                   standard error
//   --round         scale: a round of pruning in one call, a job for every choice, as searches ask; else one job
//   --out FILE      where the JSON goes; standard output without it
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "evaluation.h"
#include "nodes.h"
#include "options.h"
#include "report.h"
#include "runtime/device.h"

namespace winnow::bench {
namespace {

std::vector<Shape> chosen(const Options& options) {
  std::vector<Shape> shapes;
  for (const Shape& shape : read_shapes(options.shapes))
    if (shape.name.find(options.only) != std::string::npos) shapes.push_back(shape);
  if (shapes.empty()) throw Usage("no shape of " + options.shapes + " contains \"" + options.only + "\"");
  return shapes;
}

std::string variant_of(const DeviceHandle& device) { return variant_name(device->device->variant); }

// The variants that --variant names, the widest first.
std::vector<std::string> variants(const Options& options) {
  if (options.variant != "all") return {variant_of(open_device(options.variant, 1))};
  std::vector<std::string> names;
  for (const Variant variant : available_variants()) names.insert(names.begin(), variant_name(variant));
  return names;
}

// Says so where it is not.
bool practical(const Shape& shape, const std::string& variant, const Work& work) {
  const bool is = work.practical(variant);
  if (!is) std::fprintf(stderr, "skip %-32s %-9s its plain loops take minutes\n", shape.name.c_str(), variant.c_str());
  return is;
}

bool report(const Shape& shape, const std::string& variant, const Verdict& v) {
  std::fprintf(stderr, "%-4s %-32s %-9s %.2e of %.0e allowed (%s)\n", v.holds() ? "ok" : "MISS", shape.name.c_str(),
               variant.c_str(), v.error, v.allowed, v.what.c_str());
  return v.holds();
}

void write(const Options& options, const std::string& text) {
  if (options.out.empty()) {
    std::cout << text;
    return;
  }
  std::ofstream file(options.out);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + options.out);
}

int list(const Options& options) {
  const DeviceHandle device = open_device(options.variant == "all" ? "" : options.variant, 1);
  std::printf("variants: %s; default %s\n", available_variant_names().c_str(), variant_of(device).c_str());
  for (const Shape& shape : chosen(options)) {
    const Cost cost = make_work(device.get(), shape)->cost();
    std::printf("%-32s %10.3f GFLOP %10.6f billion words\n", shape.name.c_str(), cost.flop / 1e9, cost.words / 1e9);
  }
  return 0;
}

int check(const Options& options) {
  bool all = true;
  for (const std::string& variant : variants(options)) {
    const DeviceHandle device = open_device(variant, options.threads);
    for (const Shape& shape : chosen(options)) {
      const std::unique_ptr<Work> work = make_work(device.get(), shape);
      if (practical(shape, variant, *work)) all = report(shape, variant, work->verdict(variant)) && all;
    }
  }
  return all ? 0 : 1;
}

// One shape on one variant; the peak is probed before each round, what it is divided by is the median.
std::string time(const Options& options, const DeviceHandle& device, const Shape& shape, Work& work, Probe probe,
                 const Verdict& verdict) {
  const std::string variant = variant_of(device);
  const auto clock = options.threads == 1 ? thread_seconds : wall_seconds;
  // A score of microseconds is repeated until a round takes a hundredth of a second.
  double before = clock();
  work.run();
  const int64_t repeats = std::max<int64_t>(1, static_cast<int64_t>(0.01 / std::max(1e-7, clock() - before)));
  std::vector<double> rounds, peaks;
  for (int64_t round = 0; round < options.rounds; ++round) {
    peaks.push_back(peak_gflops(variant));
    before = clock();
    for (int64_t i = 0; i < repeats; ++i) work.run();
    rounds.push_back((clock() - before) / static_cast<double>(repeats));
  }
  const Spread seconds = spread(rounds), peak = spread(peaks);
  probe.gflops = peak.median;
  const double floor = work.cost().floor(probe);
  std::fprintf(stderr, "     %-32s %-9s median %.4g s [%.4g, %.4g], floor %.4g s, %.0f %% of the probe\n", shape.name.c_str(),
               variant.c_str(), seconds.median, seconds.min, seconds.max, floor, 100 * floor / seconds.median);
  std::ostringstream out;
  out << "{\"name\": " << quoted(shape.name) << ", \"variant\": " << quoted(variant) << ", \"seconds\": " << json(seconds)
      << ", \"gflop\": " << work.cost().flop / 1e9 << ", \"gigawords\": " << work.cost().words / 1e9
      << ", \"probe_gflops\": " << json(peak) << ", \"floor_seconds\": " << floor
      << ", \"fraction_of_floor\": " << floor / seconds.median << ", \"error\": " << verdict.error
      << ", \"allowed\": " << verdict.allowed;
  if (options.nodes && !shape.network.empty()) out << ", \"nodes\": " << nodes(device.get(), shape);
  out << "}";
  return out.str();
}

int time(const Options& options) {
  std::string probes, results;
  bool all = true;
  for (const std::string& variant : variants(options)) {
    const DeviceHandle device = open_device(variant, options.threads);
    const Probe limits = probe(variant);
    probes += (probes.empty() ? "" : ",\n  ") + quoted(variant) + ": " + json(limits);
    for (const Shape& shape : chosen(options)) {
      const std::unique_ptr<Work> work = make_work(device.get(), shape);
      if (!practical(shape, variant, *work)) continue;
      const Verdict verdict = work->verdict(variant);
      all = report(shape, variant, verdict) && all;
      results += (results.empty() ? "\n  " : ",\n  ") + time(options, device, shape, *work, limits, verdict);
    }
  }
  write(options, "{" + circumstances() + ",\n \"threads\": " + std::to_string(options.threads) +
                     ", \"rounds\": " + std::to_string(options.rounds) +
                     ", \"clock\": " + quoted(options.threads == 1 ? "thread CPU seconds" : "wall seconds") +
                     ",\n \"probes\": {" + probes + "},\n \"results\": [" + results + "\n]}\n");
  return all ? 0 : 1;
}

// Wall seconds of `threads` probes at once.
double concurrent_probes(const std::string& variant, int64_t threads) {
  const double before = wall_seconds();
  std::vector<std::thread> others;
  for (int64_t t = 1; t < threads; ++t) others.emplace_back([&] { peak_gflops(variant); });
  peak_gflops(variant);
  for (std::thread& other : others) other.join();
  return wall_seconds() - before;
}

int scale(const Options& options) {
  const int64_t threads = std::max<int64_t>(2, options.threads);
  const std::string variant = variants(options).front();
  const DeviceHandle one = open_device(variant, 1), many = open_device(variant, threads);
  std::string results;
  for (const Shape& shape : chosen(options)) {
    if (shape.score != "ntk") continue;  // the others are one task: their jobs are what threads share
    Evaluation alone(one.get(), shape, WINNOW_F32), shared(many.get(), shape, WINNOW_F32);
    if (options.round) alone.prune_each_choice(), shared.prune_each_choice();
    const auto wall = [](Evaluation& work) {
      const double before = wall_seconds();
      work.run();
      return wall_seconds() - before;
    };
    wall(alone), wall(shared);  // the first call allocates
    std::vector<double> probe_ratios, ratios;
    for (int64_t round = 0; round < options.rounds; ++round) {
      const double single = concurrent_probes(variant, 1);
      probe_ratios.push_back(static_cast<double>(threads) * single / concurrent_probes(variant, threads));
      const double serial = wall(alone);
      ratios.push_back(serial / wall(shared));
    }
    const Spread ratio = spread(ratios), probe_ratio = spread(probe_ratios);
    std::fprintf(stderr, "     %-32s %lld threads %.3f [%.3f, %.3f] times one; probes %.3f [%.3f, %.3f]; %.3f of them\n",
                 shape.name.c_str(), static_cast<long long>(threads), ratio.median, ratio.min, ratio.max, probe_ratio.median,
                 probe_ratio.min, probe_ratio.max, ratio.median / probe_ratio.median);
    results += (results.empty() ? "\n  {\"name\": " : ",\n  {\"name\": ") + quoted(shape.name) +
               ", \"jobs\": " + std::to_string(alone.jobs()) + ", \"throughput_over_one\": " + json(ratio) +
               ", \"probes_over_one\": " + json(probe_ratio) + "}";
  }
  if (results.empty()) throw Usage("scale wants a shape of score ntk: its cotangents are what threads share");
  write(options, "{" + circumstances() + ",\n \"variant\": " + quoted(variant) + ", \"threads\": " + std::to_string(threads) +
                     ", \"rounds\": " + std::to_string(options.rounds) + ",\n \"results\": [" + results + "\n]}\n");
  return 0;
}

int run(int count, char** words) {
  const Options options = parse(count, words);
  if (options.command == "compare") {
    if (options.files.size() != 2) throw Usage("compare wants two files");
    return slower(options.files[0], options.files[1]) ? 1 : 0;
  }
  if (!options.files.empty()) throw Usage("unexpected word " + options.files[0]);
  if (options.command == "list") return list(options);
  if (options.command == "check") return check(options);
  if (options.command == "time") return time(options);
  if (options.command == "scale") return scale(options);
  if (options.command == "peak") {
    const double gflops = peak_gflops(variants(options).front());
    std::cout << "{\"gflops\": " << gflops << "}\n";
    return 0;
  }
  if (options.command == "probe") {
    for (const std::string& variant : variants(options)) std::cout << json(probe(variant)) << "\n";
    return 0;
  }
  throw Usage("usage: winnow_bench [time]|list|check|scale|probe|peak|compare [options]");
}

}  // namespace
}  // namespace winnow::bench

int main(int count, char** words) {
  try {
    return winnow::bench::run(count, words);
  } catch (const winnow::bench::Usage& e) {
    std::fprintf(stderr, "winnow_bench: %s\n", e.what());
    return 2;
  } catch (const winnow::bench::NativeFailure& e) {
    std::fprintf(stderr, "winnow_bench: %s\n", e.what());
    return 4;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "winnow_bench: %s\n", e.what());
    return 3;
  }
}
