// Finding GPUs and the library for them, with drivers and libraries made for the purpose (doubles/): what is missing is named,
// and nothing is loaded that could not be used.
#include <cstdlib>

#include "check.h"
#include "cuda/registry/registry.h"
#include "runtime/failure.h"
#include "winnow/device.h"

using namespace winnow;
using namespace winnow::test;

namespace {

constexpr const char* kArchitectures = "80-real 90-real 100-real 120-real 75-virtual";

// A machine with an old and a new GPU and a library that covers both.
void equip() {
  setenv("DRIVER_INIT", "0", 1);
  setenv("DRIVER_VERSION", "13010", 1);
  setenv("DRIVER_GPUS", "Old|70|17179869184;New|90|85899345920", 1);
  setenv("LIBRARY_COMMIT", WINNOW_COMMIT, 1);
  setenv("LIBRARY_TOOLKIT", "13000", 1);
  setenv("LIBRARY_ARCHITECTURES", kArchitectures, 1);
}

std::string refusal(int index, const std::string& library = LIBRARY_DOUBLE, const std::string& driver = DRIVER_DOUBLE) {
  try {
    open_cuda_library(library, index, ask_cuda_driver(driver));
  } catch (const Failure& failure) {
    CHECK_EQUAL(failure.status(), WINNOW_UNSUPPORTED);
    return failure.what();
  }
  return "";
}

std::string fact(const std::string& name, const std::string& library = LIBRARY_DOUBLE,
                 const std::string& driver = DRIVER_DOUBLE) {
  for (const auto& [key, sentence] : describe_cuda(library, ask_cuda_driver(driver))) {
    if (key == name) return sentence;
  }
  return "no such fact";
}

}  // namespace

TEST(a_gpu_that_driver_and_library_know_is_opened) {
  equip();
  CHECK_EQUAL(refusal(1), "");
  CHECK_EQUAL(fact("cuda driver"), "runs CUDA up to 13.1");
  CHECK_EQUAL(fact("cuda:1"), "New, compute capability 9.0, 80.0 GiB: usable");
  CHECK_CONTAINS(fact("cuda library"), std::string("loaded: CUDA 13.0, code for ") + kArchitectures);
}

TEST(no_driver) {
  equip();
  CHECK_CONTAINS(refusal(0, LIBRARY_DOUBLE, "libnowhere.so.1"), "cuda:0: no NVIDIA driver answers: libnowhere.so.1");
  CHECK_CONTAINS(fact("cuda driver", LIBRARY_DOUBLE, "libnowhere.so.1"), "none answers: libnowhere.so.1");
  CHECK_CONTAINS(fact("cuda library", LIBRARY_DOUBLE, "libnowhere.so.1"), "not loaded: no GPU");
  // A library that is no driver, and a driver that refuses.
  CHECK_CONTAINS(refusal(0, LIBRARY_DOUBLE, LIBRARY_DOUBLE), "has no cuInit");
  setenv("DRIVER_INIT", "100", 1);
  CHECK_CONTAINS(refusal(0), "cuInit answers CUDA_ERROR_NO_DEVICE (100)");
}

TEST(no_such_gpu) {
  equip();
  CHECK_CONTAINS(refusal(2),
                 "there is no cuda:2: the driver has cuda:0 Old, compute capability 7.0, 16.0 GiB; cuda:1 New, compute "
                 "capability 9.0, 80.0 GiB");
  setenv("DRIVER_GPUS", "", 1);
  CHECK_CONTAINS(refusal(0), "there is no cuda:0: the driver has no GPU");
}

TEST(no_library) {
  equip();
  CHECK_CONTAINS(refusal(1, "/nowhere/libwinnow_cuda.so"), "no file /nowhere/libwinnow_cuda.so");
  CHECK_CONTAINS(fact("cuda library", "/nowhere/libwinnow_cuda.so"), "not in this build: no file /nowhere/libwinnow_cuda.so");
  CHECK_CONTAINS(fact("cuda:1", "/nowhere/libwinnow_cuda.so"), "refused: no library");
  // A file that is no library, a library that is not ours, one of another build.
  CHECK_CONTAINS(refusal(1, __FILE__), __FILE__);
  CHECK_CONTAINS(refusal(1, DRIVER_DOUBLE), "winnow_cuda_facts_of_library");
  setenv("LIBRARY_COMMIT", "0123456789ab", 1);
  CHECK_CONTAINS(refusal(1), "of another build");
  CHECK_CONTAINS(refusal(1), "commit 0123456789ab; the core has");
  CHECK_CONTAINS(fact("cuda library"), "refused: ");
}

