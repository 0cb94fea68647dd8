// A machine on the host: its memory is the process's, a launch runs block after block, phase after phase, thread after thread.
// No kinder than a GPU where that costs nothing: no order of blocks and threads, nothing zero that nobody cleared, copies within
// what was allocated, one memory for all machines of a device. Only tests build it.
#pragma once

#include "cuda/machine.h"

// Device 0 has 16 GiB, device 1 one MiB: what a full device answers.
extern "C" WINNOW_MACHINE_API const winnow_machine_table* winnow_machine_functions(void);
