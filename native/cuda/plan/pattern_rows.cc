#include "cuda/plan/pattern_rows.h"

#include <algorithm>

#include "cuda/kernels/kernels.h"

namespace winnow {

using namespace machine;

PatternRows::PatternRows(const PatternReader& reader, const winnow_call& call, int64_t batch,
                         const std::vector<int64_t>& packed, CallSize& size)
    : reader_(reader), call_(call), batch_(batch), packed_(packed) {
  for (const PatternLayout& layout : reader.layouts) {
    words_ = std::max(words_, layout.words());
    places_ = std::max(places_, static_cast<int64_t>(layout.parts.size()));
  }
  if (reader.counted != nullptr) most_carried_ = largest_input(call) / batch - 1;
  size.words = words_;
  size.places = places_;
  size.packed = static_cast<int64_t>(packed.size());
  size.counted = reader.counted != nullptr;
  size.carried = most_carried_;
}

template <typename T>
void PatternRows::prepare(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory) const {
  std::vector<int64_t> places;
  std::vector<int32_t> first;
  for (const Pass& pass : passes) {
    const std::vector<PatternLayout::Part>& parts = reader_.layouts[static_cast<size_t>(pass.job)].parts;
    for (const int64_t value : packed_) {
      first.push_back(static_cast<int32_t>(places.size()));
      for (const PatternLayout::Part& part : parts) {
        if (part.value == value) places.push_back(part.first);
      }
    }
    first.push_back(static_cast<int32_t>(places.size()));
  }
  machine.upload(memory.places, places.data(), static_cast<int64_t>(places.size() * sizeof(int64_t)));
  machine.upload(memory.first_place, first.data(), static_cast<int64_t>(first.size() * sizeof(int32_t)));
  const int64_t pass_words = batch_ * words_;
  machine.clear(memory.bits + most_carried_ * pass_words,
                static_cast<int64_t>(passes.size()) * pass_words * static_cast<int64_t>(sizeof(uint64_t)));
}

template <typename T>
void PatternRows::take(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory) {
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
  uint64_t* const bits = memory.bits + (most_carried_ - carried_) * pass_words;
  const auto count_of_groups = static_cast<int64_t>(groups.size());
  if (count_of_groups > 0) {
    machine.upload(memory.groups, groups.data(), count_of_groups * static_cast<int64_t>(sizeof(RowGroup)));
    machine.launch({launch_of<HashRows>({bits, memory.hashes, rows, words_}, blocks_for(rows, HashRows::kThreads)),
                    launch_of<FirstRows>({bits, memory.hashes, memory.groups, memory.first_rows, words_, largest},
                                         count_of_groups * blocks_for(largest, FirstRows::kThreads)),
                    launch_of<CountRows>({memory.first_rows, memory.groups, memory.counts}, count_of_groups)});
    std::vector<int64_t> counts(groups.size());
    machine.download(counts.data(), memory.counts, count_of_groups * static_cast<int64_t>(sizeof(int64_t)));
    for (size_t g = 0; g < groups.size(); ++g) reader_.counted(jobs[g], counts[g]);
  }
  carried_ = last_of_job(passes.back()) ? 0 : passes.back().batch + 1;
  bits_.resize(static_cast<size_t>(carried_ * pass_words));
  const auto bytes = static_cast<int64_t>(bits_.size() * sizeof(uint64_t));
  machine.download(bits_.data(), bits + (at - carried_) * pass_words, bytes);
  machine.upload(memory.bits + (most_carried_ - carried_) * pass_words, bits_.data(), bytes);
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

template void PatternRows::prepare(const Machine&, const std::vector<Pass>&, const Memory<float>&) const;
template void PatternRows::prepare(const Machine&, const std::vector<Pass>&, const Memory<double>&) const;
template void PatternRows::take(const Machine&, const std::vector<Pass>&, const Memory<float>&);
template void PatternRows::take(const Machine&, const std::vector<Pass>&, const Memory<double>&);

}  // namespace winnow
