/* The whole native surface of Winnow. */
#ifndef WINNOW_H
#define WINNOW_H

#include "device.h"
#include "network.h"
#include "parameters.h"
#include "plan.h"
#include "random.h"
#include "scores.h"
#include "status.h"

#endif
