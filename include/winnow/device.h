/* A device: where plans live and run. The CPU, or a GPU whose code lies in a library of its own, loaded when one is opened. */
#ifndef WINNOW_DEVICE_H
#define WINNOW_DEVICE_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct winnow_device winnow_device;

typedef enum winnow_device_kind { WINNOW_CPU = 0, WINNOW_CUDA = 1 } winnow_device_kind;

typedef enum winnow_dtype { WINNOW_F32 = 0, WINNOW_F64 = 1 } winnow_dtype;

/* Passes over a network that a device may or may not know for an operation (see winnow_supports). The last two are a forward and a
 * backward pass of which more is read: the activations of winnow_activations, the channels' saliencies of a sink of kind 7. */
typedef enum winnow_pass {
  WINNOW_PASS_FORWARD = 0,
  WINNOW_PASS_TANGENT = 1,
  WINNOW_PASS_BACKWARD = 2,
  WINNOW_PASS_BACKWARD_TANGENT = 3,
  WINNOW_PASS_ACTIVATIONS = 4,
  WINNOW_PASS_SALIENCIES = 5
} winnow_pass;

typedef struct winnow_device_options {
  int64_t size;    /* sizeof(winnow_device_options) of the caller */
  int32_t kind;    /* winnow_device_kind */
  int32_t index;   /* which device of that kind; 0 for the CPU */
  int64_t threads; /* worker threads in [1, 1024]; 0 = as many as this process may use (affinity and container limit) */
  /* kernel variant "reference", "portable", "avx2", "avx512"; NULL = environment WINNOW_VARIANT, else the best here */
  const char *variant;
  /* most bytes that a call may take for its passes; 0 = half of the memory this process may use, of a GPU what is free */
  int64_t byte_budget;
  const char *library; /* file with the GPU's code, final; NULL = libwinnow_cuda.so beside this library. The CPU needs none */
} winnow_device_options;

/* Opens a device. INVALID for a bad option or an unknown variant name; UNSUPPORTED for a variant, driver, GPU or library that is
 * not here, with a text that says what was found (nothing that was asked for falls back). The result of a call never depends
 * on `threads`, nor on `byte_budget` where one job fits as winnow_plan_bytes says; with less, sums may be rounded in another order. */
WINNOW_API winnow_status winnow_device_open(const winnow_device_options *options, winnow_device **device, winnow_error *error);

/* Closes it; NULL is allowed. Plans made on it must be gone. */
WINNOW_API void winnow_device_close(winnow_device *device);

/* Facts as one JSON object: kind, variant, variants available, threads, CPU features, byte budget. Writes at most `capacity`
 * bytes including the terminator and stores the size needed in `*needed`; INVALID when it did not fit. */
WINNOW_API winnow_status winnow_device_describe(const winnow_device *device, char *text, int64_t capacity, int64_t *needed,
                                                winnow_error *error);

/* What is there besides the CPU, found anew by every call, as one JSON object of sentences: "cuda driver", "cuda library" and
 * one of every GPU, "cuda:0" and so on, with the reason where it cannot be opened. `library` as in winnow_device_options; same
 * protocol as winnow_device_describe. */
WINNOW_API winnow_status winnow_devices_describe(const char *library, char *text, int64_t capacity, int64_t *needed,
                                                 winnow_error *error);

/* 1 where devices of `kind` run `operation` (winnow_operation) in `pass` (winnow_pass) with `dtype`, else 0. Whether one is here
 * winnow_devices_describe says. */
WINNOW_API int32_t winnow_supports(int32_t operation, int32_t pass, int32_t dtype, int32_t kind);

#ifdef __cplusplus
}
#endif
#endif
