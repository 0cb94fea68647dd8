/* Scores: numbers about an untrained network, each a composition of plan passes and sinks. */
#ifndef WINNOW_SCORES_H
#define WINNOW_SCORES_H

#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Neural tangent kernel of summed logits.
 *
 *     g_i = d (sum_k z_ik) / d theta        Theta_ij = <g_i, g_j>        0 <= i, j < n = batch
 *
 * theta   the tensors whose role is set in `roles`; WINNOW_NTK_ROLES is what TE-NAS takes (every "weight", no bias)
 * kernel  [jobs, n, n] double, symmetric; float32 gradients, float64 sums
 * norm    with NORM_BATCH a sample's gradient also flows through the others' statistics, as published
 * fails   INVALID for batch < 2 or an input that is not one batch
 * cost    (1 + 2 n) forward passes of arithmetic; 4 n p bytes for the gradients
 * from    Chen, Gong and Wang 2021, arXiv:2102.11535, section 3.1
 */
#define WINNOW_NTK_ROLES ((1u << WINNOW_CONVOLUTION_WEIGHT) | (1u << WINNOW_LINEAR_WEIGHT) | (1u << WINNOW_NORM_SCALE))
WINNOW_API winnow_status winnow_ntk(winnow_plan *plan, const winnow_call *call, uint32_t roles, double *kernel,
                                    int64_t capacity, winnow_error *error);

/* Number of linear regions that the samples of an input fall into: distinct patterns of active units at the plan's taps.
 *
 * regions [jobs] exact count; a unit is active where its value is > 0
 * cost    one forward pass; samples * units / 8 bytes
 * from    Chen, Gong and Wang 2021, arXiv:2102.11535, section 3.2
 */
WINNOW_API winnow_status winnow_linear_regions(winnow_plan *plan, const winnow_call *call, int64_t *regions, int64_t capacity,
                                               winnow_error *error);

/* Synaptic flow: how much of the absolute weights lies on the network's paths.
 *
 *     R = sum of the outputs for one image of ones, all parameters absolute, norms passing their input on
 *     flow = sum over the weights w of convolutions and linear layers of w dR/dw
 *
 * flow    [jobs] double, in float64 whatever the plan's type; inputs and norm modes are checked as those of any call, not used
 * fails   INVALID for a row with a negative coefficient, UNSUPPORTED for a network with noise
 * cost    two forward passes of one image in float64, whatever the plan's batch: weights' tangents are the weights, so that the
 *         sum is a derivative along one direction; layer by layer it takes a backward pass (winnow_backward)
 * from    Tanaka et al. 2020, arXiv:2006.05467; Abdelfattah et al. 2021, arXiv:2101.08134
 */
WINNOW_API winnow_status winnow_synaptic_flow(winnow_plan *plan, const winnow_call *call, double *flow, int64_t capacity,
                                              winnow_error *error);

/* Activation kernel: on how many units every two samples agree, units counted as often as their tap says.
 *
 *     K_ij = sum over taps t of m_t * #{units u of t : [z_iu > 0] = [z_ju > 0]} = sum_t m_t (x x^T + (1 - x)(1 - x)^T)
 *
 * m       [tap_count] >= 0, in the order of the plan's taps (without any: RELU nodes in network order); NULL with tap_count 0:
 *         the taps' own. Taps of an operation that a job's row skips do not count.
 * kernel  [jobs, N, N] int64, N the samples of the largest input: a job of n samples writes [n, n] at the beginning of its own;
 *         exact, symmetric, K_ii = sum_t m_t units_t for every i; its batches have statistics of their own
 * fails   INVALID for a multiplicity out of range, a wrong tap_count, a capacity below jobs * N * N
 * cost    one forward pass; n * units / 8 bytes; n^2 units / 128 popcounts (equal taps together, once)
 * from    Mellor et al. 2021, arXiv:2006.04647, kernel matrix K_H
 */
