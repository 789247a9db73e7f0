"""Equations of motion of every circuit: op-amps around a passive network, from Kirchhoff's laws, stated once.

With z the voltages of the op-amps' poles, y what their outputs show of them and w = 2 pi bandwidth,

    dz/dt = w (clip(v, -slew_rate / w, slew_rate / w) - z / gain - rails (z - y))
    y = clip(z, lowest, highest) ,   v = v_rest - P y - N min(z, 0) ,   v_rest = inputs b + constant

v is the voltage between an op-amp's inputs. P follows from Kirchhoff's laws in the network, N is the diode path of a
rectifying clamp, which acts below zero, and a rail takes 100 times what the stage gives. Everything is continuous and
linear in pieces. At rest between the limits ``F z = v_rest`` with ``F = P + 1 / gain``. Op-amps with a second pole show
not y but what follows it, ``du/dt = 2 pi second_pole (y - u)``, and P u takes the place of P y. With an output
resistance R and a load C it is the pins p that follow,

    C dp/dt = (u - p) / R - i ,   i = L p + feed b + own - P' g_clamp min(z, 0)

i being what the network draws out of them while the inputs float, and P p takes the place of P u.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch
from math import pi
from typing import Any, NamedTuple

import numpy as np

from mho.caching import cached_property
from mho.circuits.circuit import Circuit
from mho.circuits.classic import ClassicGinv
from mho.circuits.compact import CompactGinv
from mho.circuits.conductances import Conductances, Reference
from mho.circuits.crossbar_network import CrossbarNetwork
from mho.circuits.errors import ChipError
from mho.circuits.gram import GramInv
from mho.circuits.inverse import Egv, Inv
from mho.circuits.mvm import Mvm
from mho.circuits.opamp import RAIL, OpAmp
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.ports import Ports
from mho.circuits.reference_columns import ReferenceColumns

__all__ = ["LoopEquations", "equations"]


class Lag(NamedTuple):
    """States q (s,) that follow the outputs y (n,) of the poles: ``dq/dt = own q + given y + taken min(z, 0) + ...``.

    Attributes
    ----------
    own : ndarray of shape (s, s)
        1/s.
    given : ndarray of shape (s, n)
        1/s.
    shown : ndarray of shape (n, s)
        What the network sees of them.
    taken : ndarray of shape (s, n)
        What diode paths do to them, 1/s.
    """

    own: np.ndarray
    given: np.ndarray
    shown: np.ndarray
    taken: np.ndarray


@dataclass(frozen=True, eq=False)
class LoopEquations:
    """Equations of motion of one circuit, n op-amps and m inputs.

    Attributes
    ----------
    opamp : OpAmp
        Gain, bandwidth, limits and clamp of every op-amp.
    positive : ndarray of bool of shape (n,)
        Op-amps that cannot go below zero.
    coupling : ndarray of shape (n, n)
        P, volts per volt.
    resistance : ndarray of shape (n, n)
        Z of the passive network seen from the op-amps' inputs, ohms: symmetric, positive definite.
    inputs : ndarray of shape (n, m) or (2 n, m)
        From the input volts to `v_rest`; with a `load` to the currents out of the pins below, siemens.
    constant : ndarray of shape (n,) or (2 n,)
        Part of `v_rest` that offset and bias bring about, volts; with a `load` of those currents below, amperes.
    g_clamp : float
        Diode path of a rectifying op-amp, siemens.
    outputs : int
        How many op-amps hold the answer; they come last.
    load : ndarray of shape (n, n), optional
        L, siemens; None: outputs without resistance.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Mvm, OpAmp, equations
    >>> circuit = Mvm(g=np.array([[1e-5, 2e-5]]), g_feedback=1e-5, opamp=OpAmp(gain=1e9, bandwidth=1e8))
    >>> loop = equations(circuit)
    >>> loop.F.round(6)  # the share of its output that an op-amp sees: 1e-5 of 4e-5 siemens
    array([[0.25]])
    """

    opamp: OpAmp
    positive: np.ndarray
    coupling: np.ndarray
    resistance: np.ndarray
    inputs: np.ndarray
    constant: np.ndarray
    g_clamp: float
    outputs: int
    load: np.ndarray | None = None

    @cached_property
    def diode(self) -> np.ndarray:
        """N (n, n), volts per volt; zero without a diode path."""
        return self.resistance * self.positive * (self.g_clamp if self.opamp.clamp == "rectifying" else 0.0)

    @cached_property
    def F(self) -> np.ndarray:
        """P with the finite gain (n, n): ``dz/dt = w (v_rest - F z)`` between the limits."""
        return self.coupling + np.eye(len(self.positive)) / self.opamp.gain

    @property
    def rate(self) -> float:
        """w, radians per second."""
        return 2 * pi * self.opamp.bandwidth

    @property
    def second_rate(self) -> float:
        """Rate of the second pole, radians per second; infinite: there is none."""
        return 2 * pi * self.opamp.second_pole

    @cached_property
    def system(self) -> np.ndarray:
        """J between the limits, 1/s: ``d(z, u)/dt = J (z, u) + ...``, or of z alone with a single pole."""
        if self.lag is None:
            return -self.rate * self.F
        one = np.eye(len(self.positive))
        return np.block(
            [
                [-self.rate / self.opamp.gain * one, -self.rate * self.coupling @ self.lag.shown],
                [self.lag.given, self.lag.own],
            ]
        )

    @cached_property
    def limited_columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns that take the place of those of J where poles are at their lower and upper end (n + s, n), 1/s."""
        n = len(self.positive)
        low, high = np.zeros((2, len(self.system), n))
        low[:n] = -self.rate * self.diode
        if self.lag is not None:
            low[n:] = self.lag.taken
        for columns, stiffness in ((low, self.lower_rail), (high, RAIL)):
            columns[range(n), range(n)] -= self.rate / self.opamp.gain + self.rate * stiffness
        return low, high

    @cached_property
    def lag(self) -> Lag | None:
        """Second poles and pins, which follow the outputs of the poles; None: there are none."""
        one = np.eye(len(self.positive))
        none, second = np.zeros(one.shape), (0.0 if np.isinf(self.second_rate) else self.second_rate) * one
        pole = Lag(-second, second, one, none) if second.any() else None
        if self.load is None:
            return pole
        R = self.opamp.output_ohms
        rate = 1 / (R * self.opamp.load_farads)
        held = self.g_clamp * self.positive * (self.opamp.clamp == "rectifying")
        own, taken = -rate * (one + R * self.load), rate * R * self.coupling.T * held
        if pole is None:
            return Lag(own, rate * one, one, taken)
        both = np.block([[pole.own, none], [rate * one, own]])
        return Lag(both, np.vstack([second, none]), np.hstack([none, one]), np.vstack([none, taken]))

    def pin_drift(self, v_rest: np.ndarray) -> np.ndarray:
        """Return the drift of the states that follow, by the currents in `v_rest` (2 n,), volts per second."""
        n = len(self.positive)
        if self.lag is None or self.load is None:
            return np.zeros(0 if self.lag is None else n)
        drift = np.zeros(len(self.lag.own))
        drift[-n:] = -v_rest[n:] / self.opamp.load_farads
        return drift

    @cached_property
    def at_rest(self) -> LoopEquations:
        """Equations that have the same poles at rest: output resistances as a part of the network."""
        if self.load is None:
            return self
        n, P = len(self.positive), self.coupling
        passed = P @ self.pinned * self.opamp.output_ohms
        return LoopEquations(
            opamp=replace(self.opamp, output_ohms=0.0, load_farads=0.0),
            positive=self.positive,
            coupling=P @ self.pinned,
            resistance=self.resistance + passed @ P.T,
            inputs=self.inputs[:n] + passed @ self.inputs[n:],
            constant=self.constant[:n] + passed @ self.constant[n:],
            g_clamp=self.g_clamp,
            outputs=self.outputs,
        )

    @cached_property
    def pinned(self) -> np.ndarray:
        """Share of the stages' voltages that the pins have at rest, nothing else driving them (n, n)."""
        assert self.load is not None
        return np.linalg.inv(np.eye(len(self.positive)) + self.opamp.output_ohms * self.load)

    @property
    def v_slew(self) -> float:
        """Voltage between the inputs beyond which an op-amp slews, volts."""
        return self.opamp.slew_rate / self.rate

    @cached_property
    def lowest(self) -> np.ndarray:
        """Lower output limit (n,), volts."""
        return np.where(self.positive, 0.0, -self.opamp.v_max)

    @cached_property
    def lower_rail(self) -> np.ndarray:
        """Stiffness of the lower limit (n,): a diode path has none."""
        return np.where(self.positive & (self.opamp.clamp == "rectifying"), 0.0, RAIL)

    @cached_property
    def limited(self) -> np.ndarray:
        """Whether op-amps can be low, high, falling and rising, shape (4,): not where a limit is infinite."""
        return np.isfinite([0.0, self.opamp.v_max, self.v_slew, self.v_slew])

    @cached_property
    def zero_alone(self) -> bool:
        """Whether there are neither rails nor a slew rate: what op-amps meet is zero, or nothing."""
        return not self.limited[1:].any()

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """B (e n, n + s) and c (e n,): B z + c is how far poles are below the lowest, above the highest output, volts.

        What follows the poles, s states, counts as nothing.
        """
        one = np.eye(len(self.positive), len(self.system))
        if not np.isfinite(self.opamp.v_max):
            return -one, self.lowest
        return np.concatenate([-one, one]), np.concatenate([self.lowest, np.full(len(one), -self.opamp.v_max)])

    def v_rest(self, volts: np.ndarray) -> np.ndarray:
        """Return the voltage between the inputs while all outputs are at zero, volts, for `volts` (m,) or (m, n)."""
        return self.inputs @ volts + (self.constant if volts.ndim == 1 else self.constant[:, None])


