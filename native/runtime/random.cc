#include "runtime/random.h"

#include "runtime/philox.h"

namespace winnow {

uint64_t random_bits(uint64_t seed, uint64_t stream, int64_t element) { return philox::bits(seed, stream, element); }

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
