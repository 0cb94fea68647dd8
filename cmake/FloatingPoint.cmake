# A multiply-add is fused only where the source says so: results must not depend on what a compiler felt like.
function(winnow_floating_point target)
  target_compile_options(${target} PRIVATE -ffp-contract=off -fno-fast-math)
endfunction()
