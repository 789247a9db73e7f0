"""The classic loop at rest: k amplifiers on the columns, with those of the m rows eliminated.

Row amplifier i, of gain A0 and offset o, holds its input at ``r = o - v / A0`` and gives the residual of its row

    (g + S / A0) v = g_in b - G_L x + S o          S = G_L 1 + g + g_in

Through the second array it feeds column input s, to which ``C = G_R' 1`` is tied and where ``w = C s - G_R' v + bias``
has to be zero or, at a clamp, not negative. A column amplifier senses with its other input: with -s for the sense node
of `mho.circuits.loop`, and so with minus its offset, that is the loop there and

    drive = G_R' (g + S / A0)^-1 G_L ,   sense = diag(C) ,   inputs = g_in G_R' (g + S / A0)^-1
    own = -G_R' (g + S / A0)^-1 S o

The outputs deliver ``G_L' (x - r)``. Wires with resistance put what `mho.circuits.crossbar_network` makes of either
array in the place of G_L and G_R', S and C, which are matrices then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import scipy.sparse as sp

from mho.caching import cached_property
from mho.circuits.crossbar_network import CrossbarNetwork
from mho.circuits.loop import Loop, Supply
from mho.circuits.opamp import slowest_rate
from mho.circuits.passive_network import SeparateSources
from mho.circuits.ports import Ports

__all__ = ["ClassicLoop", "ClassicNetwork", "WiredClassicNetwork"]

_MOST_AT_ONCE = 400
"""Op-amps up to which all modes are solved for, not the slowest alone."""


@dataclass(frozen=True, eq=False)
class ClassicNetwork(SeparateSources):
    """Cells of both arrays, input and feedback conductances, with the amplifiers of the rows.

    Wires are perfect here; `WiredClassicNetwork` has those with resistance.

    Attributes
    ----------
    gain : float
        A0 of the row amplifiers; may be infinite.
    row_offset : ndarray of shape (m,)
        Their input offset, volts.
    """

    gain: float = np.inf
    row_offset: np.ndarray | float = 0.0

    @cached_property
    def row_conductance(self) -> np.ndarray:
        """S, all that is tied to the input of each row amplifier (m,), siemens; the feedback is as large as g_in."""
        c = self.conductances
        return c.left.sum(axis=1) + 2 * c.g_in

    @cached_property
    def feedback(self) -> np.ndarray:
        """``g + S / A0`` (m,), siemens."""
        return self.conductances.g_in + self.row_conductance / self.gain

    @cached_property
    def row_current(self) -> np.ndarray:
        """``S o``, the current that its offset costs a row amplifier (m,), amperes."""
        return self.row_conductance * self.row_offset

    def ports(self, on: np.ndarray | None = None) -> Ports:
        """Return the ports; `on` (m,) says which rows are switched on."""
        return self._every_row if on is None or on.all() else self.reduce(on)

    @cached_property
    def _every_row(self) -> Ports:
        return self.reduce(slice(None))

    def reduce(self, on: Any) -> Ports:
        """Return the ports of the rows that an index names."""
        c = self.conductances
        left, right, current = c.left[on], c.right[on], self.row_current[on]
        share = (right / self.feedback[on][:, None]).T
        per_row = (left / (self.gain * self.feedback[on][:, None])).T  # of a row's residual current, at the outputs
        held = self.row_offset * np.ones(len(c.left))
        return Ports(
            drive=share @ left,
            sense=np.diag(right.sum(axis=0)),
            inputs=c.g_in * share,
            load=np.diag(left.sum(axis=0)) - per_row @ left,
            feed=c.g_in * per_row,
            back=np.zeros((left.shape[1],) * 2),
            own_sensed=-share @ current,
            own_delivered=per_row @ current - left.T @ held[on],
        )

    def row_outputs(self, volts: np.ndarray, X: np.ndarray, weight: np.ndarray | float, on: Any) -> np.ndarray:
        """Return the outputs v (n, rows on) of the row amplifiers, volts.

        Parameters
        ----------
        volts : ndarray of shape (rows on, n)
            Input voltages.
        X : ndarray of shape (n, k)
            Outputs of the columns, volts.
        weight : ndarray of shape (n, 1) or float
            Of the offset.
        on : index
            Rows that are switched on.
        """
        c = self.conductances
        return (c.g_in * volts.T - X @ c.left[on].T + weight * self.row_current[on]) / self.feedback[on]

    def row_delivered(self, v: np.ndarray, on: Any) -> np.ndarray:
        """Return the currents that row amplifiers of outputs v (n, rows on) deliver, inputs at zero, amperes."""
        return v * (self.conductances.right[on].sum(axis=1) + self.conductances.g_in)

    def column_delivered(self, X: np.ndarray, on: Any) -> np.ndarray:
        """Return the currents that outputs X (n, k) deliver with every row held at zero, amperes."""
        return X * self.conductances.left[on].sum(axis=0)

    def motion(self, on: np.ndarray, free: np.ndarray, *, held: bool) -> np.ndarray:
        """Return P of `mho.circuits.equations` for the rows that are on and the free columns.

        Parameters
        ----------
        on, free : ndarray of bool
            As for `Loop.sense_per_output`.
        held : bool
            Whether clamps hold the inputs of the others.
        """
        c = self.conductances
        left, right, S = c.left[on][:, free], c.right[on][:, free], self.row_conductance[on]
        return _coupled(np.diag(c.g_in / S), left / S[:, None], (right / right.sum(axis=0)).T)


class _Arrays(NamedTuple):
    """Both arrays with wires, S and ``(g + S / A0)^-1`` (rows on, rows on), for some rows that are on."""

    first: CrossbarNetwork
    second: CrossbarNetwork
    S: np.ndarray
    per_volt: np.ndarray


@dataclass(frozen=True, eq=False)
class WiredClassicNetwork(ClassicNetwork):
    """Classic network with resistance in its wires: S is a matrix, and arrays are as their ends see them."""

    def reduce(self, on: Any) -> Ports:
        """Return the ports of the rows that an index names."""
        first, second, S, per_volt = self._arrays(on)
        c, gain, held = self.conductances, self.gain, self._held(on)
        share, per_row = second.through.T @ per_volt, first.through.T @ per_volt / gain
        return Ports(
            drive=share @ first.through,
            sense=second.at_columns,
            inputs=c.g_in * share,
            load=first.at_columns - per_row @ first.through,
            feed=c.g_in * per_row,
            back=np.zeros(second.at_columns.shape),
            own_sensed=-share @ (S @ held),
            own_delivered=per_row @ (S @ held) - first.through.T @ held,
        )

    def row_outputs(self, volts: np.ndarray, X: np.ndarray, weight: np.ndarray | float, on: Any) -> np.ndarray:
        """Return the outputs of the row amplifiers; see `ClassicNetwork.row_outputs`."""
        first, _, S, per_volt = self._arrays(on)
        given = self.conductances.g_in * volts.T - X @ first.through.T + weight * (S @ self._held(on))
        return given @ per_volt

    def row_delivered(self, v: np.ndarray, on: Any) -> np.ndarray:
        """Return the currents out of row amplifiers; see `ClassicNetwork.row_delivered`."""
        return v @ self._arrays(on).second.at_rows + self.conductances.g_in * v

    def column_delivered(self, X: np.ndarray, on: Any) -> np.ndarray:
        """Return the currents out of the outputs; see `ClassicNetwork.column_delivered`."""
        return X @ self._arrays(on).first.at_columns

    def motion(self, on: np.ndarray, free: np.ndarray, *, held: bool) -> np.ndarray:
        """Return P; see `ClassicNetwork.motion`."""
        first, second, S, _ = self._arrays(on)
        L1, Y, T = np.linalg.inv(S), second.at_columns, second.through.T
        if held:
            back = np.linalg.solve(Y[np.ix_(free, free)], T[free])
        else:
            back = np.linalg.solve(Y + np.diag(Y.diagonal() == 0), T)[free]
        return _coupled(self.conductances.g_in * L1, L1 @ first.through[:, free], back)

    def _held(self, on: Any) -> np.ndarray:
        """Offset of the rows that are on."""
        return (self.row_offset * np.ones(len(self.conductances.left)))[on]

    def _arrays(self, on: Any) -> _Arrays:
        """Both arrays reduced; the last rows that were asked for, and all, are kept."""
        rows = np.zeros(len(self.conductances.left), bool)
        rows[on] = True
        if rows.all():
            return self._all
        key, last = rows.tobytes(), self.__dict__.get("_last")
        if last is None or last[0] != key:
            last = self.__dict__["_last"] = key, self._reduced(rows)
        return last[1]

    @cached_property
    def _all(self) -> _Arrays:
        return self._reduced(np.ones(len(self.conductances.left), bool))

    def _reduced(self, rows: np.ndarray) -> _Arrays:
        c = self.conductances
        first = CrossbarNetwork.of(c.left[rows], self.wires, (rows, None))
        second = CrossbarNetwork.of(c.right[rows], self.wires, (rows, None), driven="rows")
        S = first.at_rows + 2 * c.g_in * np.eye(len(first.at_rows))
        return _Arrays(first, second, S, np.linalg.inv(c.g_in * np.eye(len(S)) + S / self.gain))


def _coupled(rows: np.ndarray, into_rows: np.ndarray, into_columns: np.ndarray) -> np.ndarray:
    """P (rows + f, rows + f): of rows by themselves, of f outputs to the rows, of rows to the outputs."""
    f = into_rows.shape[1]
    return np.block([[rows, into_rows], [-into_columns, np.zeros((f, f))]])


@dataclass(frozen=True, eq=False)
class ClassicLoop(Loop):
    """The classic circuit's network and amplifiers; `offset` is minus that of its column amplifiers."""

    @property
    def network_of_rows(self) -> ClassicNetwork:
        """The network, with its row amplifiers."""
        assert isinstance(self.passive, ClassicNetwork)
        return self.passive

    @property
    def opamps(self) -> int:
        """One for each row and column."""
        return sum(self.conductances.left.shape)

    @property
    def row_metric(self) -> float:
        """Conductance that a row's residual is divided by, siemens: its feedback."""
        return self.conductances.g_in

    @property
    def driven(self) -> np.ndarray:
        """Conductances by which the outputs send current into each row (m, k), siemens."""
        return self.conductances.left

    def row_outputs(self, volts: Any, X: np.ndarray, weight: np.ndarray | float, on: Any = slice(None)) -> np.ndarray:
        """Return the outputs v (n, rows on) of the row amplifiers, volts; see `Loop.row_outputs`."""
        given = volts.toarray() if sp.issparse(volts) else np.asarray(volts)
        return self.network_of_rows.row_outputs(given, X, weight, on)

    def peak_row_output(
        self, volts: Callable[[], Any], X: np.ndarray, weight: np.ndarray | float
    ) -> np.ndarray | float:
        """Return the largest distance of a row amplifier's output from ground (n,), volts."""
        return np.abs(self.row_outputs(volts(), X, weight)).max(axis=1)

    def stored_row_outputs(self, volts: np.ndarray, u: np.ndarray, idx: np.ndarray | slice) -> np.ndarray:
        """Return row outputs where `u` is ``G_L x`` and `volts` the input at rows `idx`, all (entries,); no offset."""
        return (self.conductances.g_in * volts - u) / self.network_of_rows.feedback[idx]

    def row_heat(self, volts: np.ndarray, u: np.ndarray, heat: np.ndarray, idx: Any) -> np.ndarray:
        """Return watts of rows `idx` with virtual grounds at zero and perfect wires; see `Loop.row_heat`."""
        c, v = self.conductances, self.stored_row_outputs(volts, u, idx)
        return heat + c.g_in * volts**2 + v**2 * (c.right[idx].sum(axis=1) + c.g_in)

    def power(self, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return watts (n,); see `Loop.power`."""
        rows, every = self.network_of_rows, slice(None)
        v = self.row_outputs(volts, X, weight)
        squared = np.asarray((volts**2).sum(axis=0)).ravel()
        of_outputs = np.sum(X * rows.column_delivered(X, every), axis=1)
        return of_outputs + self.conductances.g_in * squared + np.sum(v * rows.row_delivered(v, every), axis=1)

    def supply(
        self, rows: tuple[np.ndarray, np.ndarray], X: np.ndarray, s: np.ndarray, weight: float, sources: np.ndarray
    ) -> Supply:
        """Return the flow at outputs X (t, k), with row amplifiers that follow at once; see `Loop.supply`."""
        (on, V), c, network = rows, self.conductances, self.network_of_rows
        v = self.row_outputs(V[:, None], X, weight, on)
        currents = np.hstack([network.column_delivered(X, on), network.row_delivered(v, on)])
        output_watts = np.sum(np.hstack([X, v]) * currents, axis=1)
        return Supply(
            watts=output_watts + c.g_in * V @ V,
            output_watts=output_watts,
            outputs=np.abs(currents),
            inputs=np.full(len(X), c.g_in * np.abs(V).sum()),
        )

    def output_currents(
        self, on: np.ndarray | None, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray
    ) -> np.ndarray:
        """Return the currents out of the column and the row amplifiers (n, k + rows on), amperes."""
        chosen = slice(None) if on is None else on
        v = self.row_outputs(volts, X, weight, chosen)
        columns = super().output_currents(on, volts, X, constant, weight)
        return np.hstack([columns, np.abs(self.network_of_rows.row_delivered(v, chosen))])

    def slowest_rate(self, on: np.ndarray, free: np.ndarray, values: np.ndarray) -> float:
        """Return the slowest decay rate of rows and free columns together, 1/s."""
        held = self.signed or self.opamp.clamp == "rectifying"
        P = self.network_of_rows.motion(on, free, held=held)
        if len(P) > _MOST_AT_ONCE:
            from scipy.sparse.linalg import LinearOperator, eigs

            inverse = np.linalg.inv(P + np.eye(len(P)) / self.opamp.gain)
            operator = LinearOperator(P.shape, matvec=lambda x: inverse @ x, dtype=float)  # pyright: ignore[reportCallIssue]
            k = 2 * int(free.sum()) + 2
            found = eigs(P, k=k, sigma=-1 / self.opamp.gain, OPinv=operator, return_eigenvectors=False)
            found = cast(np.ndarray, found)  # without eigenvectors no tuple
        else:
            found = np.linalg.eigvals(P)
        return slowest_rate(found, self.opamp)
