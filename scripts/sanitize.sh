#!/usr/bin/env bash
# The tests of all code without LibTorch (configuration, readers, tokenizer, data) with address and
# undefined-behaviour sanitizers.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

run_tests() {
  ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 build-sanitize/test/text_tests
}

step 'packages' install_packages check
step 'LibTorch' install_libtorch
step 'configuration of the build' configure build-sanitize -DADAPTUNE_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1'
step 'build' build build-sanitize text_tests
step 'text tests' run_tests
