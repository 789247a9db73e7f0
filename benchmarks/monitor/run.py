"""Measure the monitor and what a user would try first, in one table; recordings are given by path.

Usage: run.py [--skab DIR] [--nab DIR] [--mfpt DIR] [--chip] [--only SECTION] [--smoke]
Sections: skab, healthy, mfpt, mixtures, bearing, lengths, nab, cost, broker. What has no folder is left out and said.
Each section's tables replace its earlier ones in docs/measured/monitor.json; report.py makes the page of it. --smoke:
short bearings and made-up tables in the form of SKAB and NAB.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import broker
import numpy as np
from baselines import ALL, Neighbours, PCAStatistics, ZScore, means
from bearing import RATE as BEARING_RATE
from bearing import recording as bearing
from bearing import told, told_scores
from nab_score import PROFILES, nab_score
from sklearn.metrics import average_precision_score, roc_auc_score

import mho
from data import RATE, made_up, mfpt, mixed, nab, skab, skab_healthy, skab_parts
from mho.monitor import Monitor, RateError, Recording

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, least, parser, sized, smoke, where

ROWS = sized(400, 100)
WINDOW = 30
ASKED = 0.02
"""Share of healthy windows that may alarm in MFPT's recordings: all methods' limits come from left-out recordings."""


CHIP = "mho, chip 4-bit 2 %"
CHIPS = sized(5, 2)
"""Chips that SKAB is scored on, each with errors and a limit of its own."""


def engine(chip, seed=0):
    from mho.chip import Chip, preset

    return mho.Analog(Chip(preset("pku-2025-4bit"), seed=seed)) if chip else "digital"


TABLES = []
RESULTS = ROOT / "docs/measured/monitor.json"


def say(*cells):
    TABLES[-1]["rows"].append([str(cell) for cell in cells])
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def title(text, *columns, note=""):
    TABLES.append({"title": text, "columns": list(columns), "note": note, "rows": []})
    print(f"\n## {text}\n\n| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", flush=True)


def write(section):
    """Keep a section's tables, with where and when they were measured."""
    keep(RESULTS, {section: {**where(), "tables": list(TABLES)}})
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
            found["mho, code distances too"] = ours(values, ROWS, {"features": ("mean", "codes")})
            for seed in range(CHIPS if chip else 0):
                found[f"{CHIP}, {seed}"] = ours(values, ROWS, {"engine": engine(True, seed)})
            found |= peers(values, ROWS, 0.03)
            found["always alarm"] = np.zeros(len(after)), np.ones(len(after), bool)
            for method, (scores, alarms) in found.items():
                auc = roc_auc_score(after, np.nan_to_num(scores))
                table.setdefault(method, []).append((name, clean, auc, after, alarms))
        columns = ("method", "mean AUC", "of files without labels in training", "lowest", "F1", "FAR", "TPR")
        title(f"SKAB {part}: first {ROWS} rows, {len(table['mho'])} files", *columns)
        chips = [skab_quality(found) for method, found in table.items() if CHIP in method]
        for method, found in table.items():
            if method == f"{CHIP}, 0":
                pairs = zip(np.mean(chips, axis=0), np.std(chips, axis=0, ddof=1), strict=True)
                say(f"{CHIP}: mean of {CHIPS} (deviation)", *(f"{mean:.3f} ({sd:.3f})" for mean, sd in pairs))
            elif CHIP not in method:
                say(method, *(f"{x:.3f}" for x in skab_quality(found)))
        skab_losses(table, part)


def skab_quality(found):
    """Mean AUC, that of files without labels in training, the lowest, F1, FAR and TPR of a method's files."""
    _, clean, auc, labels, alarms = zip(*found, strict=True)
    auc = np.array(auc)
    return auc.mean(), auc[np.array(clean)].mean(), auc.min(), *pooled(labels, alarms)


def skab_losses(table, part):
    """Show the files in which the best other method is furthest ahead."""
    rows = []
    for number, (name, _, own, *_) in enumerate(table["mho"]):
        auc, method = max((found[number][2], method) for method, found in table.items() if "mho" not in method)
        rows.append((own - auc, name, own, auc, method))
    title(f"SKAB {part}: files where mho loses most, AUC", "file", "mho", "best", "by")
    for _, name, own, auc, method in sorted(rows)[:3]:
        say(name.removesuffix(".gz"), f"{own:.3f}", f"{auc:.3f}", method)


