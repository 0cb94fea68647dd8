#include "cuda/plan/uploads.h"

#include <cmath>
#include <string>

#include "plan/forward.h"
#include "runtime/failure.h"
#include "runtime/random.h"

namespace winnow {
namespace {

double value_at(const winnow_images& images, int64_t index) {
  return images.dtype == WINNOW_F32 ? double{static_cast<const float*>(images.values)[index]}
                                    : static_cast<const double*>(images.values)[index];
}

// A number that is not finite: which one it is.
std::string place_of(int64_t index, const winnow_images& images) {
  const int64_t plane = images.height * images.width, sample = index / (images.channels * plane);
  return "input sample " + std::to_string(sample) + " channel " + std::to_string(index / plane % images.channels) + " (" +
         std::to_string(index % plane / images.width) + ", " + std::to_string(index % images.width) + ")";
}

}  // namespace

std::vector<Pass> passes_of(const winnow_call& call, int64_t batch) {
  std::vector<Pass> passes;
  for (int64_t j = 0; j < call.job_count; ++j) {
    const int64_t batches = call.inputs[call.jobs[j].input].samples / batch;
    for (int64_t b = 0; b < batches; ++b) passes.push_back({j, b});
  }
  return passes;
}

template <typename T>
void Uploads::chunk(const std::vector<Pass>& passes, const std::vector<std::unique_ptr<Program>>& programs,
                    const Memory<T>& memory) {
  images(passes, memory.images, memory.first_image);
  parameters(passes, programs, memory);
  streams(passes, memory.streams, memory.first_sample);
  const auto slots = static_cast<size_t>(layout_.slots());
  std::vector<uint8_t> present(passes.size() * slots);
  std::vector<double> factor(present.size());
  for (size_t p = 0; p < passes.size(); ++p) {
    const winnow_job& job = call_.jobs[passes[p].job];
    layout_.fill(*programs[static_cast<size_t>(job.row < 0 ? 0 : job.row)], present.data() + p * slots,
                 factor.data() + p * slots);
  }
  upload(memory.present, present);
  upload(memory.factor, factor);
}

void Uploads::images(const std::vector<Pass>& passes, double* images, int64_t* first) {
  const int64_t elements = layout_.batch() * graph_[0].shape.elements();
  std::map<std::pair<int64_t, int64_t>, int64_t> known;  // (input, batch): where it lies
  std::vector<double> values;
  std::vector<int64_t> first_of;
  for (const Pass& pass : passes) {
    const int64_t input = call_.jobs[pass.job].input;
    const auto [at, fresh] = known.emplace(std::pair(input, pass.batch), static_cast<int64_t>(values.size()));
    first_of.push_back(at->second);
    if (!fresh) continue;
    const winnow_images& from = call_.inputs[input];
    for (int64_t i = pass.batch * elements; i < (pass.batch + 1) * elements; ++i) {
      values.push_back(value_at(from, i));
      if (!std::isfinite(values.back())) throw Failure(WINNOW_INVALID, place_of(i, from) + " must be finite");
    }
  }
  upload(images, values);
  upload(first, first_of);
}

void Uploads::streams(const std::vector<Pass>& passes, uint64_t* to, int64_t* first_sample) {
  std::vector<uint64_t> numbers;
  std::vector<int64_t> first;
  for (const Pass& pass : passes) {
    const int64_t stream = call_.jobs[pass.job].stream;
    numbers.push_back(stream < 0 ? 0 : call_.streams[stream].seed);
    for (const int64_t v : noises_) {
      const Node& node = graph_.network().nodes()[static_cast<size_t>(graph_[v].node())];
      numbers.push_back(stream < 0 ? 0 : random_substream(call_.streams[stream].stream, node.name));
    }
    first.push_back(pass.batch * layout_.batch());
  }
  upload(to, numbers);
  upload(first_sample, first);
}

std::vector<bool> Uploads::needed(const Program& program) const {
  std::vector<bool> needed(graph_.network().tensors().size());
  const NormModes modes(call_);
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!program.runs(v)) continue;
    const Node& node = graph_.network().nodes()[static_cast<size_t>(graph_[v].node())];
    const bool norm = node.operation == WINNOW_BATCH_NORM;
    const winnow_norm_mode mode = modes[graph_[v].node()];
    for (int64_t t = node.first_tensor; t < node.first_tensor + node.tensor_count; ++t) {
      const winnow_role role = graph_.network().tensors()[static_cast<size_t>(t)].role;
      const bool buffer = role == WINNOW_RUNNING_MEAN || role == WINNOW_RUNNING_VARIANCE;
      needed[static_cast<size_t>(t)] = !norm || (mode != WINNOW_NORM_IDENTITY && (!buffer || mode == WINNOW_NORM_RUNNING));
    }
  }
  return needed;
}

template <typename T>
void Uploads::parameters(const std::vector<Pass>& passes, const std::vector<std::unique_ptr<Program>>& programs,
                         const Memory<T>& memory) {
  std::map<int64_t, int32_t> known;  // set of the call: set of the chunk
  std::vector<int64_t> sets;
  std::vector<int32_t> set_of;
  std::vector<std::vector<bool>> read;  // by set of the chunk and tensor
  for (const Pass& pass : passes) {
    const winnow_job& job = call_.jobs[pass.job];
    const auto [at, fresh] = known.emplace(job.parameters, static_cast<int32_t>(known.size()));
    set_of.push_back(at->second);
    const std::vector<bool> tensors = needed(*programs[static_cast<size_t>(job.row < 0 ? 0 : job.row)]);
    if (fresh) {
      sets.push_back(job.parameters);
      read.push_back(tensors);
    } else {
      std::vector<bool>& all = read[static_cast<size_t>(at->second)];
      for (size_t t = 0; t < tensors.size(); ++t) all[t] = all[t] || tensors[t];
    }
  }
  std::vector<double> values;
  for (size_t s = 0; s < sets.size(); ++s) {
    const Parameters& from = call_.parameters[sets[s]]->parameters;
    for (size_t t = 0; t < read[s].size(); ++t) {
      if (read[s][t]) {
        const std::vector<double> tensor = from.values(static_cast<int64_t>(t)).copy();
        values.insert(values.end(), tensor.begin(), tensor.end());
      } else {
        values.resize(values.size() + static_cast<size_t>(graph_.network().tensors()[t].elements));
      }
    }
  }
  upload(memory.wide_parameters, values);
  upload(memory.set_of, set_of);
  if constexpr (sizeof(T) != sizeof(double)) upload(memory.parameters, std::vector<T>(values.begin(), values.end()));
}

template void Uploads::chunk(const std::vector<Pass>&, const std::vector<std::unique_ptr<Program>>&, const Memory<float>&);
template void Uploads::chunk(const std::vector<Pass>&, const std::vector<std::unique_ptr<Program>>&, const Memory<double>&);

}  // namespace winnow
