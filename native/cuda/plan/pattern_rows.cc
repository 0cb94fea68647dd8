#include "cuda/plan/pattern_rows.h"

#include <algorithm>

#include "cuda/kernels/kernels.h"

namespace winnow {

using namespace machine;

PatternRows::PatternRows(const PatternReader& reader, const winnow_call& call, int64_t batch, CallSize& size)
    : reader_(reader), call_(call), batch_(batch) {
  for (const PatternLayout& layout : reader.layouts) {
    words_ = std::max(words_, layout.words());
    parts_ = std::max(parts_, static_cast<int64_t>(layout.parts.size()));
  }
  size.words = words_;
  size.parts = parts_;
  size.counted = reader.counted != nullptr;
  if (size.counted) size.carried = largest_input(call) / batch - 1;
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
void PatternRows::take(const Machine& machine, const Graph& graph, const MachineLayout& layout, const std::vector<Pass>& passes,
                       const Memory<T>& memory) {
  upload_parts(machine, graph, layout, passes, memory);
  const auto count_of_passes = static_cast<int64_t>(passes.size());
  machine.launch({launch_of<PatternPack<T>>(
      {memory.values, memory.parts, memory.first_part, memory.part_count, memory.bits + carried_ * batch_ * words_,
       layout.value_elements(), words_, static_cast<int32_t>(batch_), 0},
      count_of_passes * blocks_for(words_ * batch_, PatternPack<T>::kThreads))});
  reader_.counted != nullptr ? count(machine, passes, memory) : hand_on(machine, passes, memory);
}

// Rows lie job by job, those of the carried passes first. A layout's rows end in zeros where another job's are longer, which
// makes no two of them differ.
template <typename T>
void PatternRows::count(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory) {
  std::vector<RowGroup> groups;
  std::vector<int64_t> jobs;
  int64_t largest = 0, at = carried_;  // pass by its place among the rows
  for (const Pass& pass : passes) {
    if (last_of_job(pass)) {
      groups.push_back({(at - pass.batch) * batch_, samples_of(pass.job)});
      jobs.push_back(pass.job);
      largest = std::max(largest, groups.back().count);
    }
    ++at;
  }
  const int64_t rows = at * batch_, pass_words = batch_ * words_;
  const auto count_of_groups = static_cast<int64_t>(groups.size());
  if (count_of_groups > 0) {
    machine.upload(memory.groups, groups.data(), count_of_groups * static_cast<int64_t>(sizeof(RowGroup)));
    machine.launch({launch_of<HashRows>({memory.bits, memory.hashes, rows, words_}, blocks_for(rows, HashRows::kThreads)),
                    launch_of<FirstRows>({memory.bits, memory.hashes, memory.groups, memory.first_rows, words_, largest},
                                         count_of_groups * blocks_for(largest, FirstRows::kThreads)),
                    launch_of<CountRows>({memory.first_rows, memory.groups, memory.counts}, count_of_groups)});
    std::vector<int64_t> counts(groups.size());
    machine.download(counts.data(), memory.counts, count_of_groups * static_cast<int64_t>(sizeof(int64_t)));
    for (size_t g = 0; g < groups.size(); ++g) reader_.counted(jobs[g], counts[g]);
  }
  carried_ = last_of_job(passes.back()) ? 0 : passes.back().batch + 1;
  if (carried_ == 0 || carried_ == at) return;
  bits_.resize(static_cast<size_t>(carried_ * pass_words));
  const auto bytes = static_cast<int64_t>(bits_.size() * sizeof(uint64_t));
  machine.download(bits_.data(), memory.bits + (at - carried_) * pass_words, bytes);
  machine.upload(memory.bits, bits_.data(), bytes);
}

template <typename T>
void PatternRows::hand_on(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory) {
  const auto count_of_passes = static_cast<int64_t>(passes.size());
  bits_.resize(static_cast<size_t>(count_of_passes * batch_ * words_));
  machine.download(bits_.data(), memory.bits, static_cast<int64_t>(bits_.size() * sizeof(uint64_t)));
  for (int64_t p = 0; p < count_of_passes; ++p) {
    const Pass& pass = passes[static_cast<size_t>(p)];
    const int64_t words = reader_.layouts[static_cast<size_t>(pass.job)].words(), samples = samples_of(pass.job);
    rows_.resize(static_cast<size_t>(samples * words));
    for (int64_t n = 0; n < batch_; ++n) {
      std::copy_n(bits_.data() + (p * batch_ + n) * words_, words, rows_.data() + (pass.batch * batch_ + n) * words);
    }
    if (last_of_job(pass)) reader_.done({pass.job, samples, words, rows_.data()});
  }
}

template void PatternRows::take(const Machine&, const Graph&, const MachineLayout&, const std::vector<Pass>&,
                                const Memory<float>&);
template void PatternRows::take(const Machine&, const Graph&, const MachineLayout&, const std::vector<Pass>&,
                                const Memory<double>&);

}  // namespace winnow
