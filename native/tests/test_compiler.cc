// What the compiler must get right and was seen not to: cmake/CodeFolding.cmake.
#include "check.h"

using namespace winnow::test;

namespace winnow::test {

// Of one list and of two the code behind the early return is the same text; which rows it meets is not.
template <int kLists>
struct Lists {
  double part[kLists][256];
  void fold(int thread) {
    if (thread >= 16 * kLists) return;
    double* const list = part[thread / 16];
    const int first = thread % 16;
    double sum = list[first];
    for (int i = first + 16; i < 256; i += 16) sum += list[i];
    list[first] = sum;
  }
};

template <int kLists>
[[gnu::noinline]] void fold(Lists<kLists>& lists) {
  for (int thread = 0; thread < 256; ++thread) lists.fold(thread);
}

}  // namespace winnow::test

TEST(functions_of_equal_text_and_other_arguments_stay_apart) {
  static Lists<1> one;
  static Lists<2> two;
  for (int i = 0; i < 256; ++i) one.part[0][i] = two.part[0][i] = two.part[1][i] = 1;
  fold(one);
  fold(two);
  CHECK_EQUAL(one.part[0][0], 16.0);
  CHECK_EQUAL(two.part[0][0], 16.0);
  CHECK_EQUAL(two.part[1][0], 16.0);
}
