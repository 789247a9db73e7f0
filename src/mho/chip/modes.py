"""The modes in which a loop comes to rest: eigenvalues and eigenvectors of what its free columns do [2.4].

With the unclamped columns free, ``dx/dt = -w_g (s + x / gain)`` and the sense nodes are ``s = H x + constant``, so that
``x(t) - x_rest`` decays as ``exp(-w_g (H + 1 / gain) t)``. A clamp that holds its sense node leaves the column out of
the network before H = sense^-1 drive is solved, one that lets it float afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from mho.chip.components import Amplifier
from mho.chip.loop import Loop

__all__ = ["Modes"]


@dataclass(frozen=True)
class Modes:
    """One loop with f columns free.

    Attributes
    ----------
    H : ndarray of shape (f, f)
        From the outputs to the sense nodes, volts per volt.
    values : ndarray of shape (f,)
        Eigenvalues of H, complex.
    vectors : ndarray of shape (f, f)
        Its eigenvectors, in columns.
    amplifier : Amplifier
    """

    H: np.ndarray
    values: np.ndarray
    vectors: np.ndarray
    amplifier: Amplifier

    @classmethod
    def of(cls, loop: Loop, on: np.ndarray, free: np.ndarray) -> Self:
        """Solve for the modes.

        Parameters
        ----------
        loop : Loop
        on : ndarray of bool of shape (m,)
            Rows whose word line is on.
        free : ndarray of bool of shape (k,)
            Columns that are not clamped; each has a cell in some row that is on.
        """
        H = loop.sense_per_output(on, free)
        return cls(H, *np.linalg.eig(H), loop.amplifier)

    @property
    def rates(self) -> np.ndarray:
        """How fast each mode decays (f,), 1/s, complex."""
        return 2 * np.pi * self.amplifier.bandwidth * (self.values + 1 / self.amplifier.gain)

    @property
    def slowest(self) -> float:
        """The slowest decay rate, 1/s; negative: the state is not stable; infinite if nothing is free."""
        return float(np.real(self.rates).min(initial=np.inf))

    def before_rest(self, rest: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Return what outputs on their way from zero still lack (t, f), volts.

        Parameters
        ----------
        rest : ndarray of shape (f,)
            Where they go, volts.
        time : ndarray of shape (t,)
            Seconds.
        """
        amplitude = np.linalg.solve(self.vectors, rest.astype(complex))
        return (np.exp(-np.outer(time, self.rates)) * amplitude @ self.vectors.T).real
