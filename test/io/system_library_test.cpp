#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <string>

// LibTorch's libraries export parts of another libstdc++; with a CUDA build, removing a folder by its
// std::filesystem crashes.
TEST_CASE("std::filesystem is the system's, not LibTorch's") {
  for (const char* symbol : {"_ZNSt10filesystem10remove_allERKNS_7__cxx114pathERSt10error_code",
                             "_ZNKSt10filesystem7__cxx1118directory_iteratordeEv"}) {
    void* found = dlsym(RTLD_DEFAULT, symbol);
    REQUIRE(found);
    Dl_info library;
    REQUIRE(dladdr(found, &library) != 0);
    CHECK(std::string(library.dli_fname).find("libstdc++") != std::string::npos);
  }
}
