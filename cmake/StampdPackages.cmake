# Third-party packages as imported targets, each with the traps of this toolchain handled once.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)

# --- LibTorch: the torch wheel's files. Its own CMake package wants a whole CUDA toolkit, so the targets are made by hand.
set(torch_root "${STAMPD_DEPS}/libtorch/torch")
if(NOT EXISTS "${torch_root}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch is not in ${STAMPD_DEPS}; run `make deps`")
endif()
add_library(stampd_c10 SHARED IMPORTED)
set_target_properties(stampd_c10 PROPERTIES IMPORTED_LOCATION "${torch_root}/lib/libc10.so")
add_library(stampd_torch_cpu SHARED IMPORTED)
set_target_properties(stampd_torch_cpu PROPERTIES IMPORTED_LOCATION "${torch_root}/lib/libtorch_cpu.so")
# at::parallel_for is a template around OpenMP's pragmas, which without -fopenmp silently runs on one thread. The pool is the one that
# LibTorch brings. ThreadSanitizer can't see that pool's barriers, so under it our own loops stay on the calling thread.
add_library(stampd_gomp SHARED IMPORTED)
set_target_properties(stampd_gomp PROPERTIES IMPORTED_LOCATION "${torch_root}/lib/libgomp.so.1")
add_library(stampd_torch INTERFACE)
add_library(stampd::torch ALIAS stampd_torch)
target_link_libraries(stampd_torch INTERFACE stampd_torch_cpu stampd_c10 stampd_gomp Threads::Threads)
if(NOT STAMPD_SANITIZE MATCHES thread)
  target_compile_options(stampd_torch INTERFACE -fopenmp)
endif()
# torch/include holds an old google/protobuf, fmt and dnnl: after the system's folders it can shadow nothing.
target_compile_options(stampd_torch INTERFACE "SHELL:-isystem ${torch_root}/include/torch/csrc/api/include"
                                              "SHELL:-idirafter ${torch_root}/include")

# --- SentencePiece, built from source against the system's protobuf.
find_package(Protobuf 3.21 REQUIRED)
add_library(stampd_sentencepiece STATIC IMPORTED)
add_library(stampd::sentencepiece ALIAS stampd_sentencepiece)
set_target_properties(
  stampd_sentencepiece
  PROPERTIES IMPORTED_LOCATION "${STAMPD_DEPS}/sentencepiece/lib/libsentencepiece.a"
             INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${STAMPD_DEPS}/sentencepiece/include"
             INTERFACE_INCLUDE_DIRECTORIES "${STAMPD_DEPS}/sentencepiece/include"
             INTERFACE_LINK_LIBRARIES protobuf::libprotobuf)

find_package(ICU REQUIRED COMPONENTS uc i18n)
find_path(RAPIDJSON_INCLUDE_DIR rapidjson/document.h REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)

# Only three of OpenCV's modules are installed; its own CMake package wants all of them.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(stampd_opencv INTERFACE)
add_library(stampd::opencv ALIAS stampd_opencv)
target_include_directories(stampd_opencv SYSTEM INTERFACE "${OPENCV_INCLUDE_DIR}")
foreach(module core imgproc imgcodecs)
  find_library(OPENCV_${module} opencv_${module} REQUIRED)
  target_link_libraries(stampd_opencv INTERFACE "${OPENCV_${module}}")
endforeach()

if(STAMPD_SERVER)
  pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  find_package(prometheus-cpp REQUIRED)
  set(GOOGLEAPIS_DIR "${STAMPD_DEPS}/googleapis")
  set(GRPC_PROTO_DIR "/usr/share/grpc-proto")

endif()

if(STAMPD_TESTS)
  find_package(GTest REQUIRED)
endif()