@singledispatch
def equations(circuit: object) -> LoopEquations:
    """Return the equations of motion of a circuit.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv, Mvm, Inv, Egv or LoopEquations
        Equations are returned as they are.

    Raises
    ------
    TypeError
        Another circuit.
    """
    raise TypeError(
        f"circuit must be a CompactGinv, ClassicGinv, GramInv, Mvm, Inv or Egv, got {type(circuit).__name__}"
    )


@equations.register
def _(circuit: LoopEquations) -> LoopEquations:
    return circuit


@equations.register
def _(circuit: CompactGinv) -> LoopEquations:
    """Kirchhoff at the sense nodes: sense s = drive y - inputs b + bias + g_clamp min(z, 0)."""  # hypothesis
    network, k = _ports(circuit), circuit.shape[1]
    inputs = _at_all_rows(circuit, network.inputs)
    if circuit.reference is not None:
        _without_pins(circuit)
        return _with_reference(circuit, circuit.reference, network, inputs)
    solved = np.linalg.inv(network.sense)
    d = LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, k, k),
        coupling=solved @ network.drive,
        resistance=solved,
        inputs=solved @ inputs,
        constant=circuit.given("offset", k) - solved @ circuit.given("bias", k),
        g_clamp=circuit.g_clamp,
        outputs=len(circuit.outputs),
    )
    feed = _at_all_rows(circuit, network.feed)
    return _with_pins(d, network.load, feed, circuit.given("bias", k))


