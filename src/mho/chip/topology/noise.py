"""How far the outputs of a circuit at rest stray: offset, thermal and amplifier noise, and noise of the cells.

Whatever disturbs a loop arrives at the inputs of its op-amps, as a voltage u, and leaves through the same F:

    dz/dt = -w (F z - u) ,   w = 2 pi bandwidth

A constant u, an offset, moves z by ``F^-1 u``. White noise of density Q (one-sided, V^2/Hz) leaves the covariance P of

    F P + P F' = w Q / 2

By Nyquist's theorem the resistors of a passive network put ``Q = 4 k T Z`` there, Z its resistance seen from those
inputs. Cells whose conductance flickers, slowly compared with the loop, move z like an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from scipy.constants import Boltzmann

from mho import checks
from mho.chip.topology.regime import regime, steady_state
from mho.spice import Circuit

__all__ = ["Noise", "offset_gain", "output_noise"]


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Where noise comes from.

    Attributes
    ----------
    kelvin : float
        Temperature of the resistors.
    amplifier : float
        Input-referred white noise of each op-amp, volts per square root of a hertz.
    read : float
        Standard deviation of the conductance of every cell while it is read, siemens, independent from cell to cell.
    """

    kelvin: float = 300.0
    amplifier: float = 0.0
    read: float = 0.0

    def __post_init__(self) -> None:
        for name in ("kelvin", "amplifier", "read"):
            object.__setattr__(self, name, checks.nonnegative_number(getattr(self, name), name))


def output_noise(circuit: Circuit, volts: Any, noise: Noise) -> np.ndarray:
    """Return the covariance of the outputs at rest (outputs, outputs), V^2; that of clamped outputs is zero.

    Parameters
    ----------
    circuit : Circuit
        Without wires and rails.
    volts : array_like of shape (inputs,)
        Right-hand side, which decides what is clamped.
    noise : Noise
        Where it comes from.

    Raises
    ------
    ChipError
        There is no state of rest.
    """
    from scipy.linalg import solve_continuous_lyapunov

    z = steady_state(circuit, volts)
    states, clamped = circuit.state_space(), _clamped(circuit, z)
    F = regime(circuit, clamped)
    Q = 4 * Boltzmann * noise.kelvin * states.Z + noise.amplifier**2 * np.eye(len(z))
    white = solve_continuous_lyapunov(F, pi * circuit.opamp.bandwidth * Q)
    P = white + _slow(F, noise.read**2 * circuit.cell_noise(volts, z))
    return np.where(clamped[:, None] | clamped, 0.0, P)[-len(circuit.outputs) :, -len(circuit.outputs) :]


def offset_gain(circuit: Circuit, volts: Any) -> np.ndarray:
    """Return how far an output moves for each volt of input offset (outputs, op-amps), while nothing else is clamped.

    Parameters
    ----------
    circuit : Circuit
        Without wires and rails.
    volts : array_like of shape (inputs,)
        Right-hand side, which decides what is clamped.
    """
    z = steady_state(circuit, volts)
    clamped = _clamped(circuit, z)
    gain = np.linalg.inv(regime(circuit, clamped))
    return np.where(clamped[:, None], 0.0, gain)[-len(circuit.outputs) :]


def _clamped(circuit: Circuit, z: np.ndarray) -> np.ndarray:
    return (z <= 0) & (np.arange(len(z)) >= circuit.state_space().bipolar)


def _slow(F: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """F^-1 covariance F^-T."""
    return np.linalg.solve(F, np.linalg.solve(F, covariance).T)
