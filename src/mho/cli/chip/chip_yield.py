"""`mho chip yield` and `mho chip require`: how many chips are good enough, and how good a device has to be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.chip.sweep import run_plan
from mho.cli.chip.values import swept
from mho.cli.errors import note
from mho.cli.progress import progress
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.tables import columns as in_columns
from mho.cli.target import check_target

__all__ = ["chip_yield", "require"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class YieldOptions:
    """Chips, their problems and the bar.

    Parameters
    ----------
    bar
        Largest relative error of the answers of a good chip, as error=0.05.
    preset
        Design of the chips.
    sets
        A property that differs from the preset's, NAME=VALUE.
    cells
        CSV or Parquet table of your own reads with columns level, time and conductance: the cells are fitted to it.
    chips
        How many chips are made.
    rows
        Rows of the matrix.
    columns
        Columns of the matrix.
    rhs
        Right-hand sides.
    noise
        Standard deviation of what is added to A x, as a share of its root mean square.
    seed
        Of problems and chips.
    """

    bar: str
    preset: str = "pku-2025-realistic"
    sets: Annotated[list[str], Parameter(name="--set", negative="", show_default=False)] = field(default_factory=list)
    cells: Path | None = None
    chips: WholeNumber = 100
    rows: WholeNumber = 128
    columns: WholeNumber = 16
    rhs: WholeNumber = 100
    noise: float = 0.05
    seed: WholeNumber = 0

    def error(self) -> float:
        """Return the bar as a number."""
        name, _, value = self.bar.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if name != "error" or not 0 < number < float("inf"):
            raise ValueError(f"--bar must be error=NUMBER with a number above zero, as error=0.05, got {self.bar}")
        return number

    def design(self) -> Any:
        """Return the design that is made."""
        from mho.chip import preset
        from mho.sweep import properties, with_cells

        design = preset(self.preset)
        words = {name for name, known in properties(design).items() if isinstance(known.value, str)}
        given = swept(self.sets, words)
        for name, several in given.items():
            if len(several) != 1:
                raise ValueError(f"--set {name} must have one value here, got {len(several)}")
        design = design.with_(**{name: several[0] for name, several in given.items()})
        return design if self.cells is None else with_cells(design, _table(self.cells))

    def plan(self, design: Any, treatments: tuple[str, ...], chips: int) -> Any:
        """Return the library's `Sweep` of a design with treatments."""
        from mho.sweep import Sweep

        sizes = {name: getattr(self, name) for name in ("rows", "columns", "rhs", "noise", "seed")}
        return Sweep(design=design, chips=chips, treatments=treatments, **sizes)


def chip_yield(
    *,
    options: YieldOptions,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    jobs: int = 1,
    json: Json = False,
) -> None:
    """Make many chips and count those that meet a bar: as written, repaired, calibrated, and both, with a probe too.

    The interval is that of 95 % confidence (Wilson). With --out every chip is kept, and the same command goes on.

    Parameters
    ----------
    out
        Parquet file, a row for each chip.
    jobs
        Processes; the result does not depend on it.
    json
        Print JSON.
    """
    from mho import checks
    from mho.sweep import TREATMENTS, read_trials, yields

    bar, rows = options.error(), []
    checks.positive_int(jobs, "--jobs")
    planned = options.plan(options.design(), TREATMENTS, options.chips)
    if out is not None:
        check_target(out, option="--out", suffixes=[".parquet"])
        rows = read_trials(out, planned)
    note(f"{options.chips} chips of {planned.design.name}, {options.rows} x {options.columns}, error at most {bar:g}")
    with progress(quiet=json, unit="chip") as shown:
        run_plan(planned, out, jobs, rows, shown)
    found = yields(rows, bar)
    if not any(one.passed for one in found):
        note(f"warning: no chip meets the bar of {bar:g}: the best median error is {min(o.median for o in found):.3g}")
    if json:
        print(as_json({"design": planned.design.name, "bar": bar, "yields": [_plain(one) for one in found]}))
        return
    print(in_columns([["treatment", "yield", "95 % interval", "median error"], *map(_row, found)]))


def require(
    *,
    options: YieldOptions,
    share: float = 0.95,
    treatment: str = "repaired, calibrated and probed",
    jobs: int = 1,
    json: Json = False,
) -> None:
    """Show how harsh each property of a device may be while enough chips meet a bar, the others as in the preset.

    Parameters
    ----------
    share
        Share of the chips that have to meet it.
    treatment
        What is done about their errors; `mho chip yield` lists what there is.
    jobs
        Processes.
    json
        Print JSON.
    """
    from mho import checks
    from mho.sweep import KNOBS, TREATMENTS, requirement

    bar, design = options.error(), options.design()
    checks.one_of(treatment, "--treatment", TREATMENTS)
    checks.positive_int(jobs, "--jobs")
    if not 0 < share <= 1:
        raise ValueError(f"--share must be above 0 and at most 1, got {share}")
    with progress(quiet=json, unit="value") as shown:
        shown.stage(f"trying {len(KNOBS)} properties, {options.chips} chips at each value")
        tried = _tried_values(options, design, treatment, jobs, shown)
    found = [requirement(knob, values, share=share) for knob, values in tried.items()]
    if json:
        document = [
            {"knob": one.knob, "tolerated": one.tolerated, "tried": [{"value": v, **_plain(y)} for v, y in one.tried]}
            for one in found
        ]
        print(as_json({"design": design.name, "bar": bar, "share": share, "treatment": treatment, "knobs": document}))
        return
    header = ["property", "tolerated", "yield by value, from mild to harsh"]
    print(in_columns([header, *([one.knob, _tolerated(one), _tried(one)] for one in found)]))


def _tried_values(options: YieldOptions, design: Any, treatment: str, jobs: int, shown: Any) -> dict[str, list[Any]]:
    """Each property's values with the yield at them, the others as in the design."""
    from mho.sweep import KNOBS, trials, yields
    from mho.sweep.yields import changes

    pairs = [(knob, value) for knob, values in KNOBS.items() for value in values]
    tried: dict[str, list[Any]] = {knob: [] for knob in KNOBS}
    for done, (knob, value) in enumerate(pairs, 1):
        planned = options.plan(design.with_(**changes(knob, value)), (treatment,), options.chips)
        found = yields(trials(planned, jobs=jobs), options.error())[0]
        tried[knob].append((value, found))
        shown.iteration(done, len(pairs), f"{knob} {value:g}: {found.share:.0%}")
    return tried


def _row(one: Any) -> list[str]:
    return [one.treatment, f"{one.share:.1%}", f"{one.low:.1%} to {one.high:.1%}", f"{one.median:.3g}"]


def _plain(one: Any) -> dict[str, Any]:
    median = one.median if one.median < float("inf") else None
    return {**asdict(one), "median": median, "share": one.share}


def _tolerated(one: Any) -> str:
    return "none tried" if one.tolerated is None else f"{one.tolerated:g}"


def _tried(one: Any) -> str:
    return ", ".join(f"{value:g}: {found.share:.0%}" for value, found in one.tried)


def _table(path: Path) -> Any:
    """A user's table of reads."""
    import pandas

    if not path.is_file():
        raise ValueError(f"--cells {path}: there is no such file")
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--cells must be a .csv or .parquet file, got {path}")
    try:
        return pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as a table: {str(error).partition(chr(10))[0]}") from None
