#include "plan/running_statistics.h"

#include "network/tensors.h"
#include "plan/forward.h"

namespace winnow {

RunningStatistics::RunningStatistics(const Graph& graph, const winnow_call& call) : graph_(graph), call_(call) {
  if (call.update_statistics == 0) return;
  const NormModes modes(call);
  for (int64_t v = 0; v < graph.size(); ++v) {
    if (graph[v].operation == WINNOW_BATCH_NORM && modes[graph[v].node()] == WINNOW_NORM_BATCH) norms_.push_back(v);
  }
  kept_.resize(static_cast<size_t>(call.job_count));
}

void RunningStatistics::keep(int64_t job, const Program& program, const std::vector<NormState>& norms) {
  for (const int64_t v : norms_) {
    if (!program.runs(v)) continue;
    const NormState& norm = norms[static_cast<size_t>(v)];
    Batch batch{v, norm.mean, norm.variance};
    for (double& variance : batch.variance) variance *= norm.count / (norm.count - 1);
    kept_[static_cast<size_t>(job)].push_back(std::move(batch));
  }
}

void RunningStatistics::apply(int64_t first, int64_t count) {
  if (norms_.empty()) return;
  for (int64_t job = first; job < first + count; ++job) {
    std::vector<Batch>& batches = kept_[static_cast<size_t>(job)];
    for (const Batch& batch : batches) update(call_.parameters[call_.jobs[job].parameters]->parameters, batch);
    batches.clear();
    batches.shrink_to_fit();
  }
}

void RunningStatistics::update(Parameters& parameters, const Batch& batch) const {
  const Value& norm = graph_[batch.norm];
  const double momentum = std::get<BatchNormAttributes>(norm.attributes).momentum;
  const auto move = [&](winnow_role role, const std::vector<double>& towards) {
    const int64_t tensor = tensor_index(graph_.network(), norm.node(), role);
    std::vector<double> values = parameters.values(tensor).copy();
    for (size_t c = 0; c < values.size(); ++c) values[c] = (1 - momentum) * values[c] + momentum * towards[c];
    parameters.set(tensor, values.data(), static_cast<int64_t>(values.size()));
  };
  move(WINNOW_RUNNING_MEAN, batch.mean);
  move(WINNOW_RUNNING_VARIANCE, batch.variance);
}

}  // namespace winnow
