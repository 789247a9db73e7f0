"""Operating point of a circuit, for many right-hand sides at once, whichever of its outputs are clamped.

The op-amps of either sign follow the others, so they are eliminated from the equations of `mho.circuits.equations`.
What is left of ``F z - v_rest`` is a complementarity problem in the outputs x:

    x >= 0 ,   M x - q >= 0 ,   x' (M x - q) = 0

where the inputs of a clamped op-amp float. A rectifying clamp holds them instead; then it is the current that the clamp
takes which is complementary to the output: both are multiplied by the conductance seen from the inputs, ``Z^-1``, with
the op-amps of either sign at rest. The diode path of a real clamp lifts the input that it holds by the current over
``gain g_clamp``: that is a resistance in series with each input, and ``(Z + 1 / (gain g_clamp))^-1`` takes its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mho import checks, kernels
from mho.caching import cached_property
from mho.circuits.circuit import Circuit
from mho.circuits.compact import CompactGinv
from mho.circuits.equations import LoopEquations, equations
from mho.circuits.errors import ChipError
from mho.circuits.opamp import RAIL

__all__ = ["clamped_equations", "complementary", "operating_point"]


def operating_point(circuit: Circuit | LoopEquations, volts: Any, *, ideal_clamp: bool = True) -> np.ndarray:
    """Return the voltages of the op-amps z (n,) or (n, r) at rest, clamped ones at zero, in the order of the equations.

    With an output resistance they are those of the pins, of clamped ones what flows through it leaves them at.

    Parameters
    ----------
    circuit : Circuit or LoopEquations
        Rails and slew rate have no effect.
    volts : array_like of shape (inputs,) or (inputs, r)
        Right-hand sides, volts. In the compact circuit NaN switches the word line of its row off.
    ideal_clamp : bool
        Whether a rectifying clamp holds its input at the reference, as chips take it; False: as exactly as its diode
        path can, which is where the transient ends. The difference is of the order of 1 / (100 gain) of the outputs.

    Raises
    ------
    TypeError, ValueError
        A wrong argument.
    ChipError
        No operating point.
    """
    given = np.asarray(volts)
    masks = isinstance(circuit, CompactGinv) and circuit.word_lines is None
    V = checks.as_matrix(given[:, None] if given.ndim == 1 else given, "volts", nonnegative=False, missing=masks)
    inputs = circuit.inputs.shape[1] if isinstance(circuit, LoopEquations) else circuit.inputs
    if len(V) != inputs:
        raise ValueError(f"volts must have {inputs} rows, one per input, got shape {given.shape}")
    if isinstance(circuit, CompactGinv) and np.isnan(V).any():
        Z = _masked(circuit, V, ideal_clamp)
    else:
        Z = _at_rest(_Rest(equations(circuit), _name(circuit), ideal_clamp), V)
    return Z[:, 0] if given.ndim == 1 else Z


def _masked(circuit: CompactGinv, V: np.ndarray, ideal_clamp: bool) -> np.ndarray:
    """Every set of rows that are on is a network of its own, reduced once."""
    sets, which = np.unique(~np.isnan(V), axis=1, return_inverse=True)
    Z = np.empty((circuit.opamps, V.shape[1]))
    for s, on in enumerate(sets.T):
        columns = np.flatnonzero(which.ravel() == s)
        rest = _Rest(equations(replace(circuit, word_lines=on)), circuit.name, ideal_clamp)
        Z[:, columns] = _at_rest(rest, np.where(on[:, None], V[:, columns], 0.0))
    return Z


def _name(circuit: Circuit | LoopEquations) -> str:
    return "loop" if isinstance(circuit, LoopEquations) else circuit.name


def _at_rest(rest: _Rest, V: np.ndarray) -> np.ndarray:
    """Voltages of the op-amps (n, r); with output resistance of their pins."""
    z, d = rest(V), rest.given
    if d.load is None:
        return z
    n = len(z)
    drawn = d.inputs[n:] @ V + d.constant[n:, None]
    return d.pinned @ (z - d.opamp.output_ohms * (drawn + d.coupling[rest.free :].T @ rest.clamped(z, V)))


class _Rest:
    """The complementarity problem of one set of equations."""

    def __init__(self, given: LoopEquations, name: str, ideal_clamp: bool) -> None:
        self.given, self.d, self.name, self.ideal_clamp = given, given.at_rest, name, ideal_clamp
        self.free = int(np.count_nonzero(~self.d.positive))  # they come first

    @cached_property
    def _through(self) -> np.ndarray:
        """From the inputs of the op-amps of either sign, at rest, to those of the outputs (k, f)."""
        F, f = self.d.F, self.free
        return F[f:, :f] @ np.linalg.inv(F[:f, :f])

    @cached_property
    def _held(self) -> np.ndarray | None:
        """Conductance seen from the inputs of the outputs' op-amps (k, k), siemens; None where they float."""
        if self.d.opamp.clamp != "rectifying":
            return None
        Z, f = self.d.resistance, self.free
        seen = Z[f:, f:] - self._through @ Z[:f, f:]
        path = 0.0 if self.ideal_clamp else 1 / (self.d.opamp.gain * self.d.g_clamp)
        return np.linalg.inv(seen + path * np.eye(len(seen)))

    def __call__(self, V: np.ndarray) -> np.ndarray:
        """Voltages of the op-amps (n, r) for input volts V (inputs, r)."""
        F, f, v_rest = self.d.F, self.free, self.d.v_rest(V)
        z = np.zeros(v_rest.shape)
        if f < len(z):
            M, Q = self._problem(v_rest)
            X, failed = complementary(M, Q.T)
            self._check(failed)
            z[f:] = X.T
        held = self.d.resistance[:f, f:] @ self.clamped(z, V)
        z[:f] = np.linalg.solve(F[:f, :f], v_rest[:f] + held - F[:f, f:] @ z[f:])
        return z

    def _problem(self, v_rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """M (k, k) and q (k, r)."""
        F, f = self.d.F, self.free
        M, Q = F[f:, f:] - self._through @ F[:f, f:], v_rest[f:] - self._through @ v_rest[:f]
        return (M, Q) if self._held is None else (self._held @ M, self._held @ Q)

    def clamped(self, z: np.ndarray, V: np.ndarray) -> np.ndarray:
        """Currents that clamps take out of the inputs of the outputs' op-amps (k, r), amperes."""
        if self._held is None or self.free == len(z):
            return np.zeros((len(z) - self.free, z.shape[1]))
        M, Q = self._problem(self.d.v_rest(V))
        return np.where(z[self.free :] > 0, 0.0, M @ z[self.free :] - Q)

    def _check(self, failed: np.ndarray) -> None:
        if failed.any():
            raise ChipError(
                f"the {self.name} has no operating point for {int(failed.sum())} of {len(failed)} right-hand sides: "
                "its arrays differ too much for how alike the columns are; a smaller programming error, fewer "
                "columns or a ridge would help"
            )


def complementary(M: np.ndarray, Q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``x >= 0, M x - q >= 0, x' (M x - q) = 0`` for each row q of Q (r, k).

    Parameters
    ----------
    M : ndarray of shape (k, k)
        Matrix of the complementarity problem.
    Q : ndarray of shape (r, k)
        Its right-hand sides by rows.

    Returns
    -------
    X : ndarray of shape (r, k)
    failed : ndarray of uint8 of shape (r,)
        Not zero where no solution was found.
    """
    X, failed = np.zeros(Q.shape), np.zeros(len(Q), np.uint8)
    given = np.ascontiguousarray(M), _inverse(M), np.ascontiguousarray(Q)
    kernels.lcp(*given, kernels.GENERAL, X, failed, kernels.thread_count())
    return X, failed


def _inverse(M: np.ndarray) -> np.ndarray | None:
    """The inverse of M if it has one: a first guess of which outputs are clamped."""
    try:
        return np.linalg.inv(M)
    except np.linalg.LinAlgError:
        return None


def clamped_equations(circuit: Circuit, clamped: np.ndarray) -> np.ndarray:
    """Return F (n, n) of a circuit while some op-amps are clamped; their voltage is then behind the clamp.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    clamped : ndarray of bool of shape (n,)
        Op-amps whose output stands at zero.
    """
    d, n = equations(circuit), len(clamped)
    through_clamp = d.resistance * d.g_clamp if d.opamp.clamp == "rectifying" else RAIL * np.eye(n)
    return np.where(clamped, through_clamp + np.eye(n) / d.opamp.gain, d.F)
