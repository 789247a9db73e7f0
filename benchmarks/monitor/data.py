"""Public recordings, read from folders that are given by path; none of them is shipped."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat
from scipy.signal import resample_poly

RATE = 48_828.0
"""MFPT's lower rate, to which the recordings of twice that are brought."""


def _open(path):
    return io.BytesIO(gzip.decompress(path.read_bytes())) if path.suffix == ".gz" else path


def skab(folder, part):
    """Yield name, values (n, 8) and labels (n,) of each file of SKAB's `part`."""
    paths = sorted(Path(folder, part).glob("*.csv*"), key=lambda path: int(path.name.split(".")[0]))
    for path in paths:
        table = pd.read_csv(_open(path), sep=";", parse_dates=["datetime"]).sort_values("datetime")
        labels = table.anomaly.to_numpy(int)
        yield path.name, table.drop(columns=["datetime", "anomaly", "changepoint"]).to_numpy(float), labels


def skab_parts(folder):
    """Return the parts of SKAB with labels that are there."""
    return [part for part in ("valve1", "valve2", "other") if any(Path(folder, part).glob("*.csv*"))]


def skab_healthy(folder):
    """Return SKAB's 9,405 healthy rows."""
    path = next(Path(folder, "anomaly-free").glob("*.csv*"))
    table = pd.read_csv(_open(path), sep=";", parse_dates=["datetime"]).sort_values("datetime")
    return table.drop(columns=["datetime"]).to_numpy(float)


def nab(folder):
    """Yield name, values (n,) and labels (n,) of each NAB file that is there."""
    folder = Path(folder)
    windows = json.loads(next(folder.rglob("combined_windows.json")).read_text())
    paths = {path.name.removesuffix(".gz"): path for path in folder.rglob("*.csv*")}
    for name, spans in windows.items():
        path = paths.get(name.split("/")[-1])
        if path is None or not spans:
            continue
        table = pd.read_csv(_open(path), parse_dates=["timestamp"])
        labels = np.zeros(len(table), int)
        for begin, end in spans:
            labels[(table.timestamp >= pd.Timestamp(begin)) & (table.timestamp <= pd.Timestamp(end))] = 1
        yield name, table.value.to_numpy(float), labels


def mfpt(folder):
    """Return the samples of MFPT's recordings by name, all at `RATE`."""
    found = {}
    for path in sorted(Path(folder).rglob("*.mat")):
        bearing = loadmat(path, squeeze_me=True, struct_as_record=False)["bearing"]
        samples = np.asarray(bearing.gs, float)
        if float(bearing.sr) > 1.5 * RATE:
            samples = resample_poly(samples, 1, 2)
        found[path.stem] = samples - samples.mean()
    return found


def mixed(healthy, fault, decibels):
    """Return a healthy recording with a fault's added at a power so many decibels from its own."""
    size = min(len(healthy), len(fault))
    ratio = np.sqrt((healthy**2).mean() / (fault**2).mean()) * 10 ** (decibels / 20)
    return healthy[:size] + ratio * fault[:size]


def made_up(folder):
    """Write small tables in the form of SKAB's and NAB's, and return their folders."""
    rng, labels = np.random.default_rng(0), np.arange(240) >= 130
    values = 5 + rng.random((240, 8)) + 2 * labels[:, None] * rng.random((240, 8))
    names = [f"sensor {number}" for number in range(8)]
    seconds = pd.date_range("2020-03-09", periods=240, freq="s")
    table = pd.DataFrame(values, columns=names).assign(datetime=seconds, anomaly=labels * 1.0, changepoint=0.0)
    for part, wanted in (
        ("valve1", [*names, "datetime", "anomaly", "changepoint"]),
        ("anomaly-free", [*names, "datetime"]),
    ):
        Path(folder, "skab", part).mkdir(parents=True)
        table[wanted].to_csv(Path(folder, "skab", part, "0.csv"), sep=";", index=False)
    series = pd.DataFrame({"timestamp": seconds, "value": values[:, 0]})
    windows = {"made/up.csv": [[str(seconds[130]), str(seconds[140])]]}
    Path(folder, "nab").mkdir()
    series.to_csv(Path(folder, "nab", "up.csv"), index=False)
    Path(folder, "nab", "combined_windows.json").write_text(json.dumps(windows))
    return Path(folder, "skab"), Path(folder, "nab")
