# GCC merges functions whose bodies are equal, and keeps what it knew of the arguments of one of them: the other computes something
# else (PR 113907; the cause of block sums that the GPU's emulation left out at -O2, GCC 12). Folding saves size alone.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-fno-ipa-icf>)
endif()
