#include "scores/flow.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "abi/failure.h"
#include "plan/forward.h"
#include "runtime/threads.h"
#include "scores/scores.h"

namespace winnow {

Flow::Flow(const Graph& graph, const Kernels<double>& kernels, const Program& program, const Parameters& parameters)
    : graph_(graph), kernels_(kernels), program_(program), parameters_(parameters), fields_(static_cast<size_t>(graph.size())) {
  for (const Value& value : graph.values()) halo_ = std::max({halo_, value.halo_height, value.halo_width});
  if (program.noise() >= 0) {
    throw Failure(WINNOW_UNSUPPORTED, "synaptic flow of a network with noise, node " +
                                          graph.network().nodes()[static_cast<size_t>(graph[program.noise()].node())].name);
  }
}

double Flow::total() {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!program_.runs(v)) continue;
    fields_[v] = compute(v);
    for (const int64_t input : graph_[v].inputs) {
      if (graph_[input].consumers.back() <= v) fields_[input].reset();
    }
  }
  Field& out = *fields_[graph_.output()];
  double sum = 0;
  for (int64_t c = 0; c < out.shape.channels; ++c) {
    for (int64_t y = 0; y < out.shape.height; ++y) {
      for (int64_t x = 0; x < out.shape.width; ++x) sum += out.at(1, c)[y * out.pitch + x] - out.at(0, c)[y * out.pitch + x];
    }
  }
  return sum;
}

Flow::Shared Flow::compute(int64_t v) {
  const Value& value = graph_[v];
  switch (value.operation) {
    case WINNOW_INPUT: {
      const Shared field = make(value.shape);
      for (int64_t i = 0; i < kImages; ++i) {
        for (int64_t c = 0; c < value.shape.channels; ++c) {
          for (int64_t y = 0; y < value.shape.height; ++y)
            std::fill_n(field->at(i, c) + y * field->pitch, value.shape.width, 1.0);
        }
      }
      return field;
    }
    case WINNOW_CONVOLUTION:
      return convolve(v);
    case WINNOW_BATCH_NORM:
      return fields_[value.inputs[0]];
    case WINNOW_RELU: {  // nothing here is negative
      const double cap = std::get<ReluAttributes>(value.attributes).cap;
      return cap == 0 ? fields_[value.inputs[0]] : rectify(v, cap);
    }
    case WINNOW_WEIGHTED_SUM:
      return add(v);
    case WINNOW_AVERAGE_POOL:
      return average(v);
    case WINNOW_MAX_POOL:
      return maximise(v);
    case WINNOW_GLOBAL_AVERAGE_POOL:
      return average_all(v);
    case WINNOW_ZERO: {
      const Shared field = make(value.shape);
      std::fill(field->memory.begin(), field->memory.end(), 0.0);
      return field;
    }
    default:
      return rearrange(v);
  }
}

Flow::Shared Flow::make(const Shape& shape) {
  const int64_t pitch = shape.width + 2 * halo_, plane = (shape.height + 2 * halo_) * pitch + 2 * kBlock;
  std::vector<std::vector<double>>& spare = spare_[{shape.channels, shape.height, shape.width}];
  std::vector<double> memory;
  if (spare.empty()) {
    memory.resize(static_cast<size_t>(elements_of({kImages, shape.channels, plane}, "a value")));
  } else {
    memory = std::move(spare.back());
    spare.pop_back();
  }
  return Shared(new Field{shape, halo_, pitch, plane, std::move(memory)}, [&spare](Field* field) {
    spare.push_back(std::move(field->memory));
    delete field;
  });
}

const double* Flow::Source::at(int64_t image, int64_t channel, int64_t dy, int64_t dx) {
  if (phases.empty()) return field->at(image, channel) + dy * pitch + dx;
  const int64_t y = halo + dy, x = halo + dx;
  const int64_t phase = y % stride.height * stride.width + x % stride.width;
  const int64_t at = (image * field->shape.channels + channel) * stride.height * stride.width + phase;
  return phases.data() + at * plane + y / stride.height * pitch + x / stride.width;
}

Flow::Source Flow::source(const Shared& in, Pair stride) const {
  Source source{in, {}, stride, halo_, in->pitch, in->plane};
  if (stride.height == 1 && stride.width == 1) return source;
  const int64_t rows = in->shape.height + 2 * halo_, columns = in->pitch;
  source.pitch = (columns + stride.width - 1) / stride.width;
  source.plane = (rows + stride.height - 1) / stride.height * source.pitch + 2 * kBlock;
  source.phases.assign(static_cast<size_t>(kImages * in->shape.channels * stride.height * stride.width * source.plane), 0.0);
  double* out = source.phases.data();
  for (int64_t p = 0; p < kImages * in->shape.channels; ++p) {
    const double* plane = in->memory.data() + p * in->plane;
    for (int64_t py = 0; py < stride.height; ++py) {
      for (int64_t px = 0; px < stride.width; ++px, out += source.plane) {
        for (int64_t y = py, r = 0; y < rows; y += stride.height, ++r) {
          for (int64_t x = px, c = 0; x < columns; x += stride.width, ++c) out[r * source.pitch + c] = plane[y * columns + x];
        }
      }
    }
  }
  return source;
}

