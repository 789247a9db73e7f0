"""`mho factor`: a matrix in one file, its two factors in another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.checkpoint import Start, resume
from mho.cli.errors import note
from mho.cli.progress import progress
from mho.cli.recorder import Recorder
from mho.cli.report import Json, as_json
from mho.cli.run import Run
from mho.cli.settings import Settings
from mho.cli.source import Source, read_source
from mho.cli.standard_input import file_of
from mho.cli.tables import table
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "factor"]

EXAMPLES = """\
Examples:

    mho factor photo.npy -k 16 -o photo.safetensors

    mho factor spectra.csv -k 4 --missing nan --engine hybrid -o f.safetensors

    mho factor photo.npy -k 16 -o p.safetensors --engine analog --ledger run.json
    mho cost run.json

    mho factor ratings.csv -k 10 --layout triplets --missing unstored \\
        --l2-w 5 --l2-h 5 -o ratings.safetensors

The factors in Python:

    W, H, about = mho.data.read_factors("photo.safetensors")
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Output:
    """Output files of a factorization.

    Parameters
    ----------
    out
        File for W (m, k) and H (k, n), in the safetensors format.
    resume
        Go on from the factors in OUT, if it is there: after an interrupt, or with a larger --max-iter.
    tables
        Folder for W.csv and H.csv too, with the names of the input's rows and columns.
    ledger
        JSON file for what the chip did in this run, which `mho cost` takes; with an engine that has a chip.
    no_overwrite
        Leave an OUT that is there as it is, and fail.
    quiet
        Show nothing but warnings and errors.
    """

    out: Annotated[Path, Parameter(name=("-o", "--out"))]
    resume: Annotated[bool, Parameter(negative="", show_default=False)] = False
    tables: Path | None = None
    ledger: Path | None = None
    no_overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False


def factor(
    source: Annotated[Path, Parameter(name="INPUT", allow_leading_hyphen=True)],
    /,
    *,
    output: Output,
    settings: Settings,
    json: Json = False,
) -> None:
    """Factorize a matrix X (m, n) into W (m, k) and H (k, n), all non-negative, so that X ~ W H.

    Every minute, and interrupted by Ctrl-C or SIGTERM, it writes the factors of the last complete iteration to OUT; the
    same command with --resume goes on from there: with the digital engine to the same bits as without an interrupt.

    Parameters
    ----------
    source
        The matrix: .npy, .npz, .csv, .tsv, .mtx (these three also .gz), .parquet or .h5ad; - is standard input. Of a
        table a header and a first column of text, or without a name, are names, kept beside the factors.
    json
        Print the summary as JSON.
    """
    settings.check()
    source = file_of(source, most=settings.max_bytes)
    _check_output(output, source)
    if output.ledger is not None:
        _check_ledger(output.ledger, source, output, settings)
    with progress(quiet=output.quiet) as shown:
        shown.stage(f"reading {source.name}")
        given = read_source(source, settings)
        start = _start(given, output, settings)
        recorder = None if output.ledger is None else Recorder.of(output.ledger, given, settings)
        run = Run(source=given, start=start, settings=settings, out=output.out, recorder=recorder)
        if run.start.iterations >= settings.max_iter:
            note(f"{output.out} already has {run.start.iterations} iterations; raise --max-iter to go on")
            return
        model = run.fit(shown)
    if output.tables is not None:
        _write_tables(output.tables, given, model)
    if json:
        print(as_json(_figures(run, model)))
    elif not output.quiet:
        print(table(_summary(run, model)))


def _check_output(output: Output, source: Path) -> None:
    """Refuse before the work what would fail after it."""
    out = output.out
    if output.resume and output.no_overwrite:
        raise ValueError("--resume writes to OUT, which --no-overwrite forbids; give one of them")
    _check_file(out, source, output)
    if output.tables is None:
        return
    if not output.tables.is_dir():
        raise ValueError(f"--tables must be a folder that is there, got {output.tables}")
    for name in ("W.csv", "H.csv"):
        _check_file(output.tables / name, source, output, option="--tables")


def _write_tables(folder: Path, given: Source, model: Any) -> None:
    from mho.data.named_matrix import write_table

    names = tuple(f"component{j}" for j in range(len(model.components_)))
    write_table(folder / "W.csv", model.W_, given.rows, names)
    columns = given.columns or tuple(str(j) for j in range(model.components_.shape[1]))
    write_table(folder / "H.csv", model.components_, names, columns)


def _check_ledger(ledger: Path, source: Path, output: Output, settings: Settings) -> None:
    if settings.engine == "digital":
        raise ValueError("--ledger is for engines with a chip, --engine analog or hybrid, got --engine digital")
    if ledger.suffix != ".json":  # by which `mho cost` knows a run from a matrix
        raise ValueError(f"--ledger must end in .json, got {ledger}")
    if ledger.resolve() == output.out.resolve():
        raise ValueError(f"--ledger: {ledger} must not be OUT itself")
    _check_file(ledger, source, output, option="--ledger")


def _check_file(file: Path, source: Path, output: Output, option: str = "-o") -> None:
    check_target(file, [source], option=option, suffixes=[".safetensors"] if option == "-o" else ())
    if file.exists() and output.no_overwrite:
        raise ValueError(f"{file}: is there already and --no-overwrite was given")


def _start(given: Source, output: Output, settings: Settings) -> Start:
    if not output.resume:
        return Start(factors={})
    if not output.out.exists():
        note(f"{output.out} is not there; starting from the beginning")
        return Start(factors={})
    return resume(output.out, given, settings)


def _figures(run: Run, model: Any) -> dict[str, Any]:
    m, n = run.source.X.shape
    return {
        "input": run.source.path,
        "rows": m,
        "columns": n,
        "out": run.out,
        "components": len(model.components_),
        "engine": run.settings.engine,
        "iterations": run.iterations(model),
        **{key: value for key, value in model.history_[-1].items() if key != "iteration"},
    }


def _summary(run: Run, model: Any) -> list[tuple[str, str]]:
    last = model.history_[-1]
    rows = [
        ("input", str(run.source)),
        ("factors", f"{run.out}, k = {len(model.components_)}"),
        ("engine", run.settings.engine),
        ("iterations", f"{run.iterations(model)} of at most {run.settings.max_iter}"),
        ("relative error", f"{last['error']:.4g}"),
        ("time", f"{last['seconds']:.3g} s"),
    ]
    if "chip_seconds" in last:
        rows += [
            ("chip time", f"{last['chip_seconds']:.3g} s (modelled)"),
            ("chip energy", f"{last['chip_joules']:.3g} J (modelled)"),
        ]
    return rows
