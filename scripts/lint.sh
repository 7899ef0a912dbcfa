#!/usr/bin/env bash
# Format, layers and clang-tidy. Prints what is wrong; status 1 if anything is.
#   lint.sh             all files: over an hour on two cores
#   lint.sh --changed   sources changed in the last ten commits and since, at most a dozen; says which it leaves out
#   lint.sh FILE...     these files
set -euo pipefail
source "$(dirname "$0")/setup.sh"
readonly MOST_CHANGED=12  # a file that includes LibTorch takes about a minute
readonly WHEN_NONE_CHANGED='lib/core/config_node.cpp lib/core/atomic_file.cpp lib/io/safetensors_reader.cpp lib/nn/site.cpp'

sources() { git ls-files 'lib/*.cpp' 'app/*.cpp'; }

# The files that clang-tidy is to see, those without LibTorch first.
changed_sources() {
  local base changed all
  base=$(git rev-parse -q --verify HEAD~10 || git rev-list --max-parents=0 HEAD | tail -n 1)
  changed=$(git diff --name-only --diff-filter=d "$base" -- 'lib/*.cpp' 'app/*.cpp')
  [ -n "$changed" ] || changed=$WHEN_NONE_CHANGED
  # shellcheck disable=SC2086  # names, one a word
  mapfile -t all < <(ls $changed | without_libtorch; ls $changed | with_libtorch)
  printf '%s\n' "${all[@]:0:MOST_CHANGED}"
  [ ${#all[@]} -le $MOST_CHANGED ] ||
    printf '   left out, to stay at %d files: %s\n' $MOST_CHANGED "${all[*]:MOST_CHANGED}" >&2
}
with_libtorch() { grep -vxFf <(text_sources) || true; }
without_libtorch() { grep -xFf <(text_sources) || true; }
text_sources() { sed -n 's|^ *\([a-z0-9_/]*\.cpp\).*|lib/\1|p' lib/text_sources.cmake; }

need() {
  command -v "$1" >/dev/null ||
    fail "'$1' is missing" "install what third_party/packages.txt lists for 'check'"
}

check_format() {
  local log=build-lint/format.log
  need clang-format
  git ls-files 'lib/*.h' 'lib/*.cpp' 'app/*.h' 'app/*.cpp' 'test/*.h' 'test/*.cpp' |
    xargs clang-format --dry-run --Werror >$log 2>&1 && return
  grep 'error:' $log | cut -c 1-160 || cat $log
  fail 'the format differs from .clang-format' 'run clang-format -i on these files'
}

# tidy FILE...: clang-tidy on several cores at once.
tidy() {
  need clang-tidy
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
