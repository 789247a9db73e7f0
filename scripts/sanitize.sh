#!/bin/sh
# The kernels' tests, and MHO_MUTATED (500) damaged pictures, on kernels built with the address and undefined-behaviour
# sanitizers, in an environment of its own beside .venv, whose packages it borrows; for the instruction sets MHO_ISAS.
set -eu
cd "$(dirname "$0")/.."
env=build/sanitized
[ -x "$env/bin/python" ] || .venv/bin/python -m venv "$env"
borrowed=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
own=$("$env/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$borrowed" > "$own/borrowed.pth"
"$env/bin/pip" install --quiet --no-deps --force-reinstall . -C cmake.define.MHO_SANITIZE=ON -C build-dir=build/sanitized-build

# Python itself is not built for leak checking; the sanitizers' own libraries must come before it.
LD_PRELOAD="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libubsan.so)"
ASAN_OPTIONS=detect_leaks=0
UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS
for isa in ${MHO_ISAS:-baseline avx2 avx512}; do
    MHO_ISA=$isa "$env/bin/python" -m pytest -n auto -p no:cacheprovider tests/kernels -k "not isa_and_threads" "$@"
    MHO_ISA=$isa "$env/bin/python" tests/faults/pictures.py "${MHO_MUTATED:-500}"
done
