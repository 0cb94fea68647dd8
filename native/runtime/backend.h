// What makes and runs a device's plans where they do not run on this process's own threads.
#pragma once

#include <memory>
#include <string>

#include "winnow/plan.h"

namespace winnow {

struct Device;
class Network;
class Plan;

class Backend {
 public:
  virtual ~Backend() = default;
  // Throws Failure(INVALID, UNSUPPORTED, OUT_OF_MEMORY, DEVICE_FAILED).
  virtual std::unique_ptr<Plan> plan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network,
                                     const winnow_plan_options& options) const = 0;
  // What `winnow_device_describe` says of it: members of a JSON object.
  virtual std::string facts() const = 0;
};

}  // namespace winnow
