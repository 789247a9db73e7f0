"""Comparison of the four circuits: formulas, and figures for the same matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho import checks
from mho.chip.design import ChipDesign
from mho.chip.devices.device import Device
from mho.chip.programmed_circuit import TOPOLOGIES, ProgrammedCircuit, program_circuit
from mho.circuits.modes import least_second_pole, time_constant
from mho.circuits.noise import Noise, offset_gain, output_noise

__all__ = ["TOPOLOGY_NOTES", "TopologyNotes", "TopologySummary", "compare_topologies"]

_WRITINGS = 9
"""Times that a matrix is written to see what the errors of cells do."""


@dataclass(frozen=True)
class TopologyNotes:
    """Notes on a circuit: formulas and limits, without numbers.

    Attributes
    ----------
    rest : str
        What its outputs are at rest, infinite gain.
    dynamics : str
        How they move while nothing is clamped.
    stable : str
        When it settles.
    limit : str
        What limits it.

    Examples
    --------
    >>> from mho.chip import TOPOLOGY_NOTES
    >>> print(TOPOLOGY_NOTES["classic"].limit)
    m more op-amps, their power, noise and swing
    """

    rest: str
    dynamics: str
    stable: str
    limit: str


TOPOLOGY_NOTES = {
    "compact": TopologyNotes(
        rest="G_R' S^-1 (G_L x - g_in b) >= 0, x >= 0, complementary",
        dynamics="dx/dt = -w s, s = (C - G_R' S^-1 G_R)^-1 G_R' S^-1 (G_L x - g_in b)",
        stable="equal arrays: always, with two poles too; unequal ones: by the eigenvalues of ds/dx",
        limit="offset, gain and speed: floating rows divide what the op-amps see",
    ),
    "classic": TopologyNotes(
        rest="G_R' (G_L x - g_in b) / g >= 0, x >= 0, complementary",
        dynamics="dv/dt = -w L1 (G_L x - g_in b + g v), dx/dt = w L2 G_R' v",
        stable="equal arrays: with one pole always; with two only where the second is several times the bandwidth",
        limit="m more op-amps, their power, noise and swing",
    ),
    "gram": TopologyNotes(
        rest="G x - g_in A'b >= 0, x >= 0, complementary; G of A'A",
        dynamics="dx/dt = -w L (G x - g_in A'b)",
        stable="G positive definite but for the errors of its cells: these must stay below its least eigenvalue",
        limit="A'A and A'b are formed digitally; cells of limited range hold the square of the condition",
    ),
    "mvm": TopologyNotes(
        rest="y = A x",
        dynamics="dy/dt = -w L (g y - G x)",
        stable="always",
        limit="solves nothing; time grows with the largest row sum",
    ),
}
"""By name; S, C, L, L1 and L2 are what is tied to the nodes, w is 2 pi times the bandwidth."""


@dataclass(frozen=True, kw_only=True)
class TopologySummary:
    """One circuit with one matrix; everything but `written_error` with cells that are exact.

    Attributes
    ----------
    topology : str
    opamps : int
    cells : int
        Of its arrays, compensation and feedback not counted.
    error, written_error : float
        Of the answer, in the norm, relative; with exact cells, and the median over writings of the design's own.
    time_constant : float
        The slowest, every output active, seconds.
    offset_gain : float
        The most that an output moves for each volt of offset of one op-amp.
    noise : float
        Root mean square of the noisiest output, volts.
    second_pole : float
        Second pole of the op-amps above which it is stable, every output active, over their bandwidth; zero: any.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import compare_topologies, preset
    >>> from mho.circuits import Noise
    >>> rows = compare_topologies(np.eye(4) + 0.5, np.ones(4), preset("ideal"), Noise())
    >>> found = {row.topology: row for row in rows}
    >>> found["compact"].opamps, found["classic"].opamps
    (4, 8)
    """

    topology: str
    opamps: int
    cells: int
    error: float
    written_error: float
    time_constant: float
    offset_gain: float
    noise: float
    second_pole: float


def compare_topologies(A: Any, x: Any, design: ChipDesign, noise: Noise, *, seed: Any = 0) -> list[TopologySummary]:
    """Put a matrix into each circuit and ask for x back; the open loop is asked for A x.

    Parameters
    ----------
    A : array_like of shape (m, k)
        Non-negative, of full column rank.
    x : array_like of shape (k,)
        Answer, non-negative.
    design : ChipDesign
        Its cells, op-amps and range; wires must be perfect.
    noise : Noise
        Where noise comes from.
    seed : int, Generator or None
        Source of the errors of the cells.
    """
    A, x = np.asarray(A, np.float64), np.asarray(x, np.float64)
    rng = checks.generator(seed, "seed")
    return [_summary(topology, A, x, design, noise, rng) for topology in TOPOLOGIES]


def _summary(
    topology: str, A: np.ndarray, x: np.ndarray, design: ChipDesign, noise: Noise, rng: np.random.Generator
) -> TopologySummary:
    given, expected = (x, A @ x) if topology == "mvm" else (A @ x, x)

    def error(programmed: ProgrammedCircuit) -> float:
        return float(np.linalg.norm(programmed.solve(given) - expected) / np.linalg.norm(expected))

    exact_cells = replace(design.with_(offset=0.0), device=Device(g_min=0.0, g_max=design.device.g_max))
    exact = program_circuit(topology, A, exact_cells, seed=0)
    volts = exact.volts(given)
    written = [error(program_circuit(topology, A, design, seed=rng)) for _ in range(_WRITINGS)]
    return TopologySummary(
        topology=topology,
        opamps=exact.circuit.opamps,
        cells=exact.circuit.cells,
        error=error(exact),
        written_error=float(np.median(written)),
        time_constant=time_constant(exact.circuit),
        offset_gain=float(np.abs(offset_gain(exact.circuit, volts)).max()),
        noise=float(np.sqrt(np.diag(output_noise(exact.circuit, volts, noise)).max())),
        second_pole=least_second_pole(exact.circuit) / exact.circuit.opamp.bandwidth,
    )
