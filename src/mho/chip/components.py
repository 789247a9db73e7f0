"""What surrounds the cells of a chip, and how it is used: frozen descriptions in SI units.

Section numbers in brackets refer to the project's reference sheet on analogue matrix computing; docs/chip.md lists
the sources behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho import checks
from mho.units import AMPERES, HERTZ, KELVIN, SECONDS, VOLTS

__all__ = ["Amplifier", "Array", "Converters", "Operation"]

_MOST_BITS = 12


@dataclass(frozen=True, kw_only=True)
class Converters:
    """Digital-to-analogue converters at the rows, analogue-to-digital converters at the columns.

    Attributes
    ----------
    dac_bits, adc_bits : int or None
        Resolution, sign included for the DAC; None: no quantisation.
    v_in : float
        Full scale of a row voltage, volts: inputs lie in [-v_in, v_in].
    v_out : float
        Full scale of an output, volts, and how far from ground the op-amps of reference columns swing. Right-hand sides
        for which an output would go beyond are scaled down and solved again.
    adc_ranges : int
        The ADC's reference can be halved this many times, so that small answers keep their digits.
    inl : float
        Standard deviation, over the converters, of how far the middle of the characteristic is from the straight line,
        in steps (LSB).
    dnl : float
        Standard deviation of the width of a step, in steps (LSB). Widths are independent, so that the middle of n steps
        is off by half of dnl sqrt(n).
    conversion_noise : float
        Standard deviation of each conversion, volts at the DAC's output or the ADC's input.
    """

    dac_bits: int | None = None
    adc_bits: int | None = None
    v_in: float = field(default=0.2, metadata=VOLTS)
    v_out: float = field(default=0.2, metadata=VOLTS)
    adc_ranges: int = 4
    inl: float = 0.0
    dnl: float = 0.0
    conversion_noise: float = field(default=0.0, metadata=VOLTS)

    def __post_init__(self) -> None:
        for name in ("dac_bits", "adc_bits"):
            bits = getattr(self, name)
            if bits is not None and checks.positive_int(bits, name, limit=24) < 2:
                raise ValueError(f"{name} must be at least 2, got {bits}")
        checks.positive_number(self.v_in, "v_in")
        checks.positive_number(self.v_out, "v_out")
        checks.nonnegative_int(self.adc_ranges, "adc_ranges")
        for name in ("inl", "dnl", "conversion_noise"):
            checks.nonnegative_number(getattr(self, name), name)
        if self.inl or self.dnl:
            self._check_characteristic()

    def _check_characteristic(self) -> None:
        """Every code of every converter is held in memory."""
        for name in ("dac_bits", "adc_bits"):
            bits = getattr(self, name)
            if bits is not None and bits > _MOST_BITS:
                raise ValueError(f"{name} must be at most {_MOST_BITS} where inl or dnl is above 0, got {bits}")
        if self.dac_bits is None and self.adc_bits is None:
            raise ValueError("inl and dnl are errors of steps: they need dac_bits or adc_bits, got None for both")


@dataclass(frozen=True, kw_only=True)
class Amplifier:
    """A single-pole operational amplifier whose output cannot go below zero.

    Attributes
    ----------
    gain : float
        Open-loop gain at rest; infinity is allowed.
    bandwidth : float
        Gain-bandwidth product, hertz.
    offset : float
        Standard deviation of the input offset, volts; drawn once for each op-amp of a chip.
    current_limit : float
        The most that an output delivers, amperes; infinity is allowed. Right-hand sides that need more are scaled down
        and solved again.
    clamp : {"rectifying", "single-supply"}
        What an op-amp does that would have to go below zero. Rectifying: a diode path holds its input at virtual
        ground, which gives non-negative least squares. Single-supply: its output stays at the lower rail and its input
        floats, which gives the same conditions in another metric [2.4].
    """

    gain: float = 1e4
    bandwidth: float = field(default=100e6, metadata=HERTZ)
    offset: float = field(default=0.0, metadata=VOLTS)
    current_limit: float = field(default=np.inf, metadata=AMPERES)
    clamp: str = "rectifying"

    def __post_init__(self) -> None:
        checks.at_least(self.gain, "gain", 1, strict=True)
        checks.positive_number(self.bandwidth, "bandwidth")
        checks.nonnegative_number(self.offset, "offset")
        checks.at_least(self.current_limit, "current_limit", 0, strict=True)
        checks.one_of(self.clamp, "clamp", ("rectifying", "single-supply"))


@dataclass(frozen=True, kw_only=True)
class Array:
    """The size of one physical array; a taller matrix is spread over tiles that share the column nodes.

    Attributes
    ----------
    rows, columns : int
        Cells of one array.
    off_state : {"none", "digital", "circuit"}
        What is done about zeros of the matrix whose cells conduct `g_min`. Digital: what an answer sends through them
        is added to the right-hand side, which is solved once more. Circuit: one more column of cells in each copy and
        two op-amps take it out (`mho.chip.reference`).
    switched_wires : {"exact", "first-order"}
        How resistance of the wires is taken into account where a right-hand side has only some rows switched on, each
        set of rows being a network of its own. First order in the columns' resistance takes about half the time;
        `mho.chip.first_order` derives it, docs/chip.md states its error.
    """

    rows: int = 128
    columns: int = 128
    off_state: str = "none"
    switched_wires: str = "exact"

    def __post_init__(self) -> None:
        checks.positive_int(self.rows, "rows")
        checks.positive_int(self.columns, "columns")
        checks.one_of(self.off_state, "off_state", ("none", "digital", "circuit"))
        checks.one_of(self.switched_wires, "switched_wires", ("exact", "first-order"))


@dataclass(frozen=True, kw_only=True)
class Operation:
    """How a chip is used.

    Attributes
    ----------
    age : float
        Time that passes between writing a matrix and solving with it, seconds.
    kelvin : float
        Temperature while solving, kelvin.
    integration : float
        Time over which a read averages, seconds; read noise depends on it.
    """

    age: float = field(default=0.0, metadata=SECONDS)
    kelvin: float = field(default=300.0, metadata=KELVIN)
    integration: float = field(default=1e-6, metadata=SECONDS)

    def __post_init__(self) -> None:
        checks.nonnegative_number(self.age, "age")
        checks.positive_number(self.kelvin, "kelvin")
        checks.positive_number(self.integration, "integration")
