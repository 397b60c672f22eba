# How a target of our own is made: one library per folder, warnings as errors, includes from the root of the source tree.

# Designated initialisers leave fields at their defaults on purpose, hence no missing-field-initializers.
add_library(stampd_options INTERFACE)
target_include_directories(stampd_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(stampd_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual)
target_compile_definitions(stampd_options INTERFACE "$<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>")
if(STAMPD_SANITIZE)
  target_compile_options(stampd_options INTERFACE "-fsanitize=${STAMPD_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(stampd_options INTERFACE "-fsanitize=${STAMPD_SANITIZE}")
endif()

# stampd_library(NAME SOURCES … [PUBLIC dep…] [PRIVATE dep…])
# PRIVATE is the rule; PUBLIC only for what the folder's headers include.
function(stampd_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE stampd_options ${arg_PRIVATE})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
endfunction()

# stampd_torch_library(NAME …): the same for a folder above the kernels, with LibTorch and its precompiled header.
function(stampd_torch_library name)
  stampd_library(${name} ${ARGN})
  target_link_libraries(${name} PUBLIC stampd::torch)
  stampd_precompile_torch(${name})
endfunction()

# LibTorch's headers cost seconds in each file; compile them once for all targets.
function(stampd_precompile_torch name)
  if(NOT TARGET stampd_torch_headers)
    file(WRITE "${CMAKE_BINARY_DIR}/torch_headers.cpp" "// Exists to own the precompiled header.\n")
    add_library(stampd_torch_headers OBJECT "${CMAKE_BINARY_DIR}/torch_headers.cpp")
    target_link_libraries(stampd_torch_headers PRIVATE stampd_options stampd::torch)
    target_precompile_headers(stampd_torch_headers PRIVATE <torch/types.h>)
  endif()
  target_precompile_headers(${name} REUSE_FROM stampd_torch_headers)
endfunction()

# stampd_program(NAME SOURCES … PRIVATE dep…)
function(stampd_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE stampd_options ${arg_PRIVATE})
endfunction()
