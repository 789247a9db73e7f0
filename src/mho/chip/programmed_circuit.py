"""A matrix programmed into any of the four circuits: cells written, conductances and op-amps described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho import checks
from mho.chip.crossbar import write
from mho.chip.design import WIRED, Amplifier, ChipDesign
from mho.chip.mapping import ConductanceMap, map_matrix, map_pairs
from mho.chip.square_matrix import KICK, check_square, eigenvector_circuit, inverse_circuit, inverse_map
from mho.circuits.circuit import Circuit, values
from mho.circuits.classic import ClassicGinv
from mho.circuits.compact import CompactGinv
from mho.circuits.conductances import Conductances
from mho.circuits.errors import ChipError
from mho.circuits.gram import GramInv
from mho.circuits.inverse import Egv
from mho.circuits.loop_circuit import as_opamp
from mho.circuits.mvm import Mvm
from mho.circuits.operating_point import operating_point
from mho.circuits.transient import transient
from mho.penalty import NO_PENALTY, Penalty

__all__ = ["SQUARE_TOPOLOGIES", "TOPOLOGIES", "ProgrammedCircuit", "program_circuit"]

_SUM_ROWS = 32
"""Rows of full cells by which the compact circuit is told to keep a sum."""


@dataclass(frozen=True, eq=False)
class ProgrammedCircuit:
    """One circuit with a matrix in it.

    Attributes
    ----------
    circuit : Circuit
        Conductances and op-amps.
    volts_per_unit : float or ndarray of shape (inputs,)
        Input voltages are this times the numbers that go in.
    units_per_volt : ndarray of shape (outputs,)
        Numbers that come out are this times the voltages.
    constant : ndarray
        Numbers that go in at inputs beyond those of the right-hand side.
    product : ndarray of shape (inputs, m), optional
        Right-hand sides are multiplied by this first, digitally, and `shift` is subtracted.
    shift : float or ndarray of shape (inputs,)
        See `product`.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import preset, program_circuit
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> program_circuit("classic", A, preset("ideal")).solve(A @ [2.0, 3.0]).round(6)
    array([2., 3.])
    """

    circuit: Circuit
    volts_per_unit: Any
    units_per_volt: np.ndarray
    constant: np.ndarray
    product: np.ndarray | None = None
    shift: Any = 0.0

    def volts(self, b: Any) -> np.ndarray:
        """Return the input voltages for a right-hand side b, or for the vector that an `mvm` multiplies.

        Raises
        ------
        TypeError, ValueError
            `b` is not one vector of finite numbers, of the length that the matrix asks for.
        """
        expected = self.circuit.inputs - len(self.constant) if self.product is None else self.product.shape[1]
        each = "column of the matrix" if isinstance(self.circuit, Mvm) else "row of the matrix"
        b = values(b, "b", expected, each=each, nonnegative=False)
        numbers = b if self.product is None else self.product @ b - self.shift
        return self.volts_per_unit * np.r_[numbers, self.constant]

    def eigenvector(self) -> np.ndarray:
        """Return the eigenvector of the largest eigenvalue, of length one, its largest entry positive; of "egv" alone.

        Raises
        ------
        TypeError
            The circuit is another one.
        ChipError
            The loop does not come to rest.
        """
        if not isinstance(self.circuit, Egv):
            raise TypeError(f"circuit must be of topology 'egv' for an eigenvector, got {self.circuit.name}")
        x = transient(self.circuit, np.zeros(0)).rest()
        return x / np.linalg.norm(x) * np.sign(x[np.abs(x).argmax()])

    def solve(self, b: Any) -> np.ndarray:
        """Return the answer at rest for a right-hand side b, in the units of the matrix.

        Raises
        ------
        TypeError, ValueError
            See `volts`.
        ChipError
            No operating point.
        """
        if isinstance(self.circuit, Egv):
            raise TypeError("the eigenvector circuit takes no right-hand side: it has `eigenvector`")
        outputs = operating_point(self.circuit, self.volts(b))[-len(self.units_per_volt) :]
        return outputs * self.units_per_volt


def program_circuit(
    topology: str, A: Any, design: ChipDesign, *, penalty: Penalty = NO_PENALTY, seed: Any = None
) -> ProgrammedCircuit:
    """Program a matrix into a circuit, with the errors of the design's cells and op-amps.

    Parameters
    ----------
    topology : {"compact", "classic", "gram", "mvm", "inv", "egv"}
        Compact GINV, the chip's own; classic GINV (Sun-2020a); inverse of A'A (Sun-2020b); product with A, open loop
        (Sun-2022); inverse of A, and eigenvector of its largest eigenvalue (Sun-2019), whose feedback stands 2 % below
        that eigenvalue, which has to be known.
    A : array_like of shape (m, k)
        Non-negative, no column of zeros; square and of either sign for "inv" and "egv".
    design : ChipDesign
        Its device, amplifier, converters and, but for "inv" and "egv", wires. Cells are as just written, at the
        temperature of writing and without read noise, zeros conduct what they do: `operation` and `off_state` have no
        effect.
    penalty : Penalty
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
    checks.one_of(topology, "topology", (*TOPOLOGIES, *SQUARE_TOPOLOGIES))
    A = np.asarray(checks.as_matrix(A, "A", nonnegative=topology in TOPOLOGIES), np.float64)
    if not np.abs(A).max(axis=0).all():
        raise ValueError("A must not have a column of zeros, which would leave an op-amp without an input")
    if design.wires and topology not in WIRED:
        raise ChipError(f"wires with resistance are modelled in {', '.join(map(repr, WIRED))}, not in {topology!r}")
    rng = checks.generator(seed, "seed")
    if np.any(penalty.l2_known):
        raise ValueError("l2_known must be 0 in a circuit, whose ridge is programmed once for every right-hand side")
    return _BUILDERS[topology](A, design, penalty, rng)


