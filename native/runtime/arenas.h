// Memory of plans, kept when they are gone for those to come: the system clears every page that it gives, which costs a network of a
// population a quarter of its time.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

namespace winnow {

class Arenas {
 public:
  Arenas() = default;
  Arenas(const Arenas&) = delete;
  Arenas& operator=(const Arenas&) = delete;
  ~Arenas();

  struct Block {
    void* memory = nullptr;
    int64_t bytes = 0;
  };
  enum class Contents { kZeros, kAny };
  // At least `bytes`, aligned to a huge page where they fill one. With kZeros the first `bytes` are zero, what lies behind them may
  // be anything. Throws OUT_OF_MEMORY. Any thread may take and give.
  Block take(int64_t bytes, Contents contents = Contents::kZeros);
  void give(Block block);

  int64_t bytes() const;  // kept now, not those in use
  // The gradients of a DARTS network on 64 images take 5 GiB.
  static constexpr int64_t kMostBytes = int64_t{8} << 30;
  // A kept block of more than so many times what is asked for stays kept: who needs all of it would find it in use and take as
  // much again from the system.
  static constexpr int64_t kMostTimes = 4;

 private:
  mutable std::mutex mutex_;
  std::vector<Block> kept_;  // from the smallest to the largest; none smaller than a huge page
  // With what is in use, what is kept is at most five quarters of the most that was ever in use.
  int64_t kept_bytes_ = 0, used_bytes_ = 0, most_used_bytes_ = 0;

  std::vector<Block>::iterator first_of(int64_t bytes);  // the first kept block of at least so many
  void use(int64_t bytes);
  void drop(std::vector<Block>::iterator block);
};

}  // namespace winnow
