// What the second back end decides on the host before anything runs: how a call is cut into chunks, where a pass's and a task's
// memory lies, when memory is handed on, and what a device that is full answers.
#include <algorithm>
#include <cstring>
#include <random>

#include "check.h"
#include "cuda/emulation/emulation.h"
#include "cuda/kernels/kernels.h"
#include "cuda/plan/chunk.h"
#include "cuda/plan/memory.h"
#include "machine_device.h"
#include "plan/plan.h"
#include "runtime/failure.h"
#include "test_networks.h"
#include "winnow/scores.h"

using namespace winnow;
using namespace winnow::test;

namespace {

std::string text_of_failure(const std::function<void()>& body, winnow_status status) {
  try {
    body();
  } catch (const Failure& failure) {
    CHECK_EQUAL(failure.status(), status);
    return failure.what();
  }
  CHECK(false);
  return "";
}

std::shared_ptr<const Network> supernet() {
  const NetworkBuilder builder = nb201_supernet({3, 16, 16}, 3, 1, 3, true, 10);
  const std::vector<int64_t> blob = builder.blob(builder.last());
  return Network::decode(blob.data(), static_cast<int64_t>(blob.size() * 8));
}

winnow_plan_options options_of(int64_t batch) {
  winnow_plan_options options = {};
  options.size = sizeof options;
  options.batch = batch;
  return options;
}

}  // namespace

// By hand: a pass of 10 bytes with 4 cotangents of 5 takes 30.
TEST(chunks) {
  const auto check_chunk = [](Chunk chunk, int64_t passes, int64_t cotangents) {
    CHECK_EQUAL(chunk.passes, passes);
    CHECK_EQUAL(chunk.cotangents, cotangents);
  };
  check_chunk(chunk_of({10, 5}, 100, 4, 30), 1, 4);
  check_chunk(chunk_of({10, 5}, 100, 4, 89), 2, 4);
  check_chunk(chunk_of({10, 5}, 100, 4, 90), 3, 4);
  check_chunk(chunk_of({10, 5}, 2, 4, 1000), 2, 4);  // no more than there are
  check_chunk(chunk_of({10, 5}, 100, 4, 29), 1, 2);  // three would fit: two blocks of two
  check_chunk(chunk_of({10, 5}, 100, 4, 15), 1, 1);  // one at a time
  check_chunk(chunk_of({10, 5}, 100, 5, 29), 1, 3);  // 3 + 2
  check_chunk(chunk_of({10, 0}, 7, 0, 25), 2, 0);    // forward only
  CHECK_EQUAL(text_of_failure([] { chunk_of({10, 5}, 1, 4, 14); }, WINNOW_OUT_OF_MEMORY),
              "one job with one cotangent takes 15 bytes, 14 are free for it");
  CHECK_EQUAL(text_of_failure([] { chunk_of({10, 0}, 1, 0, 9); }, WINNOW_OUT_OF_MEMORY),
              "one job takes 10 bytes, 9 are free for it");
  text_of_failure([] { chunk_of({10, INT64_MAX / 2}, 1, 4, 100); }, WINNOW_OUT_OF_MEMORY);  // no overflow
}

// Law: what lives at one time does not overlap; what does not meet may share.
TEST(lifetimes) {
  std::mt19937_64 draw(seed());
  struct Placed {
    int64_t offset, elements, first, last;
  };
  for (int64_t round = 0; round < 200; ++round) {
    Lifetimes lifetimes;
    std::vector<Placed> placed;
    int64_t all = 0;
    for (int64_t step = 0; step < 30; ++step) {
      const auto elements = static_cast<int64_t>(1 + draw() % 50), last = step + static_cast<int64_t>(draw() % 8);
      const Placed p{lifetimes.place(elements, step, last), elements, step, last};
      for (const Placed& other : placed) {
        const bool meet = other.last >= p.first;
        CHECK(!meet || p.offset >= other.offset + other.elements || other.offset >= p.offset + p.elements);
      }
      CHECK(p.offset + p.elements <= lifetimes.elements());
      placed.push_back(p);
      all += elements;
    }
    CHECK(lifetimes.elements() < all);
  }
}

