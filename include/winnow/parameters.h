/* A parameter set: values for every tensor of a network, in double, by index of winnow_network_tensor.
 *
 * A new set has running mean 0, running variance 1 and everything else unset; a call that needs an unset tensor is INVALID
 * and names it. Values drawn by a recipe are rounded to float32 first, so a float and a double plan see the same network.
 */
#ifndef WINNOW_PARAMETERS_H
#define WINNOW_PARAMETERS_H

#include "device.h"
#include "network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct winnow_parameters winnow_parameters;

typedef enum winnow_distribution {
  WINNOW_CONSTANT = 0, /* gain */
  WINNOW_UNIFORM = 1,  /* U(-gain / sqrt(fan), gain / sqrt(fan)) */
  WINNOW_NORMAL = 2    /* N(0, gain^2 / fan) */
} winnow_distribution;

typedef enum winnow_fan {
  WINNOW_FAN_ONE = 0, /* fan = 1: gain is the bound or the standard deviation itself */
  WINNOW_FAN_IN = 1,  /* (in / groups) * kernel area; inputs of a linear layer; a bias takes its weight's */
  WINNOW_FAN_OUT = 2  /* out * kernel area, not divided by the groups; outputs of a linear layer */
} winnow_fan;

/* How tensors of one role are filled. */
typedef struct winnow_recipe {
  int32_t role;         /* winnow_role */
  int32_t distribution; /* winnow_distribution */
  int32_t fan;          /* winnow_fan */
  int32_t reserved;     /* 0 */
  double gain;
} winnow_recipe;

WINNOW_API winnow_status winnow_parameters_create(const winnow_network *network, winnow_parameters **parameters,
                                                  winnow_error *error);
WINNOW_API void winnow_parameters_destroy(winnow_parameters *parameters);

/* Copies `count` values in; INVALID for a wrong index or count, or a value that is not finite (the text names the tensor and
 * the element), or a negative running variance. */
WINNOW_API winnow_status winnow_parameters_set(winnow_parameters *parameters, int64_t tensor, const double *values,
                                               int64_t count, winnow_error *error);
/* Copies `count` values out; INVALID for a wrong index or count or an unset tensor. */
WINNOW_API winnow_status winnow_parameters_get(const winnow_parameters *parameters, int64_t tensor, double *values,
                                               int64_t count, winnow_error *error);
/* Fills every tensor whose role has a recipe. Element k of a tensor, row-major, is element k of the sub-stream of the tensor's
 * name (winnow_random_substream): independent of the other tensors and of the order of calls.
 *
 * `device` keeps what was drawn, 64 MiB of what was asked for last, and sets of other networks with tensors of the same name and
 * size share it; NULL: everything is drawn anew. The values are the same. */
WINNOW_API winnow_status winnow_parameters_fill(winnow_parameters *parameters, const winnow_device *device,
                                                const winnow_recipe *recipes, int64_t recipe_count, uint64_t seed,
                                                uint64_t stream, winnow_error *error);

#ifdef __cplusplus
}
#endif
#endif
