#pragma once
// Catch2, included last: LibTorch's headers define glog's CHECK, which would abort the process.
#undef CHECK
#include <catch2/catch.hpp>
