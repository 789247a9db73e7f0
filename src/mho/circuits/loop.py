"""The closed loop at rest: k amplifiers at the ports of a passive network (docs/learn/chip.md derives it).

The network draws ``w = drive x - sense s - inputs b + i_bias + own`` out of the amplifiers' inputs, which stand at
``s = v_os - x / gain`` where the output x is free. So for a rectifying op-amp, whose clamp holds the sense node and
takes the current w,

    x >= 0 ,  w = M x - q >= 0 ,  x' w = 0
    M = drive + sense / gain ,   q = inputs b - i_bias + sense v_os - own

with `own` what the offset of a reference column's amplifiers brings about.

A single-supply op-amp lets its sense node float instead, so that no current flows and the voltage is what is not
negative: ``sense^-1 M`` and ``sense^-1 q`` take the place of M and q.

All entries of M but for the 1/gain terms are non-negative and its diagonal is positive, so M is strictly copositive and
a rest state exists for every input; it is unique if M is a P-matrix, which it is when both arrays are equal. Neither is
known of ``sense^-1 M``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from mho.caching import cached_property
from mho.circuits.conductances import Conductances
from mho.circuits.errors import ChipError
from mho.circuits.opamp import SinglePole, slowest_rate
from mho.circuits.operating_point import complementary
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.ports import Ports
from mho.circuits.reference_amplifiers import ReferenceAmplifiers

__all__ = ["Loop", "Supply"]


class Supply(NamedTuple):
    """Flow of power and current into a network at t moments.

    Attributes
    ----------
    watts, output_watts : ndarray of shape (t,)
        All of it, and what the op-amps' outputs deliver, W.
    outputs : ndarray of shape (t, outputs)
        Current out of each output, A.
    inputs : ndarray of shape (t,)
        Sum of the currents through the sources, each by the sign of its voltage, A.
    """

    watts: np.ndarray
    output_watts: np.ndarray
    outputs: np.ndarray
    inputs: np.ndarray


_NUMBERS = 1 << 20
"""Of the matrices that are solved together."""

_ROUNDING = 1e-12
"""Of the largest eigenvalue: as far below zero the least one is zero."""


@dataclass(frozen=True, eq=False)
class Loop:
    """The reduced network of one programmed chip and its amplifiers.

    Attributes
    ----------
    passive : PassiveNetwork
        The network without amplifiers.
    opamp : OpAmp or Amplifier
        Its gain may be infinite.
    offset : ndarray of shape (k,)
        Input offset of each op-amp, volts.
    reference : ReferenceAmplifiers or None
        What drives and senses the reference columns, if there are any.
    """

    passive: PassiveNetwork
    opamp: SinglePole
    offset: np.ndarray
    reference: ReferenceAmplifiers | None

    @property
    def conductances(self) -> Conductances:
        """Conductances of the network."""
        return self.passive.conductances

    @cached_property
    def ports(self) -> Ports:
        """Ports of the k op-amps with every row on: wires and a reference column's amplifiers included."""
        return self.with_reference_amplifiers(self.passive.ports())

    @property
    def signed(self) -> bool:
        """Whether outputs go below zero, unclamped."""
        return self.opamp.output == "signed"

    def largest(self, X: np.ndarray) -> np.ndarray:
        """Return the largest distance of an output X (n, k) from ground (n,), volts."""
        return np.abs(X).max(axis=1) if self.signed else X.max(axis=1)

    def free(self, x: np.ndarray, on: np.ndarray) -> np.ndarray:
        """Return a mask (k,) of outputs x (k,) at rest that are not clamped and have cells in the rows `on` (m,).

        An unclamped output of exactly zero is held there.
        """
        return (self.network(on).sense.diagonal() > 0) & (x != 0) if self.signed else x > 0

    @cached_property
    def unclamped(self) -> Self:
        """The loop with its clamps switched out."""
        opamp: Any = self.opamp
        return replace(self, opamp=replace(opamp, output="signed"))

    @property
    def opamps(self) -> int:
        """Number of op-amps: one for each column, two for reference columns."""
        return len(self.offset) + 2 * (self.reference is not None)

    @property
    def row_metric(self) -> float:
        """Conductance that a row's residual is divided by, siemens: all that is connected to a row."""
        return float(self.conductances.total.max())

    @property
    def driven(self) -> np.ndarray:
        """Conductances by which the outputs send current into each row (m, k), siemens; sense nodes follow them."""
        return self.conductances.written - self.conductances.right / self.opamp.gain

    def network(self, on: np.ndarray | None) -> Ports:
        """Return the ports with only some rows switched on.

        Parameters
        ----------
        on : ndarray of bool of shape (m,), or None
            Rows whose word line is on; None: all.
        """
        return self.ports if on is None or on.all() else self.with_reference_amplifiers(self.passive.ports(on))

    def with_reference_amplifiers(self, network: Ports) -> Ports:
        """Return the ports of the k op-amps: a network with their outputs' resistance or reference columns, if any."""
        if self.opamp.output_ohms:
            return network.behind(self.opamp.output_ohms)
        return network if self.reference is None else self.reference.with_reference_amplifiers(network)

    def pins(self, x: np.ndarray, s: np.ndarray, fed: np.ndarray, ports: Ports | None = None) -> np.ndarray:
        """Return the voltages behind the outputs' resistance (n, k), volts.

        Parameters
        ----------
        x, s : ndarray of shape (n, k)
            What drives the outputs, and sense nodes, volts.
        fed : ndarray of shape (n, k) or (k,)
            ``(feed b)'`` of these ports, amperes.
        ports : Ports, optional
            By default those with every row on.
        """
        ohms = self.opamp.output_ohms
        return x - ohms * (ports or self.ports).delivered(x, s, fed) if ohms else x

    def rest(
        self, currents: np.ndarray, weight: np.ndarray | float = 1.0, ports: Ports | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the outputs at rest X (n, k), volts, and which of them (n,) the transient has to confirm.

        It has to where no operating point was found or there may be several: the symmetric part of M is not positive
        definite (`mho.circuits.equilibrium`).

        Parameters
        ----------
        currents : ndarray of shape (n, k)
            ``inputs b - i_bias``: what the sense nodes are given, amperes.
        weight : ndarray of shape (n, 1) or float
            Of the offset beside these currents: it does not shrink with the scale of the volts.
        ports : Ports, optional
            The network; by default that with every row on.
        """
        ports = ports or self.ports
        M, Q = self._problem(currents, weight, ports)
        if self.signed:
            X = np.linalg.solve(_regular(M), Q.T).T
            return X, np.full(len(X), not _contracts(self.passive.column_metric[:, None] * M))
        metric = self.passive.column_metric
        if self.opamp.clamp == "single-supply":
            sense = _regular(ports.sense)
            metric = metric * sense.diagonal() if np.ptp(metric) else metric
            M, Q = np.linalg.solve(sense, M), np.linalg.solve(sense, Q.T).T
        X, failed = complementary(M, Q)
        return X, (failed > 0) | (not _contracts(metric[:, None] * M))

    def rest_held(
        self,
        free: np.ndarray,
        currents: np.ndarray,
        weight: np.ndarray | float = 1.0,
        ports: Ports | None = None,
        on: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the outputs at rest X (n, k), volts, with those that are not `free` held at zero.

        A held op-amp keeps its sense node at virtual ground as a clamped one does, so that the others see the network
        as before and ``M x = q`` is solved for them alone.

        Parameters
        ----------
        free : ndarray of bool of shape (n, k)
            Outputs that take either sign.
        currents : ndarray of shape (n, k)
            See `rest`.
        weight : ndarray of shape (n, 1) or float
            See `rest`.
        ports : Ports, optional
            See `rest`.
        on : ndarray of bool of shape (m,), optional
            Rows that are on; by default all.

        Raises
        ------
        ChipError
            The loop is not stable, or has no operating point.
        """
        ports = ports or self.ports
        M, Q = self._problem(currents, weight, ports)
        free = free & (ports.sense.diagonal() > 0)
        if not _contracts(self.passive.column_metric[:, None] * M):
            self._check_stable(free, np.ones(len(self.conductances.comp), bool) if on is None else on)
        return _solved_where(free, M, Q)

    def _problem(self, currents: np.ndarray, weight: np.ndarray | float, ports: Ports) -> tuple[np.ndarray, np.ndarray]:
        """M (k, k), and q of each right-hand side by rows (n, k)."""
        M = ports.drive + ports.sense / self.opamp.gain
        return M, currents + weight * (ports.sense @ self.offset - ports.own_sensed)

    def _check_stable(self, free: np.ndarray, on: np.ndarray) -> None:
        for columns in np.unique(free, axis=0):
            values = np.linalg.eigvals(self.sense_per_output(on, columns))
            if self.slowest_rate(on, columns, values) <= 0:
                raise ChipError(
                    "the loop is not stable with these outputs free: the two arrays differ too much for how alike the "
                    "columns are; a smaller programming error, fewer columns or a ridge would help"
                )

    def sense_volts(
        self, X: np.ndarray, currents: np.ndarray, weight: np.ndarray | float = 1.0, ports: Ports | None = None
    ) -> np.ndarray:
        """Return the sense nodes' voltages (n, k) for outputs X at rest; arguments as `rest` has them.

        Parameters
        ----------
        X : ndarray of shape (n, k)
            One row for each right-hand side.
        currents : ndarray of shape (n, k)
            ``inputs b - i_bias``, amperes.
        weight : ndarray of shape (n, 1) or float
            Of the offset beside these currents.
        ports : Ports, optional
            The passive network as its ports see it.
        """
        ports = ports or self.ports
        if self.opamp.clamp == "single-supply" and not self.signed:
            given = X @ ports.drive.T - currents + weight * ports.own_sensed
            return np.linalg.solve(_regular(ports.sense), given.T).T
        return weight * self.offset - X / self.opamp.gain

    def all_port_voltages(
        self, network: Ports, X: np.ndarray, s: np.ndarray, drawn: np.ndarray, weight: np.ndarray | float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the voltages of all outputs and sense nodes of a passive network, a reference column's first.

        Parameters
        ----------
        network : Ports
            The passive network as its ports see it.
        X, s : ndarray of shape (n, k)
            Those of the other columns, volts.
        drawn : ndarray of shape (n, k) or (k,)
            ``(inputs b)'``, amperes.
        weight : ndarray of shape (n, 1) or float
            Of the offset.
        """
        if self.reference is None:
            return X, s
        return self.reference.all_port_voltages(network, X, s, drawn[..., 0], weight)

    def peak_output(
        self,
        network: Ports,
        X: np.ndarray,
        s: np.ndarray,
        drawn: np.ndarray,
        weight: np.ndarray | float = 1.0,
    ) -> np.ndarray:
        """Return the peak output at rest: the largest distance of any op-amp's from ground (n,), volts.

        Parameters
        ----------
        network : Ports
            PassiveNetwork.
        X, s : ndarray of shape (n, k)
            Outputs and sense nodes at rest, volts.
        drawn : ndarray of shape (n,)
            What the inputs draw out of the sense node of the reference column, amperes; not used where there is none.
        weight : ndarray of shape (n, 1) or float
            Of the offset.
        """
        largest = self.largest(X)
        if self.reference is None:
            return largest
        all_port_voltages = self.reference.all_port_voltages(network, X, s, drawn, weight)
        return np.maximum(largest, self.reference.peak_output(network, *all_port_voltages, drawn))

    def row_outputs(self, volts: Any, X: np.ndarray, weight: np.ndarray | float, on: Any = slice(None)) -> np.ndarray:
        """Return the outputs (n, rows on) of op-amps on the rows, volts; here there are none.

        Parameters
        ----------
        volts : ndarray or sparse array of shape (rows on, n)
            Input voltages.
        X : ndarray of shape (n, k)
            Outputs of the columns, volts.
        weight : ndarray of shape (n, 1) or float
            Of the offset.
        on : index
            Rows that are switched on.
        """
        return np.zeros((len(X), 0))

    def peak_row_output(
        self, volts: Callable[[], Any], X: np.ndarray, weight: np.ndarray | float
    ) -> np.ndarray | float:
        """Return the largest distance from ground (n,) of an op-amp's output on a row, volts; here there is none.

        Parameters
        ----------
        volts : callable
            Gives the input voltages (m, n), an array or sparse.
        X : ndarray of shape (n, k)
            Outputs at rest, volts.
        weight : ndarray of shape (n, 1) or float
            Of the offset.
        """
        return 0.0

    def power(self, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return the watts (n,) that network and sources turn into heat at rest, with every row on.

        Parameters
        ----------
        volts : ndarray or sparse array of shape (m, n)
            Input voltages.
        X : ndarray of shape (n, k)
            Outputs at rest, volts.
        constant : ndarray of shape (k,) or (n, k)
            Currents into the sense nodes that do not come from the rows, amperes.
        weight : ndarray of shape (n, 1)
            Of the offset.
        """
        network = self.passive.ports()
        fed, drawn = (network.feed @ volts).T, (network.inputs @ volts).T
        currents = drawn if self.ports is network else (self.ports.inputs @ volts).T
        sensed = self.sense_volts(X, currents + constant, weight)
        if self.opamp.output_ohms:
            X = self.pins(X, sensed, (self.ports.feed @ volts).T)
        by_sources = self.passive.source_self_conductance @ volts**2
        return network.heat(*self.all_port_voltages(network, X, sensed, drawn, weight), fed, drawn) + by_sources

    def row_heat(self, volts: np.ndarray, u: np.ndarray, heat: np.ndarray, idx: Any) -> np.ndarray:
        """Return the watts of single rows with perfect wires and no offset.

        A source at -V delivers ``g_in V (V + r)``, outputs ``sum_j G_L x_j (x_j - r)``, with the row voltage
        ``r = (u - g_in V) / S`` and ``u = sum_j (G_L x_j + G_R s_j)``.

        Parameters
        ----------
        volts, u, heat : ndarray
            V, u and ``sum_j G_L x_j^2`` of each, in volts, amperes and watts.
        idx : index
            Their numbers.
        """
        g_in = self.conductances.g_in
        r = (u - g_in * volts) / self.conductances.total[idx]
        return g_in * volts * (volts + r) + heat - r * u

    def supply(
        self, rows: tuple[np.ndarray, np.ndarray], X: np.ndarray, s: np.ndarray, weight: float, sources: np.ndarray
    ) -> Supply:
        """Return the flow of power and current at t moments.

        Parameters
        ----------
        rows : tuple of ndarray
            Which rows are on, bool (m,), and the input volts of those.
        X, s : ndarray of shape (t, k)
            Outputs and sense nodes, volts.
        weight : float
            Of the offset.
        sources : ndarray of shape (2,)
            See `PassiveNetwork.source_power`.
        """
        on, V = rows
        network, ports = self.passive.ports(on), self.network(on)
        X = self.pins(X, s, ports.feed @ V, ports)
        fed, drawn = (matrix @ np.column_stack([V, np.sign(V)]) for matrix in (network.feed, network.inputs))
        X, s = self.all_port_voltages(network, X, s, drawn[:, 0], weight)
        current = network.delivered(X, s, fed[:, 0])
        return Supply(
            watts=network.heat(X, s, fed[:, 0], drawn[:, 0]) + sources[0],
            output_watts=np.sum(X * current, axis=1),
            outputs=np.abs(current) if self.signed else current,
            inputs=X @ fed[:, 1] + s @ drawn[:, 1] + sources[1],
        )

    def output_currents(
        self, on: np.ndarray | None, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray
    ) -> np.ndarray:
        """Return the currents out of the outputs at rest (n, k), amperes.

        Parameters
        ----------
        on : ndarray of bool of shape (m,), or None
            Rows that are on; None: all.
        volts : ndarray or sparse array of shape (rows on, n)
            Their input voltages.
        X : ndarray of shape (n, k)
            Outputs, volts.
        constant : ndarray of shape (k,) or (n, k)
            Currents into the sense nodes that do not come from the rows, amperes.
        weight : ndarray of shape (n, 1)
            Of the offset.
        """
        delivered = self._delivered(on, volts, X, constant, weight)
        return np.abs(delivered) if self.signed else delivered

    def pins_at_rest(
        self, on: np.ndarray | None, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray | float
    ) -> np.ndarray:
        """Return the voltages behind the outputs' resistance at rest (n, k), volts; see `output_currents`."""
        ohms = self.opamp.output_ohms
        return X - ohms * self._delivered(on, volts, X, constant, weight) if ohms else X

    def _delivered(
        self, on: np.ndarray | None, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray | float
    ) -> np.ndarray:
        ports = self.network(on)
        currents = (ports.inputs @ volts).T + constant
        return ports.delivered(X, self.sense_volts(X, currents, weight, ports), (ports.feed @ volts).T, weight)

    def slowest_rate(self, on: np.ndarray, free: np.ndarray, values: np.ndarray) -> float:
        """Return the slowest decay rate, 1/s; negative: the state is not stable; infinite if nothing is free.

        Parameters
        ----------
        on, free : ndarray of bool
            As for `sense_per_output`.
        values : ndarray of shape (f,)
            Eigenvalues of H, which tell it here.
        """
        return slowest_rate(values, self.opamp)

    def sense_per_output(self, on: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Return H (f, f): what the sense nodes of the free columns do when their outputs move; `mho.circuits.modes`.

        Parameters
        ----------
        on : ndarray of bool of shape (m,)
            Rows whose word line is on.
        free : ndarray of bool of shape (k,)
            Columns that are not clamped.
        """
        if not free.any():
            return np.zeros((0, 0))
        ports, block = self.network(on), np.ix_(free, free)
        if self.opamp.clamp == "single-supply" and not self.signed:
            return np.linalg.solve(_regular(ports.sense), ports.drive)[block]
        return np.linalg.solve(ports.sense[block], ports.drive[block])


def _solved_where(free: np.ndarray, M: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Solve ``M x = q`` for the free columns of each row of Q (n, k), the others at zero.

    Raises
    ------
    ChipError
        There is no answer, or more than one.
    """
    X, step = np.empty(Q.shape), max(1, _NUMBERS // M.size)
    for j in range(0, len(Q), step):
        part = slice(j, j + step)
        both = free[part, :, None] & free[part, None, :]
        matrices = np.where(both, M, np.eye(len(M)))
        try:
            X[part] = np.linalg.solve(matrices, np.where(free[part], Q[part], 0.0)[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            raise ChipError("the loop has no operating point: columns that are free depend on one another") from None
    return X


def _regular(sense: np.ndarray) -> np.ndarray:
    """`sense`, with something at the nodes of unconnected columns, whose outputs are zero whatever it is."""
    return sense + np.diag(sense.diagonal() == 0)


def _contracts(M: np.ndarray) -> bool:
    """Whether the symmetric part of M is positive but for columns that are not connected.

    A zero of rounding, of columns that depend on one another and of infinite gain, keeps the distance of two motions.
    """
    connected = M.diagonal() != 0
    both = (M + M.T)[np.ix_(connected, connected)]
    if not len(both):
        return True
    values = np.linalg.eigvalsh(both)
    return bool(values[0] > -_ROUNDING * values[-1])