def healthy_section(folder, chip):
    values = skab_healthy(folder)
    labelled = [(v, y) for part in skab_parts(folder)[:1] for _, v, y in skab(folder, part)]
    title("SKAB's healthy rows, asked for 1 % of windows", "method", "rows learned", "alarms", "TPR on valve1 at 1 %")
    for count in sized((400, 1200, 3000), (120,)):
        for name, chosen in (("mho", False), *([(CHIP, True)] if chip else [])):
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


def windows_of(monitor, samples, rate=RATE, skipped=0):
    monitor.reset()
    results = list(monitor.run(wave(samples, rate)))[skipped:]
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
    chips = {CHIP: lambda: Ours(True)} if chip else {}
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


WARMING = 11
"""Windows until a band spectrum is there."""

LENGTH, SESSIONS = sized((60, 4), (6, 1))
"""Seconds and number of the bearing's sessions."""

SOON, SHORT = 4.1, sized(40, 2)
"""Seconds and number of short ones, in which few windows have a band spectrum."""


def bearing_section(chip):
    healthy = [bearing(sized(30, 12), 0.0, seed) for seed in range(sized(4, 3))]
    unseen = [bearing(LENGTH, 0.0, seed) for seed in range(10, 10 + SESSIONS)]
    columns = ("method", "unseen healthy alarms", "AUC .8", "TPR .8", "AUC .5", "TPR .5", "alarm at .5 after, s")
    columns += tuple(f"alarm within 4 s at {amplitude}" for amplitude in ("0", ".5", ".8"))
    note = f"Windows of the first 3.75 s, in which there is no band spectrum yet, are left out. Within 4 s: of {SHORT} "
    note += "recordings of other seeds."
    title("Synthetic bearing at variable speed, asked for 1 %", *columns, note=note)
    for method, chosen in (("mho", False), *([(CHIP, True)] if chip else [])):
        monitor = Monitor(engine=engine(chosen), false_alarms=0.01)
        monitor.learn([wave(one, BEARING_RATE) for one in healthy])

        def seen(samples, monitor=monitor):
            return windows_of(monitor, samples, BEARING_RATE, WARMING)

        bearing_row(method, seen, unseen)
    train = {name: np.concatenate([_bearing_features(one, name) for one in healthy]) for name in BEARING_PEERS}
    for name, score in BEARING_PEERS.items():
        own = np.concatenate([score(train[name], _bearing_features(one, name)) for one in unseen])
        limit = np.quantile(own, 0.99)

        def scored(samples, name=name, score=score, limit=limit):
            scores = score(train[name], _bearing_features(samples, name)[WARMING:])
            return scores, scores > limit

        bearing_row(f"{name}, told the limit", scored, unseen)
    seconds = 1 + WARMING / 4

    def power(pair):
        samples, hertz = pair
        return told_scores(samples, hertz, seconds, 0.25)

    pairs = [told(LENGTH, 0.0, seed) for seed in range(10, 10 + SESSIONS)]
    limit = np.quantile(np.concatenate([power(pair) for pair in pairs]), 0.99)
    name = f"envelope at the defect's order, {seconds:g} s, told speed and limit"
    bearing_row(name, lambda pair: (power(pair), power(pair) > limit), pairs, told)


def bearing_row(method, seen, unseen, recorded=bearing):
    reference, control = (np.concatenate(part) for part in zip(*map(seen, unseen), strict=True))
    cells = [f"{control.mean():.4f}"]
    for amplitude in (0.8, 0.5):
        tests = [seen(recorded(LENGTH, amplitude, seed)) for seed in range(20, 20 + SESSIONS)]
        scores, alarms = (np.concatenate(part) for part in zip(*tests, strict=True))
        cells += [f"{separation(reference, scores):.3f}", f"{alarms.mean():.3f}"]
    firsts = [1 + 0.25 * (WARMING + np.argmax(a)) if a.any() else np.inf for _, a in tests]
    cells.append(", ".join(f"{first:.1f}" for first in firsts))
    for amplitude in (0.0, 0.5, 0.8):
        soon = [seen(recorded(SOON, amplitude, seed))[1].any() for seed in range(100, 100 + SHORT)]
        cells.append(f"{np.mean(soon):.2f}")
    say(method, *cells)


