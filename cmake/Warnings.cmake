# Warnings are errors in our own code.
function(winnow_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           -Wno-psabi -Werror)
endfunction()
