"""Chip designs with their sources, by name.

docs/learn/chip.md says which numbers are published and which assumed; docs/lookup/devices.md has the measured cells.
"""

from __future__ import annotations

import numpy as np

from mho.chip.design import Amplifier, ArrayGeometry, ChipDesign, Converters
from mho.chip.devices.device import Device
from mho.chip.devices.faults import Faults
from mho.chip.devices.library import cmo_hfox, milo_2021, neurram, rram_tech_a, rram_tech_c
from mho.chip.devices.read_noise import ReadNoise
from mho.circuits.wires import Wires

__all__ = ["preset", "presets"]

_PRESETS = {
    # No error but the circuit's own: any conductance, exact writing, exact converters, infinite gain.
    "ideal": ChipDesign(
        name="ideal",
        device=Device(g_min=0.0, g_max=35e-6),
        amplifier=Amplifier(gain=np.inf),
    ),
    # Foundry 40 nm 1T1R TaOx, 8 levels of 0.5, 5, 10 ... 35 uS (Zuo-2025); "5 % conductance variation" is read here as
    # 5 % of full scale on every cell, the harsher reading. 8.5 pulses a cell are those of Wan-2022. Converters, gain,
    # bandwidth and 0.2 V are this project's defaults, not the paper's.
    "pku-2025": ChipDesign(
        name="pku-2025",
        device=Device(g_min=0.5e-6, g_max=35e-6, levels=8, sigma=0.05, pulses=8.5),
        converters=Converters(dac_bits=8, adc_bits=8),
        amplifier=Amplifier(gain=1e4),
    ),
    # The same array written more finely: 16 equally spaced levels, an error of 2 % of full scale, as 4-bit cells need.
    "pku-2025-4bit": ChipDesign(
        name="pku-2025-4bit",
        device=Device(g_min=0.5e-6, g_max=35e-6, levels=16, sigma=0.02, pulses=8.5),
        converters=Converters(dac_bits=8, adc_bits=8),
        amplifier=Amplifier(gain=1e4),
    ),
    # The finer array with everything that is known to go wrong, tiles and larger inputs against it. Sourced: the
    # range of 16 levels and 1.73 ohm a segment (Zuo-2025), 8.5 pulses (Wan-2022), 0.2 % of cells stuck in a good
    # array, and their split between high and low (Chen-2015). Assumed: 2 % of writing and another 2 % that stays in
    # the cell; 1/f noise of 0.25 % of a conductance at its first read; INL of 1 LSB; 20 uV after auto-zero, of which
    # 5 to 50 uV are usual; a second pole at twice the gain-bandwidth; a bus whose segment, 64 rows long, is as much
    # wider than that of a column; tiles of 64 rows; inputs of four full cells.
    "pku-2025-realistic": ChipDesign(
        name="pku-2025-realistic",
        device=Device(
            g_min=0.5e-6,
            g_max=35e-6,
            levels=16,
            sigma=0.02,
            sigma_cell=0.02,
            pulses=8.5,
            noise=ReadNoise(flicker=1e-3),
            faults=Faults(stuck_low=0.0003, stuck_high=0.0017),
        ),
        converters=Converters(dac_bits=8, adc_bits=8, inl=1.0),
        amplifier=Amplifier(gain=1e4, offset=20e-6, second_pole=200e6),
        array=ArrayGeometry(rows=64, input_ratio=4.0),
        wires=Wires(row_ohms=1.73, column_ohms=1.73, bus_ohms=1.73, tile_rows=64),
    ),
} | {
    # Measured cells; converters, gain, bandwidth and voltages are those of pku-2025.
    name: ChipDesign(
        name=name, device=device, converters=Converters(dac_bits=8, adc_bits=8), amplifier=Amplifier(gain=1e4)
    )
    for name, device in {
        "neurram": neurram(),
        "milo-2021": milo_2021(),
        "cmo-hfox": cmo_hfox(),
        "rram-tech-c": rram_tech_c(),
        "rram-tech-a": rram_tech_a(),
    }.items()
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
        ``"pku-2025-4bit"``: the same with 16 levels and an error of writing of 2 %. ``"pku-2025-realistic"``: that with
        wires in tiles, offset, a second pole, read noise, bent converters, errors that stay and stuck cells.
        ``"neurram"``, ``"milo-2021"``, ``"cmo-hfox"``, ``"rram-tech-c"``, ``"rram-tech-a"``: measured cells that relax;
        docs/lookup/devices.md has their sources, and the times and conductances they hold for.

    Raises
    ------
    ValueError
        There is no such preset.
    """
    if name not in _PRESETS:
        raise ValueError(f"there is no chip preset {name!r}; there are: {', '.join(map(repr, _PRESETS))}")
    return _PRESETS[name]
