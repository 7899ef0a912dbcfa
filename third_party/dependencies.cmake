# Where each dependency comes from. Debian's packages (packages.txt) for all but LibTorch.
find_package(yaml-cpp 0.7 REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_path(TURBOJPEG_INCLUDE turbojpeg.h REQUIRED)
find_library(TURBOJPEG_LIBRARY turbojpeg REQUIRED)
add_library(TurboJPEG UNKNOWN IMPORTED)
set_target_properties(TurboJPEG PROPERTIES IMPORTED_LOCATION ${TURBOJPEG_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${TURBOJPEG_INCLUDE})
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Threads REQUIRED)

# LibTorch: the headers and libraries of a PyPI wheel or of any LibTorch folder. Its own CMake package
# asks for a CUDA toolkit when it is a CUDA build; nothing of ours needs nvcc, so the files are found here.
set(torch_hints ${Torch_DIR}/../../.. ${CMAKE_PREFIX_PATH} $ENV{CMAKE_PREFIX_PATH})
find_path(TORCH_INCLUDE torch/csrc/api/include/torch/torch.h PATHS ${torch_hints} PATH_SUFFIXES include REQUIRED NO_DEFAULT_PATH)
find_library(TORCH_LIBRARY torch PATHS ${torch_hints} PATH_SUFFIXES lib REQUIRED NO_DEFAULT_PATH)
get_filename_component(TORCH_LIB_FOLDER ${TORCH_LIBRARY} DIRECTORY)
add_library(libtorch INTERFACE)
target_include_directories(libtorch SYSTEM INTERFACE ${TORCH_INCLUDE} ${TORCH_INCLUDE}/torch/csrc/api/include)
target_compile_definitions(libtorch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
# The wheel's libraries export parts of an older libstdc++ (std::filesystem among them), which do not work together with
# the system's and, in CUDA builds, crash: the system's own must come first where the program looks symbols up.
target_link_options(libtorch INTERFACE "SHELL:-Wl,--push-state,--no-as-needed -lstdc++ -Wl,--pop-state")
foreach(name torch torch_cpu c10)
  target_link_libraries(libtorch INTERFACE ${TORCH_LIB_FOLDER}/lib${name}.so)
endforeach()
if(EXISTS ${TORCH_LIB_FOLDER}/libtorch_cuda.so)
  # Keep the CUDA half although no symbol of it is used: it registers the device.
  target_link_options(libtorch INTERFACE -Wl,--no-as-needed ${TORCH_LIB_FOLDER}/libtorch_cuda.so ${TORCH_LIB_FOLDER}/libc10_cuda.so -Wl,--as-needed)
endif()
target_link_options(libtorch INTERFACE -Wl,-rpath,${TORCH_LIB_FOLDER})
