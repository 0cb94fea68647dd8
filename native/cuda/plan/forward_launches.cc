#include <algorithm>

#include "cuda/plan/launches.h"
#include "network/tensors.h"
#include "runtime/failure.h"

namespace winnow {

using namespace machine;

namespace {

Window window_of(Pair kernel, Pair stride, Pair padding, Pair dilation) {
  const auto narrow = [](int64_t side) { return static_cast<int32_t>(side); };  // sides are at most 2^20
  return {narrow(kernel.height),  narrow(kernel.width),  narrow(stride.height),   narrow(stride.width),
          narrow(padding.height), narrow(padding.width), narrow(dilation.height), narrow(dilation.width)};
}

}  // namespace

Window window_of(const Value& value) {
  if (const auto* a = std::get_if<ConvolutionAttributes>(&value.attributes)) {
    return window_of(a->kernel, a->stride, a->padding, a->dilation);
  }
  const auto& a = std::get<PoolAttributes>(value.attributes);
  return window_of(a.kernel, a.stride, a.padding, {1, 1});
}

Size Setting::size_of(int64_t v) const {
  const Shape& shape = graph[v].shape;
  return {static_cast<int32_t>(shape.channels), static_cast<int32_t>(layout.batch()), static_cast<int32_t>(shape.height),
          static_cast<int32_t>(shape.width)};
}

int64_t Setting::offset(const std::vector<int64_t>& offsets, int64_t v, winnow_role role) const {
  const int64_t tensor = tensor_index(graph.network(), graph[v].node(), role);
  return tensor < 0 ? -1 : offsets[static_cast<size_t>(tensor)];
}

bool Setting::linear(int64_t v) const {
  return graph.network().nodes()[static_cast<size_t>(graph[v].node())].operation == WINNOW_LINEAR;
}

namespace {

template <typename T, typename F>
class ForwardLaunches {
 public:
  ForwardLaunches(const Setting& setting, const Memory<T>& memory, const F* parameters, F* values, Tables& tables,
                  Launches& launches)
      : s_(setting),
        m_(memory),
        parameters_{parameters, memory.set_of, setting.parameter_elements},
        values_(values),
        tables_(tables),
        launches_(launches),
        choices_{memory.present, memory.factor, setting.layout.slots(), 1} {}

  void add() {
    for (int64_t v = 0; v < s_.graph.size(); ++v) {
      if (s_.layout.all().runs(v)) add(v);
    }
  }

 private:
  BatchPlanes<F> planes(int64_t v) const { return {values_ + s_.layout.value(v), s_.layout.value_elements(), s_.size_of(v)}; }
  BatchPlanes<const F> in(int64_t v) const {
    const BatchPlanes<F> p = planes(v);
    return {p.first, p.pitch, p.size};
  }
  int32_t slot(int64_t v) const { return s_.layout.runs(v); }
  // Where a value as its readers see it is stored, and the norm that it is seen through.
  int64_t stored(int64_t v) const { return s_.graph[v].lazy ? s_.graph[v].inputs[0] : v; }
  View view(int64_t v) const { return {s_.graph[v].lazy ? static_cast<int32_t>(s_.layout.norm(v)) : -1}; }

  template <typename Kernel>
  void launch(const typename Kernel::Arguments& arguments, int64_t elements) {
    launches_.push_back(launch_of<Kernel>(arguments, s_.passes * blocks_for(elements, Kernel::kThreads)));
  }

  void add(int64_t v) {
    const Value& value = s_.graph[v];
    const int64_t input = value.inputs.empty() ? -1 : value.inputs[0], elements = s_.size_of(v).elements();
    switch (value.operation) {
      case WINNOW_INPUT:
        return launch<Load<F>>({m_.images, m_.first_image, planes(v)}, elements);
      case WINNOW_CONVOLUTION:
        return convolve(v);
      case WINNOW_BATCH_NORM:
        return normalise(v);
      case WINNOW_RELU:
        return rectify(v);
      case WINNOW_WEIGHTED_SUM:
        return sum(v);
      case WINNOW_AVERAGE_POOL:
        return launch<AveragePool<F>>(pool(v), elements);
      case WINNOW_MAX_POOL:
        return launch<MaximumPool<F>>(pool(v), elements);
      case WINNOW_GLOBAL_AVERAGE_POOL:
        return launch<MeanPool<F>>({choices_, in(input), planes(v), {}, 0, slot(v)}, elements);
      case WINNOW_PAD_CROP: {
        const auto& a = std::get<PadCropAttributes>(value.attributes);
        return move(v, input, 0, 0, value.shape.channels, a.top, a.left);
      }
      case WINNOW_CHANNEL_SLICE:
        return move(v, input, std::get<ChannelSliceAttributes>(value.attributes).first, 0, value.shape.channels, 0, 0);
      case WINNOW_CONCAT: {
        int64_t first = 0;
        for (const int64_t part : value.inputs) {
          move(v, part, 0, first, s_.graph[part].shape.channels, 0, 0);
          first += s_.graph[part].shape.channels;
        }
        return;
      }
      case WINNOW_NOISE: {
        const auto at = std::find(s_.noises.begin(), s_.noises.end(), v) - s_.noises.begin();
        return launch<AddNoise<F>>(
            {choices_, in(input), planes(v), m_.streams, m_.first_sample, std::get<NoiseAttributes>(value.attributes).deviation,
             static_cast<int32_t>(1 + s_.noises.size()), static_cast<int32_t>(1 + at), slot(v)},
            elements);
      }
      case WINNOW_ZERO:  // a box from outside
        return move(v, v, 0, 0, value.shape.channels, value.shape.height, 0);
      default:
        throw Failure(WINNOW_UNSUPPORTED, "node " + s_.graph.network().nodes()[static_cast<size_t>(value.node())].name +
                                              ": operation " + std::to_string(value.operation) +
                                              " has no kernel on this device");
    }
  }

