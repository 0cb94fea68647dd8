#include "winnow/status.h"

int64_t winnow_abi_version(void) { return WINNOW_ABI_VERSION; }

const char* winnow_status_name(winnow_status status) {
  switch (status) {
    case WINNOW_OK:
      return "WINNOW_OK";
    case WINNOW_INVALID:
      return "WINNOW_INVALID";
    case WINNOW_UNSUPPORTED:
      return "WINNOW_UNSUPPORTED";
    case WINNOW_OUT_OF_MEMORY:
      return "WINNOW_OUT_OF_MEMORY";
    case WINNOW_CANCELLED:
      return "WINNOW_CANCELLED";
    case WINNOW_CALLBACK_FAILED:
      return "WINNOW_CALLBACK_FAILED";
    case WINNOW_DEVICE_FAILED:
      return "WINNOW_DEVICE_FAILED";
    case WINNOW_INTERNAL:
      return "WINNOW_INTERNAL";
  }
  return "WINNOW_STATUS_?";
}