def lengths_section():
    """Ask machines of which more or less was recorded for 2 %."""
    columns = ("sessions learned", "machines", "groups that pay", "healthy windows that alarm", "TPR at 1.2")
    note = (
        "Means over machines; nothing was chosen on these sessions' seeds. The sensor's gain differs from session to "
    )
    note += "session by up to 10 %. Groups that pay: those that deviate by themselves, or by Bonferroni's bound all."
    title("Synthetic bearings, asked for 2 % of windows, by what was learned", *columns, note=note)
    for sessions, seconds, machines in sized(((2, 6, 24), (2, 30, 12), (4, 10, 12), (4, 30, 8)), ((2, 6, 2),)):
        found = [lengths_of(sessions, seconds, 700_000 + 1000 * number) for number in range(machines)]
        for name, shares in zip(
            ("groups that deviate by themselves", "all groups"), np.mean(found, axis=0), strict=True
        ):
            say(f"{sessions} of {seconds} s", machines, name, *(f"{share:.4f}" for share in shares))


def lengths_of(sessions, seconds, seed):
    """Shares (2, 2) of healthy and faulty windows that alarm: by the groups that count, and by Bonferroni's bound."""
    monitor = Monitor(false_alarms=ASKED, accept_rate=True)
    monitor.learn([wave(bearing(seconds, 0.0, seed + number), BEARING_RATE) for number in range(sessions)])
    (model,), found = monitor.streams, []
    for tests in (model.tests, len(model.groups)):
        monitor.streams = [replace(model, tests=float(tests))]
        both = [
            np.concatenate(
                [windows_of(monitor, bearing(15, size, seed + 500 + n), BEARING_RATE)[1] for n in range(3)]
            ).mean()
            for size in (0.0, 1.2)
        ]
        found.append(both)
    return found


BEARING_PEERS = {
    "energy": lambda train, test: test[:, 0],
    "spectrum + PCA": lambda train, test: PCAStatistics(6, q_only=True).fit(train).score(test),
}


def _bearing_features(samples, name):
    size = int(BEARING_RATE)
    cut = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    if name == "energy":
        return np.sqrt((cut**2).mean(axis=1))[:, None]
    return np.log(np.abs(np.fft.rfft(cut, axis=1))[:, 1:6401].reshape(len(cut), 64, -1).mean(axis=2))


def nab_section(folder, chip):
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
        if chip:
            found[CHIP] = np.nan_to_num(ours(values[:, None], count, {"engine": engine(True)})[0])
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
    peers = {method: found for method, found in table.items() if "mho" not in method}
    best = {name: max((found[n][1], method) for method, found in peers.items()) for n, name in enumerate(names)}
    lost = sorted(range(len(names)), key=lambda n: table["mho"][n][1] - best[names[n]][0])[:3]
    title("NAB files where mho loses most, point AUC", "file", "mho", "best", "by")
    for n in lost:
        say(names[n], f"{table['mho'][n][1]:.3f}", f"{best[names[n]][0]:.3f}", best[names[n]][1])


def cpu_seconds(work):
    """Result of some work and its CPU time, the least of four runs."""
    found = []
    spent = least(lambda: found.append(work()), sized(4, 1), time.process_time)
    return found[-1], spent


def chunked(monitor, samples, rate, block):
    monitor.reset()
    return sum(len(monitor.update("c0", at / rate, samples[at : at + block])) for at in range(0, len(samples), block))


MEMORY = """
import sys
import numpy as np
from mho.monitor import Monitor, Recording
monitor = Monitor.load(sys.argv[1])
rate, names = monitor.streams[0].rate, tuple(model.name for model in monitor.streams)
values, times = np.random.default_rng(1).standard_normal((int(rate), len(names))), np.arange(int(rate)) / rate
for second in range(3):
    for result in monitor.run(Recording(values, times=second + times, rate=rate, names=names)):
        pass
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{int(peak.split()[1]) / 1024:.0f} MB")
"""
"""Three seconds of many channels, by a process that does nothing else: what that takes at the most. (What `getrusage`
tells begins with the memory of the process that started it.)"""


def many_channels(monitor, count, rate):
    """Make a monitor of one waveform one of many alike; return what gives a second of all."""
    model = monitor.streams[0]
    channels = [(replace(model.channels[0], name=f"c{number}"),) for number in range(count)]
    monitor.streams = [replace(model, channels=one) for one in channels]
    monitor.limits = monitor.limits * count
    names = tuple(f"c{number}" for number in range(count))
    values, times = np.random.default_rng(1).standard_normal((int(rate), count)), np.arange(int(rate)) / rate
    return lambda second: Recording(values, times=second + times, rate=rate, names=names)


