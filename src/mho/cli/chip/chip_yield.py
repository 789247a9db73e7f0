"""`mho chip yield` and `mho chip require`: how many chips are good enough, and how good a device has to be."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.chip.sweep import run_plan
from mho.cli.chip.yield_options import YieldOptions
from mho.cli.errors import note
from mho.cli.progress import progress
from mho.cli.report import Json, as_json
from mho.cli.tables import columns as in_columns
from mho.cli.target import check_target

__all__ = ["EXAMPLES_OF_REQUIRE", "EXAMPLES_OF_YIELD", "chip_yield", "require"]

EXAMPLES_OF_YIELD = """\
Examples:

    mho chip yield --bar error=0.05 --chips 20 --rows 64 --columns 8

    mho chip yield ratings.csv --split time --time timestamp --bar rmse=0.92 --chips 200

    mho chip yield photo.png --loss 0.1 --cells reads.csv --plot yield.svg
"""

EXAMPLES_OF_REQUIRE = """\
Examples:

    mho chip require ratings.csv --loss 0.01 --chips 20 --jobs 2 -o ratings.parquet --plot ratings.svg

    mho chip require --bar error=0.05 --chips 20 --rows 64 --columns 8
"""

Source = Annotated[Path | None, Parameter(name="DATA", allow_leading_hyphen=True)]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class YieldOutput:
    """Files and processes.

    Parameters
    ----------
    out
        Parquet file, a row for each chip. If it is there already, the same command goes on where it stopped, with
        more --chips too.
    plot
        SVG file.
    jobs
        Processes; the result does not depend on it.
    json
        Print JSON.
    """

    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None
    plot: Path | None = None
    jobs: int = 1
    json: Json = False

    def check(self, source: Path | None) -> None:
        """Refuse before the work what would fail after it."""
        from mho import checks
        from mho.sweep import check_plotting

        checks.positive_int(self.jobs, "--jobs")
        if self.out is not None:
            check_target(self.out, [source], option="--out", suffixes=[".parquet"])
        if self.plot is not None:
            check_target(self.plot, [source, self.out], option="--plot", suffixes=[".svg"])
            check_plotting()

    def tried(self, planned: Any) -> list[dict[str, Any]]:
        """Return the chips of a plan, those in `out` among them."""
        from mho.sweep import read_trials

        rows = [] if self.out is None else read_trials(self.out, planned)
        with progress(quiet=self.json, unit="chip") as shown:
            run_plan(planned, self.out, self.jobs, rows, shown)
        return rows


def chip_yield(
    source: Source = None,
    /,
    *,
    options: YieldOptions = YieldOptions(),  # noqa: B008
    output: YieldOutput = YieldOutput(),
) -> None:
    """Make many chips and count those that meet a bar: as written, repaired, calibrated, and both, with a probe too.

    Of DATA the factors are learned digitally; chips hold those of items, or of the picture's columns, and answer. The
    interval is that of 95 % confidence (Wilson).

    Parameters
    ----------
    source
        A table of user, item and rating, or a picture (.png and the like, or grey levels from 0 to 1 in .npy); by
        default problems drawn at random.
    """
    from mho.sweep import plot_yields, yields

    options.check(source)
    output.check(source)
    data = options.data(source)
    bar, planned = options.limit(data), options.plan(data, options.treated(data))
    sizes = "" if data is not None else f", {planned.rows} x {planned.columns}"
    note(f"{_chips(options.chips)} of {planned.design.name}{sizes}, error at most {bar:.4g}")
    rows = output.tried(planned)
    found = yields(rows, bar, devices=max(1, len(planned.devices)))
    if not any(one.passed for one in found):
        note(f"warning: no chip meets the bar of {bar:.4g}: {_why_none(rows, min(one.median for one in found))}")
    if output.plot is not None:
        plot_yields(output.plot, rows, bar)
    if output.json:
        told = {"design": planned.design.name, "bar": bar} | ({} if data is None else {"digital": data.digital})
        print(as_json(told | {"yields": [_plain(one) for one in found]}))
        return
    print(in_columns([["treatment", "yield", "95 % interval", "median error"], *map(_row, found)]))


def require(
    source: Source = None,
    /,
    *,
    share: float = 0.95,
    options: YieldOptions = YieldOptions(),  # noqa: B008
    output: YieldOutput = YieldOutput(),
) -> None:
    """Show how harsh each property of a device may be while enough chips meet a bar, the others as in the preset.

    Parameters
    ----------
    source
        As of `mho chip yield`.
    share
        Share of the chips that have to meet the bar, with the last treatment that `mho chip yield` would try, or the
        --treatment given.
    """
    from mho.sweep import KNOBS, plot_requirements

    options.check(source)
    output.check(source)
    if not 0 < share <= 1:
        raise ValueError(f"--share must be above 0 and at most 1, got {share}")
    if len(options.treatments) > 1:
        raise ValueError(f"--treatment must be one here, got {len(options.treatments)}")
    data = options.data(source)
    bar, treatment = options.limit(data), options.treated(data)[-1]
    planned = options.plan(data, (treatment,), knobs=KNOBS)
    note(f"{len(KNOBS)} properties of {planned.design.name}, {_chips(options.chips)}, {treatment}, at each value")
    rows = output.tried(planned)
    found = _requirements(rows, bar, share, max(1, len(planned.devices)))
    if output.plot is not None:
        plot_requirements(output.plot, found, share)
    if output.json:
        document = [
            {"knob": one.knob, "tolerated": one.tolerated, "tried": [{"value": v, **_plain(y)} for v, y in one.tried]}
            for one in found
        ]
        told = {"design": planned.design.name, "bar": bar, "share": share, "treatment": treatment}
        print(as_json(told | {"knobs": document}))
        return
    if not any(chips.passed for one in found for _, chips in one.tried):
        least = min(chips.median for one in found for _, chips in one.tried)
        note(f"warning: no chip meets the bar of {bar:.4g}: {_why_none(rows, least)}")
    header = ["property", "tolerated", "yield by value, from mild to harsh"]
    print(in_columns([header, *([one.knob, _tolerated(one), _tried(one)] for one in found)]))


def _chips(count: int) -> str:
    return f"{count} chip{'s' * (count != 1)}"


def _why_none(rows: list[dict[str, Any]], least: float) -> str:
    """Why no chip is good: the least median error, or what most chips fail of where there is none."""
    if least < float("inf"):
        return f"the best median error is {least:.3g}"
    (reason, count), *_ = Counter(row["failure"] for row in rows if row["failure"]).most_common(1)
    return f"{count} of {_chips(len(rows))} fail: {reason}"


def _requirements(rows: list[dict[str, Any]], bar: float, share: float, devices: int) -> list[Any]:
    """Each property's values with the yield at them."""
    from mho.sweep import requirement, yields

    tried: dict[str, dict[float, list[dict[str, Any]]]] = {}
    for row in rows:
        tried.setdefault(row["knob"], {}).setdefault(row["value"], []).append(row)
    return [
        requirement(
            knob, [(value, yields(chips, bar, devices=devices)[0]) for value, chips in values.items()], share=share
        )
        for knob, values in tried.items()
    ]


def _row(one: Any) -> list[str]:
    return [one.treatment, f"{one.share:.1%}", f"{one.low:.1%} to {one.high:.1%}", f"{one.median:.4g}"]


def _plain(one: Any) -> dict[str, Any]:
    median = one.median if one.median < float("inf") else None
    return {**asdict(one), "median": median, "share": one.share}


def _tolerated(one: Any) -> str:
    return "no value" if one.tolerated is None else f"{one.tolerated:g}"


def _tried(one: Any) -> str:
    return ", ".join(f"{value:g}: {found.share:.0%}" for value, found in one.tried)
