#!/usr/bin/env bash
# Format, layers and clang-tidy. Prints what is wrong; status 1 if anything is.
#   lint.sh             all files: over an hour on two cores
#   lint.sh --changed   files changed in the last ten commits and since, at most a dozen
#   lint.sh FILE...     these files
set -euo pipefail
source "$(dirname "$0")/setup.sh"
readonly MOST_CHANGED=12  # a file that includes LibTorch takes about a minute
readonly WHEN_NONE_CHANGED='lib/core/config_node.cpp lib/core/atomic_file.cpp lib/io/safetensors_reader.cpp lib/nn/site.cpp'

sources() { git ls-files 'lib/*.cpp' 'app/*.cpp'; }

# The files that clang-tidy is to see, those without LibTorch first.
changed_sources() {
  local base changed
  base=$(git rev-parse -q --verify HEAD~10 || git rev-list --max-parents=0 HEAD | tail -n 1)
  changed=$(git diff --name-only --diff-filter=d "$base" -- 'lib/*.cpp' 'app/*.cpp')
  [ -n "$changed" ] || changed=$WHEN_NONE_CHANGED
  # shellcheck disable=SC2086  # names, one a word
  { ls $changed | without_libtorch; ls $changed | with_libtorch; } | head -n $MOST_CHANGED
}
with_libtorch() { grep -vxFf <(text_sources) || true; }
without_libtorch() { grep -xFf <(text_sources) || true; }
text_sources() { sed -n 's|^ *\([a-z0-9_/]*\.cpp\).*|lib/\1|p' lib/text_sources.cmake; }

check_format() {
  git ls-files 'lib/*.h' 'lib/*.cpp' 'app/*.h' 'app/*.cpp' 'test/*.h' 'test/*.cpp' |
    xargs clang-format --dry-run --Werror 2>&1 | grep -E 'error' | cut -c 1-160 >build-lint/format.log || true
  [ ! -s build-lint/format.log ] && return
  cat build-lint/format.log
  fail 'the format differs from .clang-format' 'run clang-format -i on these files'
}

# tidy FILE...: clang-tidy on several cores at once.
tidy() {
  printf '   %d files\n' $#
  printf '%s\n' "$@" | xargs -P "$(build_jobs)" -n 1 clang-tidy -p build-lint --quiet 2>build-lint/tidy.err >build-lint/tidy.log && return
  grep -vE '^[0-9]+ warnings' build-lint/tidy.log
  grep -E 'error|rror:' build-lint/tidy.err | head -n 20 >&2 || true
  fail 'clang-tidy found the above' 'correct it; the checks stand in .clang-tidy'
}

step 'packages' install_packages check
step 'LibTorch' install_libtorch
# clang cannot read the precompiled header that GCC writes.
step 'compile commands' configure build-lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
step 'layers' python3 scripts/check_layers.py
step 'format' check_format
case ${1:-} in
  '') mapfile -t files < <(sources) ;;
  --changed) mapfile -t files < <(changed_sources) ;;
  *) files=("$@") ;;
esac
step 'clang-tidy' tidy "${files[@]}"
