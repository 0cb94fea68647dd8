// Compiled once per instruction set with its flags and WINNOW_VARIANT_NAMESPACE (CMakeLists.txt).
#include "kernels/bits/simd.h"
#include "kernels/correlate/simd.h"
#include "kernels/draw/simd.h"
#include "kernels/gather/simd.h"
#include "kernels/maximum/simd.h"
#include "kernels/pointwise/simd.h"
#include "kernels/sums/simd.h"
#include "kernels/tiles/simd.h"
#include "kernels/window/simd.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

#include "kernels/table.inc"

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
