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

 private:
  mutable std::mutex mutex_;
  // By address, none smaller than a huge page, neighbours joined: what is asked for is cut from the smallest that holds it.
  std::vector<Block> kept_;
  // With what is in use, what is kept is at most the most that was ever in use: many networks take what the largest does.
  int64_t kept_bytes_ = 0, used_bytes_ = 0, most_used_bytes_ = 0;

  std::vector<Block>::iterator smallest_of(int64_t bytes);  // that holds at least so many
  void use(int64_t bytes);
  void drop_largest();
};

}  // namespace winnow
