#include "runtime/device.h"

#include "abi/guard.h"
#include "runtime/limits.h"

#ifndef WINNOW_COMMIT
#define WINNOW_COMMIT "unknown"
#endif

using namespace winnow;

winnow_status winnow_device_open(const winnow_device_options* options, winnow_device** device, winnow_error* error) {
  return guard(error, [&] {
    require(options, "options");
    require(device, "device");
    require_size(options->size, sizeof *options, "winnow_device_options");
    *device = new winnow_device{open_device(*options)};
  });
}

void winnow_device_close(winnow_device* device) { delete device; }

winnow_status winnow_device_describe(const winnow_device* device, char* text, int64_t capacity, int64_t* needed,
                                     winnow_error* error) {
  return guard(error, [&] {
    require(device, "device");
    const Device& d = *device->device;
    copy_text(std::string("{\"kind\": \"cpu\", \"variant\": \"") + variant_name(d.variant) + "\", \"variants\": \"" +
                  available_variants() + "\", \"threads\": " + std::to_string(d.threads) + ", \"byte_budget\": " +
                  std::to_string(d.byte_budget) + ", \"usable_threads\": " + std::to_string(usable_threads()) +
                  ", \"usable_bytes\": " + std::to_string(usable_bytes()) + ", \"abi\": " + std::to_string(WINNOW_ABI_VERSION) +
                  ", \"commit\": \"" WINNOW_COMMIT "\"}",
              text, capacity, needed);
  });
}
