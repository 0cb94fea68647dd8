/* A plan: a network laid out for one device, one batch size and one dtype. It is built once per topology; the candidates of
 * a supernet are rows of coefficients and states on the same plan.
 *
 * Every call takes *jobs*, tuples of indices into the tables of a winnow_call. Jobs never share batch statistics. Outputs are
 * in job order and do not depend on the number of threads. A plan serves one call at a time (a second concurrent call is
 * INVALID); a network serves any number of plans.
 */
#ifndef WINNOW_PLAN_H
#define WINNOW_PLAN_H

#include "device.h"
#include "parameters.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct winnow_plan winnow_plan;

/* What a row does with a choice. A zero coefficient implies none of them. */
typedef enum winnow_state {
  WINNOW_RUN = 0,
  WINNOW_SKIP = 1,  /* the operation is absent: not computed, no gradient, its taps do not exist */
  WINNOW_BLOCK = 2, /* it runs on zeros and contributes nothing: no gradient; its taps are constant zeros */
  WINNOW_MUTE = 3   /* it runs, but contributes with weight 0 */
} winnow_state;

typedef enum winnow_norm_mode {
  WINNOW_NORM_BATCH = 0,   /* biased batch variance, differentiated through */
  WINNOW_NORM_RUNNING = 1, /* running mean and variance, constants */
  WINNOW_NORM_IDENTITY = 2 /* the norm passes its input on */
} winnow_norm_mode;

typedef enum winnow_tap_side { WINNOW_TAP_BEFORE = 0, WINNOW_TAP_AFTER = 1 } winnow_tap_side;

/* A place where activations are read. */
typedef struct winnow_tap {
  int64_t node;         /* a RELU node for patterns */
  int32_t side;         /* winnow_tap_side: the node's input or its value */
  int32_t multiplicity; /* how often the published program counts it, >= 1 */
} winnow_tap;

typedef struct winnow_plan_options {
  int64_t size;           /* sizeof(winnow_plan_options) of the caller */
  int64_t batch;          /* samples that share statistics, n >= 1; NORM_BATCH needs n * h * w >= 2 at every norm */
  int32_t dtype;          /* winnow_dtype */
  int32_t timing;         /* 1: winnow_plan_describe reports nanoseconds of the last call, see there; 0: it does not */
  const winnow_tap *taps; /* NULL with tap_count 0: the value of every RELU node, once */
  int64_t tap_count;
} winnow_plan_options;

/* Lays the network out. INVALID for bad options, UNSUPPORTED for an operation the device does not know, OUT_OF_MEMORY when the
 * arena would pass the device's byte budget (nothing is allocated then). */
WINNOW_API winnow_status winnow_plan_create(const winnow_device *device, const winnow_network *network,
                                            const winnow_plan_options *options, winnow_plan **plan, winnow_error *error);
WINNOW_API void winnow_plan_destroy(winnow_plan *plan);

/* Bytes that one job's pass, one of the first four of winnow_pass, with `cotangents` (0 for forward only) takes at most on one
 * thread, known before anything is taken; on the CPU all but some kilobytes by channel and the call's own tables. With a smaller
 * budget a backward pass takes fewer cotangents at a time, and OUT_OF_MEMORY is the answer where one at a time does not fit either.
 * With a larger one jobs and cotangents go in parallel, each thread in as much memory more, as far as the budget has it.
 * OUT_OF_MEMORY where the number passes 2^63. The plan keeps what each kind of pass took for the next call. */
WINNOW_API winnow_status winnow_plan_bytes(const winnow_plan *plan, int32_t pass, int64_t cotangents, int64_t *bytes,
                                           winnow_error *error);

/* Nodes, order, kernels, flops and bytes as JSON; same protocol as winnow_device_describe. "flops" are of one forward pass. A
 * plan made with timing adds "nanoseconds" {forward, prepare, data, weights, norm, sink} of the last call, over all values and
 * of each: data = its gradient, weights = gradients of the weights that read it. They are wall time added up over the threads. */
WINNOW_API winnow_status winnow_plan_describe(const winnow_plan *plan, char *text, int64_t capacity, int64_t *needed,
                                              winnow_error *error);

/* Indices into the tables of a call; -1 where the call has no use for one. */
typedef struct winnow_job {
  int64_t row;        /* 0 .. row_count - 1; -1 only where the network has no choices */
  int64_t parameters; /* 0 .. parameters_count - 1 */
  int64_t input;      /* 0 .. input_count - 1 */
  int64_t target;     /* labels or soft targets; -1 = none */
  int64_t stream;     /* random stream of NOISE nodes and Rademacher cotangents; -1 = none, INVALID where the row has noise */
} winnow_job;

