"""The page of the figures: a table for each command, medians of the seeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from units import kept, summaries

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, write

PAGE = ROOT / "docs" / "measured" / "structure.md"
SPREAD = {"least": "low", "most": "high", "seeds": "seeds"}


def report() -> None:
    """Write the page from the figures that are kept."""
    lines = [
        "# Structure",
        "",
        "Written by `python benchmarks/structure/run.py report` of the figures in `structure.json`, a row for each "
        "method and seed; here are medians of the seeds, and the least and the most of the first figure. The chip has "
        "cells of 4 bits, written to 2 %, and columns of reference cells for what an open cell conducts. Methods and "
        "seeds of a command that are not listed have not been run; other work ran on the machine as the load says. "
        "Rows are of several days and machines, each with its date, commit and load in `structure.json`: seconds "
        "compare only within a day.",
        "",
    ]
    found = kept()
    for name in filter(found.get, TABLES):
        lines += _section(found[name], *TABLES[name])
    write(PAGE, "\n".join(lines))


def _section(made: dict[str, Any], title: str, columns: dict[str, str], note: str) -> list[str]:
    dates, loads = ([row[key] for row in made["rows"]] for key in ("date", "load"))
    when = f"{made['cores']} cores, {made['isa']}, {max(dates)}; load from {min(loads)} to {max(loads)}"
    main = next(key for key in columns.values() if isinstance(made["rows"][0][key], float))
    rows = summaries(made["rows"], main)
    first = next(iter(columns.values()))  # the case, or the method where there is one case
    order = list(dict.fromkeys(row.get(first) for row in rows))
    rows.sort(key=lambda row: order.index(row.get(first)))
    return [
        f"## {title}",
        "",
        note.format(**{key: sum(row.get(key, 0.0) for row in made["rows"]) for key in ("seconds", "cpu")}),
        "",
        f"`{made['command']}`, {when}.",
        "",
        "| " + " | ".join(columns) + " |",
        "|---" * len(columns) + "|",
        *("| " + " | ".join(_cell(row.get(key, "")) for key in columns.values()) + " |" for row in rows),
        "",
    ]


def _cell(value: Any) -> str:
    if value != value:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


TABLES: dict[str, tuple[str, dict[str, str], str]] = {
    "clusters": (
        "Clusters of digits",
        {"set": "set", "method": "method", "NMI": "nmi", **SPREAD, "s": "seconds"},
        "Normalised mutual information with the digits; all but k-means on the graph of `neighbor_graph`. Guide: "
        "[clusters](../do/cluster.md).",
    ),
    "topics": (
        "Topics of 20 Newsgroups",
        {"method": "method", "NMI, test": "nmi", **SPREAD, "NPMI": "npmi", "C_v": "c_v", "diversity": "diversity"}
        | {"s, fit": "seconds", "of processor": "cpu"},
        "Twenty topics of 11,293 documents; NMI is that of the largest topic of 7,528 unseen ones with their groups. "
        "NPMI and C_v are of ten words a topic in the documents of the fit. `mho.Topics` counts the words within its "
        "time, from five starts where nothing else is said; the others are given the counts. Weights were chosen on a "
        "third of the training documents. The chip loses more than 0.02 of NMI and no NPMI, and what it loses by can "
        "be switched off: with exact cells, without levels and errors of writing, it is where exact half-steps are, "
        "and these are where the CPU is with strides, which would repeat the errors of cells that are not read back. "
        "The cells' 16 levels weigh, not errors of writing: without the one or the other, see its row. "
        "A chip that is read back strides too, but one seed of it takes over 12 minutes of processor here, and LDA by "
        "gensim took over eight minutes beside other work: neither has a row. Guide: "
        "[topics](../do/topics.md).",
    ),
    "piano": (
        "Notes of a piano",
        {"case": "case", "method": "method", "SDR, dB": "sdr", **SPREAD, "s": "seconds"},
        "Six pairs of notes each, equally loud, the second half a second later; A3, D#3, A4 and D#4 were learned from, "
        "none of the pairs has one of these. Signal-to-distortion ratio of BSS Eval (fast_bss_eval), the mean of both "
        "notes and of the pairs. Flat rows are scikit-learn's; those with * are told which note each of their spectra "
        "belongs to, by the truth. The chip solves least squares, its dictionary "
        "read back after writing. Guide: [sound](../do/sound.md).",
    ),
    "speech": (
        "Speech over loops",
        {"method": "method", "SDR, dB": "sdr", **SPREAD, "s": "seconds"},
        "Two sentences of one reader over six loops of music, of equal power; three other sentences and six other "
        "loops were learned from. Guide: [sound](../do/sound.md).",
    ),
    "signatures": (
        "Mutational signatures",
        {"case": "case", "method": "method", "F1": "f1", **SPREAD, "cosine": "cosine", "s": "seconds"},
        "Ten signatures of 96 kinds, Dirichlet(0.1), in 500 samples, each of which has half of them, with exposures of "
        "a gamma distribution of shape 1/2 and a mean number of mutations as the case says; counts are Poisson's. A "
        "signature is recovered from a cosine of 0.9 on. Guide: [signatures](../do/signatures.md).",
    ),
    "signature-times": (
        "Many starts of signatures",
        {"signatures": "signatures", "s": "seconds", "of processor": "cpu", "silhouette": "silhouette"},
        "100 starts for each number of signatures in a catalogue of 500 samples and 96 kinds: {seconds:.0f} s for all "
        "that are listed, {cpu:.0f} s of processor.",
    ),
    "transform": (
        "Activations under two losses",
        {"noise": "noise", "loss": "method", "s": "seconds", "of processor": "cpu"},
        "What `NMF.transform` takes to the optimum for 600 frames of 257 simulated powers, of 16 known spectra.",
    ),
    "faces": (
        "Parts of faces",
        {"method": "method", "error": "error", **SPREAD, "Hoyer's sparseness": "sparseness", "s": "seconds"},
        "400 faces of ORL (AT&T Laboratories Cambridge) at 56 x 46 pixels, 49 parts; the relative error, and the mean "
        "sparseness of the parts. The picture has those of plain NMF on the left, of sparseness 0.7 on the right.\n\n"
        "![Parts of faces](../figures/faces.png)",
    ),
    "tensors": (
        "Non-negative CP",
        {"ratio": "ratio", **SPREAD, "tensorly, s": "tensorly_seconds", "mho, s": "mho_seconds", "error": "error"},
        "Indian pines, 145 x 145 x 200, ten components, both programs from the same starts: seconds to "
        "the error that tensorly's HALS has after 30 iterations, and the ratio of both. -: mho ended in another "
        "minimum, above that error.",
    ),
}
