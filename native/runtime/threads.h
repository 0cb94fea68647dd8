// A pool of sleeping workers (no spinning). Work is split into tasks by the caller, by fixed sizes that do not depend on the
// number of threads, so that results do not either.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace winnow {

class Threads {
 public:
  explicit Threads(int64_t count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int64_t count() const;
  // Runs task(index, worker) for index in [0, tasks), worker in [0, count()); returns when all are done. The calling thread
  // works too, as worker 0. The first exception is rethrown here; after it no further task starts. With `workers` below count()
  // only so many work.
  void run(int64_t tasks, const std::function<void(int64_t index, int64_t worker)>& task, int64_t workers = INT64_MAX);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace winnow
