#!/bin/sh
# Make sure that programs which no Python package brings are there: each argument is PROGRAM or PROGRAM:PACKAGE.
# Installs what is missing where this user may; says what to install where not. Never fails: what needs a program that
# is not there says so itself.
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

install() {
    if have apt-get; then
        as_root apt-get install -y -qq "$1" >/dev/null 2>&1 ||
            { as_root apt-get update -qq >/dev/null 2>&1 && as_root apt-get install -y -qq "$1" >/dev/null 2>&1; }
    elif have dnf; then as_root dnf install -y -q "$1" >/dev/null 2>&1
    elif have brew; then brew install --quiet "$1" >/dev/null 2>&1
    else return 1; fi
}

for tool in "$@"; do
    program=${tool%%:*} package=${tool##*:}
    have "$program" && continue
    echo "installing $package ..."
    install "$package" || true
    have "$program" || echo "mho: $program is missing and could not be installed; install the package '$package' yourself" >&2
done
