#!/bin/sh
# Sets up benchmarks/image/.venv with what pictures are compared with; what cannot be installed is said and left out.
# cjxl, djxl and butteraugli_main are Debian's: apt-get install libjxl-tools libjxl-devtools.
cd "$(dirname "$0")" || exit 1
"${PYTHON:-python3}" -m venv .venv || exit 1
sed 's/#.*//' requirements.txt | while read -r pin; do
    [ -z "$pin" ] || .venv/bin/pip install --quiet --no-cache-dir "$pin" || echo "peers.sh: $pin could not be installed" >&2
done
(cd .venv && { [ -e package.json ] || echo '{}' >package.json; } && npm install --silent --no-audit sharp@0.35.5) ||
    echo "peers.sh: sharp could not be installed; mozjpeg is left out" >&2
for tool in cjxl djxl butteraugli_main; do
    command -v $tool >/dev/null || echo "peers.sh: $tool is missing" >&2
done