def _compact(A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator) -> ProgrammedCircuit:
    c, constant, volts_per_unit = _two_arrays(A, design, penalty, rng, _SUM_ROWS)
    row_conductance = (c.left.sum(axis=1) + c.right.sum(axis=1) + c.comp + c.g_in).max()
    circuit = CompactGinv(
        g_left=c.left,
        g_right=c.right,
        g_comp=c.comp,
        g_in=c.g_in,
        opamp=as_opamp(design.amplifier),
        bias=penalty.l1 * c.scale * c.g_in * volts_per_unit / row_conductance,
        offset=_offsets(design.amplifier, A.shape[1], rng),
        wires=design.wires,
    )
    return ProgrammedCircuit(circuit, volts_per_unit, c.scale / (c.g_in * volts_per_unit), constant)


def _classic(A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator) -> ProgrammedCircuit:
    c, constant, volts_per_unit = _two_arrays(A, design, penalty, rng, 1)
    g_feedback = np.full(len(c.left), c.g_in)
    if penalty.total is not None:
        g_feedback[len(A)] = 0.0
    circuit = ClassicGinv(
        g_left=c.left,
        g_right=c.right,
        g_feedback=g_feedback,
        g_in=c.g_in,
        opamp=as_opamp(design.amplifier),
        bias=penalty.l1 * c.scale * volts_per_unit,
        row_offset=_offsets(design.amplifier, len(c.left), rng),
        offset=_offsets(design.amplifier, A.shape[1], rng),
        wires=design.wires,
    )
    return ProgrammedCircuit(circuit, volts_per_unit, c.scale / (c.g_in * volts_per_unit), constant)


def _two_arrays(
    A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator, sum_rows: int
) -> tuple[Conductances, np.ndarray, float]:
    """Conductances, the constant part of the right-hand side below that of A, and volts per unit."""
    rows, target = _with_sum(A, penalty.total, sum_rows)
    ridge = np.sqrt(penalty.vector("l2", A.shape[1]))
    constant = np.r_[target, (ridge * penalty.vector("prior", A.shape[1]))[ridge > 0]]
    c = _written(map_matrix(rows, ridge, design.device, fill=design.array.fill), design, rng)
    return c, constant, design.converters.v_in / A.sum(axis=1).max()


