# GPU code where nvcc is: WINNOW_CUDA is AUTO (take it where it works), ON (its absence is an error) or OFF. Sets WINNOW_HAS_CUDA.
set(WINNOW_CUDA AUTO CACHE STRING "Build libwinnow_cuda.so: AUTO where nvcc works, ON, OFF")
set_property(CACHE WINNOW_CUDA PROPERTY STRINGS AUTO ON OFF)
set(WINNOW_CUDA_ARCHITECTURES "80-real;90-real;100-real;120-real;75-virtual"
    CACHE STRING "Machine code of A100, H100/H200, B200 and RTX 50 (these two from CUDA 12.8 on); the rest through the driver")

set(WINNOW_HAS_CUDA OFF)
if(WINNOW_SANITIZE)
  message(STATUS "GPU code: not built with sanitizers, which nvcc does not know")
elseif(WINNOW_CUDA)
  include(CheckLanguage)
  check_language(CUDA) # asks nvcc for a program: one that does not work with this C++ compiler is none
  if(CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_ARCHITECTURES 75-virtual) # every nvcc knows it; which others it knows depends on its version
    enable_language(CUDA)
    set(WINNOW_HAS_CUDA ON)
    set(CMAKE_CUDA_ARCHITECTURES ${WINNOW_CUDA_ARCHITECTURES})
    if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
      list(FILTER CMAKE_CUDA_ARCHITECTURES EXCLUDE REGEX "^1[0-9][0-9]")
    endif()
    message(STATUS "GPU code: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, ${CMAKE_CUDA_ARCHITECTURES}")
  elseif(WINNOW_CUDA STREQUAL "AUTO")
    message(STATUS "GPU code: no nvcc that works, so no libwinnow_cuda.so; everything else is built")
  else()
    message(FATAL_ERROR "WINNOW_CUDA is ${WINNOW_CUDA} but there is no nvcc that works (CUDACXX names one)")
  endif()
else()
  message(STATUS "GPU code: WINNOW_CUDA is OFF")
endif()

# Settings of a target with CUDA sources. A multiply-add is fused only where the source says so, as on the CPU; warnings of both
# compilers are errors; the CUDA runtime travels inside.
function(winnow_cuda target)
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_RUNTIME_LIBRARY Static
                                             CUDA_VISIBILITY_PRESET hidden)
  target_compile_options(
    ${target}
    PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;--Werror=all-warnings;-Wreorder>"
            "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow,-ffp-contract=off>")
  target_compile_definitions(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:WINNOW_EVERYWHERE=__host__ __device__>")
endfunction()
