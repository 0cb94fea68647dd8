#include "cuda/plan/pattern_rows.h"

#include <algorithm>

#include "cuda/kernels/kernels.h"

namespace winnow {

using namespace machine;

PatternRows::PatternRows(const PatternReader& reader, CallSize& size) : reader_(reader) {
  for (const PatternLayout& layout : reader.layouts) {
    words_ = std::max(words_, layout.words());
    parts_ = std::max(parts_, static_cast<int64_t>(layout.parts.size()));
  }
  size.words = words_;
  size.parts = parts_;
}

template <typename T>
void PatternRows::upload_parts(const Machine& machine, const Graph& graph, const MachineLayout& layout,
                               const std::vector<Pass>& passes, const Memory<T>& memory) const {
  std::vector<PatternPart> parts(passes.size() * static_cast<size_t>(parts_));
  std::vector<int32_t> first, count;
  for (const Pass& pass : passes) {
    const std::vector<PatternLayout::Part>& own = reader_.layouts[static_cast<size_t>(pass.job)].parts;
    first.push_back(static_cast<int32_t>(static_cast<int64_t>(first.size()) * parts_));
    count.push_back(static_cast<int32_t>(own.size()));
    for (size_t k = 0; k < own.size(); ++k) {
      const Shape& shape = graph[own[k].value].shape;
      parts[static_cast<size_t>(first.back()) + k] = {
          layout.value(own[k].value),
          own[k].first,
          {static_cast<int32_t>(shape.channels), static_cast<int32_t>(layout.batch()), static_cast<int32_t>(shape.height),
           static_cast<int32_t>(shape.width)}};
    }
  }
  machine.upload(memory.parts, parts.data(), static_cast<int64_t>(parts.size() * sizeof(PatternPart)));
  machine.upload(memory.first_part, first.data(), static_cast<int64_t>(first.size() * sizeof(int32_t)));
  machine.upload(memory.part_count, count.data(), static_cast<int64_t>(count.size() * sizeof(int32_t)));
}

template <typename T>
void PatternRows::take(const Machine& machine, const Graph& graph, const MachineLayout& layout, const winnow_call& call,
                       const std::vector<Pass>& passes, const Memory<T>& memory) {
  upload_parts(machine, graph, layout, passes, memory);
  const int64_t batch = layout.batch(), count = static_cast<int64_t>(passes.size());
  machine.launch({launch_of<PatternPack<T>>({memory.values, memory.parts, memory.first_part, memory.part_count, memory.bits,
                                             layout.value_elements(), words_, static_cast<int32_t>(batch), 0},
                                            count * blocks_for(words_ * batch, PatternPack<T>::kThreads))});
  bits_.resize(static_cast<size_t>(count * batch * words_));
  machine.download(bits_.data(), memory.bits, static_cast<int64_t>(bits_.size() * sizeof(uint64_t)));
  for (int64_t p = 0; p < count; ++p) {
    const Pass& pass = passes[static_cast<size_t>(p)];
    const int64_t words = reader_.layouts[static_cast<size_t>(pass.job)].words();
    const int64_t samples = call.inputs[call.jobs[pass.job].input].samples;
    rows_.resize(static_cast<size_t>(samples * words));
    for (int64_t n = 0; n < batch; ++n) {
      std::copy_n(bits_.data() + (p * batch + n) * words_, words, rows_.data() + (pass.batch * batch + n) * words);
    }
    if ((pass.batch + 1) * batch == samples) reader_.done({pass.job, samples, words, rows_.data()});
  }
}

template void PatternRows::take(const Machine&, const Graph&, const MachineLayout&, const winnow_call&,
                                const std::vector<Pass>&, const Memory<float>&);
template void PatternRows::take(const Machine&, const Graph&, const MachineLayout&, const winnow_call&,
                                const std::vector<Pass>&, const Memory<double>&);

}  // namespace winnow
