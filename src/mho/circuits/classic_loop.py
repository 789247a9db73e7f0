"""The classic loop at rest: k amplifiers on the columns, with those of the m rows eliminated.

Row amplifier i, of gain A0 and offset o, holds its input at ``r = o - v / A0`` and gives the residual of its row

    (g + S / A0) v = g_in b - G_L x + S o          S = G_L 1 + g + g_in

Through the second array it feeds column input s, to which ``C = G_R' 1`` is tied and where ``w = C s - G_R' v + bias``
has to be zero or, at a clamp, not negative. A column amplifier senses with its other input: with -s for the sense node
of `mho.circuits.loop`, and so with minus its offset, that is the loop there and

    drive = G_R' (g + S / A0)^-1 G_L ,   sense = diag(C) ,   inputs = g_in G_R' (g + S / A0)^-1
    own = -G_R' (g + S / A0)^-1 S o

The outputs deliver ``G_L' (x - r)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import scipy.sparse as sp

from mho.caching import cached_property
from mho.circuits.loop import Loop, Supply
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.ports import Ports

__all__ = ["ClassicLoop", "ClassicNetwork"]

_MOST_AT_ONCE = 400
"""Op-amps up to which all modes are solved for, not the slowest alone."""


@dataclass(frozen=True, eq=False)
class ClassicNetwork(PassiveNetwork):
    """Cells of both arrays, input and feedback conductances, with the amplifiers of the rows; perfect wires.

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
    def source_self_conductance(self) -> np.ndarray:
        """Conductance that each row's source sees (m,), siemens: the row is held at zero volts."""
        return np.full(len(self.conductances.left), self.conductances.g_in)

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
        rows, c = self.network_of_rows, self.conductances
        given = volts.toarray() if sp.issparse(volts) else np.asarray(volts)
        return (c.g_in * given.T - X @ c.left[on].T + weight * rows.row_current[on]) / rows.feedback[on]

    def peak_row_output(
        self, volts: Callable[[], Any], X: np.ndarray, weight: np.ndarray | float
    ) -> np.ndarray | float:
        """Return the largest distance of a row amplifier's output from ground (n,), volts."""
        return np.abs(self.row_outputs(volts(), X, weight)).max(axis=1)

    def stored_row_outputs(self, volts: np.ndarray, u: np.ndarray, idx: np.ndarray | slice) -> np.ndarray:
        """Return row outputs where `u` is ``G_L x`` and `volts` the input at rows `idx`, all (entries,); no offset."""
        return (self.conductances.g_in * volts - u) / self.network_of_rows.feedback[idx]

    def row_heat(self, volts: np.ndarray, u: np.ndarray, heat: np.ndarray, idx: Any) -> np.ndarray:
        """Return watts of rows `idx` with virtual grounds at zero; see `Loop.row_heat`."""
        return heat + self.conductances.g_in * volts**2 + self._row_watts(self.stored_row_outputs(volts, u, idx), idx)

    def power(self, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return watts (n,); see `Loop.power`."""
        v = self.row_outputs(volts, X, weight)
        squared = np.asarray((volts**2).sum(axis=0)).ravel()
        of_outputs = np.einsum("nk,nk,k->n", X, X, self.conductances.left.sum(axis=0))
        return of_outputs + self.conductances.g_in * squared + self._row_watts(v, slice(None)).sum(axis=1)

    def supply(
        self, rows: tuple[np.ndarray, np.ndarray], X: np.ndarray, s: np.ndarray, weight: float, sources: np.ndarray
    ) -> Supply:
        """Return the flow at outputs X (t, k), with row amplifiers that follow at once; see `Loop.supply`."""
        (on, V), c = rows, self.conductances
        outputs = np.abs(np.hstack([X, self.row_outputs(V[:, None], X, weight, on)]))
        currents = outputs * np.r_[c.left[on].sum(axis=0), self._row_load(on)]
        output_watts = np.sum(outputs * currents, axis=1)
        return Supply(
            watts=output_watts + c.g_in * V @ V,
            output_watts=output_watts,
            outputs=currents,
            inputs=np.full(len(X), c.g_in * np.abs(V).sum()),
        )

    def output_currents(
        self, on: np.ndarray | None, volts: Any, X: np.ndarray, constant: np.ndarray, weight: np.ndarray
    ) -> np.ndarray:
        """Return the currents out of the column and the row amplifiers (n, k + rows on), amperes."""
        chosen = slice(None) if on is None else on
        v = self.row_outputs(volts, X, weight, chosen)
        columns = super().output_currents(on, volts, X, constant, weight)
        return np.hstack([columns, np.abs(v) * self._row_load(chosen)])

    def slowest_rate(self, on: np.ndarray, free: np.ndarray, values: np.ndarray) -> float:
        """Return the slowest decay rate of rows and free columns together, 1/s."""
        P = self._motion(on, free)
        if len(P) > _MOST_AT_ONCE:
            from scipy.sparse.linalg import LinearOperator, eigs

            inverse = np.linalg.inv(P + np.eye(len(P)) / self.opamp.gain)
            operator = LinearOperator(P.shape, matvec=lambda x: inverse @ x, dtype=float)  # pyright: ignore[reportCallIssue]
            k = 2 * int(free.sum()) + 2
            found = eigs(P, k=k, sigma=-1 / self.opamp.gain, OPinv=operator, return_eigenvectors=False)
            found = cast(np.ndarray, found)  # without eigenvectors no tuple
        else:
            found = np.linalg.eigvals(P)
        return self.slowest_of(found)

    def _motion(self, on: np.ndarray, free: np.ndarray) -> np.ndarray:
        """P of `mho.circuits.equations` for the rows that are on and the free columns."""
        rows, c = self.network_of_rows, self.conductances
        left, right, S = c.left[on][:, free], c.right[on][:, free], rows.row_conductance[on]
        m, f = left.shape
        P = np.zeros((m + f, m + f))
        P[:m, :m] = np.diag(c.g_in / S)
        P[:m, m:] = left / S[:, None]
        P[m:, :m] = -(right / right.sum(axis=0)).T
        return P

    def _row_load(self, on: Any) -> np.ndarray:
        """Conductance that each row amplifier drives, siemens."""
        return self.conductances.right[on].sum(axis=1) + self.conductances.g_in

    def _row_watts(self, v: np.ndarray, on: Any) -> np.ndarray:
        return v**2 * self._row_load(on)
