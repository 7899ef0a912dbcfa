#!/usr/bin/env bash
# Builds and runs every test. The last line is "N passed, N failed"; the status is not 0 if any failed.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

step 'packages' install_packages
step 'LibTorch' install_libtorch
step 'configuration of the build' configure build
step 'build' build build all
python3 scripts/run_tests.py build
