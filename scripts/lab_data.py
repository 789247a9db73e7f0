"""Writes what the lab's page takes from Python: python scripts/lab_data.py.

Presets and their cells, the numbers and ledgers of the cost page, what `.mho` files leave out, and the numbers of photo
clean-up: nothing is typed twice.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from mho import cost
from mho.chip import ChipDesign, ChipError, Ledger, preset, presets
from mho.cost.inference_bill import OPERATION, OPERATION_SECONDS, WAKING
from mho.data import camera
from mho.image.cleanup import groups, noise
from mho.image.codec import Picture, coder, encode
from mho.image.codec import codec as codec_module
from mho.image.codec.coder import LAMBDA
from mho.image.codec.universal import models, universal_dictionary
from mho.lab.bills import ARRAY_ROWS, CELLS

FOLDER = Path(__file__).parents[1] / "web" / "src" / "data"


def design(design: ChipDesign) -> dict[str, Any]:
    """Return what a circuit of the design depends on; infinite is None."""
    device = design.device
    law = device.relaxation
    return {
        "device": {
            **{name: getattr(device, name) for name in ("g_min", "g_max", "levels", "sigma")},
            "relaxation": None if law is None else asdict(law),
            **asdict(device.temperature),
            **{name: getattr(device.faults, name) for name in ("stuck_low", "stuck_high", "dead")},
        },
        "gain": None if design.amplifier.gain == inf else design.amplifier.gain,
        "bandwidth": design.amplifier.bandwidth,
        "offset": design.amplifier.offset,
        "second_pole": None if design.amplifier.second_pole == inf else design.amplifier.second_pole,
        "clamp": design.amplifier.clamp,
        "v_in": design.converters.v_in,
        "v_out": design.converters.v_out,
        "columns": design.array.columns,
        **{name: getattr(design.converters, name) for name in ("dac_bits", "adc_bits", "adc_ranges")},
        "age": design.operation.age,
        "kelvin": design.operation.kelvin,
    }


def interval(value: Any) -> list[float]:
    """Return low, typical and high."""
    return [rounded(value.low), rounded(value.typical), rounded(value.high)]


def rounded(value: float) -> float:
    """Return a number to twelve digits, which are fewer bytes and as good."""
    return float(f"{value:.12g}")


def workload(name: str, w: cost.Workload) -> dict[str, Any]:
    """Return the events of one sweep on the chip, and its costs on digital platforms."""
    ledgers = {rows: cost.sweep_ledger(w, preset("pku-2025").with_(rows=rows)) for rows in ARRAY_ROWS}
    costs = {name: platform.cost(w.work()) for name, platform in cost.PLATFORMS.items()}
    return {
        "title": f"{name}: {w}",
        "ledgers": {
            str(rows): {event: rounded(count) for event, count in asdict(counted).items()}
            for rows, counted in ledgers.items()
        },
        "fewest_solves": w.fewest_solves,
        "platforms": [
            {"name": name, "seconds": interval(c.seconds), "joules": interval(c.joules)} for name, c in costs.items()
        ],
    }


def use(name: str) -> dict[str, Any]:
    """Return what a use takes on the chip, its rewrites with each kind of cells, and its costs on digital platforms."""
    one = cost.USES[name]
    costs = {platform: p.cost(one.run.work) for platform, p in cost.ANSWER_PLATFORMS.items()}
    return {
        "about": one.about,
        "size": f"{one.run.matrices} of {one.run.m:,} x {one.run.k:,}",
        "quality": f"{one.metric}: {one.quality.typical:.3g} on the chip, {one.digital:.3g} on the CPU",
        "met": one.is_met,
        **{key: rounded(getattr(one.run, key)) for key in ("matrices", "solves")},
        "work": {key: rounded(value) for key, value in asdict(one.run.work).items()},
        "programmed": ledger(one.run.programmed),
        "answered": ledger(one.run.answered),
        "answers_per_day": one.answers_per_day,
        "rewrites": {cells: rewritten(cells, one) for cells in CELLS},
        "beside": one.beside,
        "platforms": [
            {"name": name, "seconds": interval(c.seconds), "joules": interval(c.joules)} for name, c in costs.items()
        ],
    }


def ledger(events: Ledger) -> dict[str, float]:
    """Return the events that there are."""
    return {event: rounded(count) for event, count in asdict(events).items() if count}


def rewritten(cells: str, use: cost.Use) -> list[float] | str:
    """Return rewrites a day, or why these cells never meet the bar."""
    try:
        return interval(cost.drift_or_update(cells, use.kept_within, updates=use.updates_per_day).value)
    except ChipError as refusal:
        return str(refusal)


def costs() -> dict[str, Any]:
    """Return technologies, workloads, uses and published claims."""
    workloads = {**cost.WORKLOADS, "512x512 image": cost.Workload(m=512, n=512, k=16)}
    return {
        "technologies": {
            name: {key: interval(number.value) for key, number in cost.technology(name).numbers().items()}
            for name in cost.technologies()
        },
        "workloads": {name: workload(name, w) for name, w in workloads.items()},
        "uses": {name: use(name) for name in cost.USES},
        "beside": {
            "waking_seconds": interval(WAKING.value),
            "operation_joules": interval(OPERATION.value),
            "operation_seconds": interval(OPERATION_SECONDS.value),
        },
        "claims": {name: asdict(claim) for name, claim in cost.CLAIMS.items()},
    }


def codec() -> dict[str, Any]:
    """Return what both sides of a `.mho` file know: the dictionary, and each version's models of luma and chroma."""
    versions = (1, 2)
    return {
        "levels": _text(universal_dictionary().levels.astype(np.int8).tobytes()),
        "scales": [universal_dictionary(version).scale.astype(int).tolist() for version in versions],
        "models": {str(version): _text(_packed(version)) for version in versions},
    }