/* Where a job's random numbers come from, as random.h says. A NOISE node adds to element [sample, c, h, w] of the job's input,
 * row-major, its standard deviation times the normal number of that index in the sub-stream of the node's name: equal nodes of
 * equal streams get equal noise in every network, row, plan and number type. */
typedef struct winnow_random_stream {
  uint64_t seed, stream;
} winnow_random_stream;

/* Images [samples, channels, height, width], row-major, float32 or float64. samples is a multiple of the plan's batch; each
 * batch has its own statistics. */
typedef struct winnow_images {
  const void *values;
  int64_t samples, channels, height, width;
  int32_t dtype; /* winnow_dtype */
  int32_t reserved;
} winnow_images;

/* Called from the thread that made the call, between blocks of work: the first `done` of `total` jobs are final. Anything but 0
 * ends the call with CALLBACK_FAILED. */
typedef int32_t (*winnow_progress)(void *user, int64_t done, int64_t total);

typedef struct winnow_call {
  int64_t size; /* sizeof(winnow_call) of the caller */
  const winnow_job *jobs;
  int64_t job_count;
  const double *coefficients; /* [row_count, choices]; a float32 softmax is passed as the doubles it equals */
  const int32_t *states;      /* [row_count, choices], winnow_state */
  int64_t row_count;
  winnow_parameters *const *parameters; /* written only when running statistics are updated */
  int64_t parameters_count;
  const winnow_images *inputs;
  int64_t input_count;
  const int64_t *targets; /* [target_count, batch] class labels */
  int64_t target_count;
  const winnow_random_stream *streams;
  int64_t stream_count;
  int32_t norm_mode; /* winnow_norm_mode of every norm */
  /* 1: every norm that the job's row has and that is in NORM_BATCH updates the running mean and variance of the job's parameter
   * set: (1 - momentum) times the old plus momentum times the batch's, the variance unbiased. Whether or not anything leads from
   * it to the output; the batches of an input one after the other, jobs in their order whatever the threads. A set that is
   * written must not be in another call. A call that fails has updated for the jobs that it reported. */
  int32_t update_statistics;
  const int32_t *norm_modes; /* per node, overrides norm_mode; NULL = none */
  winnow_progress progress;  /* NULL = none */
  void *progress_user;
  const volatile int32_t *cancel; /* polled between blocks; not 0 ends the call with CANCELLED. NULL = never */
} winnow_call;

/* Cotangents that enter a backward pass. */
typedef enum winnow_cotangent_kind {
  WINNOW_COTANGENT_GIVEN = 0,              /* values [count, batch, c, h, w] of the entry tensor */
  WINNOW_COTANGENT_ONES_ON_ROW = 1,        /* count = batch: cotangent i is one on sample i, zero elsewhere */
  WINNOW_COTANGENT_ONES = 2,               /* count = 1: one everywhere */
  WINNOW_COTANGENT_CROSS_ENTROPY = 3,      /* count = 1: gradient of the batch mean; needs targets */
  WINNOW_COTANGENT_CROSS_ENTROPY_ROWS = 4, /* count = batch: one sample's loss each */
  WINNOW_COTANGENT_RADEMACHER = 5
} winnow_cotangent_kind;

typedef struct winnow_cotangents {
  int64_t size;       /* sizeof(winnow_cotangents) of the caller */
  int32_t kind;       /* winnow_cotangent_kind */
  int32_t dtype;      /* of `values` */
  int64_t node;       /* where they enter; -1 = the output */
  int64_t stop;       /* where the pass stops; -1 = at the parameters */
  int64_t count;      /* L */
  const void *values; /* kind GIVEN only, the same for every job */
  int32_t want_input_gradient;
  int32_t reserved;
} winnow_cotangents;

/* What becomes of the gradients J_l [L, p_l] of a layer's tensors as soon as they are done. `tensors` are those of the chosen
 * roles, in network order, P their elements; sums are in double, in that order. */
