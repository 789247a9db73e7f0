"""The closed loop at rest: k amplifiers at the ports of a passive network (docs/chip.md derives it).

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

from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property
from mho.circuits.conductances import Conductances
from mho.circuits.errors import ChipError
from mho.circuits.opamp import SinglePole
from mho.circuits.operating_point import complementary
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.ports import Ports
from mho.circuits.reference_amplifiers import ReferenceAmplifiers

__all__ = ["Loop", "check_rest"]


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

    def network(self, on: np.ndarray) -> Ports:
        """Return the ports with only some rows switched on.

        Parameters
        ----------
        on : ndarray of bool of shape (m,)
            Rows whose word line is on.
        """
        return self.ports if on.all() else self.with_reference_amplifiers(self.passive.ports(on))

    def with_reference_amplifiers(self, network: Ports) -> Ports:
        """Return the ports of the k op-amps: a passive network with the amplifiers of reference columns, if any."""
        return network if self.reference is None else self.reference.with_reference_amplifiers(network)

    def rest(self, currents: np.ndarray, weight: np.ndarray | float = 1.0, ports: Ports | None = None) -> np.ndarray:
        """Return the outputs at rest X (n, k), volts.

        Parameters
        ----------
        currents : ndarray of shape (n, k)
            ``inputs b - i_bias``: what the sense nodes are given, amperes.
        weight : ndarray of shape (n, 1) or float
            Of the offset beside these currents: it does not shrink with the scale of the volts.
        ports : Ports, optional
            The network; by default that with every row on.

        Raises
        ------
        ChipError
            No operating point.
        """
        ports = ports or self.ports
        M = ports.drive + ports.sense / self.opamp.gain
        Q = currents + weight * (ports.sense @ self.offset - ports.own_sensed)
        if self.opamp.clamp == "single-supply":
            sense = _regular(ports.sense)
            M, Q = np.linalg.solve(sense, M), np.linalg.solve(sense, Q.T).T
        X, failed = complementary(M, Q)
        check_rest(failed)
        return X

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
        if self.opamp.clamp == "single-supply":
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
        largest = X.max(axis=1)
        if self.reference is None:
            return largest
        all_port_voltages = self.reference.all_port_voltages(network, X, s, drawn, weight)
        return np.maximum(largest, self.reference.peak_output(network, *all_port_voltages, drawn))

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
        if self.opamp.clamp == "single-supply":
            return np.linalg.solve(_regular(ports.sense), ports.drive)[block]
        return np.linalg.solve(ports.sense[block], ports.drive[block])


def _regular(sense: np.ndarray) -> np.ndarray:
    """`sense`, with something at the nodes of unconnected columns, whose outputs are zero whatever it is."""
    return sense + np.diag(sense.diagonal() == 0)


def check_rest(failed: np.ndarray) -> None:
    """Refuse right-hand sides for which `failed` (n,) says that no operating point was found."""
    if failed.any():
        raise ChipError(
            f"{int(failed.sum())} of {len(failed)} right-hand sides have no operating point: the two arrays of the "
            "matrix differ too much for its conditioning; a smaller programming error, fewer columns or a ridge "
            "would help"
        )