@equations.register
def _(circuit: ClassicGinv) -> LoopEquations:
    """States v of the rows, then z of the columns: r = L1 (G_L x + g v - g_in b), s = L2 (G_R' v + clamp)."""
    # the family of Sun-2020a
    m, k = circuit.shape
    places = circuit.row_places, circuit.places
    first = CrossbarNetwork.of(circuit.g_left, circuit.wires, places)
    second = CrossbarNetwork.of(circuit.g_right, circuit.wires, places, driven="rows")
    L1, L2 = _inverse(first.at_rows, circuit.g_feedback + circuit.g_in), _inverse(second.at_columns)
    rows = np.hstack([L1 * circuit.g_feedback, L1 @ first.through])
    columns = np.hstack([-L2 @ second.through.T, np.zeros((k, k))])
    d = LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, m + k, k),
        coupling=np.vstack([rows, columns]),
        resistance=np.block([[L1, np.zeros((m, k))], [np.zeros((k, m)), L2]]),
        inputs=np.vstack([L1 * circuit.g_in, np.zeros((k, m))]),
        constant=np.r_[circuit.given("row_offset", m), -circuit.given("offset", k) - L2 @ circuit.given("bias", k)],
        g_clamp=circuit.g_clamp,
        outputs=len(circuit.outputs),
    )
    at_rows = second.at_rows + np.diag(circuit.g_feedback)
    at_pins = np.block([[at_rows, np.zeros((m, k))], [np.zeros((k, m)), first.at_columns]])
    return _with_pins(d, at_pins, np.zeros((m + k, m)), np.r_[np.zeros(m), circuit.given("bias", k)])


