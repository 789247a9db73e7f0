#!/bin/sh
# The tests with the lowest version of every dependency that pyproject.toml declares, in an environment of its own.
set -eu
cd "$(dirname "$0")/.."
env=build/lowest
mkdir -p build
.venv/bin/python scripts/minima.py > build/minima.txt
if ! cmp -s build/minima.txt "$env/minima.txt"; then
    .venv/bin/python -m venv --clear "$env"
    "$env/bin/pip" install --quiet --constraint build/minima.txt '.[dev]' -C build-dir=build/lowest-build
    cp build/minima.txt "$env/minima.txt"
fi
"$env/bin/pip" install --quiet --no-deps --force-reinstall . -C build-dir=build/lowest-build
exec "$env/bin/python" -m pytest -n auto --dist loadgroup -p no:cacheprovider "$@"
