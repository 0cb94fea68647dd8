/* A network: an immutable directed acyclic graph of operations, decoded from one blob and validated.
 *
 * The blob is an array of little-endian int64 words followed by a table of names:
 *
 *   word 0  WINNOW_NETWORK_MAGIC            word 4  number of nodes, 1 .. 1,048,576
 *   word 1  version, 1                      word 5  output node
 *   word 2  length of the blob in bytes     word 6  bytes of the name table, padded with zeros to a multiple of 8
 *   word 3  number of choices, 0 .. 65,536  word 7  0
 *
 *   then for each node, in topological order (an input's index is below the node's own, which rules out cycles):
 *     operation, name offset, name length, choice, number of inputs, inputs..., number of attributes, attributes...
 *   then the name table.
 *
 * A node's name is unique, not empty, at most 1,024 bytes of UTF-8. Its tensors are called "<node name>.weight" and so on.
 *
 * A *choice* is one candidate operation of a supernet (an edge and an operation). `choice` of a node is the one it belongs to,
 * -1 for none: a job whose row skips the choice does not have the node at all. Several cells may share a choice.
 *
 * Attributes by operation; pairs are (height, width); a real number is the bit pattern of a double:
 *   INPUT                channels, height, width                                    (node 0 and only node 0; no inputs)
 *   CONVOLUTION          out channels, kernel x2, stride x2, padding x2, dilation x2, groups, bias 0|1
 *   BATCH_NORM           affine 0|1, epsilon (real), momentum (real)
 *   RELU                 cap (real): 0 for none, 6 for ReLU6
 *   AVERAGE_POOL         kernel x2, stride x2, padding x2, count_include_pad 0|1
 *   MAX_POOL             kernel x2, stride x2, padding x2        (padding never wins; ties go to the first in row-major order)
 *   WEIGHTED_SUM         for each input the choice whose coefficient multiplies it, or -1 for 1
 *   CONCAT               none; over channels
 *   GLOBAL_AVERAGE_POOL  none; [c, h, w] -> [c, 1, 1]
 *   LINEAR               out features, bias 0|1; input flattened
 *   ZERO                 stride x2; zeros of shape [c, ceil(h / stride), ceil(w / stride)]
 *   PAD_CROP             top, bottom, left, right: positive pads with zeros, negative crops
 *   CHANNEL_SLICE        first, count
 *   NOISE                standard deviation (real); the input plus noise of the job's stream (plan.h)
 * Sizes: each of channels, height, width at most 1,048,576; elements of one tensor at most 2^40; bytes of a blob at most 2^30.
 */
#ifndef WINNOW_NETWORK_H
#define WINNOW_NETWORK_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WINNOW_NETWORK_MAGIC INT64_C(0x3147574F4E4E4957) /* "WINNOWG1" */
#define WINNOW_NETWORK_VERSION 1

typedef enum winnow_operation {
  WINNOW_INPUT = 0,
  WINNOW_CONVOLUTION = 1,
  WINNOW_BATCH_NORM = 2,
  WINNOW_RELU = 3,
  WINNOW_AVERAGE_POOL = 4,
  WINNOW_MAX_POOL = 5,
  WINNOW_WEIGHTED_SUM = 6,
  WINNOW_CONCAT = 7,
  WINNOW_GLOBAL_AVERAGE_POOL = 8,
  WINNOW_LINEAR = 9,
  WINNOW_ZERO = 10,
  WINNOW_PAD_CROP = 11,
  WINNOW_CHANNEL_SLICE = 12,
  WINNOW_NOISE = 13
} winnow_operation;

/* What a tensor of the network is. The last two are buffers: they are not learned and not counted as parameters. */
typedef enum winnow_role {
  WINNOW_CONVOLUTION_WEIGHT = 0, /* [out, in / groups, kernel height, kernel width] */
  WINNOW_CONVOLUTION_BIAS = 1,   /* [out] */
  WINNOW_LINEAR_WEIGHT = 2,      /* [out, in] */
  WINNOW_LINEAR_BIAS = 3,        /* [out] */
  WINNOW_NORM_SCALE = 4,         /* "weight" [channels] */
  WINNOW_NORM_SHIFT = 5,         /* "bias" [channels] */
  WINNOW_RUNNING_MEAN = 6,       /* "running_mean" [channels] */
  WINNOW_RUNNING_VARIANCE = 7    /* "running_var" [channels] */
} winnow_role;

typedef struct winnow_network winnow_network;

typedef struct winnow_node_info {
  const char *name; /* owned by the network */
  int32_t operation, reserved;
  int64_t choice;
  int64_t channels, height, width; /* of the node's value */
  int64_t macs;                    /* multiply-accumulates of convolution and linear nodes for one sample, else 0 */
  int64_t parameters;              /* learnable scalars of the node */
} winnow_node_info;

typedef struct winnow_tensor_info {
  const char *name; /* owned by the network */
  int32_t role, rank;
  int64_t shape[4]; /* 1 beyond the rank */
  int64_t elements;
  int64_t node;
} winnow_tensor_info;

/* Decodes and validates; the blob is copied, never trusted, and may be freed afterwards. INVALID names the node and the
 * attribute. */
WINNOW_API winnow_status winnow_network_create(const void *blob, int64_t bytes, winnow_network **network, winnow_error *error);

/* Destroys it; NULL is allowed. Plans and parameter sets keep what they need of it alive by themselves. */
WINNOW_API void winnow_network_destroy(winnow_network *network);

WINNOW_API int64_t winnow_network_node_count(const winnow_network *network);
WINNOW_API int64_t winnow_network_choice_count(const winnow_network *network);
WINNOW_API int64_t winnow_network_tensor_count(const winnow_network *network);
/* Learnable scalars of all tensors, buffers not counted. */
WINNOW_API int64_t winnow_network_parameters(const winnow_network *network);
/* Multiply-accumulates of one sample through all convolution and linear nodes, every choice running. */
WINNOW_API int64_t winnow_network_macs(const winnow_network *network);
WINNOW_API winnow_status winnow_network_node(const winnow_network *network, int64_t index, winnow_node_info *info,
                                             winnow_error *error);
/* Tensors in node order; within a node in the order of winnow_role. */
WINNOW_API winnow_status winnow_network_tensor(const winnow_network *network, int64_t index, winnow_tensor_info *info,
                                               winnow_error *error);

#ifdef __cplusplus
}
#endif
#endif
