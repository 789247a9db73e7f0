"""Four circuits behind one switch: how a matrix is programmed into each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mho import checks, spice
from mho.chip.components import Amplifier
from mho.chip.conductances import Conductances
from mho.chip.design import ChipDesign
from mho.chip.errors import ChipError
from mho.chip.netlist import as_opamp
from mho.chip.store import write
from mho.chip.topology.constraint import Constraint
from mho.chip.topology.programmed import ProgrammedCircuit

__all__ = ["TOPOLOGIES", "program"]

_SUM_ROWS = 32
"""Rows of full cells by which the compact circuit is told to keep a sum."""


def program(
    topology: str, A: Any, design: ChipDesign, *, constraint: Constraint | None = None, seed: Any = None
) -> ProgrammedCircuit:
    """Program a matrix into a circuit, with the errors of the design's cells and op-amps.

    Parameters
    ----------
    topology : {"compact", "classic", "gram", "mvm"}
        Compact GINV, the chip's own [2.4]; classic GINV [2.3]; inverse of A'A [2.2]; product with A, open loop [2.1].
    A : array_like of shape (m, k)
        Non-negative, no column of zeros.
    design : ChipDesign
        Its device, amplifier, converters and, for the compact circuit, wires. Cells are as just written, at the
        temperature of writing and without read noise, zeros conduct what they do: `operation` and `off_state` have no
        effect.
    constraint : Constraint, optional
        Beyond non-negativity; by default nothing.
    seed : int, Generator or None
        Source of the errors.

    Raises
    ------
    ValueError
        A bad matrix, or no such topology.
    ChipError
        The circuit cannot do it.
    """
    checks.one_of(topology, "topology", TOPOLOGIES)
    A = np.asarray(checks.as_matrix(A, "A"), np.float64)
    if not A.max(axis=0).all():
        raise ValueError("A must not have a column of zeros, which would leave an op-amp without an input")
    if design.wires and topology != "compact":
        raise ChipError("wires with resistance are modelled in the compact circuit alone: leave them perfect")
    rng = checks.generator(seed, "seed")
    return _BUILDERS[topology](A, design, constraint or Constraint(), rng)


def _compact(A: np.ndarray, design: ChipDesign, constraint: Constraint, rng: np.random.Generator) -> ProgrammedCircuit:
    c, constant, volts_per_unit = _two_copies(A, design, constraint, rng, _SUM_ROWS)
    row_conductance = (c.left.sum(axis=1) + c.right.sum(axis=1) + c.comp + c.g_in).max()
    circuit = spice.CompactGinv(
        g_left=c.left,
        g_right=c.right,
        g_comp=c.comp,
        g_in=c.g_in,
        opamp=as_opamp(design.amplifier),
        bias=constraint.l1 * c.scale * c.g_in * volts_per_unit / row_conductance,
        offset=_offsets(design.amplifier, A.shape[1], rng),
        wires=design.wires,
    )
    return ProgrammedCircuit(circuit, volts_per_unit, c.scale / (c.g_in * volts_per_unit), constant)


def _classic(A: np.ndarray, design: ChipDesign, constraint: Constraint, rng: np.random.Generator) -> ProgrammedCircuit:
    c, constant, volts_per_unit = _two_copies(A, design, constraint, rng, 1)
    g_feedback = np.full(len(c.left), c.g_in)
    if constraint.total is not None:
        g_feedback[len(A)] = 0.0
    circuit = spice.ClassicGinv(
        g_left=c.left,
        g_right=c.right,
        g_feedback=g_feedback,
        g_in=c.g_in,
        opamp=as_opamp(design.amplifier),
        bias=constraint.l1 * c.scale * volts_per_unit,
        row_offset=_offsets(design.amplifier, len(c.left), rng),
        offset=_offsets(design.amplifier, A.shape[1], rng),
    )
    return ProgrammedCircuit(circuit, volts_per_unit, c.scale / (c.g_in * volts_per_unit), constant)


def _two_copies(
    A: np.ndarray, design: ChipDesign, constraint: Constraint, rng: np.random.Generator, copies: int
) -> tuple[Conductances, np.ndarray, float]:
    """Conductances, the constant part of the right-hand side below that of A, and volts per unit."""
    rows, target = constraint.rows(A, copies)
    ridge = np.full(A.shape[1], np.sqrt(constraint.l2))
    constant = np.r_[target, np.zeros(np.count_nonzero(ridge))]
    return write(rows, ridge, design.device, rng), constant, design.converters.v_in / A.sum(axis=1).max()


def _gram(A: np.ndarray, design: ChipDesign, constraint: Constraint, rng: np.random.Generator) -> ProgrammedCircuit:
    if constraint.total is not None:
        raise ChipError("the Gram circuit has no row for a sum: use the classic or the compact one")
    gram = A.T @ A + constraint.l2 * np.eye(A.shape[1])
    c = write(gram, np.zeros(len(gram)), design.device, rng)
    volts_per_unit = design.converters.v_in / gram.sum(axis=1).max()
    offset = _offsets(design.amplifier, len(gram), rng)
    circuit = spice.GramInv(g_gram=c.left, g_in=c.g_in, opamp=as_opamp(design.amplifier), offset=offset)
    units_per_volt = c.scale / (c.g_in * volts_per_unit)
    return ProgrammedCircuit(circuit, volts_per_unit, units_per_volt, np.zeros(0), A.T, constraint.l1)


def _mvm(A: np.ndarray, design: ChipDesign, constraint: Constraint, rng: np.random.Generator) -> ProgrammedCircuit:
    if constraint != Constraint():
        raise ChipError("an open loop solves nothing, so that no constraint can be put on its answer")
    c = write(A, np.zeros(A.shape[1]), design.device, rng)
    g_feedback = float(c.left.sum(axis=1).max())
    volts = design.converters.v_in * c.scale.min()
    offset = _offsets(design.amplifier, len(A), rng)
    circuit = spice.Mvm(g=c.left, g_feedback=g_feedback, opamp=as_opamp(design.amplifier), offset=offset)
    return ProgrammedCircuit(circuit, volts / c.scale, np.full(len(A), g_feedback / volts), np.zeros(0))


def _offsets(amplifier: Amplifier, opamps: int, rng: np.random.Generator) -> np.ndarray:
    return amplifier.offset * rng.standard_normal(opamps)


_BUILDERS: dict[str, Callable[..., ProgrammedCircuit]] = {
    "compact": _compact,
    "classic": _classic,
    "gram": _gram,
    "mvm": _mvm,
}

TOPOLOGIES = tuple(_BUILDERS)
"""Names that `program` takes."""
