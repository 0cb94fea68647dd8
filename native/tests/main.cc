#include "check.h"

int main(int argc, char** argv) { return winnow::test::run(argc, argv); }
