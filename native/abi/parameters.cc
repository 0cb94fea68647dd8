#include "network/parameters.h"

#include "abi/guard.h"
#include "runtime/device.h"

using namespace winnow;

winnow_status winnow_parameters_create(const winnow_network* network, winnow_parameters** parameters, winnow_error* error) {
  return guard(error, [&] {
    require(network, "network");
    require(parameters, "parameters");
    *parameters = new winnow_parameters{Parameters(network->network)};
  });
}

void winnow_parameters_destroy(winnow_parameters* parameters) { delete parameters; }

winnow_status winnow_parameters_set(winnow_parameters* parameters, int64_t tensor, const double* values, int64_t count,
                                    winnow_error* error) {
  return guard(error, [&] {
    require(parameters, "parameters");
    require(values, "values");
    parameters->parameters.set(tensor, values, count);
  });
}

winnow_status winnow_parameters_get(const winnow_parameters* parameters, int64_t tensor, double* values, int64_t count,
                                    winnow_error* error) {
  return guard(error, [&] {
    require(parameters, "parameters");
    require(values, "values");
    const TensorValues stored = parameters->parameters.values(tensor);
    if (count != static_cast<int64_t>(stored.size())) {
      throw Failure(WINNOW_INVALID, "count must be " + std::to_string(stored.size()) + " but was " + std::to_string(count));
    }
    for (size_t k = 0; k < stored.size(); ++k) values[k] = stored[k];
  });
}

winnow_status winnow_parameters_fill(winnow_parameters* parameters, const winnow_device* device, const winnow_recipe* recipes,
                                     int64_t recipe_count, uint64_t seed, uint64_t stream, winnow_error* error) {
  return guard(error, [&] {
    require(parameters, "parameters");
    if (recipe_count < 0) {
      throw Failure(WINNOW_INVALID, "recipe_count must be >= 0 but was " + std::to_string(recipe_count));
    }
    if (recipe_count > 0) require(recipes, "recipes");
    KeptDraws* const kept = device == nullptr ? nullptr : device->device->draws.get();
    parameters->parameters.fill(recipes, recipe_count, seed, stream, kept);
  });
}
