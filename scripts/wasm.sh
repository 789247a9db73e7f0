#!/bin/sh
# The kernels of the lab's pages as WebAssembly, by `zig c++` (clang): writes mho.wasm and picture.wasm to web/src/core, or to
# the folder named. The compiler's version is pinned, so that the same source gives the same bytes everywhere.
set -eu
cd "$(dirname "$0")/.."
version=0.17.1
out=${1:-web/src/core}
python=.venv/bin/python
if [ "$("$python" -m ziglang version 2>/dev/null || true)" != "$version" ]; then
    env=build/wasm
    mkdir -p build
    [ -x "$env/bin/python" ] || "$python" -m venv "$env"
    "$env/bin/pip" install --quiet "ziglang==$version"
    python=$env/bin/python
fi
export ZIG_GLOBAL_CACHE_DIR="${ZIG_GLOBAL_CACHE_DIR:-$PWD/build/zig}" # its C++ library takes a minute, once
# -ffile-prefix-map: no path of this machine in the file.
build() {
    "$python" -m ziglang c++ -target wasm32-wasi -std=c++17 -O2 -msimd128 -fopenmp-simd -fno-math-errno -fno-exceptions -fno-rtti \
        -Wall -Wno-pass-failed -Wno-unused-function -Wno-bitwise-instead-of-logical -ffile-prefix-map="$PWD"=. -s \
        -mexec-model=reactor -Wl,--strip-all -Isrc/mho/kernels/src -o "$out/$1" "web/core/$2"
    chmod 644 "$out/$1"
}
build mho.wasm wasm.cpp
build picture.wasm picture.cpp