void Flow::gather(Source& source, const std::vector<const double*>& inputs, const double* weights, int64_t outputs, Field& out,
                  double* plane) const {
  // Where the rows of both lie equally far apart they are one row, with the zeros between them.
  const bool one = source.pitch == out.pitch;
  const int64_t pixels = one ? (out.shape.height - 1) * out.pitch + out.shape.width : out.shape.width;
  kernels_.gather({inputs.data(), weights, static_cast<int64_t>(inputs.size()), outputs, source.pitch, kBlock, plane, out.plane,
                   out.pitch, kBlock, one ? 1 : out.shape.height, (pixels + kBlock - 1) / kBlock, kBlock, false});
}

void Flow::clear_halo(Field& field) const {
  for (int64_t p = 0; p < kImages * field.shape.channels; ++p) {
    double* row = field.memory.data() + p * field.plane;
    double* const end = row + field.plane;
    std::fill_n(row, halo_ * field.pitch, 0.0);
    row += halo_ * field.pitch;
    for (int64_t y = 0; y < field.shape.height; ++y, row += field.pitch) {
      std::fill_n(row, halo_, 0.0);
      std::fill_n(row + halo_ + field.shape.width, halo_, 0.0);
    }
    std::fill(row, end, 0.0);
  }
}

Flow::Shared Flow::convolve(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  const Shared& in = fields_[value.inputs[0]];
  const Shared out = make(value.shape);
  const Gather list = forward_gather(value, in->shape);
  std::vector<double> packed(static_cast<size_t>(list.weights));
  pack_forward(list, weight_values(graph_.network(), parameters_, value.node()), in->shape.channels / a.groups,
               a.kernel.height * a.kernel.width, packed.data());
  for (double& weight : packed) weight = std::abs(weight);
  Source from = source(in, a.stride);
  const GatherPhase& phase = list.phases[0];
  std::vector<const double*> inputs;
  for (const GatherTile& tile : phase.tiles) {
    for (int64_t i = 0; i < kImages; ++i) {
      inputs.clear();
      for (int64_t t = tile.first_term; t < tile.first_term + tile.terms; ++t) {
        const GatherTerm& term = phase.terms[static_cast<size_t>(t)];
        inputs.push_back(from.at(i, term.plane, term.dy, term.dx));
      }
      gather(from, inputs, packed.data() + tile.weights, tile.outputs, *out, out->at(i, tile.first));
    }
  }
  clear_halo(*out);
  const bool linear = graph_.network().nodes()[static_cast<size_t>(value.node())].operation == WINNOW_LINEAR;
  for (int64_t c = 0; c < value.shape.channels; ++c) {
    double *plain = out->at(0, c), *both = out->at(1, c);
    const double bias =
        !a.bias ? 0
                : std::abs(tensor_values(graph_.network(), parameters_, value.node(),
                                         linear ? WINNOW_LINEAR_BIAS : WINNOW_CONVOLUTION_BIAS)[static_cast<size_t>(c)]);
    for (int64_t y = 0; y < value.shape.height; ++y, plain += out->pitch, both += out->pitch) {
      for (int64_t x = 0; x < value.shape.width; ++x) {
        plain[x] += bias;
        both[x] += plain[x];
      }
    }
  }
  return out;
}

Flow::Shared Flow::add(int64_t v) {
  const std::vector<SumTerm>& terms = program_.terms(v);
  for (const SumTerm& term : terms) {
    if (term.coefficient < 0) {
      throw Failure(WINNOW_INVALID, "synaptic flow needs coefficients >= 0 but one was " + std::to_string(term.coefficient));
    }
  }
  if (terms.size() == 1 && terms[0].coefficient == 1) return fields_[terms[0].value];
  const Shared out = make(graph_[v].shape);
  double* sum = out->memory.data();
  const auto size = static_cast<int64_t>(out->memory.size());
  std::fill_n(sum, size, 0.0);
  for (const SumTerm& term : terms) {
    const double* in = fields_[term.value]->memory.data();
    for (int64_t k = 0; k < size; ++k) sum[k] += term.coefficient * in[k];
  }
  return out;
}

Flow::Shared Flow::average(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<PoolAttributes>(value.attributes);
  const Shared& in = fields_[value.inputs[0]];
  const Shared out = make(value.shape);
  Source from = source(in, a.stride);
  const std::vector<double> ones(static_cast<size_t>(a.kernel.height * a.kernel.width), 1.0);
  std::vector<double> shares;  // one over the cells of each window
  for (int64_t y = 0; y < value.shape.height; ++y) {
    for (int64_t x = 0; x < value.shape.width; ++x) shares.push_back(1 / static_cast<double>(window_cells(a, in->shape, y, x)));
  }
  std::vector<const double*> inputs;
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < value.shape.channels; ++c) {
      inputs.clear();
      for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
        for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
          inputs.push_back(from.at(i, c, ky - a.padding.height, kx - a.padding.width));
        }
      }
      gather(from, inputs, ones.data(), 1, *out, out->at(i, c));
    }
  }
  clear_halo(*out);
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < value.shape.channels; ++c) {
      const double* share = shares.data();
      double* row = out->at(i, c);
      for (int64_t y = 0; y < value.shape.height; ++y, row += out->pitch, share += value.shape.width) {
        for (int64_t x = 0; x < value.shape.width; ++x) row[x] *= share[x];
      }
    }
  }
  return out;
}