def cost_section():
    rate = 25_600.0
    rng = np.random.default_rng(0)
    monitor = Monitor(false_alarms="auto")
    monitor.learn([wave(rng.standard_normal(int(sized(30, 6) * rate)), rate) for _ in range(3)])
    samples = rng.standard_normal(int(sized(30, 3) * rate))
    title("Cost at 25.6 kHz, one core, CPU time of a window and channel with all four groups", "what", "figure")
    for seconds in sized((30, 1, 0.1), (1,)):
        count, spent = cpu_seconds(lambda seconds=seconds: chunked(monitor, samples, rate, int(seconds * rate)))
        say(f"messages of {seconds:g} s", f"{1e6 * spent / count:.0f} us")
    a, b = rng.random((128, 6)), rng.random((128, 1))
    _, spent = cpu_seconds(lambda: [mho.nnls(a, b, l2=1e-3) for _ in range(sized(300, 3))])
    say("mho.nnls called for each window, 128 x 6, the solve alone", f"{1e6 * spent / sized(300, 3):.0f} us")
    channels, seconds = sized(100, 2), sized(10, 2)
    part = many_channels(monitor, channels, rate)

    def run():
        monitor.reset()
        return sum(1 for second in range(seconds) for _ in monitor.run(part(second)))

    count, spent = cpu_seconds(run)
    say(f"{channels} channels in parts of a second, {count} windows", f"{100 * spent / seconds:.0f} % of a core")
    with tempfile.TemporaryDirectory() as folder:
        monitor.save(Path(folder, "many.mon"))
        command = [sys.executable, "-c", MEMORY, str(Path(folder, "many.mon"))]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    say("peak memory of a process that runs them", said.strip())


def broker_section():
    if broker.PROGRAM is None:
        print("broker: left out, there is no mosquitto", file=sys.stderr)
        return
    note = (
        f"Channels of {broker.RATE / 1000:g} kHz in messages of {broker.BLOCK:g} s, windows of 1 s, mosquitto and "
        "`mho monitor run` on one machine of two cores."
    )
    columns = ("channels", "faults told", "median, s", "99th percentile, s", "the monitor's share of a core", "bytes")
    title("Beside brokers: from a fault's first sample to its alarm's acknowledgement", *columns, note=note)
    for channels in sized((4, 8, 32), (4,)):
        faults = sized(broker.FAULTS // channels, 1)
        with tempfile.TemporaryDirectory() as folder:
            found = broker.measured(Path(folder), channels, faults)
        times = (f"{np.percentile(found.delays, q):.3f}" for q in (50, 99))
        told = f"{len(found.delays)} of {len(found.delays) + found.missed}"
        sent = f"{found.connection} and {found.alarm:.0f}, {broker.share_of_day(found, channels):.1e} of a day's"
        say(channels, told, *times, f"{100 * found.core:.0f} %", sent)


def main():
    options = parser(__doc__)
    for name in ("skab", "nab", "mfpt"):
        options.add_argument(f"--{name}", type=Path)
    options.add_argument("--chip", action="store_true", help="also on the simulated 4-bit chip, limits learned on it")
    options.add_argument("--only", help="one section")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.smoke:
            given.skab, given.nab = made_up(Path(folder))
        measure(given)


def measure(given):
    sections = {
        "cost": (True, cost_section),
        "broker": (not smoke() or given.only, broker_section),
        "bearing": (True, lambda: bearing_section(given.chip)),
        "lengths": (True, lengths_section),
        "skab": (given.skab, lambda: skab_section(given.skab, given.chip)),
        "healthy": (given.skab, lambda: healthy_section(given.skab, given.chip)),
        "mfpt": (given.mfpt, lambda: mfpt_section(given.mfpt, given.chip, False)),
        "mixtures": (given.mfpt, lambda: mfpt_section(given.mfpt, given.chip, True)),
        "nab": (given.nab, lambda: nab_section(given.nab, given.chip)),
    }
    for name, (folder, section) in sections.items():
        if given.only in (None, name):
            if folder:
                section()
                write(name)
            else:
                print(f"\n{name}: left out, no folder was given, or it takes real time", file=sys.stderr)


if __name__ == "__main__":
    main()
