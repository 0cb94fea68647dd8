#include "check.h"
#include "cuda/emulation/emulation.h"
#include "machine_under_test.h"

namespace winnow::test {

const MachineUnderTest& MachineUnderTest::get() {
  static const MachineUnderTest machine(*winnow_machine_functions(), 0);
  return machine;
}

}  // namespace winnow::test

int main(int argc, char** argv) { return winnow::test::run(argc, argv); }
