"""Memory cells from the literature and from measured data: the devices of the presets.

docs/lookup/devices.md lists their sources and what is not modelled.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from mho.chip.devices.device import Device
from mho.chip.devices.read_noise import ReadNoise
from mho.chip.devices.relaxation import Relaxation
from mho.chip.devices.retention import Retention
from mho.chip.devices.temperature import TemperatureCoefficient

__all__ = ["cmo_hfox", "milo_2021", "neurram", "rram_tech_a", "rram_tech_c"]

_MICRO, _NANO = 1e-6, 1e-9
_DAY = 86400.0


def neurram() -> Device:
    """HfOx 1T1R cells of NeuRRAM (Wan-2022): spread 1 s, 1 and 2 days after writing, 1 to 40 uS.

    The polynomials are those of aihwkit, fitted to the published figure; the fit of CrossSim to the same figure differs
    by up to 0.7 uS. No shift of the mean is published with them.
    """
    spread = {
        1.0: (-16.815, 45.393, -43.853, 16.030, 0.348),
        _DAY: (-16.458, 47.095, -50.773, 22.086, 0.701),
        2 * _DAY: (-11.934, 37.062, -43.507, 20.274, 0.782),
    }
    levels = np.linspace(1, 40, 40)
    table = np.stack([np.polyval(p, levels / 40) for p in spread.values()], axis=1)
    relaxation = _relaxation(levels, tuple(spread), np.zeros_like(table), table)
    # Published slopes of conducting cells are -0.1 to -0.2 %/K, as recalled; that they differ by 0.05, our hypothesis.
    temperature = TemperatureCoefficient(temperature_slope=-1.5e-3, temperature_spread=0.5e-3)
    return Device(g_min=1e-6, g_max=40e-6, pulses=8.5, relaxation=relaxation, temperature=temperature)


def milo_2021() -> Device:
    """HfO2 1T1R cells (Milo-2021), 50 to 225 uS: spread after writing, as fitted in CrossSim.

    Nothing is published of how they age: time beyond writing is refused.
    """
    levels = np.array([50.0, 225.0])
    table = (4.782 - 0.009107 * levels)[:, None]
    return Device(g_min=50e-6, g_max=225e-6, relaxation=_relaxation(levels, (0.0,), np.zeros_like(table), table))


def cmo_hfox() -> Device:
    """CMO/HfOx cells of IBM Research (Falcone-2025), 10 to 90 uS, written to 0.2 % of their target.

    Error of writing, and from 1 s on the shift and spread that time adds, are those of aihwkit; linear in the
    logarithm of time and the same for all levels. The time over which they were measured is not given there; one day
    is the most that is accepted here. Published read noise grows with log10(g / uS) and is matched at 50 uS.
    """
    levels = np.linspace(10, 90, 9)
    times = (0.0, *np.geomspace(1, 1e4, 9).tolist(), _DAY)
    written = 8.1107e-4 + 1.06879e-3 * levels[:, None]
    log = np.log(times[1:])
    shift = np.concatenate([[0.0], -0.08900206 * log]) * np.ones_like(written)
    added = np.concatenate([[0.0], 0.41183342 + 0.04201137 * log])
    noise = ReadNoise(flicker=0.0277316483 * np.log10(50) / 50)
    return Device(
        g_min=10e-6, g_max=90e-6, relaxation=_relaxation(levels, times, shift, np.hypot(written, added)), noise=noise
    )


def rram_tech_a() -> Device:
    """Technology A of the RRAM-Relaxation-Master-Model: bakes at 100 to 260 C and read noise, fitted by this project.

    Its clock runs at 100 C, the coldest bake: how it relaxes at room temperature is not among the data. Each
    temperature was held for one time alone, so that the activation energy is not measured: 1.35 eV is the middle of
    published ones, as recalled, our hypothesis; what the bakes themselves did does not depend on it.
    """
    table = _table("tech_a")
    law = _nano(table)
    coldest, *_, hottest = table["kelvin"]
    return Device(
        g_min=law.levels[0],
        g_max=law.levels[-1],
        levels=len(law.levels),
        relaxation=law,
        retention=Retention(activation=table["activation"], reference=coldest, coldest=coldest, hottest=hottest),
        noise=ReadNoise(flicker_siemens=table["noise"]),
    )


def rram_tech_c() -> Device:
    """Technology C of the RRAM-Relaxation-Master-Model, 0 to 1e5 s after writing, fitted by this project."""
    law = _nano(_table("tech_c"))
    return Device(g_min=law.levels[0], g_max=law.levels[-1], levels=len(law.levels), relaxation=law)


def _relaxation(levels: np.ndarray, times: tuple[float, ...], shift: np.ndarray, spread: np.ndarray) -> Relaxation:
    """A relaxation from microsiemens."""
    return Relaxation(
        levels=tuple((levels * _MICRO).tolist()),
        times=times,
        shift=tuple(map(tuple, (shift * _MICRO).tolist())),
        spread=tuple(map(tuple, (spread * _MICRO).tolist())),
    )


def _table(name: str) -> dict[str, Any]:
    """Measured cells: a file beside this one."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def _nano(table: dict[str, Any]) -> Relaxation:
    """A relaxation from a table of nanosiemens."""
    levels, shift, spread = (np.asarray(table[name]) * (_NANO / _MICRO) for name in ("levels", "shift", "spread"))
    return _relaxation(levels, tuple(table["times"]), shift, spread)