// Law: regions of any number of passes and cotangents fit the demand of one, times their number.
TEST(carving) {
  const std::shared_ptr<const Network> network = supernet();
  const Graph graph(network);
  const std::vector<int32_t> states(static_cast<size_t>(network->choices()), WINNOW_RUN);
  const MachineLayout layout(graph, 5, states, {graph.output()}, true);
  CallSize size = {5 * graph[0].shape.elements(), network->parameters()};
  size.cotangents = 7;
  size.row_elements = network->parameters();
  size.results = size.seeds = 50;
  size.wide = true;
  const Demand demand = demand_of<float>(layout, size);
  for (const int64_t passes : {1, 2, 3, 17}) {
    for (const int64_t cotangents : {1, 2, 7}) {
      Memory<float> memory;
      const int64_t bytes = carve<float>(layout, size, passes, cotangents, nullptr, memory);
      CHECK(bytes <= passes * (demand.pass + cotangents * demand.cotangent));
      const auto address = [](const auto* region) { return reinterpret_cast<int64_t>(region); };
      CHECK_EQUAL(address(memory.images), 0);
      CHECK(address(memory.first_image) >= passes * size.image_elements * 8);
      CHECK_EQUAL(address(memory.gradients) % 256, 0);
      CHECK(address(memory.sums) - address(memory.gradients) >= passes * cotangents * layout.gradient_elements() * 4);
    }
  }
}

// By hand: 3 passes of 1000 elements are 3 x 4 blocks of 256; each element has one thread.
TEST(launch_geometry) {
  using machine::blocks_for;
  using machine::element_of;
  CHECK_EQUAL(blocks_for(1000, 256), 4);
  CHECK_EQUAL(blocks_for(1024, 256), 4);
  CHECK_EQUAL(blocks_for(1025, 256), 5);
  std::vector<int64_t> met(3000);
  for (int64_t block = 0; block < 3 * blocks_for(1000, 256); ++block) {
    for (int32_t thread = 0; thread < 256; ++thread) {
      const machine::Element e = element_of<256>(block, thread, 1000);
      if (e.element < 1000) ++met[static_cast<size_t>(e.pass * 1000 + e.element)];
    }
  }
  CHECK(std::all_of(met.begin(), met.end(), [](int64_t times) { return times == 1; }));
  // Tiles: 2 groups of 5 channels are 3 and 2; every channel of every element has one thread.
  const machine::Tiling tiling{2, 5};
  CHECK_EQUAL(tiling.tiles(), 2);
  CHECK_EQUAL(tiling.width(), 3);
  std::vector<int64_t> channels(2 * 10 * 130);  // [pass][channel][element]
  for (int64_t block = 0; block < 2 * 2 * 2 * blocks_for(130, 128); ++block) {
    for (int32_t thread = 0; thread < 128; ++thread) {
      const machine::Tile tile = machine::tile_of<128>(tiling, block, thread, 130);
      for (int64_t k = 0; k < tile.count && tile.element < 130; ++k) {
        ++channels[static_cast<size_t>((tile.pass * 10 + tile.group * 5 + tile.first + k) * 130 + tile.element)];
      }
    }
  }
  CHECK(std::all_of(channels.begin(), channels.end(), [](int64_t times) { return times == 1; }));
}

// Law: a walk is where the divisions say it is.
TEST(walks) {
  for (const machine::Size size : {machine::Size{1, 5, 3, 3}, {1, 7, 1, 1}, {1, 2, 32, 32}, {1, 3, 4, 200}, {1, 400, 1, 3}}) {
    for (const int32_t first : {0, 1, 77}) {
      machine::Walk walk(size, first, 128);
      for (int64_t i = first; i < size.channel(); i += 128, walk.next()) {
        const machine::Position at = machine::position_of(size, i);
        CHECK(at.sample == walk.at().sample && at.y == walk.at().y && at.x == walk.at().x);
        CHECK_EQUAL((int64_t{at.sample} * size.height + at.y) * size.width + at.x, i);
      }
    }
  }
}

