// winnow_gpu_bench: what a GPU makes of the scores. First the answer against the CPU in double, then seconds of whole evaluations
// on several sets of images, then of each kernel by the device's clock beside what the device can do at best. Without a GPU it
// says which part is missing and returns 77.
//
//   winnow_gpu_bench [--shapes FILE | --tiny] [--only TEXT] [--rounds N] [--out FILE.json]
//
// Exit status: 0 done, 1 an answer missed, 2 a wrong command line, 3 a file, 4 the device failed, 77 no GPU.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "cuda/backend.h"
#include "cuda/kernels/kernels.h"
#include "cuda/registry/registry.h"
#include "evaluation.h"
#include "kernel_work.h"
#include "options.h"
#include "recorder.h"
#include "report.h"
#include "runtime/device.h"
#include "runtime/failure.h"
#include "timer.h"

namespace winnow::bench {
namespace {

constexpr int kNoGpu = 77;
constexpr int64_t kImageSets = 3;

// A device for plans over a table, with the CPU for what they leave to the host. The plans of all sets of images have it at one
// time, and a plan takes what it may: each gets a share of what is free, so that all hold as much of a call.
DeviceHandle device_of(const winnow_machine_table& table, int64_t free_bytes) {
  winnow_device_options options = {};
  options.size = sizeof options;
  auto device = std::make_shared<Device>(*winnow::open_device(options));
  device->byte_budget = free_bytes / (kImageSets + 1);  // one for their lists
  device->backend = open_machine(table, 0);
  return DeviceHandle(new winnow_device{device});
}

struct KernelRow {
  std::string name;
  int64_t launches = 0;
  KernelWork work;
  Spread seconds;
};

// Each kernel of one evaluation: all its launches as one recording.
std::vector<KernelRow> kernels_of(const winnow_machine_table& table, Evaluation& evaluation, int64_t rounds) {
  start_recording();
  evaluation.run();
  const std::vector<Launched> launched = stop_recording();
  std::map<int32_t, std::vector<winnow_launch>> by_kernel;
  std::map<int32_t, KernelRow> rows;
  for (const Launched& one : launched) {
    by_kernel[one.launch.kernel].push_back(one.launch);
    KernelRow& row = rows[one.launch.kernel];
    row.name = kernel_name(one.launch.kernel);
    row.launches += 1;
    row.work += work_of(table, one.machine, one.launch);
  }
  std::vector<KernelRow> list;
  for (auto& [kernel, row] : rows) {
    const Timer timer(table, launched.front().machine);
    row.seconds = spread(timer.seconds(by_kernel[kernel], rounds, 1));
    list.push_back(row);
  }
  std::sort(list.begin(), list.end(),
            [](const KernelRow& a, const KernelRow& b) { return a.seconds.median > b.seconds.median; });
  return list;
}

struct Result {
  std::string name;
  int64_t jobs;
  Verdict verdict;
  Spread seconds;  // of a call with all jobs
  double flops;
  std::vector<KernelRow> kernels;
};

// `round`: all candidates of a round of pruning in one call instead of one network.
Result measure(const winnow_machine_table& table, const DeviceHandle& device, const Shape& shape, bool round, int64_t rounds) {
  std::vector<std::unique_ptr<Evaluation>> evaluations;
  for (int64_t set = 0; set < kImageSets; ++set) {
    evaluations.push_back(std::make_unique<Evaluation>(device.get(), shape, WINNOW_F32, false, set));
  }
  Result result = {shape.name + (round ? "/round" : ""), 1, {0, 0, "as its single network"}, {}, 0, {}};
  if (round) {
    for (auto& evaluation : evaluations) evaluation->prune_each_choice();
    result.jobs = evaluations.front()->jobs();
  } else {
    result.verdict = evaluations.front()->verdict("");
  }
  for (auto& evaluation : evaluations) evaluation->run();  // memory, recordings
  std::vector<double> seconds;
  for (int64_t r = 0; r < rounds; ++r) {
    Evaluation& evaluation = *evaluations[static_cast<size_t>(r % kImageSets)];
    const double before = wall_seconds();
    evaluation.run();
    seconds.push_back(wall_seconds() - before);
  }
  result.seconds = spread(seconds);
  result.flops = evaluations.front()->cost().flop;
  result.kernels = kernels_of(table, *evaluations.front(), rounds);
  return result;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f %%", 100 * share);
  return text;
}

void print(const std::vector<KernelRow>& rows, const Ceilings& ceilings) {
  for (const KernelRow& row : rows) {
    const double s = row.seconds.median;
    const Spread& peak = row.work.doubles ? ceilings.doubles : ceilings.floats;
    std::printf("  %-36s %5lld launches %9.3f ms", row.name.c_str(), static_cast<long long>(row.launches), 1e3 * s);
    if (row.work.flops > 0) {
      std::printf("  %9.1f GFLOP/s %6s", row.work.flops / s / 1e9, percent(row.work.flops / s / peak.median).c_str());
    } else {
      std::printf("  %24s", "");
    }
    if (row.work.bytes > 0) {
      std::printf("  %9.1f GB/s %6s", row.work.bytes / s / 1e9, percent(row.work.bytes / s / ceilings.copy.median).c_str());
    }
    std::printf("\n");
  }
}

void print(const Result& r, const Ceilings& ceilings) {
  double busy = 0;
  for (const KernelRow& row : r.kernels) busy += row.seconds.median;
  std::printf("%-38s %5lld jobs     %9.3f ms [%.3f, %.3f], kernels %.3f ms; %s of float32; %s, error %.1e\n", r.name.c_str(),
              static_cast<long long>(r.jobs), 1e3 * r.seconds.median, 1e3 * r.seconds.min, 1e3 * r.seconds.max, 1e3 * busy,
              percent(r.flops / ceilings.floats.median / r.seconds.median).c_str(), r.verdict.holds() ? "right" : "WRONG",
              r.verdict.error);
  print(r.kernels, ceilings);
}

std::string json(const Result& r) {
  std::ostringstream out;
  out << "{\"name\": " << quoted(r.name) << ", \"jobs\": " << r.jobs << ", \"seconds\": " << bench::json(r.seconds)
      << ", \"gflop\": " << r.flops / 1e9 << ", \"error\": " << r.verdict.error << ", \"allowed\": " << r.verdict.allowed
      << ",\n   \"kernels\": [";
  for (const KernelRow& row : r.kernels) {
    out << (&row == &r.kernels.front() ? "\n    {" : ",\n    {") << "\"name\": " << quoted(row.name)
        << ", \"launches\": " << row.launches << ", \"seconds\": " << bench::json(row.seconds)
        << ", \"gflop\": " << row.work.flops / 1e9 << ", \"gigabytes\": " << row.work.bytes / 1e9 << "}";
  }
  out << "]}";
  return out.str();
}

std::string json(const winnow_machine_facts& facts, const Ceilings& c) {
  std::ostringstream out;
  out << "\"device\": " << quoted(facts.name) << ", \"capability\": \"" << facts.major << "." << facts.minor
      << "\", \"settled_seconds\": " << c.settled << ",\n \"copy_bytes_per_second\": " << bench::json(c.copy)
      << ", \"float_operations_per_second\": " << bench::json(c.floats)
      << ", \"double_operations_per_second\": " << bench::json(c.doubles) << ", \"launch_seconds\": " << bench::json(c.launch);
  return out.str();
}

// The kernels that no score's network launches: random numbers.
std::vector<KernelRow> single_kernels(Timer& timer, int64_t rounds) {
  using namespace machine;
  const int64_t draws = int64_t{1} << 24;
  auto* const values = timer.allocate(8 * draws);
  const KernelWork work = {0, 8.0 * static_cast<double>(draws)};
  const auto time = [&](const char* name, const winnow_launch& launch) {
    return KernelRow{name, 1, work, spread(timer.seconds({launch}, rounds, 4))};
  };
  return {
      time("bits, 16 million", launch_of<Draw<Drawn::kBits>>({static_cast<uint64_t*>(values), 1, 2, 0, draws},
                                                             blocks_for(draws, Draw<Drawn::kBits>::kThreads))),
      time("normals, 16 million", launch_of<Draw<Drawn::kNormal>>({static_cast<double*>(values), 1, 2, 0, draws},
                                                                  blocks_for(draws, Draw<Drawn::kNormal>::kThreads))),
  };
}

int run(int count, char** words) {
  const Options options = parse(count, words);
  const std::string file = WINNOW_CUDA_LIBRARY_FILE;
  const CudaDriver driver = ask_cuda_driver();
  for (const auto& [name, sentence] : describe_cuda(file, driver)) std::printf("%-14s %s\n", name.c_str(), sentence.c_str());
  std::unique_ptr<const CudaLibrary> library;
  try {
    library = std::make_unique<const CudaLibrary>(open_cuda_library(file, 0, driver));
  } catch (const Failure& failure) {
    std::printf("nothing was timed: %s\n", failure.what());
    return kNoGpu;
  }
  const winnow_machine_table& real = *reinterpret_cast<winnow_machine_entry>(library->function(WINNOW_MACHINE_SYMBOL))();
  const winnow_machine_table& table = recorded(real);

  Timer timer(table, 0);
  const winnow_machine_facts facts = timer.facts();
  const Ceilings ceilings = ceilings_of(timer, options.rounds);
  const std::vector<KernelRow> singles = single_kernels(timer, options.rounds);
  const DeviceHandle device = device_of(table, timer.facts().free_bytes);
  std::vector<Result> results;
  for (const Shape& shape : read_shapes(options.shapes)) {
    if ((shape.score != "ntk" && shape.score != "regions") || shape.name.find(options.only) == std::string::npos) continue;
    for (const bool round : {false, true}) results.push_back(measure(table, device, shape, round, options.rounds));
    std::fprintf(stderr, "measured %s\n", shape.name.c_str());
  }

  if (!options.out.empty()) {
    std::ofstream out(options.out);
    out << "{" << circumstances() << ",\n " << json(facts, ceilings) << ",\n \"results\": [";
    for (const Result& r : results) out << (&r == &results.front() ? "\n  " : ",\n  ") << json(r);
    out << "\n]}\n";
    if (!out.flush()) throw std::runtime_error("cannot write " + options.out);
  }
  std::printf(
      "\n%s: copy %.0f GB/s, float32 %.1f TFLOP/s, float64 %.1f TFLOP/s, a launch %.2f us; medians of %lld rounds after %.1f "
      "s\n",
      facts.name, ceilings.copy.median / 1e9, ceilings.floats.median / 1e12, ceilings.doubles.median / 1e12,
      1e6 * ceilings.launch.median, static_cast<long long>(options.rounds), ceilings.settled);
  print(singles, ceilings);
  for (const Result& r : results) print(r, ceilings);
  const bool right = std::all_of(results.begin(), results.end(), [](const Result& r) { return r.verdict.holds(); });
  return right ? 0 : 1;
}

}  // namespace
}  // namespace winnow::bench

int main(int count, char** words) {
  try {
    return winnow::bench::run(count, words);
  } catch (const winnow::bench::Usage& e) {
    std::fprintf(stderr, "winnow_gpu_bench: %s\n", e.what());
    return 2;
  } catch (const winnow::bench::NativeFailure& e) {
    std::fprintf(stderr, "winnow_gpu_bench: %s\n", e.what());
    return 4;
  } catch (const winnow::Failure& e) {
    std::fprintf(stderr, "winnow_gpu_bench: %s\n", e.what());
    return 4;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "winnow_gpu_bench: %s\n", e.what());
    return 3;
  }
}
