"""Measure the monitor and what a user would try first, in one table; recordings are given by path.

Usage: run.py [--skab DIR] [--nab DIR] [--mfpt DIR] [--chip] [--only SECTION]
Sections: skab, healthy, mfpt, mixtures, bearing, nab, cost. What has no folder is left out and said. Each section's
tables replace its earlier ones in docs/measured/monitor.json; report.py makes the page of it.
"""

import argparse
import datetime
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from baselines import ALL, Neighbours, PCAStatistics, ZScore, means
from bearing import RATE as BEARING_RATE
from bearing import recording as bearing
from nab_score import PROFILES, nab_score
from sklearn.metrics import average_precision_score, roc_auc_score

import mho
from data import RATE, mfpt, mixed, nab, skab, skab_healthy, skab_parts
from mho.monitor import Monitor, RateError, Recording

ROWS = 400
WINDOW = 30
ASKED = 0.02
"""Share of healthy windows that may alarm in MFPT's recordings: all methods' limits come from left-out recordings."""


def engine(chip):
    from mho.chip import Chip, preset

    return mho.Analog(Chip(preset("pku-2025-4bit"), seed=0)) if chip else "digital"


TABLES = []
RESULTS = Path("docs/measured/monitor.json")


def say(*cells):
    TABLES[-1]["rows"].append([str(cell) for cell in cells])
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def title(text, *columns, note=""):
    TABLES.append({"title": text, "columns": list(columns), "note": note, "rows": []})
    print(f"\n## {text}\n\n| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", flush=True)


