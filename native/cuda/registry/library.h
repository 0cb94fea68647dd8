/* What libwinnow_cuda.so says about itself before anything else in it is called: plain C, so that a library of any other build can
 * be read and refused. */
#ifndef WINNOW_CUDA_LIBRARY_H
#define WINNOW_CUDA_LIBRARY_H

#include <stdint.h>

typedef struct winnow_cuda_facts {
  const char* commit;        /* of the build; the core that loads it must be of the same */
  int32_t abi;               /* WINNOW_ABI_VERSION */
  int32_t toolkit;           /* CUDA that compiled it, 1000 major + 10 minor */
  const char* architectures; /* "80-real 90-real 75-virtual": machine code of 8.x and 9.x, from 7.5 on by the driver */
} winnow_cuda_facts;

/* The name of the one function that every build has. */
#define WINNOW_CUDA_FACTS "winnow_cuda_facts_of_library"
typedef const winnow_cuda_facts* (*winnow_cuda_facts_function)(void);

#endif
