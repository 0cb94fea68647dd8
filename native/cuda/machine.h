/* What the plans of this folder ask of the machine they run on: memory, copies, launches of named kernels, recordings of them.
 *
 * Two libraries export a table of these functions under one name: libwinnow_cuda.so runs them on a GPU, and the tests' emulation
 * runs every block of a launch one after the other on the host. The core loads one of them; it never links either. Nothing but
 * plain data crosses: no exceptions, no C++ objects.
 *
 * A machine is used by one thread at a time. Launches, copies and replays of one machine happen in the order of the calls;
 * `download` and `wait` return when everything before them is done.
 */
#ifndef WINNOW_CUDA_MACHINE_H
#define WINNOW_CUDA_MACHINE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct winnow_machine winnow_machine;
typedef struct winnow_recording winnow_recording;

/* Every function returns 0, or a number of the machine's own and a text; 2 is "out of memory". */
enum { WINNOW_MACHINE_OK = 0, WINNOW_MACHINE_FAILED = 1, WINNOW_MACHINE_OUT_OF_MEMORY = 2 };
typedef struct winnow_machine_error {
  char text[512];
} winnow_machine_error;

typedef struct winnow_machine_facts {
  char name[256];
  int32_t major, minor; /* compute capability; 0.0 for the emulation */
  int32_t processors;   /* multiprocessors */
  int64_t total_bytes, free_bytes;
  int64_t shared_bytes; /* of a block */
  int64_t cache_bytes;  /* second level */
  int32_t clock_kilohertz, memory_kilohertz, memory_bits, reserved;
} winnow_machine_facts;

#define WINNOW_LAUNCH_BYTES 448

/* One kernel over `blocks` blocks. Kernels are numbered by native/cuda/kernels/kernels.inc. */
typedef struct winnow_launch {
  int32_t kernel, reserved;
  int64_t blocks;
  unsigned char arguments[WINNOW_LAUNCH_BYTES]; /* the kernel's Arguments, plain data */
} winnow_launch;

typedef struct winnow_machine_table {
  int64_t size; /* of this struct */
  int32_t (*open)(int32_t index, winnow_machine** machine, winnow_machine_error* error);
  void (*close)(winnow_machine* machine);
  int32_t (*facts)(winnow_machine* machine, winnow_machine_facts* facts, winnow_machine_error* error);
  /* Zeroed on a GPU, so that a fault is the same from run to run; the emulation fills it with NaN, for nothing may rely on it:
   * plans use their memory again. */
  int32_t (*allocate)(winnow_machine* machine, int64_t bytes, void** memory, winnow_machine_error* error);
  void (*release)(winnow_machine* machine, void* memory);
  int32_t (*upload)(winnow_machine* machine, void* to, const void* from, int64_t bytes, winnow_machine_error* error);
  int32_t (*download)(winnow_machine* machine, void* to, const void* from, int64_t bytes, winnow_machine_error* error);
  int32_t (*clear)(winnow_machine* machine, void* memory, int64_t bytes, winnow_machine_error* error);
  int32_t (*launch)(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_machine_error* error);
  /* The same launches to be repeated (a CUDA graph). */
  int32_t (*record)(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_recording** recording,
                    winnow_machine_error* error);
  int32_t (*replay)(winnow_machine* machine, winnow_recording* recording, winnow_machine_error* error);
  void (*forget)(winnow_machine* machine, winnow_recording* recording);
  int32_t (*wait)(winnow_machine* machine, winnow_machine_error* error);
  /* Milliseconds from the end of everything before `start` to the end of everything before `stop`, by the device's own clock;
   * `stop` waits. For benches. */
  int32_t (*start)(winnow_machine* machine, winnow_machine_error* error);
  int32_t (*stop)(winnow_machine* machine, double* milliseconds, winnow_machine_error* error);
} winnow_machine_table;

/* The one function that such a library exports besides what it says about its build. */
#define WINNOW_MACHINE_API __attribute__((visibility("default")))
#define WINNOW_MACHINE_SYMBOL "winnow_machine_functions"
typedef const winnow_machine_table* (*winnow_machine_entry)(void); /* type of the exported function */

#ifdef __cplusplus
}
#endif
#endif
