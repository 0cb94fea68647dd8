// The CPU as a device: which kernels, how many threads, how many bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/arenas.h"
#include "runtime/kept_draws.h"
#include "winnow/device.h"

namespace winnow {

enum class Variant {
#define VARIANT(enumerator, space, name) enumerator,
#include "kernels/variants.inc"
#undef VARIANT
};
constexpr Variant kVariants[] = {
#define VARIANT(enumerator, space, name) Variant::enumerator,
#include "kernels/variants.inc"
#undef VARIANT
};

const char* variant_name(Variant variant);
std::vector<Variant> available_variants();  // that this CPU can run, the widest last
Variant widest_variant();                   // the last of them
std::string available_variant_names();      // separated by blanks

// By its name, else by WINNOW_VARIANT, else the last of those that the CPU has; throws Failure for any other.
Variant choose_variant(const char* name, const std::vector<Variant>& present);

class Backend;  // runtime/backend.h
class Threads;  // runtime/threads.h

struct Device {
  Variant variant;
  int64_t threads;
  int64_t byte_budget;
  std::shared_ptr<Threads> pool;
  std::shared_ptr<const Backend> backend;  // nullptr: plans run on these threads with this variant
  std::shared_ptr<Arenas> arenas = std::make_shared<Arenas>();
  std::shared_ptr<KeptDraws> draws = std::make_shared<KeptDraws>();
};

// Validates the options, reads WINNOW_VARIANT, detects the CPU and the memory limit; throws Failure.
std::shared_ptr<const Device> open_device(const winnow_device_options& options);

}  // namespace winnow

struct winnow_device {
  std::shared_ptr<const winnow::Device> device;
};