def write(section):
    """Keep a section's tables, with where and when they were measured."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    where = {"machine": f"{platform.machine()}, one core", "commit": commit.stdout.strip()}
    results[section] = {"date": datetime.date.today().isoformat()} | where | {"tables": list(TABLES)}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    TABLES.clear()


def rows(values, begin=0):
    return Recording(values[begin:], times=np.arange(begin, len(values), dtype=float), rate=1.0)


def pooled(labels, alarms):
    """F1, false-alarm rate and true-positive rate of rows of all files together."""
    y, a = np.concatenate(labels) > 0, np.concatenate(alarms)
    hit, false, missed = (a & y).sum(), (a & ~y).sum(), (~a & y).sum()
    return 2 * hit / (2 * hit + false + missed), false / max(1, (~y).sum()), hit / max(1, y.sum())


def ours(values, count, options):
    """Scores and alarms of the rows after the first `count`, which are learned."""
    monitor = Monitor(**options)
    monitor.learn(rows(values[:count]))
    results = list(monitor.run(rows(values, count - WINDOW + 1)))[WINDOW - 1 :]
    return np.array([result.score for result in results]), np.array([result.state == "alarm" for result in results])


def peers(values, count, quantile):
    """Scores and alarms of the baselines, by name: limit at a quantile of what the second half scores by the first."""
    found = {}
    for kind, table in (("raw", values), ("30 s means", means(values))):
        for name, peer in ALL.items():
            scores = peer().fit(table[:count]).score(table[count:])
            half = peer().fit(table[: count // 2]).score(table[count // 2 : count])
            found[f"{name}, {kind}"] = scores, scores > np.quantile(half, 1 - quantile)
    return found


def skab_section(folder, chip):
    for part in skab_parts(folder):
        table = {}
        for name, values, labels in skab(folder, part):
            after = labels[ROWS:]
            clean = not labels[:ROWS].any()
            found = {"mho": ours(values, ROWS, {"engine": engine(False)})}
            if chip:
                found["mho, chip 4-bit 2 %"] = ours(values, ROWS, {"engine": engine(True)})
            found |= peers(values, ROWS, 0.03)
            found["always alarm"] = np.zeros(len(after)), np.ones(len(after), bool)
            for method, (scores, alarms) in found.items():
                auc = roc_auc_score(after, np.nan_to_num(scores))
                table.setdefault(method, []).append((name, clean, auc, after, alarms))
        columns = ("method", "mean AUC", "of files without labels in training", "lowest", "F1", "FAR", "TPR")
        title(f"SKAB {part}: first {ROWS} rows, {len(table['mho'])} files", *columns)
        for method, found in table.items():
            auc = np.array([one[2] for one in found])
            clean = np.array([one[1] for one in found])
            quality = pooled([one[3] for one in found], [one[4] for one in found])
            say(method, *(f"{x:.3f}" for x in (auc.mean(), auc[clean].mean(), auc.min(), *quality)))


def healthy_section(folder, chip):
    values = skab_healthy(folder)
    labelled = [(v, y) for part in skab_parts(folder)[:1] for _, v, y in skab(folder, part)]
    title("SKAB's healthy rows, asked for 1 % of windows", "method", "rows learned", "alarms", "TPR on valve1 at 1 %")
    for count in (400, 1200, 3000):
        for name, chosen in (("mho", False), *([("mho, chip 4-bit 2 %", True)] if chip else [])):
            options = {"engine": engine(chosen), "false_alarms": 0.01}
            try:
                _, alarms = ours(values, count, options)
            except RateError as error:
                say(name, count, f"refused: {error}", "")
                continue
            found = [ours(v, ROWS, options | {"accept_rate": True})[1] for v, _ in labelled] if count == 1200 else []
            hits = f"{pooled([y[ROWS:] for _, y in labelled], found)[2]:.3f}" if found else ""
            say(name, count, f"{100 * alarms.mean():.2f} %", hits)
        if count > ROWS:
            for method, (_, alarms) in peers(values, count, 0.01).items():
                say(method, count, f"{100 * alarms.mean():.2f} %", "")


def wave(samples, rate=RATE):
    return Recording(samples, rate=rate)


def windows_of(monitor, samples, rate=RATE):
    monitor.reset()
    results = list(monitor.run(wave(samples, rate)))
    return np.array([r.score for r in results]), np.array([r.state == "alarm" for r in results])


def told_line(samples, hertz):
    """Envelope line at a told defect frequency and two harmonics over its neighbourhood, 1 s windows."""
    from mho.monitor.waveform import WaveformFeatures

    extract = WaveformFeatures(RATE)
    half = len(extract.envelope_hertz) // 2
    spectra, f = extract(samples)["envelope"][:, half:], extract.envelope_hertz[half:]
    total = 0.0
    for order in (1, 2, 3):
        near = np.abs(f - order * hertz) <= 3
        around = (np.abs(f - order * hertz) <= 30) & ~near
        total = total + np.log(spectra[:, near].max(axis=1) / np.median(spectra[:, around], axis=1))
    return total


def kurtosis_of(cut, samples):
    from scipy.stats import kurtosis

    return kurtosis(cut, axis=1)[:, None]


def bands_of(cut, samples):
    size = cut.shape[1]
    lines = np.abs(np.fft.rfft(cut * np.hanning(size), axis=1))[:, 300:10_000]
    spectrum = np.log(lines.reshape(len(cut), 50, -1).mean(2))
    return spectrum - spectrum.mean(axis=1, keepdims=True)


PEERS = {
    "RMS": lambda cut, samples: np.sqrt((cut**2).mean(axis=1))[:, None],
    "kurtosis": kurtosis_of,
    "told outer race line": lambda cut, samples: told_line(samples, 81.125)[:, None],
    "told inner race line": lambda cut, samples: told_line(samples, 118.875)[:, None],
    "bands + PCA": bands_of,
}


class Ours:
    """mho, asked for a rate of healthy windows."""

    def __init__(self, chip):
        self.chip = chip

    def fit(self, recordings):
        self.monitor = Monitor(engine=engine(self.chip), false_alarms=ASKED, accept_rate=True)
        self.monitor.learn([wave(samples) for samples in recordings])
        return self

    def __call__(self, samples):
        return windows_of(self.monitor, samples)


class Peer:
    """One feature of 1 s windows; its limit is a quantile of what each recording scores by the others."""

    def __init__(self, name):
        self.name = name

    def fit(self, recordings):
        rows = [self.rows(samples) for samples in recordings]
        unseen = [self.score(np.concatenate(rows[:n] + rows[n + 1 :]), one) for n, one in enumerate(rows)]
        self.limit = np.quantile(np.concatenate(unseen), 1 - ASKED)
        self.train = np.concatenate(rows)
        return self

    def __call__(self, samples):
        scores = self.score(self.train, self.rows(samples))
        return scores, scores > self.limit

    def rows(self, samples):
        cut = np.lib.stride_tricks.sliding_window_view(samples, 48_600)[::12_150]
        return PEERS[self.name](cut, samples)

    def score(self, train, test):
        return PCAStatistics(4, q_only=True).fit(train).score(test) if self.name == "bands + PCA" else test[:, 0]


def detectors(chip):
    chips = {"mho, chip 4-bit 2 %": lambda: Ours(True)} if chip else {}
    peers = {name: lambda name=name: Peer(name) for name in PEERS}
    return {"mho": lambda: Ours(False)} | chips | peers


def separation(healthy, faulty):
    y = np.r_[np.zeros(len(healthy)), np.ones(len(faulty))]
    return roc_auc_score(y, np.nan_to_num(np.r_[healthy, faulty]))


def control(make, pair, unseen):
    """AUC of an unseen healthy recording against held-back ends of the two that were learned: .5 if all are alike."""
    cut = int(0.65 * len(unseen))
    detector = make().fit([samples[:cut] for samples in pair])
    return separation(np.concatenate([detector(samples[cut:])[0] for samples in pair]), detector(unseen)[0])


def mfpt_section(folder, chip, mixtures):
    records = mfpt(folder)
    healthy = [name for name in records if "baseline" in name]
    levels = {"-6 dB": -6, "-10 dB": -10} if mixtures else {"pure": None}
    cases = [(kind, label) for kind in ("Outer", "Inner") for label in levels]
    columns = ["unseen healthy", *([] if mixtures else ["control AUC"]), *(f"{kind} {label}" for kind, label in cases)]
    title(
        f"MFPT {'mixtures' if mixtures else 'recordings'}, each healthy one left out: share that alarms (AUC)",
        "method",
        *columns,
        note=f"Limits let {100 * ASKED:g} % of the windows of recordings alarm that were left out of the other two.",
    )
    for method, make in detectors(chip).items():
        found = {column: [] for column in columns}
        for left_out in healthy:
            pair = [records[name] for name in healthy if name != left_out]
            detector = make().fit(pair)
            reference, alarms = detector(records[left_out])
            found["unseen healthy"].append((alarms.mean(), None))
            if not mixtures:
                found["control AUC"].append((control(make, pair, records[left_out]), None))
            for kind, label in cases:
                for name in (name for name in records if kind in name):
                    fault = records[name]
                    mix = fault if levels[label] is None else mixed(records[left_out], fault, levels[label])
                    scores, alarms = detector(mix)
                    found[f"{kind} {label}"].append((alarms.mean(), separation(reference, scores)))
        say(method, *(share_and_auc(found[column]) for column in columns))


def share_and_auc(pairs):
    shares, aucs = zip(*pairs, strict=True)
    return f"{np.mean(shares):.3f}" + ("" if aucs[0] is None else f" ({np.mean(aucs):.3f})")


def bearing_section(chip):
    healthy = [bearing(30, 0.0, seed) for seed in range(4)]
    unseen = [bearing(60, 0.0, seed) for seed in range(10, 14)]
    columns = ("method", "unseen healthy alarms", "AUC .8", "TPR .8", "AUC .5", "TPR .5", "first alarm at .5, s")
    title("Synthetic bearing at variable speed, asked for 1 %", *columns)
    for method, chosen in (("mho", False), *([("mho, chip 4-bit 2 %", True)] if chip else [])):
        monitor = Monitor(engine=engine(chosen), false_alarms=0.01)
        monitor.learn([wave(one, BEARING_RATE) for one in healthy])
        control = [windows_of(monitor, one, BEARING_RATE) for one in unseen]
        cells = [f"{np.mean(np.concatenate([alarms for _, alarms in control])):.4f}"]
        reference = np.concatenate([scores for scores, _ in control])
        for amplitude in (0.8, 0.5):
            tests = [windows_of(monitor, bearing(60, amplitude, seed), BEARING_RATE) for seed in range(20, 24)]
            scores = np.concatenate([scores for scores, _ in tests])
            y = np.r_[np.zeros(len(reference)), np.ones(len(scores))]
            cells += [f"{roc_auc_score(y, np.r_[reference, scores]):.3f}"]
            cells += [f"{np.concatenate([alarms for _, alarms in tests]).mean():.3f}"]
            firsts = [1 + 0.25 * np.argmax(alarms) if alarms.any() else np.inf for _, alarms in tests]
        say(method, *cells, f"{max(firsts):.2f}")
    for name in ("energy", "spectrum + PCA"):
        features = {}
        for key, recordings in (("healthy", healthy), ("unseen", unseen)):
            features[key] = np.concatenate([_bearing_features(one, name) for one in recordings])
        cells = []
        fit = (lambda X, Y: Y[:, 0]) if name == "energy" else lambda X, Y: PCAStatistics(6, q_only=True).fit(X).score(Y)
        reference = fit(features["healthy"], features["unseen"])
        for amplitude in (0.8, 0.5):
            rows = [_bearing_features(bearing(60, amplitude, seed), name) for seed in range(20, 24)]
            scores = fit(features["healthy"], np.concatenate(rows))
            y = np.r_[np.zeros(len(reference)), np.ones(len(scores))]
            limit = np.quantile(reference, 0.99)
            cells += [
                f"{roc_auc_score(y, np.r_[reference, scores]):.3f}",
                f"{(scores > limit).mean():.3f} (told limit)",
            ]
        say(name, "0.01 (told limit)", *cells, "")


def _bearing_features(samples, name):
    size = int(BEARING_RATE)
    cut = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    if name == "energy":
        return np.sqrt((cut**2).mean(axis=1))[:, None]
    return np.log(np.abs(np.fft.rfft(cut, axis=1))[:, 1:6401].reshape(len(cut), 64, -1).mean(axis=2))


def nab_section(folder):
    table = {}
    for name, values, labels in nab(folder):
        count = min(int(0.15 * len(values)), 750)
        after = labels[count:]
        if not 0 < after.sum() < len(after):
            continue
        lags = np.lib.stride_tricks.sliding_window_view(np.r_[np.full(WINDOW - 1, values[0]), values], WINDOW)
        own = np.nan_to_num(ours(values[:, None], count, {})[0])
        peers = {
            "z-score of means": (ZScore(), means(values[:, None])),
            "Sub-PCA": (PCAStatistics(0.9, q_only=True), lags),
            "Sub-kNN": (Neighbours(), lags),
            "IsolationForest of lags": (ALL["IsolationForest"](), lags),
        }
        found = {"mho": own}
        for method, (peer, rows) in peers.items():
            peer.fit(rows[:count])
            learned = peer.score(rows[:count])  # one threshold for all files: in spreads of what was learned
            found[method] = (peer.score(rows[count:]) - np.median(learned)) / (learned.std() + 1e-12)
        for method, scores in found.items():
            auc, precision = roc_auc_score(after, scores), average_precision_score(after, scores)
            table.setdefault(method, []).append((name, auc, precision, scores, after))
    names = [one[0].split("/")[-1].removesuffix(".csv") for one in table["mho"]]
    columns = ("method", "mean AUC", "median AUC", "average precision", *(f"NAB score, {name}" for name in PROFILES))
    title(f"NAB, first 15 % learned, {len(names)} files", *columns, note="NAB score: 0 says nothing, 100 is perfect.")
    for method, found in table.items():
        auc = np.array([one[1] for one in found])
        marks = [nab_score([one[3:] for one in found], profile) for profile in PROFILES]
        cells = (f"{x:.3f}" for x in (auc.mean(), np.median(auc), np.mean([one[2] for one in found])))
        say(method, *cells, *(f"{mark:.1f}" for mark in marks))
    prevalence = np.mean([one[4].mean() for one in table["mho"]])
    say("chance", "0.500", "0.500", f"{prevalence:.3f}", *["0"] * len(PROFILES))
    best = {name: max((found[n][1], method) for method, found in table.items()) for n, name in enumerate(names)}
    lost = sorted(range(len(names)), key=lambda n: table["mho"][n][1] - best[names[n]][0])[:3]
    title("NAB files where mho loses most, point AUC", "file", "mho", "best", "by")
    for n in lost:
        say(names[n], f"{table['mho'][n][1]:.3f}", f"{best[names[n]][0]:.3f}", best[names[n]][1])


def cost_section():
    rate = 25_600.0
    rng = np.random.default_rng(0)
    monitor = Monitor(false_alarms="auto")
    monitor.learn([wave(rng.standard_normal(int(20 * rate)), rate) for _ in range(3)])
    samples = rng.standard_normal(int(30 * rate))
    monitor.reset()
    block = int(rate / 10)
    begin, count = time.process_time(), 0
    for at in range(0, len(samples), block):
        count += len(monitor.update("c0", at / rate, samples[at : at + block]))
    each = (time.process_time() - begin) / count
    a, b = rng.random((128, 6)), rng.random((128, 1))
    begin = time.process_time()
    for _ in range(300):
        mho.nnls(a, b, l2=1e-3)
    per_call = (time.process_time() - begin) / 300
    title("Cost, one core, CPU time", "what", "figure")
    say("a window and channel with all groups, 25.6 kHz", f"{1e6 * each:.0f} us")
    say("100 channels at 25.6 kHz, 4 windows a second each", f"{100 * 4 * each * 100:.0f} % of a core")
    say("mho.nnls called for each window, 128 x 6, the solve alone", f"{1e6 * per_call:.0f} us")
    say("peak memory of this process", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("skab", "nab", "mfpt"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--chip", action="store_true", help="also on the simulated 4-bit chip, limits learned on it")
    parser.add_argument("--only", help="one section")
    given = parser.parse_args()
    sections = {
        "cost": (True, cost_section),
        "bearing": (True, lambda: bearing_section(given.chip)),
        "skab": (given.skab, lambda: skab_section(given.skab, given.chip)),
        "healthy": (given.skab, lambda: healthy_section(given.skab, given.chip)),
        "mfpt": (given.mfpt, lambda: mfpt_section(given.mfpt, given.chip, False)),
        "mixtures": (given.mfpt, lambda: mfpt_section(given.mfpt, given.chip, True)),
        "nab": (given.nab, lambda: nab_section(given.nab)),
    }
    for name, (folder, section) in sections.items():
        if given.only in (None, name):
            if folder:
                section()
                write(name)
            else:
                print(f"\n{name}: left out, no folder was given", file=sys.stderr)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
