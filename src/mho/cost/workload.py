"""Factorizations by their sizes alone: the events that one sweep of them takes on a chip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import checks
from mho.chip import Chip, ChipDesign, Ledger, preset
from mho.cost.work import Work, sweep_work

__all__ = ["WORKLOADS", "Workload", "sweep_ledger"]

_LARGEST_SAMPLE = 256
_SOLVES = 32
_ADDRESS_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A matrix X (m, n) factorized at rank k.

    Attributes
    ----------
    m, n, k : int
    known : int or None
        How many of its entries are known; None: all, and it is dense.
    """

    m: int
    n: int
    known: int | None = None
    k: int = 10

    def __post_init__(self) -> None:
        for name in ("m", "n", "k"):
            checks.positive_int(getattr(self, name), name)
        if self.known is not None:
            checks.positive_int(self.known, "known", limit=self.m * self.n, what="m n")

    def __str__(self) -> str:
        entries = "dense" if self.known is None else f"{self.known:,} entries known"
        return f"{self.m:,} x {self.n:,}, {entries}, k = {self.k}"

    @property
    def entries(self) -> int:
        """Entries that take part."""
        return self.m * self.n if self.known is None else self.known

    def work(self) -> Work:
        """Return the digital arithmetic of one sweep."""
        return sweep_work(self.m, self.n, self.k, self.known, missing=self.known is not None)


WORKLOADS = {
    "movielens-100k": Workload(m=943, n=1682, known=100_000),
    "netflix": Workload(m=480_189, n=17_770, known=99_072_112),
    "yahoo-music": Workload(m=1_200_000, n=137_000, known=700_000_000),
}
"""Sizes from [1.1, 1.2]; Yahoo's number of ratings is recalled, not verified, and the rank is this project's choice."""


def sweep_ledger(workload: Workload, design: ChipDesign | None = None) -> Ledger:
    """Return the events of updating both factors once, no right-hand side solved twice.

    A representative array (uniform entries as in [2.4], as many rows as a right-hand side has known entries on average,
    256 at the most, no programming error) is programmed and solved; its events are scaled to the sizes.

    Parameters
    ----------
    workload : Workload
    design : ChipDesign, optional
        By default that of ``preset("pku-2025")``.
    """
    design = (preset("pku-2025") if design is None else design).with_(sigma=0.0)
    ledger = Ledger()
    for rows, solves in ((workload.n, workload.m), (workload.m, workload.n)):
        ledger.add(_half_sweep(workload, rows, solves, design))
    return ledger


def _half_sweep(w: Workload, rows: int, solves: int, design: ChipDesign) -> Ledger:
    on = w.entries / solves
    sample = int(np.clip(on, w.k, _LARGEST_SAMPLE))
    rng = np.random.default_rng(0)
    chip = Chip(design, seed=0)
    A = rng.random((sample, w.k))
    array = chip.program(A)
    written = chip.ledger.copy()
    array.solve(A @ rng.random((w.k, _SOLVES)))
    solved = chip.ledger.since(written)
    per_row, masked = on / sample, w.known or 0
    one = solved.times(solves / solved.solves)
    ledger = written.times(rows / sample)
    ledger.add(
        Ledger(
            solves=one.solves,
            settle_seconds=one.settle_seconds,
            amplifier_seconds=one.amplifier_seconds,
            amplifier_cycles=one.amplifier_cycles,
            array_joules=one.array_joules * per_row,
            load_joules=one.load_joules * per_row,
            load_coulombs=one.load_coulombs * per_row,
            input_coulombs=one.input_coulombs * per_row,
            peak_amperes=one.peak_amperes * per_row,
            dac_conversions=w.entries,
            adc_conversions=solves * w.k,
            word_lines=masked,
            bytes_read=w.entries + _ADDRESS_BYTES * masked,
            bytes_written=solves * w.k,
        )
    )
    ledger.rows, ledger.columns = rows, w.k
    return ledger
