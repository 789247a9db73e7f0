"""Factorizations by their sizes alone: the events that one sweep of them takes on a chip."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Self

import numpy as np

from mho import checks
from mho.chip import REFUSED_OPERANDS, Chip, ChipDesign, ChipError, Ledger, preset
from mho.chip.events import ADDRESS_BYTES
from mho.cost.work import Work, sweep_work

__all__ = ["WHY_NOT_WIDER", "WORKLOADS", "Workload", "sweep_ledger"]

WHY_NOT_WIDER = (
    "columns of one array: all of them meet in the node of each row, so that only rows can be tiled; more columns need "
    "block-matrix algebra, which is not modelled, or a wider array"
)
"""The reason for the largest k."""

_LARGEST_SAMPLE = 256
_SOLVES = 32


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A matrix X (m, n) factorized at rank k.

    Attributes
    ----------
    m, n, k : int
    known : int or None
        How many of its entries are known; None: all, and it is dense.
    missing : bool
        Whether the other entries are missing; else they are zeros.

    Examples
    --------
    >>> from mho.cost import WORKLOADS, Workload
    >>> Workload(m=943, n=1682, known=100_000).fewest_solves, WORKLOADS["movielens-100k"].entries
    (943, 100000)
    """

    m: int
    n: int
    known: int | None = None
    k: int = 10
    missing: bool = True

    def __post_init__(self) -> None:
        for name in ("m", "n", "k"):
            checks.positive_int(getattr(self, name), name)
        if self.known is not None:
            checks.positive_int(self.known, "known", limit=self.m * self.n, what="m n")

    @classmethod
    def of(cls, X: Any, *, k: int, missing: bool = True) -> Self:
        """Return the sizes of a matrix.

        Parameters
        ----------
        X : ndarray or scipy sparse of shape (m, n)
            Known are the stored entries; of an ndarray, those that are not NaN.
        k : int
            Number of components.
        missing : bool
            Whether what a sparse matrix leaves out is missing; else it is zero.
        """
        m, n = X.shape
        known = int(X.nnz if hasattr(X, "nnz") else np.count_nonzero(~np.isnan(X)))
        return cls(m=m, n=n, known=None if known == m * n else known, k=k, missing=missing)

    def __str__(self) -> str:
        others = "" if self.missing else ", the others zero"
        entries = "dense" if self.known is None else f"{self.known:,} entries known{others}"
        return f"{self.m:,} x {self.n:,}, {entries}, k = {self.k}"

    @property
    def entries(self) -> int:
        """Entries that are stored."""
        return self.m * self.n if self.known is None else self.known

    @property
    def masked(self) -> bool:
        """Whether entries are missing, so that every right-hand side has rows of its own."""
        return self.missing and self.known is not None

    @property
    def fewest_solves(self) -> int:
        """Right-hand sides of the half-sweep that has fewer; more solvers than that have nothing to do."""
        return min(self.m, self.n)

    def work(self) -> Work:
        """Return the digital arithmetic of one sweep."""
        return sweep_work(self.m, self.n, self.k, self.known, missing=self.masked)


WORKLOADS = {
    "movielens-100k": Workload(m=943, n=1682, known=100_000),
    "netflix": Workload(m=480_189, n=17_770, known=99_072_112),
    "yahoo-music": Workload(m=1_200_000, n=137_000, known=700_000_000),
}
"""Netflix without its test ratings (Tan-2016), Yahoo's as in NMF-2026; MovieLens and Yahoo's number of ratings are
recalled, not verified, and the rank is this project's choice."""


def sweep_ledger(workload: Workload, design: ChipDesign | None = None) -> Ledger:
    """Return the events of updating both factors once, no right-hand side solved twice.

    A representative array (uniform entries, as many rows as a right-hand side has known entries on average, 256 at the
    most, no programming error) is programmed and solved; its events are scaled to the sizes.

    Parameters
    ----------
    workload : Workload
        Sizes of the factorization.
    design : ChipDesign, optional
        By default that of ``preset("pku-2025")``.

    Raises
    ------
    ValueError
        k is above the columns of one array, which cannot be tiled.
    ChipError
        The design's circuit cannot leave missing entries out.
    """
    design = (preset("pku-2025") if design is None else design).with_(sigma=0.0)
    design.check_least_squares("design")
    checks.positive_int(workload.k, "k", limit=design.array.columns, what=WHY_NOT_WIDER)
    if workload.masked and (refusal := REFUSED_OPERANDS.get((design.topology, "missing"))):
        raise ChipError(refusal)
    ledger = Ledger()
    for rows, solves in ((workload.n, workload.m), (workload.m, workload.n)):
        ledger.add(_half_sweep(workload, rows, solves, design))
    return ledger


def _half_sweep(w: Workload, rows: int, solves: int, design: ChipDesign) -> Ledger:
    entries = w.entries if w.masked else w.m * w.n
    on = entries / solves
    sample = max(w.k, int(min(on, _LARGEST_SAMPLE)))
    rng = np.random.default_rng(0)
    chip = Chip(design, seed=0)
    A = rng.random((sample, w.k))
    array = chip.program(A)
    written = chip.ledger.copy()
    array.solve(A @ rng.random((w.k, _SOLVES)))
    solved = chip.ledger.since(written)
    per_row, word_lines = on / sample, entries if w.masked else 0
    per_opamp = (on + w.k) / (sample + w.k) if design.topology == "classic" else 1.0  # of which rows have one each
    one = solved.times(solves / solved.solves)
    ledger = written.times(rows / sample)
    ledger.add(
        Ledger(
            solves=one.solves,
            settle_seconds=one.settle_seconds,
            amplifier_seconds=one.amplifier_seconds * per_opamp,
            amplifier_cycles=one.amplifier_cycles * per_opamp,
            array_joules=one.array_joules * per_row,
            load_joules=one.load_joules * per_row,
            load_coulombs=one.load_coulombs * per_row,
            input_coulombs=one.input_coulombs * per_row,
            peak_amperes=one.peak_amperes * per_row,
            dac_conversions=entries,
            adc_conversions=solves * w.k,
            word_lines=word_lines,
            bytes_read=entries + ADDRESS_BYTES * word_lines,
            bytes_written=solves * w.k,
        )
    )
    ledger.rows, ledger.columns, ledger.tiles = rows, w.k, ceil(rows / design.array.rows)
    ledger.opamps = rows + w.k if design.topology == "classic" else one.opamps
    ledger.tile_pulses = ledger.row_pulses * min(rows, design.array.rows) / rows
    return ledger