// A call of jobs with random parameters and images of one batch, over random rows in turn.
struct RandomCall {
  RandomCall(uint64_t stream, const std::shared_ptr<const Network>& network, int64_t batch, int64_t rows, int64_t count)
      : draws(seed(), stream),
        parameters{random_parameters(draws, network)},
        values(random_images(draws, *network, batch)) {
    const Shape& shape = network->nodes()[0].shape;
    images = {values.data(), batch, shape.channels, shape.height, shape.width, WINNOW_F64, 0};
    for (int64_t row = 0; row < rows; ++row) {
      const ReferenceRow drawn = random_row(draws, *network);
      states.insert(states.end(), drawn.states.begin(), drawn.states.end());
      coefficients.insert(coefficients.end(), drawn.coefficients.begin(), drawn.coefficients.end());
    }
    for (int64_t job = 0; job < count; ++job) jobs.push_back({job % rows, 0, 0, -1, -1});
    call.size = sizeof call;
    call.jobs = jobs.data();
    call.job_count = count;
    call.row_count = rows;
    call.coefficients = coefficients.data();
    call.states = states.data();
    call.parameters = &list;
    call.parameters_count = call.input_count = 1;
    call.inputs = &images;
  }
  RandomCall(const RandomCall&) = delete;
  RandomCall& operator=(const RandomCall&) = delete;

  winnow_call call = {};

 private:
  Draws draws;
  winnow_parameters parameters;
  winnow_parameters* list = &parameters;
  std::vector<double> values, coefficients;
  std::vector<int32_t> states;
  std::vector<winnow_job> jobs;
  winnow_images images;
};

// A kernel that takes many chunks, of passes and of cotangents, is the one that takes a single one, bit for bit.
TEST(chunks_change_nothing) {
  const std::shared_ptr<const Network> network = supernet();
  const int64_t batch = 6;
  const RandomCall random(3, network, batch, 5, 5);
  const winnow_call& call = random.call;
  winnow_cotangents cotangents = {};
  cotangents.size = sizeof cotangents;
  cotangents.kind = WINNOW_COTANGENT_ONES_ON_ROW;
  cotangents.node = cotangents.stop = -1;
  cotangents.count = batch;
  std::vector<std::vector<double>> kernels;
  const auto whole = Plan::create(machine_device(*winnow_machine_functions()), network, options_of(batch));
  const int64_t two = whole->bytes(WINNOW_PASS_BACKWARD, 2), all = whole->bytes(WINNOW_PASS_BACKWARD, batch);
  CHECK(two < all);
  // Room for every job; for two; for one with all cotangents; for one with some of them.
  for (const int64_t budget : {int64_t{1} << 30, 2 * all, all, (two + all) / 2}) {
    const auto plan = Plan::create(machine_device(*winnow_machine_functions(), 0, budget), network, options_of(batch));
    kernels.emplace_back(static_cast<size_t>(5 * batch * batch));
    for (int64_t repeat = 0; repeat < 2; ++repeat) {  // the second from recordings
      std::fill(kernels.back().begin(), kernels.back().end(), -1.0);
      plan->grams(call, cotangents, WINNOW_NTK_ROLES, kernels.back().data());
      CHECK(std::memcmp(kernels.back().data(), kernels[0].data(), kernels[0].size() * sizeof(double)) == 0);
    }
  }
}

