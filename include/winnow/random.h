/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011).
 *
 * key      = (low, high) 32 bits of `seed`
 * counter  = (low, high) 32 bits of the block number, (low, high) 32 bits of `stream`
 * Word 4b + i of a stream is word i of block b. Element k of a draw of 64-bit numbers is word 2k (low half) and 2k + 1 (high).
 *
 * bits     exact integers, the same on every machine, device and thread count
 * uniform  u = (bits64 >> 11) * 2^-53 in [0, 1)
 * normal   Phi^-1((bits64 >> 11) * 2^-53 + 2^-54) by Wichura's AS241 in double with a logarithm of our own: no libm, no fused
 *          multiply-add but explicit ones, so the same bits for every CPU variant and GPU
 */
#ifndef WINNOW_RANDOM_H
#define WINNOW_RANDOM_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Elements [first, first + count) of the stream's 64-bit numbers. INVALID for a null pointer with count > 0, or
 * first < 0, count < 0. */
WINNOW_API winnow_status winnow_random_bits(uint64_t seed, uint64_t stream, int64_t first, int64_t count, uint64_t *values,
                                            winnow_error *error);
WINNOW_API winnow_status winnow_random_uniform(uint64_t seed, uint64_t stream, int64_t first, int64_t count, double *values,
                                               winnow_error *error);
WINNOW_API winnow_status winnow_random_normal(uint64_t seed, uint64_t stream, int64_t first, int64_t count, double *values,
                                              winnow_error *error);

/* The stream of a named part of `stream`: splitmix64's finaliser of (stream XOR FNV-1a-64 of the name's UTF-8 bytes). Tensors
 * draw from the sub-stream of their name, so the same name gets the same weights in every network. */
WINNOW_API uint64_t winnow_random_substream(uint64_t stream, const char *name);

#ifdef __cplusplus
}
#endif
#endif
