"""A circuit between the limits of its op-amps: linear equations of the op-amps' voltages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["StateSpace"]


@dataclass(frozen=True, eq=False)
class StateSpace:
    """``dz/dt = -2 pi bandwidth (F z + B volts + c)``, z the voltage of each op-amp, with every op-amp unclamped.

    Attributes
    ----------
    F : numpy.ndarray of shape (n, n)
        From op-amp voltages to the voltage across the inputs of each op-amp, the finite gain included.
    B : numpy.ndarray of shape (n, inputs)
        The same from the input voltages.
    c : numpy.ndarray of shape (n,)
        What offsets and bias currents add, volts.
    Z : numpy.ndarray of shape (n, n)
        Resistance of the passive network seen from the op-amps' inputs, ohms: symmetric, positive definite.
    bipolar : int
        So many op-amps, the first ones, may go below zero; the outputs of the others are clamped at zero.
    """

    F: np.ndarray
    B: np.ndarray
    c: np.ndarray
    Z: np.ndarray
    bipolar: int
