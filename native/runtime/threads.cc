#include "runtime/threads.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "runtime/failure.h"

namespace winnow {

struct Threads::Pool {
  std::mutex mutex;
  std::condition_variable wake, idle;
  std::vector<std::thread> workers;
  const std::function<void(int64_t, int64_t)>* task = nullptr;  // not null while a run is under way
  int64_t next = 0, end = 0, joining = 0;                       // how many workers take part in the run
  int64_t round = 0;                                            // counts runs, so that a worker joins each run once
  int64_t active = 0;                                           // workers that have not finished the current run
  std::exception_ptr failure;
  bool stopping = false;

  // Takes tasks until none is left. Indices are handed out under the lock: tasks are coarse, a millisecond or more.
  void work(int64_t worker) {
    std::unique_lock<std::mutex> lock(mutex);
    while (worker < joining && next < end && !failure) {
      const int64_t index = next++;
      const auto& body = *task;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        body(index, worker);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      if (thrown && !failure) failure = thrown;
    }
  }

  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (std::thread& worker : workers) worker.join();
    workers.clear();
  }

  void loop(int64_t worker) {
    int64_t seen = 0;
    while (true) {
      {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return stopping || round != seen; });
        if (stopping) return;
        seen = round;
      }
      work(worker);
      const std::lock_guard<std::mutex> lock(mutex);
      if (--active == 0) idle.notify_all();
    }
  }
};

Threads::Threads(int64_t count) : pool_(std::make_unique<Pool>()) {
  pool_->workers.reserve(static_cast<size_t>(count));
  try {
    for (int64_t worker = 1; worker < count; ++worker) {
      pool_->workers.emplace_back([pool = pool_.get(), worker] { pool->loop(worker); });
    }
  } catch (const std::system_error& refused) {
    const size_t started = pool_->workers.size() + 1;
    pool_->stop();
    throw Failure(WINNOW_DEVICE_FAILED, "the system gave " + std::to_string(started) + " of " + std::to_string(count) +
                                            " threads: " + refused.what());
  }
}

Threads::~Threads() { pool_->stop(); }

int64_t Threads::count() const { return static_cast<int64_t>(pool_->workers.size()) + 1; }

void Threads::run(int64_t tasks, const std::function<void(int64_t, int64_t)>& task, int64_t workers) {
  {
    // Plans of one device take turns: a second caller sleeps until the pool is free.
    std::unique_lock<std::mutex> lock(pool_->mutex);
    pool_->idle.wait(lock, [&] { return pool_->task == nullptr; });
    pool_->task = &task;
    pool_->next = 0;
    pool_->end = tasks;
    pool_->joining = workers;
    pool_->failure = nullptr;
    pool_->active = count() - 1;
    ++pool_->round;
  }
  pool_->wake.notify_all();
  pool_->work(0);
  std::exception_ptr failure;
  {
    std::unique_lock<std::mutex> lock(pool_->mutex);
    pool_->idle.wait(lock, [&] { return pool_->active == 0; });
    failure = pool_->failure;
    pool_->task = nullptr;
  }
  pool_->idle.notify_all();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace winnow
