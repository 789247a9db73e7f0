"""What one event costs, and where the figure comes from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Technology", "technologies", "technology"]


@dataclass(frozen=True, kw_only=True)
class Technology:
    """Time and energy of single events, SI.

    Attributes
    ----------
    name : str
    pulse_seconds, pulse_joules : float
        One write pulse.
    verify_seconds, verify_joules : float
        The read that follows it.
    dac_seconds, dac_joules : float
        One conversion; all rows convert at once.
    adc_seconds, adc_joules : float
        One conversion; all columns convert at once.
    amplifier_watts : float
        Quiescent power of one op-amp.
    word_line_joules : float
        Switching one word line.
    supply_volts : float
        Supply of the class-AB outputs of op-amps and input drivers: what they deliver is drawn from it.
    output_amperes : float
        What one output stage can deliver; larger loads need several in parallel.
    memory_joules_per_byte : float
        To or from the memory beside the chip.
    """

    name: str
    pulse_seconds: float
    pulse_joules: float
    verify_seconds: float
    verify_joules: float
    dac_seconds: float
    dac_joules: float
    adc_seconds: float
    adc_joules: float
    amplifier_watts: float
    word_line_joules: float
    supply_volts: float
    output_amperes: float
    memory_joules_per_byte: float


_TECHNOLOGIES = {
    # [3] pulse: 1.5 V x 50 uA x 1 us; [4.1] converters of 8 bits; [4.2] two-stage op-amp of 100 MHz; [5] 100 ns a
    # conversion. The verify read is one 8-bit conversion. A word line is taken as 50 fF at 1.1 V.
    # [4.2] 1.1 V; an output stage of 1 mA is this project's assumption. [4.3] LPDDR4, 7 pJ a bit.
    "40nm": Technology(
        name="40nm",
        pulse_seconds=1e-6,
        pulse_joules=75e-12,
        verify_seconds=100e-9,
        verify_joules=2.6e-12,
        dac_seconds=100e-9,
        dac_joules=1e-12,
        adc_seconds=100e-9,
        adc_joules=2.6e-12,
        amplifier_watts=150e-6,
        word_line_joules=60e-15,
        supply_volts=1.1,
        output_amperes=1e-3,
        memory_joules_per_byte=56e-12,
    ),
}


def technologies() -> tuple[str, ...]:
    """Return the names that `technology` takes."""
    return tuple(_TECHNOLOGIES)


def technology(name: str) -> Technology:
    """Return a technology by name; ``"40nm"``."""
    if name not in _TECHNOLOGIES:
        raise ValueError(f"there is no technology {name!r}; there are: {', '.join(map(repr, _TECHNOLOGIES))}")
    return _TECHNOLOGIES[name]