def _written(layout: ConductanceMap, design: ChipDesign, rng: np.random.Generator) -> Conductances:
    return write(replace(layout, input_ratio=design.array.input_ratio), design.device, rng)


def _with_sum(A: np.ndarray, total: float | None, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """A with so many rows of full cells for the sum below it, and their right-hand side."""
    if total is None:
        return A, np.zeros(0)
    weight = A.max()
    return np.vstack([A, np.full((rows, A.shape[1]), weight)]), np.full(rows, weight * total)


def _gram(A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator) -> ProgrammedCircuit:
    if penalty.total is not None:
        raise ChipError("the Gram circuit has no row for a sum: use the classic or the compact one")
    l2 = penalty.vector("l2", A.shape[1])
    gram = A.T @ A + np.diag(l2)
    c = _written(map_matrix(gram, np.zeros(len(gram)), design.device, fill=design.array.fill), design, rng)
    volts_per_unit = design.converters.v_in / gram.sum(axis=1).max()
    offset = _offsets(design.amplifier, len(gram), rng)
    opamp = as_opamp(design.amplifier)
    circuit = GramInv(g_gram=c.left, g_in=c.g_in, opamp=opamp, offset=offset, wires=design.wires)
    pulled = -penalty.linear_term(A.shape[1])
    return ProgrammedCircuit(circuit, volts_per_unit, c.scale / (c.g_in * volts_per_unit), np.zeros(0), A.T, pulled)


def _mvm(A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator) -> ProgrammedCircuit:
    if penalty:
        raise ChipError("an open loop solves nothing, so that no constraint can be put on its answer")
    c = write(map_matrix(A, np.zeros(A.shape[1]), design.device), design.device, rng)
    g_feedback = float(c.left.sum(axis=1).max())
    volts = design.converters.v_in * c.scale.min()
    offset = _offsets(design.amplifier, len(A), rng)
    opamp = as_opamp(design.amplifier)
    circuit = Mvm(g=c.left, g_feedback=g_feedback, opamp=opamp, offset=offset, wires=design.wires)
    return ProgrammedCircuit(circuit, volts / c.scale, np.full(len(A), g_feedback / volts), np.zeros(0))


def _inv(A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator) -> ProgrammedCircuit:
    _check_square(A, penalty)
    c = write(inverse_map(A, design), design.device, rng)
    circuit = inverse_circuit(c, design, _offsets(design.amplifier, len(A), rng))
    volts_per_unit = design.converters.v_in / np.abs(A).sum(axis=1).max()
    return ProgrammedCircuit(circuit, volts_per_unit, c.scale / (c.g_in * volts_per_unit), np.zeros(0))


def _egv(A: np.ndarray, design: ChipDesign, penalty: Penalty, rng: np.random.Generator) -> ProgrammedCircuit:
    _check_square(A, penalty)
    c = write(map_pairs(A, design.device, one_scale=True), design.device, rng)
    kick = replace(design.amplifier, offset=max(design.amplifier.offset, KICK))
    circuit = eigenvector_circuit(A, c, design, _offsets(kick, len(A), rng))
    return ProgrammedCircuit(circuit, 1.0, np.full(len(A), 1 / design.converters.v_out), np.zeros(0))


def _check_square(A: np.ndarray, penalty: Penalty) -> None:
    if penalty:
        raise ChipError("a square matrix is inverted as it is: no constraint can be put on the answer")
    check_square(A)


def _offsets(amplifier: Amplifier, opamps: int, rng: np.random.Generator) -> np.ndarray:
    return amplifier.offset * rng.standard_normal(opamps)


_BUILDERS: dict[str, Callable[..., ProgrammedCircuit]] = {
    "compact": _compact,
    "classic": _classic,
    "gram": _gram,
    "mvm": _mvm,
    "inv": _inv,
    "egv": _egv,
}

TOPOLOGIES = ("compact", "classic", "gram", "mvm")
"""Names that `program_circuit` takes, of any non-negative matrix."""

SQUARE_TOPOLOGIES = ("inv", "egv")
"""Names that it takes of a square matrix of either sign."""