@equations.register
def _(circuit: GramInv) -> LoopEquations:
    """Each input is tied to its row of the array: s = L (G x - g_in b + g_clamp min(z, 0))."""  # Sun-2020b
    k, network = circuit.opamps, CrossbarNetwork.of(circuit.g_gram, circuit.wires, (circuit.places, circuit.places))
    L = _inverse(network.at_rows, circuit.g_in)
    d = LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, k, k),
        coupling=L @ network.through,
        resistance=L,
        inputs=L * circuit.g_in,
        constant=circuit.given("offset", k),
        g_clamp=circuit.g_clamp,
        outputs=len(circuit.outputs),
    )
    return _with_pins(d, network.at_columns, np.zeros((k, k)), np.zeros(k))


@equations.register
def _(circuit: Mvm) -> LoopEquations:
    """Each row amplifier holds its row at virtual ground: u = L (g_feedback y - G x)."""  # Sun-2022
    _without_pins(circuit)
    network = CrossbarNetwork.of(circuit.g, circuit.wires)
    L = _inverse(network.at_rows, circuit.g_feedback)
    return LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, circuit.opamps, 0),
        coupling=circuit.g_feedback * L,
        resistance=L,
        inputs=L @ network.through,
        constant=circuit.given("offset", circuit.opamps),
        g_clamp=circuit.g_clamp,
        outputs=len(circuit.outputs),
    )


@equations.register
def _(circuit: Inv) -> LoopEquations:
    """States u of the inverters, then x: n = (x + u) / 2, s = L (G_+ x + G_- u - g_in b)."""  # Sun-2019
    _without_pins(circuit)
    k, L, half = circuit.shape[0], 1 / circuit.column_conductance, np.eye(circuit.shape[0]) / 2
    return LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, 2 * k, 0),
        coupling=np.block([[half, half], [L[:, None] * circuit.g_negative, L[:, None] * circuit.g_positive]]),
        resistance=np.diag(np.r_[np.full(k, 0.5 / circuit.g_in), L]),
        inputs=np.vstack([np.zeros((k, k)), np.diag(L * circuit.g_in)]),
        constant=np.r_[np.zeros(k), circuit.given("offset", k)],
        g_clamp=circuit.g_clamp,
        outputs=k,
    )


@equations.register
def _(circuit: Egv) -> LoopEquations:
    """States y of the amplifiers, then x: r = L (G_+ x + G_- y + g_feedback y), n = (x + y) / 2."""  # Sun-2019
    _without_pins(circuit)
    k, L, half = circuit.shape[0], 1 / circuit.column_conductance, np.eye(circuit.shape[0]) / 2
    fed_back = L[:, None] * (circuit.g_negative + circuit.g_feedback * np.eye(k))
    return LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, 2 * k, 0),
        coupling=np.block([[fed_back, L[:, None] * circuit.g_positive], [half, half]]),
        resistance=np.diag(np.r_[L, np.full(k, 0.5 / circuit.g_feedback)]),
        inputs=np.zeros((2 * k, 0)),
        constant=np.r_[circuit.given("offset", k), np.zeros(k)],
        g_clamp=circuit.g_clamp,
        outputs=k,
    )


