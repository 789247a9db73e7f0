"""`mho cluster`: samples of a table, or vertices of a graph, sorted into clusters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.report import Json, as_json
from mho.cli.settings import EngineName, WholeNumber, check_whole_numbers
from mho.cli.standard_input import file_of
from mho.cli.tables import columns, table
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "cluster"]

EXAMPLES = """\
Examples:

    mho cluster spectra.csv -k 4 -o labels.csv

    mho cluster spectra.csv -k 4 --engine analog --json

    mho cluster friends.mtx -k 3 --graph -o groups.csv
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Options of a clustering.

    Parameters
    ----------
    n_clusters
        Number of clusters.
    graph
        The input is a graph: symmetric affinities >= 0, a row and a column for each vertex.
    neighbors
        Nearest neighbours of a sample in the graph that is made, fewer where there are fewer samples.
    engine
        Who solves: this CPU, the simulated analogue chip, or the chip first and the CPU last.
    max_iter
        Iterations at the most.
    seed
        For the errors of the chip.
    max_bytes
        Refuse a matrix that takes more memory.
    """

    n_clusters: Annotated[WholeNumber, Parameter(name=("-k", "--clusters"))]
    graph: Annotated[bool, Parameter(negative="", show_default=False)] = False
    neighbors: WholeNumber = 10
    engine: EngineName = "digital"
    max_iter: WholeNumber = 200
    seed: WholeNumber = 0
    max_bytes: WholeNumber = 2**33

    def check(self) -> None:
        """Refuse numbers out of range, by the names of their options."""
        check_whole_numbers(self)

    def model(self) -> Any:
        """Return the estimator that was asked for."""
        from mho.cluster import SymNMF

        affinity = "precomputed" if self.graph else "nearest_neighbors"
        return SymNMF(
            self.n_clusters,
            affinity=affinity,
            n_neighbors=self.neighbors,
            engine=self.engine,
            max_iter=self.max_iter,
            random_state=self.seed,
        )


def cluster(
    source: Annotated[Path, Parameter(name="INPUT", allow_leading_hyphen=True)],
    /,
    *,
    options: ClusterOptions,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    json: Json = False,
) -> None:
    """Sort the rows of a table, or the vertices of a graph, into clusters by symmetric NMF of the graph.

    Parameters
    ----------
    source
        The matrix: .npy, .npz, .csv, .tsv, .mtx (these three also .gz) or .parquet; - is standard input. Of a table a
        header and a first column of text are names.
    options
        What is looked for, and by whom.
    out
        Write a .csv file of name and cluster, counted from 0; -1 is a vertex without an edge.
    json
        Print the summary and the labels as JSON.
    """
    from mho.data.named_matrix import read_named_matrix, write_rows

    options.check()
    source = file_of(source, most=options.max_bytes)
    if out is not None:
        check_target(out, [source], suffixes=[".csv"])
    found = read_named_matrix(source, max_bytes=options.max_bytes)
    m, n = found.X.shape
    note(f"{source.name}: " + (f"a graph of {m:,} vertices" if options.graph else f"{m:,} samples x {n:,} features"))
    model = options.model().fit(found.X)
    names = found.rows or tuple(str(i) for i in range(m))
    if out is not None:
        write_rows(out, ("name", "cluster"), zip(names, model.labels_.tolist(), strict=True))
    figures = _figures(options, model)
    if json:
        print(as_json({"input": source, **figures, "labels": dict(zip(names, model.labels_, strict=True))}))
    else:
        print(table([(key.replace("_", " "), f"{value}") for key, value in figures.items() if key != "sizes"]))
        print(columns([("cluster", "size"), *((str(j), f"{size:,}") for j, size in enumerate(figures["sizes"]))]))


def _figures(options: ClusterOptions, model: Any) -> dict[str, Any]:
    import numpy as np

    labels = model.labels_
    return {
        "clusters": options.n_clusters,
        "sizes": np.bincount(labels[labels >= 0], minlength=options.n_clusters).tolist(),
        "without_edge": int(np.sum(labels < 0)),
        "engine": options.engine,
        "iterations": model.n_iter_,
        "relative_error": round(model.history_[-1]["error"], 6),
        "seconds": round(model.history_[-1]["seconds"], 3),
    }
