"""One library on one case, in a process and an environment of its own.

``python worker.py LIBRARY CASE`` answers each line of standard input, a number of iterations, with a line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from adapter import Fit, Input
from cases import CASES
from threadpoolctl import threadpool_info

LIBRARIES = {
    "mho": ("ours", "mho_nmf", "mho"),
    "mho-same-start": ("ours", "mho_same_start", "mho"),
    "mho-ratings": ("ours", "mho_ratings", "mho"),
    "mho-nnls": ("ours", "mho_nnls", "mho"),
    "scikit-learn": ("peers", "scikit_learn", "scikit-learn"),
    "nmf-torch": ("peers", "nmf_torch", "nmf-torch"),
    "tensorly": ("peers", "tensorly", "tensorly"),
    "rcppml": ("peer_r", "rcppml", ""),
    "libmf": ("peers_ratings", "libmf", "libmf"),
    "cmfrec": ("peers_ratings", "cmfrec", "cmfrec"),
    "spark": ("peers_ratings", "spark", "pyspark"),
    "scipy": ("peers", "scipy_nnls", "scipy"),
    "scipy-qr": ("peers", "scipy_nnls_qr", "scipy"),
    "nmf-torch-bpp": ("peers", "nmf_torch_bpp", "nmf-torch"),
}
"""Name -> module, function, distribution."""


_QUIET = 0.5
"""Seconds before a run: OpenBLAS's threads keep both cores busy for a tenth of a second after their last product."""


def main(library: str, case: str) -> None:
    answers = _own_stdout()
    try:
        data = Input(CASES[case])
        module, function, distribution = LIBRARIES[library]
        fit: Fit = getattr(importlib.import_module(module), function)(data)
    except Exception as error:  # reported as missing, whatever keeps it from starting
        _say(answers, {"missing": f"{type(error).__name__}: {error}".splitlines()[0]})
        return
    _say(answers, _facts(data, distribution))
    for line in sys.stdin:
        _say(answers, _measured(data, fit, int(line)))


def _measured(data: Input, fit: Fit, iterations: int) -> dict[str, Any]:
    time.sleep(_QUIET)
    before = _memory("VmRSS")
    _forget_peak()
    seconds, (W, H) = fit(iterations)
    beyond = _memory("VmHWM") - before
    factors = (W.nbytes + H.nbytes) / 2**20
    return {"seconds": seconds, "error": data.error(W, H), "beyond_mib": beyond, "factors_mib": factors}


def _own_stdout() -> TextIO:
    """Keep standard output for answers; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _say(answers: TextIO, reply: dict[str, Any]) -> None:
    answers.write(json.dumps(reply) + "\n")
    answers.flush()


def _facts(data: Input, distribution: str) -> dict[str, Any]:
    facts = {"version": data.version or _version(distribution), "load_seconds": round(data.load_seconds, 3)}
    return facts | {"sgemm_gflops": _sgemm(100 if data.case.data == "smoke" else 1500), "pools": list(_pools())}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except (PackageNotFoundError, ValueError):
        return ""


def _pools() -> Iterator[str]:
    for pool in threadpool_info():
        detail = pool.get("architecture", "")
        yield f"{pool['internal_api']} {pool.get('version') or ''} {detail} x{pool['num_threads']}".replace("  ", " ")


def _sgemm(size: int, repeats: int = 3) -> float:
    A = np.ones((size, size), np.float32)
    best = np.inf
    for _ in range(repeats):
        begun = time.perf_counter()
        np.matmul(A, A)
        best = min(best, time.perf_counter() - begun)
    return round(2 * size**3 / best / 1e9, 1)


def _memory(what: str) -> float:
    """A line of this process's memory account, MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return float("nan")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main(*sys.argv[1:])