  void convolve(int64_t v) {
    const auto& a = std::get<ConvolutionAttributes>(s_.graph[v].attributes);
    const bool linear = s_.linear(v);
    typename Convolution<F>::Arguments arguments = {
        choices_,
        parameters_,
        in(s_.graph[v].inputs[0]),
        planes(v),
        s_.parameter(v, linear ? WINNOW_LINEAR_WEIGHT : WINNOW_CONVOLUTION_WEIGHT),
        a.bias ? s_.parameter(v, linear ? WINNOW_LINEAR_BIAS : WINNOW_CONVOLUTION_BIAS) : -1,
        window_of(s_.graph[v]),
        {static_cast<int32_t>(a.groups), static_cast<int32_t>(a.outputs / a.groups)},
        slot(v),
        0};
    const int64_t tiles = a.groups * arguments.tiling.tiles();
    launches_.push_back(launch_of<Convolution<F>>(
        arguments, s_.passes * tiles * blocks_for(arguments.out.size.channel(), Convolution<F>::kThreads)));
  }

  void normalise(int64_t v) {
    const auto& a = std::get<BatchNormAttributes>(s_.graph[v].attributes);
    const int64_t input = s_.graph[v].inputs[0];
    const winnow_norm_mode mode = s_.norm_modes[static_cast<size_t>(v)];
    const auto norm = static_cast<int32_t>(s_.layout.norm(v));
    launches_.push_back(launch_of<Statistics<F>>({choices_,
                                                  m_.norms,
                                                  {m_.wide_parameters, m_.set_of, s_.parameter_elements},
                                                  in(input),
                                                  a.affine ? s_.parameter(v, WINNOW_NORM_SCALE) : -1,
                                                  a.affine ? s_.parameter(v, WINNOW_NORM_SHIFT) : -1,
                                                  s_.parameter(v, WINNOW_RUNNING_MEAN),
                                                  s_.parameter(v, WINNOW_RUNNING_VARIANCE),
                                                  a.epsilon,
                                                  mode == WINNOW_NORM_BATCH     ? NormMode::kBatch
                                                  : mode == WINNOW_NORM_RUNNING ? NormMode::kRunning
                                                                                : NormMode::kIdentity,
                                                  norm,
                                                  slot(v)},
                                                 s_.passes * s_.graph[v].shape.channels));
    if (!s_.graph[v].lazy) {
      launch<Affine<F>>({choices_, m_.norms, in(input), planes(v), {norm}, slot(v)}, s_.size_of(v).elements());
    }
  }

  void rectify(int64_t v) {
    const int64_t input = s_.graph[v].inputs[0], elements = s_.size_of(v).elements();
    const typename Rectify<F>::Arguments arguments = {choices_,
                                                      m_.norms,
                                                      in(stored(input)),
                                                      planes(v),
                                                      view(input),
                                                      slot(v),
                                                      std::get<ReluAttributes>(s_.graph[v].attributes).cap};
    const auto packed = std::find(s_.packed.begin(), s_.packed.end(), v);
    if (packed == s_.packed.end()) return launch<Rectify<F>>(arguments, elements);
    const SignRows signs = {m_.bits + s_.carried * s_.layout.batch() * s_.words,
                            m_.places,
                            m_.first_place,
                            s_.words,
                            static_cast<int32_t>(s_.packed.size()),
                            static_cast<int32_t>(packed - s_.packed.begin())};
    launch<RectifyAndPack<F>>({arguments, signs}, elements);
  }

  void sum(int64_t v) {
    std::vector<SumInput> inputs;
    for (const int64_t input : s_.layout.inputs(v)) {
      inputs.push_back({s_.layout.value(stored(input)), view(input), s_.layout.term(v, input)});
    }
    launch<machine::WeightedSum<F>>(
        {choices_, m_.norms, values_, tables_.add(inputs), planes(v), static_cast<int32_t>(inputs.size()), slot(v)},
        s_.size_of(v).elements());
  }

  PoolArguments<F> pool(int64_t v) const {
    const auto& a = std::get<PoolAttributes>(s_.graph[v].attributes);
    return {choices_, in(s_.graph[v].inputs[0]), planes(v), window_of(s_.graph[v]), a.count_include_pad, slot(v)};
  }

  void move(int64_t v, int64_t from, int64_t first_in, int64_t first_out, int64_t channels, int64_t top, int64_t left) {
    const auto narrow = [](int64_t side) { return static_cast<int32_t>(side); };
    launch<Move<F>>({choices_, in(from), planes(v), narrow(first_in), narrow(first_out), narrow(channels), narrow(top),
                     narrow(left), slot(v)},
                    channels * s_.size_of(v).channel());
  }

  const Setting& s_;
  const Memory<T>& m_;
  const ParameterTable<F> parameters_;
  F* values_;
  Tables& tables_;
  Launches& launches_;
  const Choices choices_;
};

}  // namespace

template <typename T, typename F>
void add_forward(const Setting& setting, const Memory<T>& memory, const F* parameters, F* values, Tables& tables,
                 Launches& launches) {
  ForwardLaunches<T, F>(setting, memory, parameters, values, tables, launches).add();
}

template void add_forward(const Setting&, const Memory<float>&, const float*, float*, Tables&, Launches&);
template void add_forward(const Setting&, const Memory<float>&, const double*, double*, Tables&, Launches&);
template void add_forward(const Setting&, const Memory<double>&, const double*, double*, Tables&, Launches&);

}  // namespace winnow
