#include "runtime/device.h"

#include "abi/guard.h"
#include "cuda/backend.h"
#include "cuda/registry/registry.h"
#include "plan/graph.h"
#include "runtime/backend.h"
#include "runtime/limits.h"

#ifndef WINNOW_COMMIT
#define WINNOW_COMMIT "unknown"
#endif

using namespace winnow;

namespace {

// A text of unknown origin, a driver's or a path, as a JSON string.
std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return json + "\"";
}

}  // namespace

winnow_status winnow_device_open(const winnow_device_options* options, winnow_device** device, winnow_error* error) {
  return guard(error, [&] {
    require(options, "options");
    require(device, "device");
    require_size(options->size, sizeof *options, "winnow_device_options");
    *device = new winnow_device{options->kind == WINNOW_CUDA ? open_cuda_device(*options) : open_device(*options)};
  });
}

void winnow_device_close(winnow_device* device) { delete device; }

winnow_status winnow_device_describe(const winnow_device* device, char* text, int64_t capacity, int64_t* needed,
                                     winnow_error* error) {
  return guard(error, [&] {
    require(device, "device");
    const Device& d = *device->device;
    // Whatever code a GPU runs does the same operations in the same order: one variant.
    const std::string kernels = d.backend != nullptr
                                    ? "\"kind\": \"cuda\", \"variant\": \"cuda\", " + d.backend->facts()
                                    : std::string("\"kind\": \"cpu\", \"variant\": \"") + variant_name(d.variant) +
                                          "\", \"variants\": \"" + available_variant_names() + "\"";
    copy_text("{" + kernels + ", \"threads\": " + std::to_string(d.threads) + ", \"byte_budget\": " +
                  std::to_string(d.byte_budget) + ", \"usable_threads\": " + std::to_string(usable_threads()) +
                  ", \"usable_bytes\": " + std::to_string(usable_bytes()) + ", \"abi\": " + std::to_string(WINNOW_ABI_VERSION) +
                  ", \"commit\": \"" WINNOW_COMMIT "\"}",
              text, capacity, needed);
  });
}

winnow_status winnow_devices_describe(const char* library, char* text, int64_t capacity, int64_t* needed, winnow_error* error) {
  return guard(error, [&] {
    std::string json;
    const std::string file = library == nullptr ? default_cuda_library() : library;
    for (const auto& [name, sentence] : describe_cuda(file, ask_cuda_driver())) {
      json += (json.empty() ? "{" : ", ") + quoted(name) + ": " + quoted(sentence);
    }
    copy_text(json + "}", text, capacity, needed);
  });
}

int32_t winnow_supports(int32_t operation, int32_t pass, int32_t dtype, int32_t kind) {
  const bool known = operation >= WINNOW_INPUT && operation <= WINNOW_NOISE && pass >= WINNOW_PASS_FORWARD &&
                     pass <= WINNOW_PASS_SALIENCIES && (dtype == WINNOW_F32 || dtype == WINNOW_F64);
  if (!known || !plan_supports(static_cast<winnow_operation>(operation))) return 0;
  return kind == WINNOW_CPU || (kind == WINNOW_CUDA && machine_runs(static_cast<winnow_pass>(pass))) ? 1 : 0;
}