Flow::Shared Flow::maximise(int64_t v) {
  const Value& value = graph_[v];
  const Shared& in = fields_[value.inputs[0]];
  const Shared out = make(value.shape);
  for (int64_t c = 0; c < value.shape.channels; ++c) {
    for (int64_t y = 0; y < value.shape.height; ++y) {
      for (int64_t x = 0; x < value.shape.width; ++x) {
        int64_t best = -1;  // the first of equal ones
        each_cell(std::get<PoolAttributes>(value.attributes), in->shape, y, x, [&](int64_t cy, int64_t cx) {
          const int64_t cell = cy * in->pitch + cx;
          if (best < 0 || in->at(0, c)[cell] > in->at(0, c)[best]) best = cell;
        });
        for (int64_t i = 0; i < kImages; ++i) out->at(i, c)[y * out->pitch + x] = in->at(i, c)[best];
      }
    }
  }
  return out;
}

Flow::Shared Flow::average_all(int64_t v) {
  const Shared& in = fields_[graph_[v].inputs[0]];
  const Shared out = make(graph_[v].shape);
  const auto cells = static_cast<double>(in->shape.height * in->shape.width);
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < in->shape.channels; ++c) {
      double sum = 0;
      for (int64_t y = 0; y < in->shape.height; ++y) {
        for (int64_t x = 0; x < in->shape.width; ++x) sum += in->at(i, c)[y * in->pitch + x];
      }
      *out->at(i, c) = sum / cells;
    }
  }
  return out;
}

Flow::Shared Flow::rectify(int64_t v, double cap) {
  const Shared& in = fields_[graph_[v].inputs[0]];
  const Shared out = make(graph_[v].shape);
  for (int64_t c = 0; c < in->shape.channels; ++c) {
    for (int64_t y = 0; y < in->shape.height; ++y) {
      for (int64_t x = 0; x < in->shape.width; ++x) {
        const int64_t pixel = y * in->pitch + x;
        const bool below = in->at(0, c)[pixel] < cap;
        out->at(0, c)[pixel] = below ? in->at(0, c)[pixel] : cap;
        out->at(1, c)[pixel] = below ? in->at(1, c)[pixel] : cap;
      }
    }
  }
  return out;
}

Flow::Shared Flow::rearrange(int64_t v) {
  const Value& value = graph_[v];
  const Shared out = make(value.shape);
  std::fill(out->memory.begin(), out->memory.end(), 0.0);
  int64_t first = 0, top = 0, left = 0, skipped = 0;
  if (value.operation == WINNOW_PAD_CROP) {
    const auto& a = std::get<PadCropAttributes>(value.attributes);
    top = a.top, left = a.left;
  } else if (value.operation == WINNOW_CHANNEL_SLICE) {
    skipped = std::get<ChannelSliceAttributes>(value.attributes).first;
  }
  for (const int64_t input : value.inputs) {  // several: they are put one behind the other
    const Shared& in = fields_[input];
    const int64_t channels = std::min(in->shape.channels - skipped, value.shape.channels - first);
    const int64_t begin = std::max<int64_t>(0, left), end = std::min(value.shape.width, in->shape.width + left);
    for (int64_t i = 0; i < kImages; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t y = std::max<int64_t>(0, top); y < std::min(value.shape.height, in->shape.height + top); ++y) {
          if (begin >= end) continue;
          std::copy_n(in->at(i, skipped + c) + (y - top) * in->pitch + begin - left, end - begin,
                      out->at(i, first + c) + y * out->pitch + begin);
        }
      }
    }
    first += channels;
  }
  return out;
}

void synaptic_flow(Plan& plan, const winnow_call& call, double* flows) {
  const Graph& graph = plan.graph();
  const int64_t choices = graph.network().choices();
  plan.device().pool->run(call.job_count, [&](int64_t j, int64_t) {
    if (call.cancel != nullptr && *call.cancel != 0) throw Failure(WINNOW_CANCELLED, "the call was cancelled");
    const winnow_job& job = call.jobs[j];
    const int64_t at = std::max<int64_t>(0, job.row) * choices;
    const Program program(graph, choices == 0 ? nullptr : call.states + at, choices == 0 ? nullptr : call.coefficients + at,
                          {graph.output()}, false);
    flows[j] =
        Flow(graph, kernels_of<double>(plan.device().variant), program, call.parameters[job.parameters]->parameters).total();
  });
}

}  // namespace winnow