def _with_pins(d: LoopEquations, at_pins: np.ndarray, feed: np.ndarray, injected: np.ndarray) -> LoopEquations:
    """The equations with output resistances, if there are any.

    Parameters
    ----------
    d : LoopEquations
        Those of op-amps without output resistance.
    at_pins, feed : ndarray of shape (n, n) and (n, m)
        Currents out of the pins for volts at them and at the inputs, the op-amps' inputs at ground, siemens.
    injected : ndarray of shape (n,)
        Constant currents that raise an op-amp's input as `coupling` does, amperes.

    Notes
    -----
    With e what the inputs of the op-amps stand at, ``i = at_pins p - D' e + feed b`` by reciprocity, ``P = Z D``.
    """
    if not d.opamp.output_ohms:
        return d
    back = np.linalg.solve(d.resistance, d.coupling).T  # D'
    return replace(
        d,
        load=at_pins - back @ d.coupling,
        inputs=np.vstack([d.inputs, feed + back @ d.inputs]),
        constant=np.r_[d.constant, -d.coupling.T @ injected],
    )


def _without_pins(circuit: Circuit) -> None:
    if circuit.opamp.output_ohms:
        raise ChipError(
            f"output_ohms must be 0 in the {circuit.name} circuit and with reference columns, got "
            f"{circuit.opamp.output_ohms:g}: the compact, the classic and the Gram circuit alone have it"
        )


def _with_reference(
    circuit: CompactGinv, reference: ReferenceColumns, network: Ports, inputs: np.ndarray
) -> LoopEquations:
    """The op-amps of the reference columns come first: y at the evenly divided sum of all legs, then t at p.

    At the sense nodes of p and all others, to which t adds: (sense + taken) s = drive (y, x) + taken t + ...
    """
    k = circuit.shape[1]
    taken = reference.taken(k)
    solved = np.linalg.inv(network.sense + np.diag(taken))
    drive, legs = solved @ network.drive, np.r_[1.0, 0.0, np.full(k, reference.share)]
    at_sum = np.diag(np.r_[1 / (legs.sum() * reference.g_sum), np.zeros(k + 1)])
    offset, bias = np.r_[reference.offset, circuit.given("offset", k)], np.r_[0.0, circuit.given("bias", k)]
    return LoopEquations(
        opamp=circuit.opamp,
        positive=_positive(circuit, k + 2, k),
        coupling=np.vstack([legs / legs.sum(), np.column_stack([drive[:, 0], solved @ taken, drive[:, 1:]])]),
        resistance=np.pad(solved, ((1, 0), (1, 0))) + at_sum,
        inputs=np.vstack([np.zeros(circuit.inputs), solved @ inputs]),
        constant=np.r_[offset[0], offset[1:] - solved @ bias],
        g_clamp=circuit.g_clamp,
        outputs=len(circuit.outputs),
    )


def _inverse(at_ends: np.ndarray, more: Any = 0.0) -> np.ndarray:
    """Resistance (n, n) seen from the ends of an array's wires, with `more` (n,) siemens tied to each."""
    Y = at_ends + np.diag(np.broadcast_to(more, len(at_ends)))
    diagonal = Y.diagonal()
    return np.diag(1 / diagonal) if np.count_nonzero(Y) == np.count_nonzero(diagonal) else np.linalg.inv(Y)


def _positive(circuit: Circuit, opamps: int, closing: int) -> np.ndarray:
    """Whether each op-amp cannot go below zero: of a closed loop the last ones, unless its answer is signed."""
    return (np.arange(opamps) >= opamps - closing) & (circuit.opamp.output == "nonnegative")


def _at_all_rows(circuit: CompactGinv, at_rows: np.ndarray) -> np.ndarray:
    """Columns (n, m) of all rows from those of the rows that are on (n, rows on); zero at the others."""
    if circuit.word_lines is None:
        return at_rows
    found = np.zeros((len(at_rows), circuit.inputs))
    found[:, circuit.word_lines] = at_rows
    return found


def _ports(circuit: CompactGinv) -> Ports:
    """The passive network, wires included, reduced to the ports of the rows that are on."""
    reference = circuit.reference
    left, right = circuit.g_left, circuit.g_right
    places = np.ones(circuit.shape[1], bool) if circuit.places is None else circuit.places
    if not places.all():
        left, right = np.zeros((2, len(left), len(places)))
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
    network = PassiveNetwork(c, circuit.wires).ports(circuit.word_lines)
    if places.all():
        return network
    return network.of_columns(places if reference is None else np.r_[True, places])
