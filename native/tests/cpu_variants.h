// What tests run: the variants of the CPU, and the name of the other back end beside them.
#pragma once

#include <vector>

#include "runtime/device.h"
#include "test_networks.h"

namespace winnow::test {

// Those that this CPU has. Under a sanitizer portable and the widest: one source at two widths is all there is to see, and the
// reference is plain loops.
inline std::vector<Variant> cpu_variants() {
  std::vector<Variant> variants = available_variants();
  if (kSanitized && variants.back() != Variant::kPortable) variants = {Variant::kPortable, variants.back()};
  return variants;
}

inline std::vector<const char*> cpu_variant_names() {
  std::vector<const char*> names;
  for (const Variant variant : cpu_variants()) names.push_back(variant_name(variant));
  return names;
}

// Not a variant of the CPU's: the other back end, on the machine under test.
constexpr char kMachine[] = "machine";

}  // namespace winnow::test
