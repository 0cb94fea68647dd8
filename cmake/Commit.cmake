# The commit that a library was built from. WINNOW_COMMIT wins where a packager sets it; a tree without git gives "unknown".
set(WINNOW_COMMIT "" CACHE STRING "Commit to report; empty = ask git")
function(winnow_commit variable)
  set(commit "${WINNOW_COMMIT}")
  if(NOT commit)
    get_filename_component(root "${CMAKE_CURRENT_SOURCE_DIR}/.." REALPATH)
    # Only this repository's own: not that of a folder which a copy without .git happens to lie in.
    execute_process(COMMAND git -C "${root}" rev-parse --show-toplevel
                    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(top STREQUAL root)
      execute_process(COMMAND git -C "${root}" describe --always --abbrev=12 --dirty --exclude "*"
                      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      # The next build asks again where HEAD has moved: figures name the commit that they were measured with.
      execute_process(COMMAND git -C "${root}" rev-parse --git-path logs/HEAD
                      OUTPUT_VARIABLE moves OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      get_filename_component(moves "${moves}" ABSOLUTE BASE_DIR "${root}")
      if(EXISTS "${moves}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${moves}")
      endif()
    endif()
  endif()
  if(NOT commit)
    set(commit unknown)
  endif()
  set(${variable} "${commit}" PARENT_SCOPE)
endfunction()
