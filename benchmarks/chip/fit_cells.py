"""Fit `rram-tech-c` to technology C of the RRAM-Relaxation-Master-Model, and show how good the fit is:

    python benchmarks/chip/fit_cells.py DIRECTORY [--smoke]

DIRECTORY holds relaxdata.min.tsv.gz. This writes src/mho/chip/devices/tech_c.toml,
docs/figures/relaxation-tech-c.svg, and prints how far cells that the simulated chip draws, and cells that were left out
of a fit, are from the law. --smoke: of cells that the law draws; nothing is written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mho.chip import Device
from mho.chip.cells import fresh
from mho.chip.devices import Relaxation
from mho.chip.devices.library import rram_tech_c
from mho.data.output import replacing

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, smoke, write

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["addr", "time", "r", "g", "gi", "range", "timept"]
COLUMNS: dict[str, Any] = {"level": "range", "time": "timept", "conductance": "g"}
DRAWN = 20_000
MICRO = 1e-6


def main() -> None:
    table = made_up() if smoke() else pd.read_csv(Path(arguments()[0]) / "relaxdata.min.tsv.gz", sep="\t", names=NAMES)
    device = Device.fit(table, **COLUMNS)
    law = known(device.relaxation)
    print(f"{len(law.levels)} levels from {device.g_min:.3g} to {device.g_max:.3g} S, {law.times[-1]:g} s")
    write(ROOT / "src/mho/chip/devices/tech_c.toml", source(law, "Relaxation of technology C", "fit_cells.py"))

    compare("cells that the chip draws", *moments_of_law(law), *moments_drawn(device))
    halves = [table[table.addr % 2 == half] for half in (0, 1)]
    samples = [table.groupby(["range", "timept"]).sample(frac=0.5, replace=True, random_state=seed) for seed in (0, 1)]
    whole, even, odd, one, two = (
        known(Device.fit(part, **COLUMNS, least=54).relaxation) for part in (table, *halves, *samples)
    )
    compare("half of the cells, law of the other half", *moments_of_law(even), *moments_of_law(odd))
    compare("two samples as large, of one distribution", *moments_of_law(one), *moments_of_law(two))
    compare("one of them, law of all cells", *moments_of_law(one), *moments_of_law(whole))
    for i in range(1, len(law.times) - 1):
        leave_out(table, law, i)
    if not smoke():
        plot(even, odd, ROOT / "docs/figures/relaxation-tech-c.svg")


def made_up(each: int = 240) -> pd.DataFrame:
    """Return reads of `each` cells a level as the shipped law has them, three of its levels."""
    law, rng, parts = known(rram_tech_c().relaxation), np.random.default_rng(0), []
    for row in (4, 12, 20):
        deviate = rng.standard_normal(each)
        for mean, spread, seconds in zip(law.shift[row], law.spread[row], law.times, strict=True):
            g = law.levels[row] + mean + spread * deviate
            parts.append(pd.DataFrame({"addr": row * each + np.arange(each), "range": row, "timept": seconds, "g": g}))
    return pd.concat(parts)


def known(law: Relaxation | None) -> Relaxation:
    """Return the law, which a fit always has."""
    assert law is not None
    return law


def moments_of_law(law: Relaxation) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread, (levels, times), siemens."""
    return np.asarray(law.levels)[:, None] + np.asarray(law.shift), np.asarray(law.spread)


def moments_drawn(device: Device) -> tuple[np.ndarray, np.ndarray]:
    """Those of many cells of the simulated chip, each level a row."""
    law = known(device.relaxation)
    rng = np.random.default_rng(0)
    target = np.repeat(np.asarray(law.levels)[:, None], DRAWN, axis=1)
    cells = fresh(target, np.ones_like(target), device, rng)
    reads = [cells.conductance(device, np.full(len(target), seconds), 300.0) for seconds in law.times]
    return np.stack([g.mean(axis=1) for g in reads], axis=1), np.stack([g.std(axis=1) for g in reads], axis=1)


def leave_out(table: pd.DataFrame, law: Relaxation, i: int) -> None:
    """Compare the i-th time of the law with what its neighbours make of it."""
    others = known(Device.fit(table[table.timept != law.times[i]], **COLUMNS).relaxation)
    levels = np.asarray(law.levels)
    shift, spread = others.moments(levels, law.times[i])
    mean, measured = (part[:, i] for part in moments_of_law(law))
    compare(f"{law.times[i]:g} s, by its neighbours", mean, measured, levels + shift, spread)


def compare(what: str, mean: np.ndarray, spread: np.ndarray, mean2: np.ndarray, spread2: np.ndarray) -> None:
    off, ratio = np.abs(mean2 - mean) / MICRO, np.abs(spread2 / spread - 1)
    print(
        f"{what}: mean off by {np.median(off):.3f} uS (median), {off.max():.3f} uS (worst level and time); "
        f"spread by {np.median(ratio):.1%}, {ratio.max():.1%}"
    )


def source(law: Relaxation, what: str, script: str, **more: str) -> str:
    """The law as a file of TOML, in whole nanosiemens; `more` of it is written as it is."""
    rows = {name: np.rint(np.asarray(getattr(law, name)) * 1e9).astype(int) for name in ("levels", "shift", "spread")}
    lines = [
        f"# {what}, made by benchmarks/chip/{script}; docs/lookup/devices.md has the source.",
        "",
        f"times = {[float(f'{time:.7g}') for time in law.times]}  # seconds",
        *(f"{name} = {text}" for name, text in more.items()),
        "# Nanosiemens: target of each level; mean less target and standard deviation, a row for each level.",
        "levels = [",
        *(f"    {', '.join(map(str, part))}," for part in np.array_split(rows["levels"], 3)),
        "]",
    ]
    for name in ("shift", "spread"):
        lines += [f"{name} = [", *(f"    {row}," for row in rows[name].tolist()), "]"]
    return "\n".join([*lines, ""])


def plot(law: Relaxation, left_out: Relaxation, path: Path) -> None:
    """Draw the law of half of the cells as lines, the other half as points."""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)
    for at, name in zip(axes, ("shift", "spread"), strict=True):
        for i, seconds in enumerate(law.times):
            line, points = (np.asarray(getattr(half, name))[:, i] / MICRO for half in (law, left_out))
            at.plot(np.asarray(law.levels) / MICRO, line, color=f"C{i}", label=f"{seconds:g} s", linewidth=1)
            at.plot(np.asarray(left_out.levels) / MICRO, points, ".", color=f"C{i}", markersize=4)
        at.set(xlabel="target, µS", ylabel={"shift": "mean less target, µS", "spread": "standard deviation, µS"}[name])
    axes[1].legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
