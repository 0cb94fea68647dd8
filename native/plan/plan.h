// A network laid out for one device, batch size and number type; runs the jobs of a call. What is the same on every device is
// here: values, taps, checks; where things lie and how they run belongs to a back end's own class.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plan/graph.h"
#include "plan/program.h"
#include "plan/signs.h"
#include "plan/timing.h"
#include "runtime/device.h"
#include "winnow/plan.h"

namespace winnow {

// Beside roles: rows of gradients end with the saliencies of the channels of every layer whose weight's role is chosen.
constexpr uint32_t kSaliencies = 1u << 31;

// Gradients of one job: row l holds the gradients that cotangent first + l gives of the tensors that take part, in network order,
// then that of the input and then the saliencies where they were wanted.
struct JobGradients {
  int64_t job;
  const void* rows;  // T [cotangents][elements + input + saliencies]
  int64_t cotangents, elements, input;
  int64_t first = 0;
  int64_t saliencies = 0;
  int64_t pitch() const { return elements + input + saliencies; }
};

// Activations of all samples of a job, packed as its PatternLayout says.
struct JobPatterns {
  int64_t job, samples, words;
  const uint64_t* rows;  // [samples][words]
};

// Who reads the patterns of a pass: layouts [jobs], of values that the job's row runs.
struct PatternReader {
  const std::vector<PatternLayout>& layouts;
  std::function<void(const JobPatterns&)> done;
  // Set where a job's number of distinct rows is all that is asked for: a device that counts them itself calls this, with the job
  // and its number, in place of `done`.
  std::function<void(int64_t, int64_t)> counted = nullptr;
};

// Activations of one value in one batch of a job, [c][batch][h][w].
struct JobActivations {
  int64_t job, batch, value;
  const double* values;
};

// How the gradients of a job are handed on: all cotangents at once, or a block at a time, blocks of one job at once too.
enum class Portion { kJob, kBlock };

struct Blocks;

// A node where patterns are read, and how often its units count.
struct Tap {
  int64_t node, value, multiplicity;
};

class Plan {
 public:
  // Throws Failure(INVALID, UNSUPPORTED, OUT_OF_MEMORY).
  static std::unique_ptr<Plan> create(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network,
                                      const winnow_plan_options& options);
  virtual ~Plan() = default;

  const Graph& graph() const { return graph_; }
  const Device& device() const { return *device_; }
  int64_t batch() const { return batch_; }
  winnow_dtype dtype() const { return dtype_; }
  // In the order they were asked for; a value may occur more than once.
  const std::vector<Tap>& taps() const { return taps_; }
  // What a job's row does with a node: that of its choice.
  winnow_state state_of(const winnow_call& call, const winnow_job& job, int64_t node) const;
  // Whether a job's row runs a node. Not the same as "its value runs": an equal node of another choice may run it.
  bool has(const winnow_call& call, const winnow_job& job, int64_t node) const;

  virtual int64_t bytes(winnow_pass pass, int64_t cotangents) const = 0;
  std::string describe() const;
  // Of the last call; nullptr for a plan without timing.
  const Timing* timing() const { return timing_.get(); }

  // Checks a call against the plan; throws INVALID, UNSUPPORTED.
  void check(const winnow_call& call) const;
  void check(const winnow_cotangents& cotangents, const winnow_call& call) const;
  void check(const winnow_directions& directions, const winnow_call& call) const;

  // Passes over all jobs of a checked call. `done` runs on a worker, once per job (and batch), for different jobs at once.
  virtual void forward(const winnow_call& call, double* logits, int64_t samples) = 0;
  // `patterns` reads the forward pass; only where `reads_patterns`.
  virtual void gradients(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, Portion portion,
                         const std::function<void(const JobGradients&)>& done, const PatternReader* patterns) = 0;
  void gradients(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles,
                 const std::function<void(const JobGradients&)>& done) {
    gradients(call, cotangents, roles, Portion::kJob, done, nullptr);
  }
  // Whether the forward pass of a gradient is that of `patterns`, bit for bit.
  bool reads_patterns(const winnow_cotangents& cotangents) const { return dtype_ == WINNOW_F64 || cotangents.count == 1; }
  // Passes with tangents, along the directions of a checked call. `logits` may be nullptr; in `done` the rows are the tangents
  // of the gradients. A device without them throws UNSUPPORTED.
  virtual void tangents(const winnow_call& call, const winnow_directions& directions, double* logits, double* tangents,
                        int64_t samples);
  virtual void gradient_tangents(const winnow_call& call, const winnow_directions& directions,
                                 const winnow_cotangents& cotangents, uint32_t roles,
                                 const std::function<void(const JobGradients&)>& done);
  virtual void patterns(const winnow_call& call, const PatternReader& reader) = 0;
  // Passes whose values [values], each named once, are read batch by batch, those that the job's row runs. Throws UNSUPPORTED where
  // the device gives none.
  virtual void activations(const winnow_call& call, const std::vector<int64_t>& values,
                           const std::function<void(const JobActivations&)>& done);
  // Vector-Jacobian products of blocks, out [jobs][blocks.each], of a checked call. A device without them throws UNSUPPORTED.
  virtual void block_products(const winnow_call& call, const Blocks& blocks, double* out);
  // Whether the device knows kSaliencies.
  virtual bool gives_saliencies() const { return false; }

  // One call at a time: throws INVALID while another holds it.
  class Busy {
   public:
    explicit Busy(Plan& plan);
    ~Busy() { plan_.busy_ = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Plan& plan_;
  };

  // out [L][L]: inner products in double of the rows' parameters.
  virtual void gram(const JobGradients& gradients, double* out) const = 0;
  // The same of every job, [jobs][L][L]; a device with rows of its own overrides it.
  virtual void grams(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, double* out);

 protected:
  Plan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network, const winnow_plan_options& options,
       Differentiation differentiation);
  std::vector<int64_t> tapped() const;  // values
  // One program for each row that a job uses, by row; a network without choices has one. `wanted` as in Program. Throws
  // INVALID for a job that runs noise and has no stream.
  std::vector<std::unique_ptr<Program>> make_programs(const winnow_call& call, const std::vector<int64_t>& wanted,
                                                      bool backward) const;
  static size_t program_index(const winnow_job& job) { return static_cast<size_t>(job.row < 0 ? 0 : job.row); }
  // How the device lays it out and runs it, for `describe`: members of a JSON object.
  virtual std::string facts() const = 0;

  std::shared_ptr<const Device> device_;
  Graph graph_;
  winnow_dtype dtype_;
  int64_t element_bytes_, batch_;
  std::vector<Tap> taps_;
  std::atomic<bool> busy_{false};
  std::shared_ptr<Timing> timing_;  // nullptr: not timed
};

// Where each tensor of the chosen roles begins in a row of gradients, -1 where it takes no part; and how long a row is.
std::vector<int64_t> gradient_offsets(const Network& network, uint32_t roles, int64_t& elements);

// Throws INVALID for a set of roles that is empty or not of learned tensors; `what` names it.
void require_roles(uint32_t roles, const std::string& what = "roles");

// Samples of the largest input that a job of a checked call takes.
int64_t largest_input(const winnow_call& call);

}  // namespace winnow

struct winnow_plan {
  std::unique_ptr<winnow::Plan> plan;
};
