#include "cuda/backend.h"

#include "cuda/plan/machine.h"
#include "cuda/plan/plan.h"
#include "runtime/failure.h"

namespace winnow {
namespace {

class MachineBackend final : public Backend {
 public:
  MachineBackend(const winnow_machine_table& table, int32_t index) : table_(table), index_(index), machine_(table, index) {}

  std::unique_ptr<Plan> plan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network,
                             const winnow_plan_options& options) const override {
    return make_machine_plan(table_, index_, std::move(device), std::move(network), options);
  }

  std::string facts() const override {
    const winnow_machine_facts facts = machine_.facts();
    return "\"device\": \"" + std::string(facts.name) + "\", \"capability\": \"" + std::to_string(facts.major) + "." +
           std::to_string(facts.minor) + "\", \"processors\": " + std::to_string(facts.processors) +
           ", \"total_bytes\": " + std::to_string(facts.total_bytes) + ", \"free_bytes\": " + std::to_string(facts.free_bytes);
  }

 private:
  const winnow_machine_table& table_;
  int32_t index_;
  Machine machine_;
};

}  // namespace

std::shared_ptr<const Backend> open_machine(const winnow_machine_table& table, int32_t index) {
  return std::make_shared<MachineBackend>(table, index);
}

bool machine_runs(winnow_pass pass) {
  switch (pass) {
    case WINNOW_PASS_FORWARD:
    case WINNOW_PASS_BACKWARD:
    case WINNOW_PASS_ACTIVATIONS:
      return true;
    case WINNOW_PASS_TANGENT:
    case WINNOW_PASS_BACKWARD_TANGENT:
    case WINNOW_PASS_SALIENCIES:
      return false;
  }
  return false;
}

}  // namespace winnow
