#include "kernels/kernels.h"

#include "kernels/bits.h"
#include "kernels/draw.h"
#include "runtime/failure.h"

namespace winnow {

#define VARIANT(enumerator, space, name) \
  namespace space {                      \
  extern const Kernels<float> kFloat;    \
  extern const Kernels<double> kDouble;  \
  extern const BitKernels kBits;         \
  extern const DrawKernels kDraw;        \
  }
#include "kernels/variants.inc"
#undef VARIANT

template <>
const Kernels<float>& kernels_of<float>(Variant variant) {
  switch (variant) {
#define VARIANT(enumerator, space, name) \
  case Variant::enumerator:              \
    return space::kFloat;
#include "kernels/variants.inc"
#undef VARIANT
  }
  throw Failure(WINNOW_INTERNAL, "variant without kernels");
}

template <>
const Kernels<double>& kernels_of<double>(Variant variant) {
  switch (variant) {
#define VARIANT(enumerator, space, name) \
  case Variant::enumerator:              \
    return space::kDouble;
#include "kernels/variants.inc"
#undef VARIANT
  }
  throw Failure(WINNOW_INTERNAL, "variant without kernels");
}

const BitKernels& bit_kernels_of(Variant variant) {
  switch (variant) {
#define VARIANT(enumerator, space, name) \
  case Variant::enumerator:              \
    return space::kBits;
#include "kernels/variants.inc"
#undef VARIANT
  }
  throw Failure(WINNOW_INTERNAL, "variant without kernels");
}

const DrawKernels& draw_kernels_of(Variant variant) {
  switch (variant) {
#define VARIANT(enumerator, space, name) \
  case Variant::enumerator:              \
    return space::kDraw;
#include "kernels/variants.inc"
#undef VARIANT
  }
  throw Failure(WINNOW_INTERNAL, "variant without kernels");
}

}  // namespace winnow
