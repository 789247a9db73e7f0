"""The equations of motion of a loop of op-amps around a passive network.

With z the voltages of the op-amps' poles, y what their outputs show of them and w = 2 pi bandwidth,

    dz/dt = w (clip(v, -slew_rate / w, slew_rate / w) - z / gain - rails (z - y))
    y = clip(z, lowest, highest) ,   v = v_rest - P y - N min(z, 0)

v is the voltage between an op-amp's inputs. P follows from Kirchhoff's laws in the network, N is the diode path of a
rectifying clamp, which acts below zero, and a rail takes 100 times what the stage gives. Everything is continuous and
linear in pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, singledispatch
from math import pi

import numpy as np

from mho.chip.conductances import Conductances, Reference
from mho.chip.network import Ports
from mho.chip.passive import Passive
from mho.spice import ClassicGinv, CompactGinv, GramInv, OpAmp, ReferenceColumns
from mho.spice.opamp import RAIL

__all__ = ["Dynamics", "dynamics"]


@dataclass(frozen=True, eq=False)
class Dynamics:
    """The equations of motion of one circuit, n op-amps and m inputs.

    Attributes
    ----------
    opamp : OpAmp
    positive : ndarray of bool of shape (n,)
        Op-amps that cannot go below zero: they hold the answer.
    coupling : ndarray of shape (n, n)
        P, volts per volt.
    diode : ndarray of shape (n, n)
        N, volts per volt; zero without a diode path.
    inputs : ndarray of shape (n, m)
        From the input volts to `v_rest`.
    constant : ndarray of shape (n,)
        What offset and bias add to `v_rest`, volts.
    """

    opamp: OpAmp
    positive: np.ndarray
    coupling: np.ndarray
    diode: np.ndarray
    inputs: np.ndarray
    constant: np.ndarray

    @property
    def rate(self) -> float:
        """w, radians per second."""
        return 2 * pi * self.opamp.bandwidth

    @property
    def v_slew(self) -> float:
        """The voltage between the inputs beyond which an op-amp slews, volts."""
        return self.opamp.slew_rate / self.rate

    @cached_property
    def lowest(self) -> np.ndarray:
        """Where outputs end below, volts, shape (n,)."""
        return np.where(self.positive, 0.0, -self.opamp.v_max)

    @cached_property
    def lower_rail(self) -> np.ndarray:
        """How stiff the lower end is, shape (n,): a diode path is none."""
        return np.where(self.positive & (self.opamp.clamp == "rectifying"), 0.0, RAIL)

    @cached_property
    def limited(self) -> np.ndarray:
        """Whether op-amps can be low, high, falling and rising, shape (4,): not where a limit is infinite."""
        return np.isfinite([0.0, self.opamp.v_max, self.v_slew, self.v_slew])

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """B (e n, n) and c (e n,): B z + c is how far poles are below the lowest, above the highest output, volts."""
        one = np.eye(len(self.positive))
        if not np.isfinite(self.opamp.v_max):
            return -one, self.lowest
        return np.concatenate([-one, one]), np.concatenate([self.lowest, np.full(len(one), -self.opamp.v_max)])

    def v_rest(self, volts: np.ndarray) -> np.ndarray:
        """Return the voltage between the inputs while all outputs are at zero, volts, for `volts` (m,) or (m, n)."""
        return self.inputs @ volts + (self.constant if volts.ndim == 1 else self.constant[:, None])


@singledispatch
def dynamics(circuit: object) -> Dynamics:
    """Return the equations of motion of a closed loop.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv or Dynamics
        Equations of motion are returned as they are.

    Raises
    ------
    TypeError
        Another circuit.
    """
    raise TypeError(
        f"circuit must be a closed loop, a CompactGinv, ClassicGinv or GramInv, got {type(circuit).__name__}"
    )


@dynamics.register
def _(circuit: Dynamics) -> Dynamics:
    return circuit


@dynamics.register
def _(circuit: CompactGinv) -> Dynamics:
    """Kirchhoff at the sense nodes: sense s = drive y - inputs b + bias + g_clamp min(z, 0)."""  # [2.4]
    network, k = _ports(circuit), circuit.shape[1]
    inputs = np.zeros((len(network.sense), circuit.inputs))
    inputs[:, circuit.on] = network.inputs
    if circuit.reference is not None:
        return _with_reference(circuit, circuit.reference, network, inputs)
    solved = np.linalg.inv(network.sense)
    return Dynamics(
        opamp=circuit.opamp,
        positive=np.ones(k, bool),
        coupling=solved @ network.drive,
        diode=solved * _diode_siemens(circuit),
        inputs=solved @ inputs,
        constant=_or_zero(circuit.offset, k) - solved @ _or_zero(circuit.bias, k),
    )


@dynamics.register
def _(circuit: ClassicGinv) -> Dynamics:
    """States v of the rows, then z of the columns: r = L1 (G_L x + g v - g_in b), s = L2 (G_R' v + clamp)."""  # [2.3]
    m, k = circuit.shape
    L1, L2 = 1 / circuit.row_conductance, 1 / circuit.column_conductance
    rows = np.hstack([np.diag(L1 * circuit.g_feedback), L1[:, None] * circuit.g_left])
    columns = np.hstack([-L2[:, None] * circuit.g_right.T, np.zeros((k, k))])
    row_offset, offset = _or_zero(circuit.row_offset, m), _or_zero(circuit.offset, k)
    return Dynamics(
        opamp=circuit.opamp,
        positive=np.arange(m + k) >= m,
        coupling=np.vstack([rows, columns]),
        diode=np.diag(np.concatenate([np.zeros(m), L2 * _diode_siemens(circuit)])),
        inputs=np.vstack([np.diag(L1 * circuit.g_in), np.zeros((k, m))]),
        constant=np.concatenate([row_offset, -offset - L2 * _or_zero(circuit.bias, k)]),
    )


@dynamics.register
def _(circuit: GramInv) -> Dynamics:
    """Each input is tied to its row of the array: s = L (G x - g_in b + g_clamp min(z, 0))."""
    k, L = circuit.opamps, 1 / circuit.column_conductance
    return Dynamics(
        opamp=circuit.opamp,
        positive=np.ones(k, bool),
        coupling=L[:, None] * circuit.g_gram,
        diode=np.diag(L * _diode_siemens(circuit)),
        inputs=np.diag(L * circuit.g_in),
        constant=_or_zero(circuit.offset, k),
    )


def _with_reference(circuit: CompactGinv, reference: ReferenceColumns, network: Ports, inputs: np.ndarray) -> Dynamics:
    """The op-amps of the reference columns come first: y at the evenly divided sum of all legs, then t at p.

    At the sense nodes of p and all others, to which t adds: (sense + taken) s = drive (y, x) + taken t + ...
    """
    k = circuit.shape[1]
    taken = reference.taken(k)
    solved = np.linalg.inv(network.sense + np.diag(taken))
    drive, legs = solved @ network.drive, np.r_[1.0, 0.0, np.full(k, reference.share)]
    positive = np.arange(k + 2) >= 2
    offset, bias = np.r_[reference.offset, _or_zero(circuit.offset, k)], np.r_[0.0, _or_zero(circuit.bias, k)]
    return Dynamics(
        opamp=circuit.opamp,
        positive=positive,
        coupling=np.vstack([legs / legs.sum(), np.column_stack([drive[:, 0], solved @ taken, drive[:, 1:]])]),
        diode=np.pad(solved, ((1, 0), (1, 0))) * positive * _diode_siemens(circuit),
        inputs=np.vstack([np.zeros(circuit.inputs), solved @ inputs]),
        constant=np.r_[offset[0], offset[1:] - solved @ bias],
    )


def _ports(circuit: CompactGinv) -> Ports:
    """The passive network, wires included, reduced to the ports of the rows that are on."""
    reference = circuit.reference
    places = np.ones(circuit.shape[1], bool) if circuit.places is None else circuit.places
    left, right = np.zeros((2, len(circuit.g_left), len(places)))
    left[:, places], right[:, places] = circuit.g_left, circuit.g_right
    c = Conductances(
        left=left,
        right=right,
        comp=circuit.g_comp,
        g_in=circuit.g_in,
        scale=np.zeros(len(places)),
        reference=reference
        and Reference(reference.g_left, reference.g_right, feedback=reference.g_feedback, share=reference.share),
    )
    network = Passive(c, circuit.wires).ports(circuit.word_lines)
    return network.of_columns(places if reference is None else np.r_[True, places])


def _diode_siemens(circuit: CompactGinv | ClassicGinv | GramInv) -> float:
    return circuit.g_clamp if circuit.opamp.clamp == "rectifying" else 0.0


def _or_zero(values: np.ndarray | None, length: int) -> np.ndarray:
    return np.zeros(length) if values is None else values
