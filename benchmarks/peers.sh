#!/bin/sh
# Sets up benchmarks/.venv with the libraries that are compared; what cannot be installed is said and left out.
# LIBMF is built as its own Makefile would build it, so a wheel that pip kept of another build must not be taken.
# RcppML comes from R: Debian's r-cran-rcppml. Spark needs Java 17.
cd "$(dirname "$0")" || exit 1
"${PYTHON:-python3}" -m venv .venv || exit 1
export CFLAGS="-O3 -march=native" CXXFLAGS="-O3 -march=native -DUSEAVX -DUSEOMP -fopenmp" LDFLAGS="-fopenmp"
sed 's/#.*//' requirements.txt | while read -r pin; do
    [ -z "$pin" ] || .venv/bin/pip install --quiet --no-cache-dir "$pin" || echo "peers.sh: $pin could not be installed" >&2
done
command -v Rscript >/dev/null || echo "peers.sh: R is missing; RcppML is left out" >&2
command -v java >/dev/null || echo "peers.sh: Java is missing; Spark is left out" >&2