typedef enum winnow_gradient_sink_kind {
  WINNOW_SINK_GRAM = 0,         /* values [jobs, L, L]: sum over layers of J_l J_l^T */
  WINNOW_SINK_COPY = 1,         /* values [jobs, L, P], only the chosen roles */
  WINNOW_SINK_NORM = 2,         /* values [jobs, L, tensors]: Euclidean norm of each tensor's gradient */
  WINNOW_SINK_WEIGHTED = 3,     /* values [jobs, L, tensors]: sum over the tensor of w * g */
  WINNOW_SINK_WEIGHTED_ABS = 4, /* values [jobs, L, tensors]: sum over the tensor of |w * g| */
  WINNOW_SINK_SIGN_SUM = 5,     /* values [jobs, P]: sum over the L cotangents of the sign of g, exact */
  /* values [jobs, L, C]: of every output channel of the layers whose weights take part, 1 / (2 batch) times the sum over samples of
   * (sum over pixels of a * delta)^2, a the layer's output and delta its gradient; layers in network order, C their channels */
  WINNOW_SINK_FISHER = 7,
  WINNOW_SINK_INPUT_COPY = 8 /* values [jobs, L, batch, c, h, w]; roles take no part; goes with want_input_gradient */
} winnow_gradient_sink_kind;

typedef struct winnow_gradient_sink {
  int32_t kind;   /* winnow_gradient_sink_kind */
  uint32_t roles; /* bit r set: tensors of winnow_role r take part; gradients of absent operations are zero */
  double *values;
  int64_t capacity; /* doubles in `values`; INVALID when too small */
} winnow_gradient_sink;

/* Forward: logits [jobs, samples, outputs] (samples of the largest input; shorter inputs leave the rest untouched). */
WINNOW_API winnow_status winnow_forward(winnow_plan *plan, const winnow_call *call, double *logits, int64_t capacity,
                                        winnow_error *error);

/* Forward and backward for L cotangents at once; every input holds exactly one batch. Cost: (1 + 2 L) times the forward's
 * multiply-accumulates; memory by winnow_plan_bytes, of which the rows of all L gradients are needed for GRAM only: other sinks
 * take them in blocks. The forward pass of one cotangent is that of winnow_forward, bit for bit; of several it runs in double
 * whatever the plan's type, so that no sign of a unit depends on it. The first call that wants the input's gradient lays the plan
 * out once more for it, in as much memory again. At most one sink of each kind, those of parameters with the same roles; sinks
 * that are not built answer UNSUPPORTED. */
WINNOW_API winnow_status winnow_backward(winnow_plan *plan, const winnow_call *call, const winnow_cotangents *cotangents,
                                         const winnow_gradient_sink *sinks, int64_t sink_count, winnow_error *error);

/* How the parameters and the input of each job change: the directions of passes with tangents. */
typedef struct winnow_directions {
  int64_t size;                         /* sizeof(winnow_directions) of the caller */
  winnow_parameters *const *parameters; /* changes of tensors; those of running statistics take no part */
  int64_t parameters_count;
  const winnow_images *inputs; /* changes of inputs, of as many samples */
  int64_t input_count;
  const int64_t *parameters_of; /* [jobs] which of `parameters`; -1: the job's do not change. NULL: no job's do */
  const int64_t *input_of;      /* [jobs] which of `inputs`, likewise */
  uint32_t roles;               /* bit r set: tensors of winnow_role r change; the others do not and may be unset */
  int32_t reserved;
} winnow_directions;

/* Forward with tangents: logits as of winnow_forward (NULL: not wanted) and their derivative along each job's direction, both
 * [jobs, samples, outputs]. Norms are differentiated as in a backward pass: through the statistics of a batch, running ones are
 * constants. The derivative of ReLU at 0 is 0; a max pool's is that of the first of equal values. Signs are those of a forward
 * pass in double. Cost: three forward passes. The first call with tangents lays the plan out once more for them, memory by
 * winnow_plan_bytes. */
WINNOW_API winnow_status winnow_forward_tangent(winnow_plan *plan, const winnow_call *call, const winnow_directions *directions,
                                                double *logits, double *tangents, int64_t capacity, winnow_error *error);

/* Backward with tangents: the derivative of what winnow_backward gives, along each job's direction v. With the Hessian H of the
 * scalar whose derivative the cotangents are (for GIVEN, ones: their inner product with the output; for a cross-entropy: it) that is
 * H v, exactly: second derivatives of norms and losses are in it, those of ReLU and max pool are zero. Sinks receive H v where
 * they would receive gradients; SINK_FISHER answers UNSUPPORTED. Cost: (3 + 6 L) forward passes. */
WINNOW_API winnow_status winnow_backward_tangent(winnow_plan *plan, const winnow_call *call,
                                                 const winnow_directions *directions, const winnow_cotangents *cotangents,
                                                 const winnow_gradient_sink *sinks, int64_t sink_count, winnow_error *error);

#ifdef __cplusplus
}
#endif
#endif
