"""`mho chip sweep`: many chips over a grid or a Latin hypercube of designs, in a table and a plot."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.chip.values import spans, swept
from mho.cli.errors import note
from mho.cli.interrupts import undisturbed
from mho.cli.periodic import Periodic
from mho.cli.progress import Progress, progress
from mho.cli.report import Json, as_json
from mho.cli.tables import table
from mho.cli.target import check_target

__all__ = ["run_plan", "sweep"]


def _repeated(name: str) -> Parameter:
    return Parameter(name=name, negative="", show_default=False)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SweepOptions:
    """Options of a sweep: properties, designs and chips.

    Parameters
    ----------
    sets
        A property and its values: NAME=A,B,C or NAME=FIRST:LAST:COUNT, evenly or with :log in equal ratios. Several
        of them make a grid. `mho chip presets` has the names.
    ranges
        A property and where it lies: NAME=LOW:HIGH, or with :log in equal ratios. All of them are sampled together as
        a Latin hypercube, the same at each combination of --set.
    samples
        Points of the hypercube. [default: 100]
    preset
        The design that is changed.
    chips
        Chips at each point.
    rows
        Rows of the matrix.
    columns
        Columns of the matrix.
    rhs
        Right-hand sides.
    seed
        Of points, problems and chips.
    """

    sets: Annotated[list[str], _repeated("--set")] = field(default_factory=list)
    ranges: Annotated[list[str], _repeated("--range")] = field(default_factory=list)
    samples: int | None = None
    preset: str = "pku-2025"
    chips: int = 20
    rows: int = 64
    columns: int = 8
    rhs: int = 100
    seed: int = 0

    def sweep(self) -> Any:
        """Return it as the library's `Sweep`."""
        from mho import checks
        from mho.chip import preset
        from mho.sweep import Sweep

        checks.at_least(self.seed, "--seed", 0)
        if not (self.sets or self.ranges):
            raise ValueError("nothing to sweep: give --set NAME=VALUES or --range NAME=LOW:HIGH")
        if self.samples is not None and not self.ranges:
            raise ValueError("--samples are points of a hypercube: give it a --range NAME=LOW:HIGH")
        given = {name: getattr(self, name) for name in ("samples", "chips", "rows", "columns", "rhs", "seed")}
        sizes = {name: value for name, value in given.items() if value is not None}
        design = preset(self.preset)
        return Sweep(design=design, values=swept(self.sets, design), ranges=spans(self.ranges), **sizes)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Output files of a sweep.

    Parameters
    ----------
    out
        Parquet file, a row for each chip. If it is there already, the same plan goes on where it stopped, with more
        --chips too.
    plot
        SVG file: error against each property, as a band over values and as dots with a rank correlation over a range.
    jobs
        Processes; the result does not depend on it.
    quiet
        Show nothing but warnings and errors.
    json
        Print the summary as JSON.
    """

    out: Annotated[Path, Parameter(name=("-o", "--out"))]
    plot: Path | None = None
    jobs: int = 1
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False
    json: Json = False

    def check(self) -> None:
        """Refuse before the work what would fail after it."""
        from mho import checks
        from mho.sweep import check_plotting

        checks.positive_int(self.jobs, "--jobs")
        check_target(self.out, option="--out", suffixes=[".parquet"])
        if self.plot is not None:
            check_target(self.plot, option="--plot", suffixes=[".svg"])
            if self.plot.resolve() == self.out.resolve():
                raise ValueError(f"--plot must not be the file of --out, got {self.plot} for both")
            check_plotting()


def sweep(*, plan: SweepOptions = SweepOptions(), output: OutputOptions) -> None:
    """Make many chips at every point of a grid or a Latin hypercube and compare each with the exact answers.

    Every minute, and interrupted by Ctrl-C or SIGTERM, it keeps the chips it has tried; the same command goes on from
    there.
    """
    from mho.sweep import plot, read_trials, unmoved

    output.check()
    planned = plan.sweep()
    rows = read_trials(output.out, planned)
    for name in unmoved(planned) if len(rows) < len(planned.points()) * planned.chips else ():
        option = "--set" if name in planned.values else "--range"
        note(f"warning: {option} {name} changes nothing on {planned.design.name}: the same chips give the same answers")
    with progress(quiet=output.quiet, unit="chip") as shown:
        run_plan(planned, output.out, output.jobs, rows, shown)
    if output.plot is not None:
        plot(output.plot, planned, rows)
    reasons = [row["failure"] for row in rows if row["failure"]]
    if reasons:
        note(
            f"warning: {len(reasons)} of {len(rows)} chips failed; column failure of {output.out} has the reasons, the "
            f"first is: {reasons[0]}"
        )
    found = _summary(planned, output, rows)
    if output.json:
        print(as_json(found))
    elif not output.quiet:
        print(table([(name.replace("_", " "), str(one)) for name, one in found.items()]))


def _summary(planned: Any, output: OutputOptions, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Files, and the median error of the chips at the best and the worst point."""
    from statistics import median

    errors: dict[int, list[float]] = {}
    for row in rows:
        if not row["failure"]:
            errors.setdefault(row["point"], []).append(row["error"])
    medians = [float(f"{median(one):.4g}") for one in errors.values()]
    best = {"least_median_error": min(medians), "largest_median_error": max(medians)} if medians else {}
    files = {"table": output.out} | ({} if output.plot is None else {"plot": output.plot})
    return {**files, "points": len(planned.points()), "chips": len(rows), **best}


def run_plan(planned: Any, out: Path | None, jobs: int, rows: list[dict[str, Any]], shown: Progress) -> None:
    """Append the chips that are missing to `rows`, and write them to `out`, if there is one, whatever stops it."""
    from mho.sweep import trials, write_trials

    def write() -> None:
        rows.sort(key=lambda row: (row["point"], row["chip"]))
        if out is not None:
            write_trials(out, planned, rows)

    done, total = len(rows), len(planned.points()) * planned.chips
    shown.stage(f"trying {total - done} of {total} chips", done)
    keep = Periodic(write)
    try:
        with closing(trials(planned, jobs=jobs, done=tuple(rows))) as tried:
            for row in tried:
                rows.append(row)
                shown.iteration(len(rows), total, "failed" if row["failure"] else f"error {row['error']:.3g}")
                keep()
    except KeyboardInterrupt as interrupt:
        if len(rows) == done:
            raise type(interrupt)("before a chip was complete; nothing was written") from None
        kept = "nothing is kept without --out"
        if out is not None:
            kept = f"{len(rows)} of {total} chips are kept in {out}; go on with the same command"
        raise type(interrupt)(kept) from None
    finally:
        if len(rows) > done:
            with undisturbed():  # a second, impatient Ctrl-C would lose what the first one kept
                write()
