# -DWINNOW_SANITIZE=ON builds everything with the address and undefined-behaviour sanitizers; a finding ends the test.
option(WINNOW_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
if(WINNOW_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
