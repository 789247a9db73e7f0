"""What a chip is made of: frozen descriptions in SI units, and presets with their sources.

Section numbers in brackets refer to the project's reference sheet on analogue matrix computing; docs/chip.md lists
the sources behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np

from mho import checks
from mho.chip.device import Device
from mho.spice import Wires

__all__ = ["Amplifier", "Array", "ChipDesign", "Converters", "preset", "presets"]


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
        Full scale of an output, volts. Right-hand sides whose answer would exceed it are scaled down and solved again.
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
    v_in: float = 0.2
    v_out: float = 0.2
    adc_ranges: int = 4
    inl: float = 0.0
    dnl: float = 0.0
    conversion_noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dac_bits", "adc_bits"):
            bits = getattr(self, name)
            if bits is not None and checks.positive_int(bits, name, limit=24) < 2:
                raise ValueError(f"{name} must be at least 2, got {bits}")
        checks.at_least(self.v_in, "v_in", 0, strict=True)
        checks.at_least(self.v_out, "v_out", 0, strict=True)
        checks.at_least(self.adc_ranges, "adc_ranges", 0)
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
    bandwidth: float = 100e6
    offset: float = 0.0
    current_limit: float = np.inf
    clamp: str = "rectifying"

    def __post_init__(self) -> None:
        checks.at_least(self.gain, "gain", 1, strict=True)
        checks.at_least(self.bandwidth, "bandwidth", 0, strict=True)
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
    off_state : {"none", "digital"}
        What is done about zeros of the matrix whose cells conduct `g_min`. Digital: what an answer sends through them
        is added to the right-hand side, which is solved once more.
    """

    rows: int = 128
    columns: int = 128
    off_state: str = "none"

    def __post_init__(self) -> None:
        checks.positive_int(self.rows, "rows")
        checks.positive_int(self.columns, "columns")
        checks.one_of(self.off_state, "off_state", ("none", "digital"))


@dataclass(frozen=True, kw_only=True)
class ChipDesign:
    """Everything that is decided before a chip is made; the compact circuit with conductance compensation [2.4].

    Attributes
    ----------
    name : str
        How results refer to it.
    device : Device
    converters : Converters
    amplifier : Amplifier
    array : Array
    wires : Wires
    """

    name: str
    device: Device
    converters: Converters = field(default_factory=Converters)
    amplifier: Amplifier = field(default_factory=Amplifier)
    array: Array = field(default_factory=Array)
    wires: Wires = field(default_factory=Wires)

    def with_(self, **changes: Any) -> Self:
        """Return a design with some values changed, whichever part they belong to.

        Parameters
        ----------
        **changes
            Fields of the device, converters, amplifier, array or wires: ``with_(levels=16, gain=1e5)``.

        Raises
        ------
        ValueError
            No part has such a field, or not such a value.
        """
        parts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}
        home = {f.name: part for part, value in parts.items() for f in fields(value)}
        for key in changes:
            if key not in home:
                raise ValueError(f"{key!r} is no property of a chip design; there are: {', '.join(sorted(home))}")
        for part, value in parts.items():
            parts[part] = replace(value, **{k: v for k, v in changes.items() if home[k] == part})
        return replace(self, **parts)


_PRESETS = {
    # No error but the circuit's own: any conductance, exact writing, exact converters, endless gain.
    "ideal": ChipDesign(
        name="ideal",
        device=Device(g_min=0.0, g_max=35e-6),
        amplifier=Amplifier(gain=np.inf),
    ),
    # Foundry 40 nm 1T1R TaOx, 8 levels of 0.5, 5, 10 ... 35 uS [2.7, 3]; "5 % conductance variation" is read here as
    # 5 % of full scale on every cell, the harsher reading. 8.5 pulses a cell are NeuRRAM's [3]. Converters, gain,
    # bandwidth and 0.2 V are this project's defaults [4], not the paper's.
    "pku-2025": ChipDesign(
        name="pku-2025",
        device=Device(g_min=0.5e-6, g_max=35e-6, levels=8, sigma=0.05, pulses=8.5),
        converters=Converters(dac_bits=8, adc_bits=8),
        amplifier=Amplifier(gain=1e4),
    ),
}


def presets() -> tuple[str, ...]:
    """Return the names that `preset` takes."""
    return tuple(_PRESETS)


def preset(name: str) -> ChipDesign:
    """Return a design by name.

    Parameters
    ----------
    name : str
        ``"ideal"``: only the circuit itself. ``"pku-2025"``: a 40 nm TaOx array as the published sister chip uses.

    Raises
    ------
    ValueError
        There is no such preset.
    """
    if name not in _PRESETS:
        raise ValueError(f"there is no chip preset {name!r}; there are: {', '.join(map(repr, _PRESETS))}")
    return _PRESETS[name]
