"""A circuit at rest, whichever of its outputs are clamped.

The op-amps of either sign follow the others, so they are eliminated from the equations of `mho.spice.StateSpace`. What
is left of ``F z + r``, with r from inputs and offsets, is a complementarity problem in the outputs x:

    x >= 0 ,   F x + r >= 0 ,   x' (F x + r) = 0

where the inputs of a clamped op-amp float. A rectifying clamp holds them instead; then it is the current that the clamp
takes which is complementary to the output: both are multiplied by the conductance seen from the inputs, ``Z^-1``, with
the op-amps of either sign at rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import kernels
from mho.chip.errors import ChipError
from mho.spice import Circuit, StateSpace
from mho.spice.opamp import RAIL

__all__ = ["regime", "steady_state"]


def steady_state(circuit: Circuit, volts: Any) -> np.ndarray:
    """Return the voltages at rest of the op-amps z (n,), clamped ones at zero, in the order of `StateSpace`.

    Parameters
    ----------
    circuit : Circuit
        Without wires and rails.
    volts : array_like of shape (inputs,)
        Right-hand side.

    Raises
    ------
    ChipError
        There is no state of rest.
    """
    states = circuit.state_space()
    r = states.B @ np.asarray(volts, np.float64) + states.c
    n, free = len(r), slice(states.bipolar)
    z = np.zeros(n)
    F, drift, Z = _without_bipolar(states, r)
    if states.bipolar < n:
        z[states.bipolar :] = _complementary(circuit, F, drift, Z)
    z[free] = np.linalg.solve(states.F[free, free], -r[free] - states.F[free, states.bipolar :] @ z[states.bipolar :])
    return z


def _without_bipolar(states: StateSpace, r: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """F, r and Z of the outputs alone, the op-amps of either sign at rest."""
    v, x, F, Z = slice(states.bipolar), slice(states.bipolar, None), states.F, states.Z
    through = F[x, v] @ np.linalg.inv(F[v, v])
    return F[x, x] - through @ F[v, x], r[x] - through @ r[v], Z[x, x] - through @ Z[v, x]


def _complementary(circuit: Circuit, F: np.ndarray, drift: np.ndarray, Z: np.ndarray) -> np.ndarray:
    if circuit.opamp.clamp == "rectifying":
        held = np.linalg.inv(Z)
        F, drift = held @ F, held @ drift
    x, failed = np.zeros((1, len(F))), np.zeros(1, np.uint8)
    kernels.lcp(F, np.linalg.inv(F), -drift[None], kernels.GENERAL, x, failed, 1)
    if failed.any():
        raise ChipError(
            f"the {circuit.name} has no state of rest for this right-hand side: its arrays differ too much for how "
            "alike the columns are; a smaller programming error, fewer columns or a ridge would help"
        )
    return x[0]


def regime(circuit: Circuit, clamped: np.ndarray) -> np.ndarray:
    """Return F (n, n) of the circuit while some op-amps are clamped; their voltage is then behind the clamp.

    Parameters
    ----------
    circuit : Circuit
    clamped : ndarray of bool of shape (n,)
        Op-amps whose output stands at zero.
    """
    states, n = circuit.state_space(), len(clamped)
    through_clamp = states.Z * circuit.g_clamp if circuit.opamp.clamp == "rectifying" else RAIL * np.eye(n)
    return np.where(clamped, through_clamp + np.eye(n) / circuit.opamp.gain, states.F)
