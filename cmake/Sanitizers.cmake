# -DWINNOW_SANITIZE=ON builds everything with the address and undefined-behaviour sanitizers; a finding ends the test.
# Left out are checks of every pointer for what the address sanitizer finds when it is used: a third of the compiler's time.
option(WINNOW_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
if(WINNOW_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,object-size,pointer-overflow -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
