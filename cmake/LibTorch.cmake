# Imported targets for the LibTorch inside a PyPI torch wheel. find_package(Torch) is not used: the wheel is a CUDA
# build, and its config file insists on a CUDA toolkit even for a program that only needs the CPU library.
#   torch::cpu    ATen, autograd, c10d with Gloo
#   torch::cuda   adds CUDA and NCCL (only with HONE_CUDA)
set(HONE_TORCH_DIR "" CACHE PATH "Folder of the torch package (the one with lib/ and include/)")
if(NOT HONE_TORCH_DIR)
  file(GLOB candidates ${CMAKE_CURRENT_LIST_DIR}/../.venv/lib/python3*/site-packages/torch)
  list(GET candidates 0 found_torch)
  set(HONE_TORCH_DIR "${found_torch}" CACHE PATH "" FORCE)
endif()
if(NOT EXISTS ${HONE_TORCH_DIR}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch not found in '${HONE_TORCH_DIR}'. Run scripts/setup.sh, or set HONE_TORCH_DIR to the "
                      "folder of an installed torch 2.11 wheel.")
endif()
# libtorch_cpu of the wheel links the CUDA runtime and CUPTI, which sit beside it in site-packages.
file(GLOB torch_nvidia_dirs ${HONE_TORCH_DIR}/../nvidia/*/lib)
set(HONE_TORCH_RPATH ${HONE_TORCH_DIR}/lib ${torch_nvidia_dirs})

function(hone_import_torch name library)
  add_library(torch::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(torch::${name} PROPERTIES IMPORTED_LOCATION ${HONE_TORCH_DIR}/lib/${library})
endfunction()
hone_import_torch(c10 libc10.so)
hone_import_torch(cpu libtorch_cpu.so)
# The wheel's include folder also holds copies of other libraries (fmt among them): it is searched last, so that the
# system's own headers, which match the system's libraries, win.
target_compile_options(torch::c10 INTERFACE "SHELL:-idirafter ${HONE_TORCH_DIR}/include"
                                            "SHELL:-idirafter ${HONE_TORCH_DIR}/include/torch/csrc/api/include")
target_compile_definitions(torch::c10 INTERFACE USE_C10D_GLOO)
target_link_libraries(torch::cpu INTERFACE torch::c10)
foreach(dir ${torch_nvidia_dirs})
  target_link_options(torch::cpu INTERFACE -Wl,-rpath-link,${dir})
endforeach()
if(HONE_CUDA)
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  hone_import_torch(c10_cuda libc10_cuda.so)
  hone_import_torch(cuda libtorch_cuda.so)
  target_compile_definitions(torch::cuda INTERFACE USE_C10D_NCCL USE_CUDA)
  target_link_libraries(torch::cuda INTERFACE torch::cpu torch::c10_cuda CUDA::cudart)
endif()
# Whoever links Torch finds its libraries at run time without LD_LIBRARY_PATH.
set(CMAKE_BUILD_RPATH ${HONE_TORCH_RPATH})