WINNOW_API winnow_status winnow_activation_kernel(winnow_plan *plan, const winnow_call *call, const int64_t *multiplicities,
                                                  int64_t tap_count, int64_t *kernel, int64_t capacity, winnow_error *error);

/* What is counted of a job's patterns; the units of every tap count once, whatever its multiplicity, and those of a blocked
 * operation, which are never active. */
typedef enum winnow_pattern_count {
  WINNOW_COUNT_LARGEST_REGION = 0, /* samples that share the commonest pattern */
  WINNOW_COUNT_CONSTANT = 1,       /* units that answer alike to all samples */
  WINNOW_COUNT_ACTIVE = 2,         /* active units of all samples together */
  WINNOW_COUNTS = 3                /* how many there are */
} winnow_pattern_count;

/* What is read of one pass of every job: of the forward pass the activation kernel, the linear regions, the units' patterns, of
 * the backward pass gradients. What is not wanted is NULL. */
typedef struct winnow_readings {
  int64_t size;                        /* sizeof(winnow_readings) of the caller */
  const winnow_cotangents *cotangents; /* NULL: nothing goes back */
  const winnow_gradient_sink *sinks;   /* as of winnow_backward; NULL and 0 without cotangents */
  int64_t sink_count;
  const int64_t *multiplicities; /* of `kernel`, as of winnow_activation_kernel */
  int64_t tap_count;
  int64_t *kernel; /* [jobs, N, N] as of winnow_activation_kernel */
  int64_t kernel_capacity;
  int64_t *regions; /* [jobs] as of winnow_linear_regions */
  int64_t regions_capacity;
  /* [jobs] distinct columns of the patterns: in how many ways a unit answers to the samples, 2^samples at most. A blocked
   * operation's taps answer never. Peng et al. 2024, arXiv:2403.04161 */
  int64_t *unit_patterns;
  int64_t unit_patterns_capacity;
  /* [jobs, the plan's taps] the same of each tap's own units: 0 where the job's row skips it, 1 where it is blocked */
  int64_t *tap_patterns;
  int64_t tap_patterns_capacity;
  int64_t *pattern_counts; /* [jobs, WINNOW_COUNTS] by winnow_pattern_count */
  int64_t pattern_counts_capacity;
} winnow_readings;

/* Several of winnow_backward, winnow_activation_kernel and winnow_linear_regions from one pass, to the same bits as each alone.
 *
 * cost    one forward pass, 2 L more with cotangents
 * fails   as those; INVALID when nothing is read; UNSUPPORTED for patterns beside more than one cotangent in a float32 plan,
 *         whose forward pass is another
 */
WINNOW_API winnow_status winnow_read(winnow_plan *plan, const winnow_call *call, const winnow_readings *readings,
                                     winnow_error *error);

/* What is read of the activations at a tap, of one batch. */
typedef enum winnow_activation_kind {
  WINNOW_ACTIVATION_COPY = 0,    /* [batch, c, h, w]: the values */
  WINNOW_ACTIVATION_MOMENTS = 1, /* [2, c]: over n, h, w the sums of each channel, then of its squares */
  WINNOW_ACTIVATION_GRAM = 2,    /* [1 + c, c]: the sums, then those of the products of every two channels */
  /* [r, c], r = min(m, c): consecutive rows of the value as a matrix [m, c] of m = batch w h rows, element [n, :, y, x] in row
   * (n w + x) h + y. They begin at row w (b mod (1 + (m - r) div w)), b the first random bits of the sub-stream of the node's name of
   * the sub-stream "rows" of the job's stream, in every batch alike; INVALID for a job without a stream */
  WINNOW_ACTIVATION_ROWS = 3
} winnow_activation_kind;

typedef struct winnow_activation_sink {
  int32_t kind; /* winnow_activation_kind */
  int32_t reserved;
  const winnow_tap *taps; /* any node; before it only where it has one input; multiplicities take no part */
  int64_t tap_count;
  double *values;   /* [jobs, batches of the largest input, taps one after the other] */
  int64_t capacity; /* doubles in `values`; INVALID when too small */
} winnow_activation_sink;

