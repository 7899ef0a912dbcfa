#!/usr/bin/env bash
# From a fresh machine to the main job: packages, LibTorch, build, backbone, then four adapters, a fusion, the table
# that compares them, and two predictions. A second run does only what is left.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

readonly CONFIG=configs/quickstart/quickstart.yaml
readonly RUN=runs/quickstart

adaptune() {
  echo "   adaptune $*"
  build/app/adaptune "$@"
}

step 'packages' install_packages
step 'LibTorch' install_libtorch
step 'configuration of the build' configure build
step 'build' build build app/adaptune
step 'backbone' install_backbone
step 'training one adapter for each of four tasks' adaptune train $CONFIG
step 'fusing them for one target' adaptune fuse $CONFIG
step 'evaluation: majority, adapter, fusion' adaptune eval $CONFIG
step 'two predictions' adaptune predict $RUN configs/quickstart/two_sentences.txt --task topic
