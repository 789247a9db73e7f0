"""Noise and offset of a circuit's outputs at its operating point: thermal, of the amplifiers and of the cells.

Whatever disturbs a loop arrives at the inputs of its op-amps, as a voltage u, and leaves through the same F:

    dz/dt = -w (F z - u) ,   w = 2 pi bandwidth

A constant u, an offset, moves z by ``F^-1 u``. White noise of density Q (one-sided, V^2/Hz) leaves the covariance P of

    F P + P F' = w Q / 2

By Nyquist's theorem the resistors of a passive network put ``Q = 4 k T Z`` there, Z its resistance seen from those
inputs. Cells whose conductance flickers, slowly compared with the loop, move z like an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from math import pi
from typing import Any

import numpy as np
from scipy.constants import Boltzmann

from mho import checks
from mho.circuits.circuit import Circuit
from mho.circuits.classic import ClassicGinv
from mho.circuits.compact import CompactGinv
from mho.circuits.equations import equations
from mho.circuits.errors import ChipError
from mho.circuits.gram import GramInv
from mho.circuits.mvm import Mvm
from mho.circuits.operating_point import clamped_equations, operating_point

__all__ = ["Noise", "cell_noise", "offset_gain", "output_noise"]


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Sources of noise.

    Attributes
    ----------
    kelvin : float
        Temperature of the resistors.
    amplifier : float
        Input-referred white noise of each op-amp, volts per square root of a hertz.
    read : float
        Standard deviation of the conductance of every cell while it is read, siemens, independent from cell to cell.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Mvm, Noise, OpAmp, output_noise
    >>> circuit = Mvm(g=np.array([[1e-5, 2e-5]]), g_feedback=1e-5, opamp=OpAmp(gain=1e5, bandwidth=1e8))
    >>> warm, cold = (output_noise(circuit, np.zeros(2), Noise(kelvin=kelvin)) for kelvin in (400.0, 100.0))
    >>> (warm / cold).round(6)
    array([[4.]])
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
        No operating point.
    """
    from scipy.linalg import solve_continuous_lyapunov

    _without_pins(circuit)
    z = operating_point(circuit, volts)
    clamped = _clamped(circuit, z)
    F = clamped_equations(circuit, clamped)
    Q = 4 * Boltzmann * noise.kelvin * equations(circuit).resistance + noise.amplifier**2 * np.eye(len(z))
    white = (
        solve_continuous_lyapunov(F, pi * circuit.opamp.bandwidth * Q)
        if np.isinf(circuit.opamp.second_pole)
        else (_of_second_poles(circuit, F, Q))
    )
    P = white + _slow(F, noise.read**2 * cell_noise(circuit, np.asarray(volts, np.float64), z))
    return np.where(clamped[:, None] | clamped, 0.0, P)[-len(circuit.outputs) :, -len(circuit.outputs) :]


def offset_gain(circuit: Circuit, volts: Any) -> np.ndarray:
    """Return the gain from input offset to outputs (outputs, op-amps), while nothing else is clamped.

    Parameters
    ----------
    circuit : Circuit
        Without wires and rails.
    volts : array_like of shape (inputs,)
        Right-hand side, which decides what is clamped.
    """
    _without_pins(circuit)
    z = operating_point(circuit, volts)
    clamped = _clamped(circuit, z)
    gain = np.linalg.inv(clamped_equations(circuit, clamped))
    return np.where(clamped[:, None], 0.0, gain)[-len(circuit.outputs) :]


def _of_second_poles(circuit: Circuit, F: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Covariance of what second poles show, where noise enters at the first."""
    from scipy.linalg import solve_continuous_lyapunov

    n, r, one = len(F), circuit.opamp.second_pole / circuit.opamp.bandwidth, np.eye(len(F))
    leak = one / circuit.opamp.gain
    J = np.block([[leak, F - leak], [-r * one, r * one]])
    return solve_continuous_lyapunov(J, pi * circuit.opamp.bandwidth * np.pad(Q, ((0, n), (0, n))))[n:, n:]


def _without_pins(circuit: Circuit) -> None:
    if circuit.opamp.output_ohms:
        raise ChipError(f"noise is modelled with output_ohms of 0 alone, got {circuit.opamp.output_ohms:g}")


def _clamped(circuit: Circuit, z: np.ndarray) -> np.ndarray:
    return (z <= 0) & equations(circuit).positive


def _slow(F: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """F^-1 covariance F^-T."""
    return np.linalg.solve(F, np.linalg.solve(F, covariance).T)


def _shown(circuit: Circuit, z: np.ndarray) -> np.ndarray:
    return z if circuit.opamp.output == "signed" else np.maximum(z, 0)


@singledispatch
def cell_noise(circuit: Circuit, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the covariance (n, n) that cells of independent unit variance bring about at the op-amps' inputs.

    V^2/S^2: a cell with a voltage v across it injects a current v for each siemens. Wires are taken to be perfect.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    volts : ndarray of shape (inputs,)
        Input voltages.
    z : ndarray of shape (n,)
        Op-amp voltages at the operating point for these inputs.
    """
    raise TypeError(f"circuit must be a CompactGinv, ClassicGinv, GramInv or Mvm, got {type(circuit).__name__}")


@cell_noise.register
def _(circuit: CompactGinv, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
    """A driving cell injects into its row, a sensing cell takes from its row what it gives to its sense node."""
    (left, right), S, k = circuit.arrays, circuit.row_conductance, circuit.shape[1]
    columns = right.shape[1]
    extra = columns - k  # of a reference column, whose inverter has no cells at its input
    Z = equations(circuit).resistance[extra:, extra:]
    x = np.r_[z[:extra], _shown(circuit, z[-k:])]
    r = (left @ x - circuit.g_in * volts[circuit.on]) / S
    share = right / S[:, None]  # of a current into a row that arrives at each sense node
    driving = ((x - r[:, None]) ** 2).sum(axis=1)
    square = r**2
    sensing = columns * square
    into_nodes = np.eye(columns) * square.sum() - share.T @ np.outer(square, np.ones(columns))
    currents = (share.T * (driving + sensing)) @ share + into_nodes
    covariance = Z @ (currents - np.outer(np.ones(columns), square) @ share) @ Z
    return np.pad(covariance, ((extra, 0),) * 2)


@cell_noise.register
def _(circuit: ClassicGinv, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Cells have the outputs in `z` across them, whatever `volts`."""
    rows, columns = circuit.shape
    v, x = z[:rows], _shown(circuit, z[rows:])
    across = np.r_[np.full(rows, x @ x), np.full(columns, v @ v)]
    return np.diag(across / np.r_[circuit.row_conductance, circuit.column_conductance] ** 2)


@cell_noise.register
def _(circuit: GramInv, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Cells have the outputs `z` across them, whatever `volts`."""
    return np.diag(z @ z / circuit.column_conductance**2)


@cell_noise.register
def _(circuit: Mvm, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Cells have `volts` across them, whatever `z`."""
    return np.diag(volts @ volts / circuit.column_conductance**2)