/* Activations at taps, reduced. Sums are in double, in an order that depends on nothing. Taps of operations that a job's row blocks
 * are zeros; those that it skips do not exist, zeros too: leave them out. Batches that a shorter input does not have are left
 * untouched.
 *
 * cost    one forward pass, n h w c of a tap (of ROWS c^2), n h w c^2 / 2 for GRAM; on the CPU the memory of a pass that nothing goes
 *         back from and, in double, of the largest value
 * fails   INVALID for a tap that is no node, a value before a node of several inputs
 */
WINNOW_API winnow_status winnow_activations(winnow_plan *plan, const winnow_call *call, const winnow_activation_sink *sinks,
                                            int64_t sink_count, winnow_error *error);

/* What the blocks of a network, each alone, send back of random signs. Block k, 1 <= k < count, leads from the value of node
 * features[k - 1] to that of features[k]; with J_k its Jacobian
 *
 *     r_k in {-1, +1}^[n, C_k, h, w]            g_k = J_k^T r_k            P_k = sum over n, y, x of u(g_k)[n, :, y, x] r_k[n, :, y, x]^T
 *
 * where u moves pixels into channels where the block shrinks sides: u(g)[n, (c s + i) s' + j, y, x] = g[n, c, y s + i, x s' + j].
 *
 * r_k       element e of [n, C_k, h, w], row-major, is 1 where bit e mod 64 of number e div 64 of random bits is set, else -1; they
 *           are of the sub-stream of features[k]'s name of the sub-stream "rademacher" of the job's stream
 * products  [jobs], of each block the largest |g_k - r_k|, infinite where shapes differ, and then P_k [C_(k-1) s s', C_k]; NaN of
 *           a block that no path from the features to the output leads through
 * norm      with NORM_BATCH a sample's gradient also flows through the others' statistics
 * fails     INVALID for features that are not ascending or an edge that passes one by, sides that do not divide, an input that is
 *           not one batch, a job without a stream; UNSUPPORTED on a device that has none
 * cost      2 forward passes, and n h w C_(k-1) s s' C_k of each block. The first call lays the plan out once more, as
 *           winnow_backward_tangent does
 * from      Lee and Ham 2024, arXiv:2403.19232, trainability
 */
WINNOW_API winnow_status winnow_block_products(winnow_plan *plan, const winnow_call *call, const int64_t *features,
                                               int64_t count, double *products, int64_t capacity, winnow_error *error);

/* The activation kernel from packed patterns: K[i][j] = u - sum over w of popcount(code[i][w] XOR code[j][w]), 0 <= i, j < n.
 *
 * code    [n, words] as winnow_patterns packs; bits at and past u are zero
 * kernel  [n, n] int64, symmetric
 * fails   INVALID for n < 0, u not in [0, 64 words], a capacity below n * n, null
 */
WINNOW_API winnow_status winnow_hamming_gram(const winnow_device *device, const uint64_t *code, int64_t n, int64_t words,
                                             int64_t u, int64_t *kernel, int64_t capacity, winnow_error *error);

/* The patterns themselves, packed: [jobs, samples of the largest input, words] with words = max(1, ceil(units / 64)); unit
 * 64 w + b is bit b of word w, taps in plan order, each once whatever its multiplicity (taps of equal tensors are not merged
 * here), units in row-major order of their tensor. Bits of taps that a job's row does not have, and past the last unit, are
 * zero. `*units` is the same for every job. For a caller that wants Hamming distances. */
WINNOW_API winnow_status winnow_patterns(winnow_plan *plan, const winnow_call *call, uint64_t *patterns, int64_t capacity,
                                         int64_t *units, winnow_error *error);

/* Distinct rows of a packed matrix [n, words]: exact (hash, then comparison). INVALID for n < 0, words < 1, null. */
WINNOW_API winnow_status winnow_distinct_rows(const uint64_t *rows, int64_t n, int64_t words, int64_t *distinct,
                                              winnow_error *error);

#ifdef __cplusplus
}
#endif
#endif
