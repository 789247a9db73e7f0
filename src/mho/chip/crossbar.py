"""The crossbar: driving and sensing cells, row compensation, write times."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mho import checks
from mho.chip.cells import Cells, CellSites, fresh
from mho.chip.devices.device import Device
from mho.chip.feed_forward import aimed
from mho.chip.ledger import Ledger
from mho.chip.mapping import ConductanceMap, parallel
from mho.circuits.conductances import Conductances, Reference
from mho.circuits.errors import ChipError

__all__ = ["Crossbar", "write"]

_ARRAYS = ("left", "right")
_REFERENCES = ("reference_left", "reference_right")
_COLUMNS = ("comp", *_REFERENCES)
_OWN_ERROR = 16
"""First stream of the errors that belong to the cells of either array."""


class Crossbar:
    """The cells of one programmed array; writing them is entered in the ledger.

    Parameters
    ----------
    layout : ConductanceMap
        Conductances of the matrix.
    device : Device
        The cells.
    rng : Generator
        Of every error that is drawn afresh.
    places : CellSites
        Of what belongs to the place.
    writes : int
        How often the chip has been written, this time included.
    ledger : Ledger
        Events of the chip.
    tile_rows : int
        Rows of one physical array.

    Attributes
    ----------
    left, right, comp, reference_left, reference_right : Cells
        Driving array, sensing array unless one is all there is, compensation, reference columns if there are any.
    elapsed : ndarray of shape (m,)
        Seconds since each row was written, at the temperature at which relaxation was measured.
    """

    left: Cells
    right: Cells
    reference_left: Cells
    reference_right: Cells
    _ideal = np.zeros((0, 0))

    def __init__(
        self,
        layout: ConductanceMap,
        device: Device,
        rng: np.random.Generator,
        places: CellSites,
        writes: int,
        ledger: Ledger,
        tile_rows: int,
    ) -> None:
        self._layout, self._device, self._rng, self._ledger = layout, device, rng, ledger
        self._places, self._writes, self._tile_rows = places, writes, tile_rows
        self.elapsed = np.zeros(len(layout.target))
        self._parts: tuple[str, ...] = (*_ARRAYS[: layout.arrays], "comp")
        for number, name in enumerate(_ARRAYS[: layout.arrays]):
            setattr(self, name, self._in_place(self._fresh(layout.target), number))
        self.comp = self._in_a_column(self._fresh(layout.comp), 0)
        if layout.reference.any():
            self.reference_left, self.reference_right = (
                self._in_a_column(self._fresh(layout.reference), column) for column in (1, 2)
            )
            self._parts += _REFERENCES
        self._enter(slice(None))

    def feed_forward(self, ideal: np.ndarray, integration: float, *, both: bool) -> None:
        """Aim rows so that each makes good what those before it are off by, now and when they are written again.

        Parameters
        ----------
        ideal : ndarray of shape (m, k)
            Conductances that the matrix asks for, above those that stand for zero, siemens.
        integration : float
            Time of a verify read, seconds.
        both : bool
            Whether rows of the sensing array are aimed too: what its errors do to an answer goes with the residual,
            which aiming makes larger, what they do to a correction is made good.
        """
        self._ideal, self._integration, self._both = ideal, integration, both
        self._aim(np.arange(len(ideal)))

    def _aim(self, rows: np.ndarray) -> None:
        """Aim rows of the sensing array, if at all, then of the driving one, whose errors are seen through it."""
        device, kelvin, m = self._device, self._device.temperature.written_at, len(self._ideal)
        basis = self._ideal
        for name in _ARRAYS[: self._layout.arrays][::-1]:
            cells, zero = getattr(self, name), 0.0
            if self._layout.share:
                reference = getattr(self, f"reference_{name}").conductance(device, self.elapsed, kelvin)
                zero = self._layout.share * reference[:m, None]
            g = cells.conductance(device, self.elapsed, kelvin)
            noise = self._read(g, self._integration, kelvin) - g
            if name == _ARRAYS[0] or self._both:
                cells = aimed(cells, device, zero + self._ideal, basis, rows[rows < m], noise)
            basis = (cells.conductance(device, self.elapsed, kelvin) + noise)[:m] - zero
            setattr(self, name, cells)

    def conductances(self, kelvin: float, integration: float | None = None) -> Conductances:
        """Return the conductances at `kelvin`; read for `integration` seconds, with the noise of one read."""
        parts = {name: getattr(self, name).conductance(self._device, self.elapsed, kelvin) for name in self._parts}
        if integration is not None:
            parts = {name: self._read(g, integration, kelvin) for name, g in parts.items()}
        reference = None
        if "reference_left" in parts:
            feedback, columns = float(self._layout.reference.sum()), (parts.pop(name) for name in _REFERENCES)
            reference = Reference(*columns, feedback=feedback, share=self._layout.share)
        parts.setdefault("right", parts["left"])
        g_in = self._layout.input_ratio * self._device.g_max
        return Conductances(**parts, g_in=g_in, scale=self._layout.scale, reference=reference)

    def age(self, seconds: float, kelvin: float | None) -> None:
        """Let time pass; see `ProgrammedArray.age`."""
        after = self.elapsed + checks.nonnegative_number(seconds, "seconds") * self._acceleration(kelvin)
        for part in self._parts:
            setattr(self, part, getattr(self, part).aged(self._device, self.elapsed, after, self._rng))
        self.elapsed = after

    def refresh(self, rows: np.ndarray) -> None:
        """Write rows again, each given once; see `ProgrammedArray.refresh`."""
        self._writes += 1
        for part in self._parts:
            old: Cells = getattr(self, part)
            new = self._fresh(old.target)
            in_place = part in _ARRAYS
            new = self._in_place(new, _ARRAYS.index(part)) if in_place else self._in_a_column(new, _COLUMNS.index(part))
            setattr(self, part, _replaced(old, new, rows))
        self.elapsed = self.elapsed.copy()
        self.elapsed[rows] = 0.0
        if len(self._ideal):
            self._aim(rows)
        self._enter(rows)

    def _fresh(self, target: np.ndarray) -> Cells:
        return fresh(target, parallel(target, self._device), self._device, self._rng)

    def _in_place(self, cells: Cells, array: int) -> Cells:
        """The cells with what their places make of them."""
        device, shape = self._device, cells.target.shape
        if device.sigma_cell:
            own = device.sigma_cell * device.g_max * self._places.normal(_OWN_ERROR + array, shape)
            cells = replace(cells, error=cells.error + np.sqrt(cells.parallel) * own)
        if device.temperature.temperature_spread:
            cells = replace(cells, temperature_deviate=self._places.normal(array, shape))
        if device.faults:
            fate, life = (self._places.uniform(kind + array, shape) for kind in (2, 4))
            cells = self._with_faults(cells, fate, life)
            at = np.nonzero(cells.parallel > 1)  # each of several in parallel has a fate of its own
            several = self._in_parallel(replace(cells, parallel=cells.parallel[at]), at[0], (12 + array, 14 + array))
            for name in ("healthy_fraction", "stuck_conductance"):
                getattr(cells, name)[at] = getattr(several, name)
        return cells

    def _in_a_column(self, cells: Cells, column: int) -> Cells:
        """The cells of a column beside the arrays, each conductance several in parallel, with their sites' faults."""
        if self._device.faults:
            return self._in_parallel(cells, slice(None), (6 + column, 9 + column))
        return cells

    def _in_parallel(self, cells: Cells, rows: Any, kinds: tuple[int, int]) -> Cells:
        """The cells, `parallel` in each of some rows, with the faults of so many sites of these rows."""
        most = int(cells.parallel.max(initial=0))
        fate, life = (self._places.each(kind, len(self.elapsed), most)[rows] for kind in kinds)
        return self._with_faults(cells, fate, life, np.arange(most) >= cells.parallel[:, None])

    def _with_faults(
        self, cells: Cells, fate: np.ndarray, life: np.ndarray, missing: np.ndarray | None = None
    ) -> Cells:
        device = self._device
        g = device.faults.stuck_at(fate, life, self._writes, device.g_min, device.g_max)
        healthy, stuck = np.isnan(g), np.nan_to_num(g)
        if missing is None:
            return replace(cells, healthy_fraction=healthy.astype(np.float64), stuck_conductance=stuck)
        faulty = np.count_nonzero(~healthy & ~missing, axis=1)
        return replace(
            cells,
            healthy_fraction=1 - faulty / np.maximum(cells.parallel, 1),
            stuck_conductance=np.where(missing, 0.0, stuck).sum(axis=1),
        )

    def _acceleration(self, kelvin: float | None) -> float:
        if kelvin is None:
            return 1.0
        if self._device.retention is None:
            raise ChipError(
                f"cells cannot be aged at {kelvin:g} K: nothing is known of how heat ages this device; leave the "
                "temperature out, or take a device with a retention"
            )
        return self._device.retention.acceleration(kelvin)

    def _read(self, g: np.ndarray, integration: float, kelvin: float) -> np.ndarray:
        seconds = self.elapsed if g.ndim == 1 else self.elapsed[:, None]
        spread = self._device.noise.spread(g, seconds, integration, kelvin)
        return np.maximum(g + spread * self._rng.standard_normal(g.shape), 0.0)

    def _enter(self, rows: Any) -> None:
        """Enter the writing of some rows."""
        parts: list[Cells] = [getattr(self, part) for part in self._parts]
        pulses = [p.pulses[rows] * p.parallel[rows] for p in parts]
        slowest, arrays = [np.where(p.parallel[rows] > 0, p.pulses[rows], 0) for p in parts], self._layout.arrays
        matrix = np.stack([s.max(axis=1) for s in slowest[:arrays]])
        in_turn = matrix.sum(axis=0) + np.sum(slowest[arrays:], axis=0)
        tile = np.arange(len(self.elapsed))[rows] // self._tile_rows
        size = parts[0].target[rows].shape
        self._ledger.add(
            Ledger(
                cells=float(sum(p.parallel[rows].sum() for p in parts)),
                pulses=float(sum(p.sum() for p in pulses)),
                row_pulses=float(in_turn.sum()),
                tile_pulses=float(np.bincount(tile, in_turn).max(initial=0)),
                unverified=float(sum((p.unverified[rows] & (p.parallel[rows] > 0)).sum() for p in parts)),
                bytes_read=size[0] * size[1],  # one byte holds any number of levels that cells have
                rows=size[0],
                columns=size[1],
                tiles=-(-len(self.elapsed) // self._tile_rows),
                row_extras=float(np.sum([p.parallel for p in parts[arrays:]], axis=0).max(initial=0)),
            )
        )


def write(layout: ConductanceMap, device: Device, rng: np.random.Generator) -> Conductances:
    """Write a matrix on a chip of its own and return its conductances as just written.

    Parameters
    ----------
    layout : ConductanceMap
        The matrix, as `map_matrix` lays it out.
    device : Device
        The cells.
    rng : Generator
        Source of random numbers.
    """
    rows, columns = layout.target.shape
    store = Crossbar(layout, device, rng, CellSites.of(rng, columns), 1, Ledger(), rows)
    return store.conductances(device.temperature.written_at)


def _replaced(old: Cells, new: Cells, rows: Any) -> Cells:
    """The cells, with those of some rows replaced."""
    parts = {}
    for name in ("error", "pulses", "unverified", "relaxation_deviate", "healthy_fraction", "stuck_conductance"):
        was, now = getattr(old, name), getattr(new, name)
        if isinstance(was, np.ndarray):
            was = was.copy()
            was[rows] = now[rows]
        parts[name] = was
    return replace(old, **parts)
