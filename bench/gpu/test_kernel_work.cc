// The harness without a GPU: what it counts, on the emulation, against the network's own count of multiply-accumulates. The
// forward convolutions of a tangent kernel are those exactly; patterns do without the classifier, a few hundredths. What goes back
// is at most two passes for each cotangent (less where the convolutions of a value share their correlation, or nothing is asked of
// the images), and once for all of them the correlation of values and inputs that batch statistics need.
#include <map>
#include <string>

#include "../../native/tests/check.h"
#include "../../native/tests/machine_device.h"
#include "cuda/emulation/emulation.h"
#include "cuda/kernels/kernels.h"
#include "evaluation.h"
#include "kernel_work.h"
#include "recorder.h"

using namespace winnow;
using namespace winnow::bench;

namespace {

// Launches of one call by the kernel's name without its number type.
std::map<std::string, KernelWork> counted(Evaluation& evaluation, const winnow_machine_table& table) {
  evaluation.run();  // the first call records
  start_recording();
  evaluation.run();
  std::map<std::string, KernelWork> work;
  for (const Launched& one : stop_recording()) {
    const std::string name = kernel_name(one.launch.kernel);
    work[name.substr(0, name.find('<'))] += work_of(table, one.machine, one.launch);
  }
  return work;
}

}  // namespace

TEST(counted_work_is_the_network_s) {
  const winnow_machine_table& table = recorded(*winnow_machine_functions());
  const DeviceHandle handle(new winnow_device{test::machine_device(table)});
  for (const Shape& shape : read_shapes(WINNOW_BENCH_TINY)) {
    if (shape.score != "ntk" && shape.score != "regions") continue;
    test::note(shape.name);
    for (const bool round : {false, true}) {
      if (round && shape.name.find("darts") != std::string::npos) continue;  // 224 candidates take the emulation minutes
      Evaluation evaluation(handle.get(), shape, WINNOW_F32);
      if (round) evaluation.prune_each_choice();
      const auto work = counted(evaluation, table);
      const double forward = 2.0 * static_cast<double>(evaluation.macs() * shape.size * evaluation.jobs());
      CHECK(work.at("Convolution").bytes > 0);
      if (shape.score == "regions") {
        CHECK(work.at("Convolution").flops <= forward && work.at("Convolution").flops > 0.95 * forward);
        CHECK(work.at("HashRows").bytes > 0 && work.at("FirstRows").bytes > 0 && work.count("CountRows") == 1);
        continue;
      }
      CHECK_EQUAL(work.at("Convolution").flops, forward);
      const double back = work.at("ConvolutionData").flops + work.at("Correlation").flops;
      const double most = 2.0 * static_cast<double>(shape.batch) * forward + forward;
      CHECK(back > most / 2 && back <= most);
      CHECK(work.at("Gram").flops > 0);
    }
  }
}

// Signs are packed where a rectifier makes them: no launch of their own, and of what a count of regions moves only the rows are
// theirs. Both networks of TE-NAS with all their samples.
TEST(packing_has_no_launch_of_its_own) {
  const winnow_machine_table& table = recorded(*winnow_machine_functions());
  const DeviceHandle handle(new winnow_device{test::machine_device(table)});
  for (const Shape& shape : read_shapes(WINNOW_BENCH_PUBLISHED)) {
    if (shape.score != "regions") continue;
    test::note(shape.name);
    Evaluation evaluation(handle.get(), shape, WINNOW_F32);
    start_recording();
    evaluation.run();
    int64_t launches = 0, packing = 0;
    double bytes = 0, rows = 0;
    for (const Launched& one : stop_recording()) {
      const KernelWork work = work_of(table, one.machine, one.launch);
      ++launches, bytes += work.bytes;
      if (std::string(kernel_name(one.launch.kernel)) != "RectifyAndPack<float>") continue;
      const auto a = machine::arguments_of<machine::RectifyAndPack<float>>(one.launch);
      const auto passes =
          one.launch.blocks / machine::blocks_for(a.rectify.out.size.elements(), machine::RectifyAndPack<float>::kThreads);
      ++packing, rows += work.bytes - 8.0 * static_cast<double>(passes * a.rectify.out.size.elements());
    }
    std::printf("%s: %lld of %lld launches pack, %.2f of %.1f MB are bits\n", shape.name.c_str(),
                static_cast<long long>(packing), static_cast<long long>(launches), rows / 1e6, bytes / 1e6);
    CHECK(packing > 1 && rows > 0 && rows < 0.01 * bytes);
  }
}