TEST(too_old_a_driver) {
  equip();
  setenv("DRIVER_VERSION", "12080", 1);
  CHECK_CONTAINS(refusal(1), "cuda:1 (New, compute capability 9.0, 80.0 GiB): the driver is too old: it runs CUDA up to 12.8");
  CHECK_CONTAINS(fact("cuda:1"), "refused: the driver is too old");
  setenv("LIBRARY_TOOLKIT", "12090", 1);  // a newer toolkit of the same major version
  CHECK_EQUAL(refusal(1), "");
  // Which is enough for machine code, not for code that the driver has to compile.
  setenv("DRIVER_GPUS", "Turing|75|17179869184;New|90|85899345920", 1);
  CHECK_CONTAINS(
      refusal(0),
      "the driver is too old: it compiles code of CUDA up to 12.8, and for compute capability 7.5 the library has only "
      "code of CUDA 12.9 to be compiled");
  CHECK_CONTAINS(fact("cuda:0"), "refused: the driver is too old");
  setenv("LIBRARY_TOOLKIT", "12080", 1);
  CHECK_EQUAL(refusal(0), "");
}

TEST(a_gpu_without_code) {
  equip();
  CHECK_CONTAINS(refusal(0), "compute capability 7.0 is not covered: the library has code for 80-real");
  CHECK_CONTAINS(fact("cuda:0"), "Old, compute capability 7.0, 16.0 GiB: refused: compute capability 7.0 is not covered");
}

// By the rules of NVIDIA's compiler guide: machine code runs on its own major version from its minor version on, virtual code on
// everything from its version on.
TEST(coverage) {
  const struct {
    const char* architectures;
    int capability;
    bool covered;
  } cases[] = {{"80-real", 80, true},         {"80-real", 86, true},      {"86-real", 80, false},     {"80-real", 90, false},
               {"90-real", 80, false},        {"75-virtual", 75, true},   {"75-virtual", 121, true},  {"75-virtual", 72, false},
               {"80-real 90-real", 90, true}, {"89", 90, true},           {"89", 80, false},          {"", 90, false},
               {kArchitectures, 103, true},   {kArchitectures, 75, true}, {kArchitectures, 70, false}};
  for (const auto& c : cases) CHECK_EQUAL(covers(c.architectures, c.capability), c.covered);
  CHECK(covers("80-real 75-virtual", 86, false));
  CHECK(!covers("80-real 75-virtual", 75, false));
  CHECK(!covers("75", 89, false));
}

// The whole way through the C interface: the library's place is the caller's to say, and a GPU has no variant of the CPU.
TEST(opening_through_the_interface) {
  winnow_device_options options = {};
  options.size = sizeof options;
  options.kind = WINNOW_CUDA;
  options.library = "/nowhere/libwinnow_cuda.so";
  winnow_device* device = nullptr;
  winnow_error error = {};
  CHECK_EQUAL(winnow_device_open(&options, &device, &error), WINNOW_UNSUPPORTED);
  CHECK_CONTAINS(error.text, "cuda");
  options.index = -1;
  CHECK_EQUAL(winnow_device_open(&options, &device, &error), WINNOW_INVALID);
  CHECK_CONTAINS(error.text, "index must be >= 0");
  options.index = 0;
  options.variant = "avx2";
  CHECK_EQUAL(winnow_device_open(&options, &device, &error), WINNOW_INVALID);
  CHECK_CONTAINS(error.text, "variant");
  CHECK(device == nullptr);

  int64_t needed = 0;
  CHECK_EQUAL(winnow_devices_describe("/no \"where\"", nullptr, 0, &needed, nullptr), WINNOW_OK);
  std::vector<char> text(static_cast<size_t>(needed));
  CHECK_EQUAL(winnow_devices_describe("/no \"where\"", text.data(), needed, &needed, nullptr), WINNOW_OK);
  CHECK_CONTAINS(std::string(text.data()), "\"cuda driver\": ");
  CHECK_CONTAINS(std::string(text.data()), "no file /no \\\"where\\\"");
}

TEST(the_library_is_looked_for_beside_the_core) { CHECK_CONTAINS(default_cuda_library(), "/libwinnow_cuda.so"); }
