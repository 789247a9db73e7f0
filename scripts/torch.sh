#!/bin/sh
# PyTorch for the CPU, JAX and other libraries of arrays and tables for `make test-torch`, into the folder named: 1.5 GB
# that `make test` does without. A build of torch for the CPU alone is taken where the index has one; the plain one for
# Linux brings as much again for CUDA.
set -eu
folder=$1
install() { "${PIP:-.venv/bin/pip}" install --quiet --no-deps --target "$folder" "$@"; }
mkdir -p "$folder"
install torch==2.13.0+cpu 2>/dev/null || "${PIP:-.venv/bin/pip}" install --quiet --target "$folder" torch
# --no-deps keeps the numpy, scipy and pandas of .venv; so these name their own.
install sympy mpmath filelock networkx jinja2 fsspec markupsafe typing_extensions
install jax jaxlib ml_dtypes opt_einsum
install polars polars-runtime-32
install anndata array-api-compat donfig google-crc32c h5py legacy-api-wrap natsort numcodecs scverse-misc session-info2 zarr
touch "$folder/ready"
