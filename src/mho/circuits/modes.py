"""The modes in which a loop comes to rest: eigenvalues and eigenvectors of what its free columns do.

With the unclamped columns free, ``dx/dt = -w_g (s + x / gain)`` and the sense nodes are ``s = H x + constant``, so that
``x(t) - x_rest`` decays as ``exp(-w_g (H + 1 / gain) t)``. A clamp that holds its sense node leaves the column out of
the network before H = sense^-1 drive is solved, one that lets it float afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.compact import CompactGinv
from mho.circuits.equations import LoopEquations, equations
from mho.circuits.loop import Loop
from mho.circuits.loop_circuit import connected_columns, loop_circuit
from mho.circuits.opamp import SinglePole
from mho.circuits.transient.piecewise import Limits, Regime
from mho.circuits.wires import Wires

__all__ = ["Modes", "least_second_pole", "time_constant"]


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
    opamp : OpAmp or Amplifier
    slowest : float
        The slowest decay rate of the whole loop, 1/s; negative: the state is not stable; infinite if nothing is free.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import OpAmp
    >>> from mho.circuits.modes import Modes
    >>> opamp = OpAmp(gain=1e9, bandwidth=1e8)
    >>> modes = Modes(np.diag([0.5, 0.25]), np.array([0.5, 0.25]), np.eye(2), opamp)
    >>> (modes.rates / (2 * np.pi * opamp.bandwidth)).round(6)
    array([0.5 , 0.25])
    """

    H: np.ndarray
    values: np.ndarray
    vectors: np.ndarray
    opamp: SinglePole
    slowest: float = 0.0

    @classmethod
    def of(cls, loop: Loop, on: np.ndarray, free: np.ndarray) -> Self:
        """Solve for the modes.

        Parameters
        ----------
        loop : Loop
            The loop.
        on : ndarray of bool of shape (m,)
            Rows whose word line is on.
        free : ndarray of bool of shape (k,)
            Columns that are not clamped; each has a cell in some row that is on.
        """
        H = loop.sense_per_output(on, free)
        values, vectors = np.linalg.eig(H)
        slowest = _with_pins(loop, on, free) if loop.opamp.output_ohms else loop.slowest_rate(on, free, values)
        return cls(H, values, vectors, loop.opamp, slowest)

    @property
    def rates(self) -> np.ndarray:
        """Decay rate of each mode (f,), 1/s, complex."""
        return 2 * np.pi * self.opamp.bandwidth * (self.values + 1 / self.opamp.gain)

    def before_rest(self, rest: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Return the distance to rest of outputs on their way from zero (t, f), volts.

        Parameters
        ----------
        rest : ndarray of shape (f,)
            Where they go, volts.
        time : ndarray of shape (t,)
            Seconds.
        """
        amplitude = np.linalg.solve(self.vectors, rest.astype(complex))
        return (np.exp(-np.outer(time, self.rates)) * amplitude @ self.vectors.T).real


def _with_pins(loop: Loop, on: np.ndarray, free: np.ndarray) -> float:
    """The slowest decay rate of poles, second poles and pins, 1/s, with all but the free columns clamped."""
    if not free.any():
        return np.inf
    d = equations(loop_circuit(loop, np.zeros(len(loop.offset)), on))
    connected = connected_columns(loop, on)
    nothing = Limits.none(len(d.positive))
    limits = nothing._replace(low=~free[connected] & d.positive)
    return -Regime(d, np.zeros(len(d.constant)), limits).growth


def time_constant(circuit: Circuit) -> float:
    """Return the slowest time constant of a `circuit` with every output active and perfect wires, seconds.

    It is ``-1 / max Re eig(J)`` with J the `system` of the circuit's `mho.circuits.equations`; with a single pole
    ``1 / (2 pi bandwidth min Re eig(F))``.

    Raises
    ------
    ValueError
        The loop does not settle: an eigenvalue has no positive real part.
    """
    if isinstance(circuit, CompactGinv):
        circuit = replace(circuit, wires=Wires())
    d = equations(circuit)
    slowest = np.linalg.eigvals(-d.system).real.min() / d.rate
    if slowest <= 0:
        raise ValueError(
            f"circuit must have a loop that settles, got a slowest rate of {slowest:.3g} times the bandwidth: "
            "the two arrays differ too much for how alike the columns are, or the second pole is too low"
        )
    return float(1 / (d.rate * slowest))


def least_second_pole(circuit: Circuit) -> float:
    """Return the second pole of its op-amps above which a loop with every output active is stable, hertz.

    Zero: it is stable with any. Infinite: it is not even stable with a single pole.

    Notes
    -----
    With h an eigenvalue of P, a = 1 / gain, and r the second pole over the gain-bandwidth product, modes s in units of
    w obey ``s^2 + (r + a) s + r (a + h) = 0``. Both roots decay if and only if

        (Im h)^2 r < (a + Re h) (r + a)^2

    so that r has to be above the larger root of ``(a + Re h) (r + a)^2 = (Im h)^2 r``, if there is one.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import ClassicGinv, OpAmp, least_second_pole
    >>> A, opamp = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), OpAmp(gain=1e5, bandwidth=1e8)
    >>> circuit = ClassicGinv(g_left=1e-5 * A, g_right=1e-5 * A, g_feedback=np.full(3, 1e-5), g_in=1e-5, opamp=opamp)
    >>> round(least_second_pole(circuit) / opamp.bandwidth, 2)
    3.56
    """
    d = equations(circuit)
    if d.load is not None:
        return _by_bisection(d)
    h, a = np.linalg.eigvals(d.coupling), 1 / d.opamp.gain
    decay, swing = h.real + a, h.imag**2
    if decay.min() <= 0:
        return np.inf
    half = swing / (2 * decay) - a  # the roots are half +- sqrt(half^2 - a^2)
    larger = half + np.sqrt(np.maximum(half**2 - a**2, 0.0))
    return float(d.opamp.bandwidth * np.where(half > a, larger, 0.0).max())


_FARTHEST = 1e6
"""Over the bandwidth: a second pole so high is none."""


def _by_bisection(d: LoopEquations) -> float:
    """The least stable second pole beside the poles that output resistance makes, hertz, to 1e-6 of itself."""
    low, high = np.log(1 / _FARTHEST), np.log(_FARTHEST)

    def stable(log: float) -> bool:
        opamp = replace(d.opamp, second_pole=float(np.exp(log)) * d.opamp.bandwidth)
        return np.linalg.eigvals(replace(d, opamp=opamp).system).real.max() < 0

    if not stable(high):
        return np.inf
    if stable(low):
        return 0.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if stable(middle) else (middle, high)
    return float(np.exp(high)) * d.opamp.bandwidth