def _packed(version: int) -> bytes:
    return b"".join(model.packed.tobytes() for model in models(version)[:2])


def photo() -> dict[str, Any]:
    """Return a part of the photograph that comes with mho, as a file without loss, and numbers of its way to one."""
    part = np.rint(255 * camera(256)[32:192, 48:208]).astype(np.uint8)
    numbers = cost.technology("40nm").numbers().items()
    return {
        "presets": {name: design(preset(name)) for name in ("pku-2025-4bit",)},
        "file": _text(encode(Picture(part), lossless=True)),
        "technology": {name: interval(number.value) for name, number in numbers},
        "lambda": LAMBDA,
        "smallest": coder._SMALLEST,
        "coarsest": codec_module._COARSEST,
        "chroma": codec_module._CHROMA,
        "finer": codec_module._FINER,
        "coarse": codec_module._COARSE,
    }


def clean() -> dict[str, Any]:
    """Return the numbers of photo clean-up."""
    return {
        "noise": {
            "block": noise._BLOCK,
            "bins": noise._BINS,
            "flattest": noise._FLATTEST,
            "clipped": noise._CLIPPED,
            "normal": ndtri(noise._QUANTILES).tolist(),
        },
        "groups": {
            "step": groups._STEP,
            "radius": groups._RADIUS,
            "finest": groups._FINEST,
            "most": groups._MOST,
            "opponent": groups._OPPONENT.tolist(),
            "denoising": [stage._asdict() for stage in groups._DENOISING],
            "errors": groups._ERRORS,
            "filling": groups._FILLING._asdict(),
            "further": float(groups._FURTHER),
            "scales": groups._SCALES,
            "enough": groups._ENOUGH,
            "relaxations": groups._RELAXATIONS,
            "momentum": float(groups._MOMENTUM),
        },
    }


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def shown() -> tuple[str, ...]:
    """Return the presets that the page has: perfect wires, and no errors that stay in the cells."""
    return tuple(name for name in presets() if not (preset(name).wires or preset(name).device.sigma_cell))


def pages() -> dict[str, str]:
    """Return the text of each file by its name."""
    chips = {name: design(preset(name)) for name in shown()}
    content = {
        "presets.json": chips,
        "cost.json": costs(),
        "codec.json": codec(),
        "clean.json": clean(),
        "photo.json": photo(),
    }
    return {name: json.dumps(data, separators=(",", ":"), sort_keys=True) + "\n" for name, data in content.items()}


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
