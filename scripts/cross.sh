#!/bin/sh
# The kernels compiled for other processors and systems by `zig c++` (clang with libc++), which brings their headers; for
# aarch64 Linux the whole module too, with this Python's headers, which are the same on every 64-bit Linux. Nothing is run.
set -eu
cd "$(dirname "$0")/.."
env=build/cross
mkdir -p build
[ -x "$env/bin/python" ] || .venv/bin/python -m venv "$env"
"$env/bin/pip" install --quiet 'ziglang>=0.13'
source=src/mho/kernels/src
headers="$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')"
nanobind="$(.venv/bin/python -c 'import nanobind; print(nanobind.include_dir())')"

compile() { # TARGET NAME ARGUMENT...
    target=$1 name=$2
    shift 2
    echo "$target: $name"
    "$env/bin/python" -m ziglang c++ -target "$target" -std=c++17 -O1 -fopenmp-simd -fno-math-errno -Wall -Werror \
        -Wno-pass-failed -Wno-bitwise-instead-of-logical \
        "$@" -c -o "$env/$name-$target.o"
}

isa() { # TARGET NAME FLAG...
    target=$1 set=$2
    shift 2
    compile "$target" "$set" -DMHO_TABLE="table_$set" -DMHO_NAME="\"$set\"" "$@" "$source/isa.cpp"
    compile "$target" "newtons_$set" -DMHO_NEWTONS="newtons_$set" "$@" "$source/isa_newton.cpp"
    compile "$target" "pictures_$set" -DMHO_PICTURES="pictures_$set" "$@" "$source/isa_pictures.cpp"
}

for target in aarch64-linux-gnu aarch64-macos x86_64-macos x86_64-windows-gnu; do
    isa "$target" baseline
    compile "$target" columns "$source/columns.cpp"
done
for target in x86_64-macos x86_64-windows-gnu; do
    isa "$target" avx2 -mavx2 -mfma
    isa "$target" avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512
done
for unit in module picture; do
    compile aarch64-linux-gnu "$unit" -O0 -isystem "$headers" -isystem "$nanobind" "$source/$unit.cpp"
done
