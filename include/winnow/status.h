/* Status codes, error text and the ABI version: the part of the interface that every other header uses. */
#ifndef WINNOW_STATUS_H
#define WINNOW_STATUS_H

#include <stdint.h>

#if defined(_WIN32)
#define WINNOW_API __declspec(dllexport)
#else
#define WINNOW_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a struct, an enum or the meaning of a call changes incompatibly. Java refuses a library of another version. */
#define WINNOW_ABI_VERSION 3

#define WINNOW_ERROR_CAPACITY 1024

/* What a call came to. Values are never renumbered. */
typedef enum winnow_status {
  WINNOW_OK = 0,
  WINNOW_INVALID = 1,         /* an argument is wrong; the text names it, its value and the allowed range */
  WINNOW_UNSUPPORTED = 2,     /* legal, but this build, device or version cannot do it; see winnow_supports */
  WINNOW_OUT_OF_MEMORY = 3,   /* the text says what was asked for and what limit it met */
  WINNOW_CANCELLED = 4,       /* the cancel flag was seen; outputs of jobs already reported as done are final */
  WINNOW_CALLBACK_FAILED = 5, /* the progress callback asked to stop */
  WINNOW_DEVICE_FAILED = 6,   /* the device refused or failed; the text names it */
  WINNOW_INTERNAL = 7         /* a defect of this library */
} winnow_status;

/* Where a failing call writes its message: UTF-8, always terminated, cut at the capacity. Every fallible call takes one as
 * its last argument; NULL means the caller wants the status only. Untouched on success. */
typedef struct winnow_error {
  char text[WINNOW_ERROR_CAPACITY];
} winnow_error;

/* WINNOW_ABI_VERSION of the library that was loaded. */
WINNOW_API int64_t winnow_abi_version(void);

/* The enumerator's name ("WINNOW_INVALID"), or "WINNOW_STATUS_?" for a number that is none. Static storage. */
WINNOW_API const char *winnow_status_name(winnow_status status);

#ifdef __cplusplus
}
#endif
#endif
