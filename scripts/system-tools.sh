#!/bin/sh
# Make sure that programs which no Python package brings are there: each argument is PROGRAM, PROGRAM:PACKAGE, or either
# of them with another that does as well behind a slash (A/B), which is taken where the first cannot be had. +PACKAGE is
# one of Debian's that brings no program.
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

there() { # PROGRAM or PROGRAM:PACKAGE
    program=${1%%:*} package=${1##*:}
    have "$program" && return
    echo "installing $package ..."
    install "$package" || true
    have "$program"
}

for tool in "$@"; do
    if [ "${tool#+}" != "$tool" ]; then
        package=${tool#+}
        dpkg -s "$package" >/dev/null 2>&1 || { echo "installing $package ..." && install "$package"; } ||
            echo "mho: the package '$package' could not be installed; what needs it is left out" >&2
        continue
    fi
    there "${tool%%/*}" || there "${tool##*/}" ||
        echo "mho: $program is missing and could not be installed; install the package '$package' yourself" >&2
done
