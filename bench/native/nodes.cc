#include "nodes.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "evaluation.h"
#include "plan/plan.h"
#include "report.h"

namespace winnow::bench {
namespace {

// Nodes beyond these, and those below a thousandth of the call, are left to winnow_plan_describe.
constexpr size_t kMostNodes = 40;

constexpr const char* kOperations[] = {"input",  "convolution", "batch norm", "relu", "average pool", "max pool", "sum",
                                       "concat", "global pool", "linear",     "zero", "pad crop",     "slice",    "noise"};

}  // namespace

std::string nodes(const winnow_device* device, const Shape& shape) {
  Evaluation evaluation(device, shape, WINNOW_F32, true);
  evaluation.run();
  evaluation.run();
  const Plan& plan = *evaluation.plan()->plan;
  const Graph& graph = plan.graph();
  std::vector<int64_t> phases(kPhases), values(static_cast<size_t>(graph.size()));
  for (int64_t v = 0; v < graph.size(); ++v) {
    for (int64_t phase = 0; phase < kPhases; ++phase) {
      const int64_t n = plan.timing()->of(v, static_cast<Phase>(phase));
      phases[static_cast<size_t>(phase)] += n;
      values[static_cast<size_t>(v)] += n;
    }
  }
  const auto all = static_cast<double>(std::accumulate(phases.begin(), phases.end(), int64_t{0}));
  for (size_t phase = 0; phase < phases.size(); ++phase) {
    std::fprintf(stderr, "       %-8s %12lld ns %5.1f %%\n", kPhaseNames[phase], static_cast<long long>(phases[phase]),
                 100 * static_cast<double>(phases[phase]) / all);
  }
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] > values[b]; });
  order.resize(std::min(order.size(), kMostNodes));
  std::fprintf(stderr, "       %5s", "%");
  for (const char* name : kPhaseNames) std::fprintf(stderr, " %11s", name);
  std::fprintf(stderr, "  node\n");
  for (const size_t v : order) {
    if (static_cast<double>(values[v]) < 1e-3 * all) break;
    const auto value = static_cast<int64_t>(v);
    std::fprintf(stderr, "       %5.1f", 100 * static_cast<double>(values[v]) / all);
    for (int64_t phase = 0; phase < kPhases; ++phase) {
      std::fprintf(stderr, " %11lld", static_cast<long long>(plan.timing()->of(value, static_cast<Phase>(phase))));
    }
    const Node& node = graph.network().nodes()[static_cast<size_t>(graph[value].node())];
    std::fprintf(stderr, "  %s (%s %lldx%lldx%lld)\n", node.name.c_str(), kOperations[node.operation],
                 static_cast<long long>(node.shape.channels), static_cast<long long>(node.shape.height),
                 static_cast<long long>(node.shape.width));
  }
  std::string json;
  for (int64_t v = 0; v < graph.size(); ++v) {
    const Node& node = graph.network().nodes()[static_cast<size_t>(graph[v].node())];
    json += (json.empty() ? "{\"name\": " : ", {\"name\": ") + quoted(node.name) +
            ", \"operation\": " + quoted(kOperations[node.operation]) + ", \"nanoseconds\": " + plan.timing()->json(v) + "}";
  }
  return "[" + json + "]";
}

}  // namespace winnow::bench
