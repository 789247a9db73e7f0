"""Operational amplifier of all circuits: one pole or two, a slew rate, rails, and a clamp at zero."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isinf, pi
from typing import Protocol

import numpy as np

from mho.checks import at_least, nonnegative_number, one_of, positive_number, python_numbers

__all__ = ["CLAMPS", "OUTPUTS", "RAIL", "OpAmp", "SinglePole", "both_or_none", "slowest_rate"]

CLAMPS = ("rectifying", "single-supply")

OUTPUTS = ("nonnegative", "signed")

RAIL = 100
"""A rail is this many times as stiff as the stage that drives against it."""


class SinglePole(Protocol):
    """Gain, bandwidth and clamp of a single-pole amplifier; here the gain may be infinite."""

    @property
    def gain(self) -> float:
        """Open-loop gain at rest."""
        ...

    @property
    def bandwidth(self) -> float:
        """Gain-bandwidth product, hertz."""
        ...

    @property
    def clamp(self) -> str:
        """One of `CLAMPS`."""
        ...

    @property
    def output(self) -> str:
        """One of `OUTPUTS`."""
        ...

    @property
    def second_pole(self) -> float:
        """Pole of the output stage, hertz; infinite: none."""
        ...

    @property
    def output_ohms(self) -> float:
        """Resistance of the output, ohms."""
        ...

    @property
    def load_farads(self) -> float:
        """Capacitance that the output drives, farads."""
        ...


@dataclass(frozen=True, kw_only=True)
class OpAmp:
    """An operational amplifier of one pole, or of two.

    With its inputs at V+ and V- and z the voltage of its pole,
    ``dz/dt = clip(2 pi bandwidth (V+ - V-), -slew_rate, slew_rate) - 2 pi bandwidth z / gain``, less what rails take.
    Its output is z within its limits; with a second pole it follows that, ``du/dt = 2 pi second_pole (clip(z) - u)``.

    Attributes
    ----------
    gain : float
        Open-loop gain at zero frequency, volts per volt.
    bandwidth : float
        Gain-bandwidth product, hertz.
    slew_rate : float
        The fastest that the output moves, volts per second; infinite: as fast as it likes.
    v_max : float
        Upper rail of the output, volts, and minus the lower one where an op-amp may go below zero. Infinite: no rails.
    clamp : {"rectifying", "single-supply"}
        What an op-amp of non-negative output does that would have to go below zero. Rectifying: a diode path holds its
        input at the reference. Single-supply: it stays at its lower rail and its input floats.
    output : {"nonnegative", "signed"}
        Sign of the outputs that hold a closed loop's answer. Signed: supplies of either sign and no clamp.
    noise : float
        White input noise, volts per square root of a hertz; a netlist has it from a resistor at 300.15 K.
    second_pole : float
        Of the output stage, hertz; infinite: none.
    output_ohms, load_farads : float
        Resistance of the output, and capacitance of the wire that it drives, to ground: between the two lies the
        output's pin, which all else is connected to. Zero: the pin is where the stage puts it. Both or none.

    Examples
    --------
    >>> from mho.circuits import OpAmp
    >>> opamp = OpAmp(gain=1e4, bandwidth=1e8, slew_rate=1e8)
    >>> opamp.clamp
    'rectifying'
    """

    gain: float
    bandwidth: float
    slew_rate: float = inf
    v_max: float = inf
    clamp: str = "rectifying"
    noise: float = 0.0
    output: str = "nonnegative"
    second_pole: float = inf
    output_ohms: float = 0.0
    load_farads: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gain", "bandwidth"):
            object.__setattr__(self, name, positive_number(getattr(self, name), name))
        for name in ("slew_rate", "v_max", "second_pole"):
            at_least(getattr(self, name), name, 0, strict=True)
        for name in ("noise", "output_ohms", "load_farads"):
            object.__setattr__(self, name, nonnegative_number(getattr(self, name), name))
        both_or_none(self.output_ohms, self.load_farads)
        one_of(self.clamp, "clamp", CLAMPS)
        one_of(self.output, "output", OUTPUTS)
        python_numbers(self)


def both_or_none(output_ohms: float, load_farads: float) -> None:
    """Refuse a resistance of the output without a capacitance to drive, or the other way round.

    Raises
    ------
    ValueError
        One of them is zero alone.
    """
    if (output_ohms > 0) != (load_farads > 0):
        raise ValueError(
            f"output_ohms and load_farads must both be above 0, or both 0, got {output_ohms:g} and {load_farads:g}: a "
            "resistance makes a pole with the capacitance that it drives"
        )


def slowest_rate(values: np.ndarray, opamp: SinglePole) -> float:
    """Return the slowest decay rate, 1/s, of op-amps whose inputs see `values` of their outputs; infinite for none.

    Parameters
    ----------
    values : ndarray of shape (f,)
        Eigenvalues of P of `mho.circuits.equations`, complex or not.
    opamp : OpAmp or Amplifier
        The op-amps.
    """
    w, second = 2 * pi * opamp.bandwidth, 2 * pi * opamp.second_pole
    if isinf(second):
        return float((w * np.real(values + 1 / opamp.gain)).min(initial=np.inf))
    middle = (second + w / opamp.gain) / 2
    root = np.sqrt(middle**2 - w * second * (values + 1 / opamp.gain).astype(complex))
    return float((middle - np.abs(np.real(root))).min(initial=np.inf))
