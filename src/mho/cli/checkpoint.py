"""Factors on disk: what is written about them, and going on from them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mho.cli.loop_file import read_loop
from mho.cli.settings import Settings
from mho.cli.source import Source

__all__ = ["Start", "about", "resume"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """Starting factors of a run, and the iterations that they have behind them.

    Attributes
    ----------
    factors : dict of str to ndarray
        "W" (m, k) and "H" (k, n), or nothing for a fresh start.
    iterations : int
        Done before.
    state : LoopState or None
        Of the loop, which goes on as if it had not been interrupted.
    """

    factors: dict[str, Any]
    iterations: int = 0
    state: Any = None


def about(source: Source, settings: Settings, **result: Any) -> dict[str, str]:
    """Return the facts written beside the factors: input, settings, result."""
    import mho

    facts = {
        "mho": mho.__version__,
        "input": os.fsencode(source.path.name).decode(errors="backslashreplace"),  # text in the file is UTF-8
        "input_sha256": source.sha256,
        **asdict(settings),
        **result,
    }
    return {name: _text(fact) for name, fact in facts.items()}


def _text(fact: Any) -> str:
    return str(fact).lower() if isinstance(fact, bool) else str(fact)


_MAY_CHANGE = ("n_components", "max_iter", "tol", "max_bytes")
"""How far to go and how much memory to take; the number of components has an error of its own."""


def _differences(facts: dict[str, str], settings: Settings) -> Iterator[str]:
    """Yield each setting that is another than in what was written, by its option."""
    for name, wanted in asdict(settings).items():
        before = facts.get(name)
        if name not in _MAY_CHANGE and before not in (None, _text(wanted)):
            yield f"--{name.replace('_', '-')} {before}, not {wanted}"


def resume(out: Path, source: Source, settings: Settings) -> Start:
    """Read the factors of an earlier run with the same input.

    Raises
    ------
    DataError
        The file is damaged.
    ValueError
        It was made from another matrix, or with another k, engine, penalty, seed or start; each is named.
    """
    from mho.data import DataError, read_factors

    W, H, facts = read_factors(out, max_bytes=settings.max_bytes)
    if facts.get("input_sha256") != source.sha256:
        raise ValueError(f"--resume: {out} was not made from {source.path} as it is now")
    if W.shape[1] != settings.n_components:
        raise ValueError(f"--resume: {out} was made with -k {W.shape[1]}, not {settings.n_components}")
    if differences := list(_differences(facts, settings)):
        raise ValueError(f"--resume: {out} was made with {'; '.join(differences)}; resume with the same, or begin anew")
    iterations = facts.get("iterations", "")
    if not (iterations.isdecimal() and len(iterations) < 10) or (W.shape[0], H.shape[1]) != source.X.shape:
        raise DataError(f"{out}: its factors or its number of iterations do not fit its input")
    state = read_loop(out, W, H, facts)
    return Start(factors={"W": W, "H": H}, iterations=int(iterations), state=state)
