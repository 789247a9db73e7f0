"""Fit `rram-tech-a` to the bakes and read traces of technology A of the RRAM-Relaxation-Master-Model:

    python benchmarks/chip/fit_bake.py DIRECTORY

DIRECTORY holds bake.tsv.gz and tsdata.min.tsv.gz. This writes src/mho/chip/devices/tech_a.toml,
docs/figures/bake-tech-a.svg, and prints how far the simulated cells, and a temperature that was left out of the fit,
are from what was measured.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from fit_cells import MICRO, ROOT, compare, moments_drawn, moments_of_law, source

from mho.chip import Device
from mho.chip.devices import Relaxation, Retention
from mho.data.output import replacing

NAMES = ["addr", "time", "r", "g", "temp"]
G_MAX, LEVELS = 240e-6, 32  # of the technology's settings: ranges of equal width
ACTIVATION = 1.35 * 1.602176634e-19  # joules, assumed: the middle of published 1.1 to 1.6 eV
CELSIUS = 273.15
SAMPLING = 400.0  # hertz
BLOCKS = (1.0, 10.0)  # seconds; over longer ones the traces drift


def main(directory: Path) -> None:
    bakes = pd.read_csv(directory / "bake.tsv.gz", sep="\t", names=NAMES)
    kelvin = np.unique(bakes.temp) + CELSIUS
    table = at_the_coldest(bakes, Retention(activation=ACTIVATION, reference=kelvin[0], coldest=1, hottest=1e3))
    device = Device.fit(table, least=100)
    law = device.relaxation
    print(
        f"{len(law.levels)} levels from {device.g_min:.3g} to {device.g_max:.3g} S, {kelvin[0]:g} to {kelvin[-1]:g} K"
    )
    compare("cells that the chip draws", *moments_of_law(law), *moments_drawn(device))
    left_out = [leave_out(table, law, i) for i in range(2, len(law.times) - 1)]
    noise = read_noise(directory / "tsdata.min.tsv.gz")
    more = {
        "kelvin": str(kelvin.tolist()),
        "activation": f"{ACTIVATION:.6g}  # joules",
        "noise": f"{noise:.2g}  # siemens",
    }
    (ROOT / "src/mho/chip/devices/tech_a.toml").write_text(
        source(law, "The bakes of technology A", "fit_bake.py", **more)
    )
    plot(law, kelvin, left_out, ROOT / "docs/figures/bake-tech-a.svg")


def at_the_coldest(bakes: pd.DataFrame, retention: Retention) -> pd.DataFrame:
    """Reads before and after each bake, with the time at the coldest temperature that would have done the same."""
    parts = []
    for celsius, reads in bakes.groupby("temp"):
        first = reads[reads.time == 0].set_index("addr").g
        end = reads.time[reads.time > 0].mean() * retention.acceleration(celsius + CELSIUS)
        level = np.floor(reads.addr.map(first) / G_MAX * LEVELS)
        time = np.where(reads.time == 0, 0.0, end)
        parts.append(pd.DataFrame({"level": level, "time": time, "conductance": reads.g}))
    table = pd.concat(parts)
    return table[table.level < LEVELS]


def leave_out(table: pd.DataFrame, law: Relaxation, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of the i-th time by the law of the others."""
    levels = np.asarray(law.levels)
    shift, spread = Device.fit(table[table.time != law.times[i]], least=100).relaxation.moments(levels, law.times[i])
    mean, known = (part[:, i] for part in moments_of_law(law))
    compare(f"time {i} of the law, by its neighbours", mean, known, levels + shift, spread)
    return shift, spread


def read_noise(path: Path) -> float:
    """Square root of L: the mean over traces and blocks, of logarithms, of what their variance makes it."""
    with gzip.open(path, "rt") as lines:
        traces = [np.array(line.split("\t"), float)[2:] for line in lines]
    found = np.array([[additive(g, seconds) for seconds in BLOCKS] for g in traces])
    fitted = float(np.exp(np.log(found).mean()))
    for g, row in zip(traces, found / fitted, strict=True):
        ratios = ", ".join(f"{ratio:.2f} over {seconds:g} s" for ratio, seconds in zip(row, BLOCKS, strict=True))
        print(f"read noise at {g.mean() / MICRO:.0f} uS: {ratios} of the fitted")
    print(f"additive read noise {fitted:.2g} S")
    return fitted


def additive(g: np.ndarray, seconds: float) -> float:
    """What the formula of `ReadNoise` needs to have the variance within blocks of a trace."""
    length, read = int(seconds * SAMPLING), 1 / SAMPLING
    variance = g[: len(g) // length * length].reshape(-1, length).var(axis=1).mean()
    return np.sqrt(variance / np.log((seconds + read) / (2 * read)))


def plot(law: Relaxation, kelvin: np.ndarray, left_out: list[tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Draw each bake as points, what the law of the other temperatures makes of it as a line."""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    levels = np.asarray(law.levels) / MICRO
    for axes, name in zip(figure.subplots(1, 2), ("shift", "spread"), strict=True):
        measured = np.asarray(getattr(law, name)) / MICRO
        for i, temperature in enumerate(kelvin):
            label = f"{temperature - CELSIUS:.0f} °C"
            axes.plot(levels, measured[:, i + 1], ".", color=f"C{i}", markersize=4, label=label)
            if 0 < i < len(kelvin) - 1:
                axes.plot(levels, left_out[i - 1][name == "spread"] / MICRO, color=f"C{i}", linewidth=1)
        label = {"shift": "mean less target, µS", "spread": "standard deviation, µS"}[name]
        axes.set(xlabel="target, µS", ylabel=label)
    axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
