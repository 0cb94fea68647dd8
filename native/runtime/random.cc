#include "runtime/random.h"

#include <algorithm>

#include "runtime/philox.h"

namespace winnow {

uint64_t random_bits(uint64_t seed, uint64_t stream, int64_t element) { return philox::bits(seed, stream, element); }

void random_bits(uint64_t seed, uint64_t stream, int64_t first, int64_t count, uint64_t* out) {
  constexpr int kTogether = 8;  // their rounds do not wait for each other
  for (int64_t k = 0; k < count; k += 2 * kTogether) {
    uint64_t words[2 * kTogether];
    for (int b = 0; b < kTogether; ++b) {
      const philox::Block block =
          philox::block_of(seed, stream, static_cast<uint64_t>(first + k) / 2 + static_cast<uint64_t>(b));
      words[2 * b] = block.word[0] | uint64_t{block.word[1]} << 32;
      words[2 * b + 1] = block.word[2] | uint64_t{block.word[3]} << 32;
    }
    std::copy_n(words, std::min<int64_t>(2 * kTogether, count - k), out + k);
  }
}

double random_uniform(uint64_t seed, uint64_t stream, int64_t element) { return philox::uniform(seed, stream, element); }

double normal_of(uint64_t bits) { return philox::normal_of(bits); }

double random_normal(uint64_t seed, uint64_t stream, int64_t element) { return philox::normal(seed, stream, element); }

uint64_t random_substream(uint64_t stream, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  uint64_t z = stream ^ hash;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace winnow
