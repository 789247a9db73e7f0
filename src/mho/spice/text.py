"""Spelling of headings, numbers and arrays in a netlist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

__all__ = ["array", "heading", "number", "one_line", "sources"]


def heading(text: str) -> list[str]:
    """Return a comment that starts a section, after an empty line."""
    return ["", f"* --- {text} ---"]


def number(value: Any) -> str:
    """Write a number so that it reads back to the same double, whatever NumPy type it has."""
    return repr(float(value))


def one_line(title: str) -> str:
    """Return `title`, which must be one line of text."""
    if not title.strip() or len(title.splitlines()) != 1:
        raise ValueError(f"title must be one line of text, got {title!r}")
    return title


def sources(volts: np.ndarray, input_conductance: str, row: str) -> Iterator[str]:
    """Yield a source at minus each voltage, nodes ``b0`` on, and the conductance from it to nodes such as ``r0``."""
    for i, value in enumerate(volts):
        yield f"Vb{i} b{i} 0 {number(-value)}"
        yield f"Rin{i} b{i} {row}{i} {{1/{input_conductance}}}"


def array(
    name: str, siemens: np.ndarray, ends: Callable[[int, int], str], rows: Iterable[int] | None = None
) -> Iterator[str]:
    """Yield the cells of a crossbar as resistors, ohms; a zero is an open cell.

    Parameters
    ----------
    name : str
        Of the array: its cell in row 0, column 1 becomes ``R<name>0_1``.
    siemens : ndarray of shape (m, k)
        Conductances.
    ends : callable
        From row and column to the two nodes of a cell.
    rows : iterable of int, optional
        Those that are connected; by default all.
    """
    for i in range(len(siemens)) if rows is None else rows:
        for j in np.flatnonzero(siemens[i]):
            yield f"R{name}{i}_{j} {ends(int(i), int(j))} {number(1 / siemens[i, j])}"