// Device 1 has a MiB, whichever machine takes it; what nobody wrote is not zero; copies stay within what was allocated.
TEST(the_emulation_is_no_kinder_than_a_device) {
  const winnow_machine_table& table = *winnow_machine_functions();
  winnow_machine_error error = {};
  winnow_machine *machine = nullptr, *other = nullptr;
  CHECK_EQUAL(table.open(1, &machine, &error), WINNOW_MACHINE_OK);
  CHECK_EQUAL(table.open(1, &other, &error), WINNOW_MACHINE_OK);
  void *memory = nullptr, *more = nullptr;
  CHECK_EQUAL(table.allocate(machine, 600 << 10, &memory, &error), WINNOW_MACHINE_OK);
  CHECK_EQUAL(table.allocate(other, 600 << 10, &more, &error), WINNOW_MACHINE_OUT_OF_MEMORY);
  winnow_machine_facts facts;
  CHECK_EQUAL(table.facts(other, &facts, &error), WINNOW_MACHINE_OK);
  CHECK_EQUAL(facts.free_bytes, 424 << 10);
  double number = 0;
  auto* const last = static_cast<char*>(memory) + (600 << 10) - sizeof number;
  CHECK_EQUAL(table.download(machine, &number, last, sizeof number, &error), WINNOW_MACHINE_OK);
  CHECK(number != number);
  CHECK_EQUAL(table.download(machine, &number, last + 1, sizeof number, &error), WINNOW_MACHINE_FAILED);
  CHECK_EQUAL(table.upload(machine, last + 1, &number, sizeof number, &error), WINNOW_MACHINE_FAILED);
  CHECK_EQUAL(table.clear(machine, last + 1, sizeof number, &error), WINNOW_MACHINE_FAILED);
  CHECK_EQUAL(table.clear(other, last, sizeof number, &error), WINNOW_MACHINE_FAILED);
  const winnow_launch launch = {0, 0, -1, {}};
  CHECK_EQUAL(table.launch(machine, &launch, 1, &error), WINNOW_MACHINE_FAILED);
  table.release(machine, memory);
  CHECK_EQUAL(table.allocate(other, 600 << 10, &more, &error), WINNOW_MACHINE_OK);
  table.release(other, more);
  table.close(machine);
  table.close(other);
}

TEST(a_full_device) {
  const std::shared_ptr<const Network> network = supernet();
  const auto plan = Plan::create(machine_device(*winnow_machine_functions(), 1), network, options_of(64));
  const RandomCall random(4, network, 64, 1, 1);
  std::vector<double> logits(640);
  const std::string text = text_of_failure([&] { plan->forward(random.call, logits.data(), 64); }, WINNOW_OUT_OF_MEMORY);
  CHECK_CONTAINS(text, "one job takes ");
  CHECK_CONTAINS(text, "983040 are free for it");  // 15/16 of a MiB
}

// A plan that has taken most of a device and then is asked for the input's gradient, which is another plan inside: what the one
// holds is the other's to take. Of the MiB one job takes more than half.
TEST(both_plans_of_a_plan_have_the_device) {
  const NetworkBuilder builder = nb201_supernet({3, 4, 4}, 3, 1, 1, true, 10);
  const std::shared_ptr<const Network> network = builder.network();
  const int64_t batch = 96, count = 2;
  const auto plan = Plan::create(machine_device(*winnow_machine_functions(), 1), network, options_of(batch));
  const int64_t one = plan->bytes(WINNOW_PASS_BACKWARD, 1);
  note(std::to_string(one) + " bytes a job");
  CHECK(one > 600000 && one < 900000);
  const RandomCall random(5, network, batch, 1, count);
  const winnow_call& call = random.call;
  winnow_cotangents cotangents = {};
  cotangents.size = sizeof cotangents;
  cotangents.kind = WINNOW_COTANGENT_ONES;
  cotangents.node = cotangents.stop = -1;
  cotangents.count = 1;
  for (int64_t repeat = 0; repeat < 2; ++repeat) {
    std::vector<double> squares(count);
    plan->grams(call, cotangents, WINNOW_NTK_ROLES, squares.data());
    CHECK(squares[0] > 0 && squares[0] == squares[1]);
    winnow_cotangents to_the_input = cotangents;
    to_the_input.want_input_gradient = 1;
    int64_t done = 0;
    plan->gradients(call, to_the_input, WINNOW_NTK_ROLES, [&](const JobGradients&) { ++done; });
    CHECK_EQUAL(done, count);
  }
}
