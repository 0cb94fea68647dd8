#include "runtime/device.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "runtime/failure.h"
#include "runtime/limits.h"
#include "runtime/threads.h"

namespace winnow {
namespace {

bool available(Variant variant) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("popcnt");
  if (variant == Variant::kAvx2) return avx2;
  if (variant == Variant::kAvx512) {
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vpopcntdq");
  }
#endif
  return variant == Variant::kReference || variant == Variant::kPortable;
}

std::string names_of(const std::vector<Variant>& variants) {
  std::string names;
  for (const Variant variant : variants) names += (names.empty() ? "" : " ") + std::string(variant_name(variant));
  return names;
}

}  // namespace

Variant choose_variant(const char* name, const std::vector<Variant>& present) {
  std::string source = "variant";
  if (name == nullptr) {
    name = std::getenv("WINNOW_VARIANT");
    source = "environment variable WINNOW_VARIANT";
    if (name == nullptr || *name == '\0') return present.back();
  }
  for (const Variant variant : kVariants) {
    if (variant_name(variant) != std::string(name)) continue;
    if (std::count(present.begin(), present.end(), variant) == 0) {
      throw Failure(WINNOW_UNSUPPORTED, source + " asks for " + name + " but this CPU has: " + names_of(present));
    }
    return variant;
  }
  const std::vector<Variant> all(std::begin(kVariants), std::end(kVariants));
  throw Failure(WINNOW_INVALID, source + " must be one of " + names_of(all) + " but was " + name);
}

const char* variant_name(Variant variant) {
  switch (variant) {
#define VARIANT(enumerator, space, name) \
  case Variant::enumerator:              \
    return name;
#include "kernels/variants.inc"
#undef VARIANT
  }
  return "?";
}

std::vector<Variant> available_variants() {
  std::vector<Variant> variants;  // in ascending order, as all are
  std::copy_if(std::begin(kVariants), std::end(kVariants), std::back_inserter(variants), available);
  return variants;
}

Variant widest_variant() { return available_variants().back(); }

std::string available_variant_names() { return names_of(available_variants()); }

std::shared_ptr<const Device> open_device(const winnow_device_options& options) {
  if (options.kind != WINNOW_CPU) {
    throw Failure(WINNOW_INVALID, "kind must be 0 (cpu) or 1 (cuda) but was " + std::to_string(options.kind));
  }
  if (options.index != 0) {
    throw Failure(WINNOW_INVALID, "index of the cpu must be 0 but was " + std::to_string(options.index));
  }
  if (options.threads < 0 || options.threads > 1024) {
    throw Failure(WINNOW_INVALID, "threads must be in [0, 1024] but was " + std::to_string(options.threads));
  }
  if (options.byte_budget < 0) {
    throw Failure(WINNOW_INVALID, "byte_budget must be >= 0 but was " + std::to_string(options.byte_budget));
  }
  auto device = std::make_shared<Device>();
  device->variant = choose_variant(options.variant, available_variants());
  device->threads = options.threads > 0 ? options.threads : usable_threads();
  device->byte_budget = options.byte_budget > 0 ? options.byte_budget : usable_bytes() / 2;
  device->pool = std::make_shared<Threads>(device->threads);
  return device;
}

}  // namespace winnow
