"""Writes every table and every sentence with figures of docs/measured/cost.md: python scripts/cost_page.py.

What stands between `<!-- begin NAME -->` and `<!-- end -->` is made by the function of that name, from what `mho cost`
computes; `mho cost` prints the same rows. This CPU is left out, since the page is not about one computer.
"""

# ruff: noqa: E501, prose

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mho.chip import Ledger, preset
from mho.cli.cost.break_even import break_even_rows
from mho.cli.cost.headline import case_rows, end_rows, every_verdict, holding, verdict_sentence
from mho.cli.cost.show import area_rows, chip_rows, platform_rows
from mho.cli.quantity import engineering
from mho.cost import (
    CLAIMS,
    PLATFORMS,
    WORKLOADS,
    BreakEven,
    Case,
    Claim,
    Cost,
    Estimate,
    Swing,
    Verdict,
    Workload,
    break_even,
    cases,
    estimate,
    precision_curve,
    sweep_ledger,
    technology,
    tornado,
    verdicts,
)

sys.path.insert(0, str(Path(__file__).parent))
import site_pages  # pyright: ignore[reportMissingImports]

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "cost.md"
WIDTH = 120


@dataclass(frozen=True)
class _Bill:
    """A workload of the press, one sweep of it in 40 nm."""

    name: str

    @cached_property
    def workload(self) -> Workload:
        return WORKLOADS[self.name]

    @cached_property
    def claim(self) -> Claim:
        return CLAIMS[self.name]

    @cached_property
    def chip(self) -> Estimate:
        return self.written()

    def written(self, ports: str | None = None) -> Estimate:
        return estimate(self.ledger, "40nm", ports=ports)

    @cached_property
    def ledger(self) -> Ledger:
        return sweep_ledger(self.workload)

    @cached_property
    def costs(self) -> dict[str, Cost]:
        return {name: platform.cost(self.workload.work()) for name, platform in PLATFORMS.items()}

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        classic = sweep_ledger(self.workload, preset("pku-2025").with_(topology="classic"))
        return cases(self.ledger, technology("40nm"), classic=classic)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        return every_verdict(self.claim, self.cases, self.costs, most=self.workload.fewest_solves)

    @cached_property
    def even(self) -> list[BreakEven]:
        return [*break_even(self.ledger, technology("40nm"), self.costs, most=self.workload.fewest_solves)]

    @cached_property
    def swings(self) -> dict[str, Swing]:
        return {swing.name: swing for swing in tornado(self.ledger, technology("40nm"))}


NETFLIX, MOVIELENS = _Bill("netflix"), _Bill("movielens-100k")


def _table(rows: Iterable[Sequence[str]]) -> str:
    """The rows as Markdown; what holds is bold."""
    head, *body = ([re.sub(r"^(.*) \*$", r"**\1**", cell) for cell in row] for row in rows)
    lines = [["", *head[1:]], ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_on_hyphens=False)


def _bullets(*texts: str) -> str:
    return "\n".join(
        textwrap.fill(
            " ".join(text.split()), WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
        )
        for text in texts
    )


def _digits(value: float, count: int = 2) -> str:
    return f"{float(f'{value:.{count}g}'):,g}"


def _s(value: float) -> str:
    return engineering(value, "s")


def _joules(value: float) -> str:
    return engineering(value, "J")


def _square_mm(value: float) -> str:
    return f"{_digits(value * 1e6)} mm²"


# Blocks


def _powers() -> str:
    ratios = [f"{_digits(c.saving, 3)} / {c.faster:g} = **{c.power_ratio:.0f}**" for c in CLAIMS.values()][::-1]
    gpu, fpga = PLATFORMS["H100"].watts, PLATFORMS["FPGA Zynq-7020"].watts
    small = engineering(float(f"{fpga / MOVIELENS.claim.power_ratio:.1g}"), "W")
    return _paragraph(
        f"What is known without any of that: each pair fixes a ratio of powers, {' and '.join(ratios)}. Beside a GPU of "
        f"{gpu} W the chips draw {gpu / NETFLIX.claim.power_ratio:.0f} W, beside an FPGA of {fpga} W they draw {small}."
    )


def _answer() -> str:
    sentences = (f"**{bill.name}**: {verdict_sentence(bill.claim, bill.verdicts)}" for bill in (NETFLIX, MOVIELENS))
    return _bullets(*sentences)


def _netflix_bill() -> str:
    return _bill(NETFLIX)


def _movielens_bill() -> str:
    return _bill(MOVIELENS)


def _bill(bill: _Bill) -> str:
    power_and_area = [(name, value, "") for name, value in area_rows(bill.chip)]
    platforms = platform_rows(bill.costs)[1:]
    return (
        _table([*chip_rows(bill.chip, ""), *platforms]) + "\n\n" + _table([("", "one solver"), *_two(power_and_area)])
    )


def _two(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value, _ in rows]


def _netflix_one() -> str:
    chip, h100 = NETFLIX.chip, NETFLIX.costs["H100"]
    slower, saving = (
        chip.seconds.typical / h100.seconds.typical,
        h100.joules.typical / chip.joules.typical,
    )
    return _paragraph(
        f"One solver takes {_digits(slower)} times as long as an H100 and 1/{_digits(saving)} of its energy, writing "
        f"counted. {_digits(_share(chip, 'memory', 'joules') * 100)} % of that energy is the memory beside the chip."
    )


def _share(chip: Estimate, name: str, quantity: str) -> float:
    part = next(part for part in chip.parts if part.name == name)
    return getattr(part, quantity).typical / getattr(chip, quantity).typical


def _netflix_ports() -> str:
    by_ports = {ports: NETFLIX.written(ports) for ports in ("solver", "tile", "array")}
    seconds = {ports: _s(chip.write_seconds.typical) for ports, chip in by_ports.items()}
    watts = {p: engineering(float(f"{_writing_watts(c):.2g}"), "W") for p, c in by_ports.items()}
    drivers = {ports: _square_mm(_driver_area(chip)) for ports, chip in by_ports.items()}
    tiles = int(NETFLIX.ledger.tiles)
    return _paragraph(
        f"The taller factor is spread over {tiles:,} tiles of 128 rows. Written a row at a time through **one port**, a "
        f"solver takes {seconds['solver']} for both factors, its arrays one after the other; with **a port for each "
        f"tile**, {seconds['tile']}; with **a port for each array of each tile**, driving, sensing and compensation "
        f"cells of a row at once, {seconds['array']}. The energy is the same, "
        f"{_joules(NETFLIX.chip.write_joules.typical)}; the power while writing is {watts['solver']}, {watts['tile']} and "
        f"{watts['array']} for one solver, and drivers take {drivers['solver']}, {drivers['tile']} and "
        f"{drivers['array']} (typical; {_driver_range()} over all assumptions). A port for each tile is the typical "
        "assumption, the others are the unkindest and the kindest."
    )


def _writing_watts(chip: Estimate) -> float:
    return chip.write_joules.typical / chip.write_seconds.typical


def _driver_area(chip: Estimate) -> float:
    return dict(chip.areas)["write drivers"].value.typical


def _driver_range() -> str:
    area = dict(NETFLIX.chip.areas)["write drivers"].value
    return f"{_digits(area.low * 1e6)} to {_digits(area.high * 1e6)}"


def _netflix_memory() -> str:
    work, faster = NETFLIX.ledger.bytes_read + NETFLIX.ledger.bytes_written, NETFLIX.claim.faster
    moved = NETFLIX.chip.memory_seconds
    needed = {name: work * faster / NETFLIX.costs[name].seconds.typical / 1e12 for name in ("H100", "V100")}
    return _paragraph(
        f"A sweep moves {_digits(work / 1e9)} GB, a byte and a row's address of four for each rating twice: "
        f"{_s(moved.typical)} with the typical memory, {_s(moved.low)} with an H100's. To be {faster:g} times as fast as an "
        f"H100 or V100 at typical values takes {_digits(needed['H100'])} or {_digits(needed['V100'])} TB/s, however many "
        "solvers there are."
    )


def _netflix_ends() -> str:
    return _table(end_rows(NETFLIX.verdicts))


def _movielens_ends() -> str:
    return _table(end_rows(MOVIELENS.verdicts))


def _netflix_cases() -> str:
    return _cases(NETFLIX)


def _movielens_cases() -> str:
    return _cases(MOVIELENS)


def _cases(bill: _Bill) -> str:
    names = tuple(case.name for case in bill.cases[1:])
    return "\n\n".join(_table(case_rows(bill.verdicts, half)) for half in (names[:4], names[4:]))


def _netflix_kindest() -> str:
    held = [v for v in holding(NETFLIX.verdicts, "kindest") if not v.baseline.startswith("FPGA")]
    if not held:
        return _paragraph("Against no GPU do both ratios hold, even at the kindest end.")
    one = held[0]
    chip, solvers = NETFLIX.written("array"), one.solvers or 1
    spent = chip.solve_joules.low + solvers * chip.write_joules.low
    lasting = max(chip.shared_seconds.low / solvers, chip.memory_seconds.low) + chip.write_seconds.low
    cost = NETFLIX.costs[one.baseline]
    writing = solvers * chip.write_joules.low / chip.write_seconds.low
    return _paragraph(
        f"**Kindest**: against the {one.baseline}, {solvers} solvers take {_s(lasting)} and {_joules(spent)}, "
        f"{_digits(cost.seconds.high / lasting)} times faster at 1/{_digits(cost.joules.high / spent, 3)} of the energy. "
        f"This is with pulses and reads of 110 ns together, a port for each array of each tile, memory as fast "
        f"and frugal as an H100's, and a {one.baseline} at 10 % of its peak that fetches every factor row anew, which takes "
        f"{_s(cost.seconds.high)} where {_s(cost.seconds.typical)} is typical. Such {solvers} solvers draw "
        f"{engineering(float(f'{writing:.2g}'), 'W')} while they are written, {engineering(spent / lasting, 'W')} on "
        f"average, and at typical sizes of their parts they are {_digits(solvers * chip.square_metres.typical * 1e4)} cm² of "
        f"silicon. {_with_fewer_ports(one.baseline)} {_nearest()}"
    )


def _with_fewer_ports(baseline: str) -> str:
    found = {}
    for ports in ("tile", "solver"):
        (counted, *_) = cases(NETFLIX.ledger, technology("40nm"), ports=ports)
        platform = {baseline: NETFLIX.costs[baseline]}
        (found[ports],) = verdicts(
            NETFLIX.claim, (counted,), platform, most=NETFLIX.workload.fewest_solves, end="kindest"
        )
    told = {p: f"{v.solvers} solvers, 1/{_digits(v.saving, 3)}" if v.solvers else "none" for p, v in found.items()}
    return (
        f"With a port for each tile, all else being the same, it is {told['tile']}; with one port for a whole solver, "
        f"{told['solver']}."
    )


def _nearest() -> str:
    missed = [
        v
        for v in NETFLIX.verdicts
        if (v.case, v.end) == ("all counted", "kindest") and not v.holds and v.solvers and "FPGA" not in v.baseline
    ]
    parts = (f"the {v.baseline} with {v.solvers} solvers at 1/{_digits(v.saving, 3)} of the energy" for v in missed)
    return f"Fast enough but not frugal enough: {', '.join(parts)}." if missed else ""


def _netflix_typical() -> str:
    chip = NETFLIX.chip
    limit = {name: NETFLIX.costs[name].seconds.typical / NETFLIX.claim.faster for name in ("H100", "P100")}
    unwritten = {v.baseline: v for v in NETFLIX.verdicts if (v.case, v.end) == ("no writing, no memory", "typical")}
    best = {v.baseline: v for v in NETFLIX.verdicts if (v.case, v.end) == ("no writing, best memory", "typical")}
    most = unwritten["H100"].solvers
    assert most is not None, "the pair is not met"
    reach = [f"{v.solvers:,} against the {n}" for n, v in best.items() if v.solvers and not n.startswith("FPGA")]
    everyone = (
        "every platform"
        if all(v.holds for v in unwritten.values())
        else " and ".join(n for n, v in unwritten.items() if v.holds)
    )
    return _paragraph(
        f"**Typical**: no number of solvers is 12 times as fast as any of these GPUs, because writing alone takes "
        f"{_s(chip.write_seconds.typical)} where {_s(limit['H100'])} (H100) to {_s(limit['P100'])} (P100) are left for "
        f"everything. With writing left out and the best memory it takes {', '.join(reach)}, at no more than "
        f"1/{_digits(max(v.saving for n, v in best.items() if not n.startswith('FPGA')))} of a GPU's energy. The pair is met "
        f"against {everyone} where neither writing nor memory is counted, by {most:,} solvers "
        f"against the H100; each of them is {_square_mm(chip.square_metres.typical)}, nearly all of it DACs, so that they "
        f"are {_digits(most * chip.square_metres.typical)} m² of silicon. **Unkindest**: with one write "
        f"port, long reads and a GPU at 60 % of its peak, writing alone takes {_s(chip.write_seconds.high)}."
    )


def _movielens_words() -> str:
    by_end = {v.end: v for v in MOVIELENS.verdicts if v.baseline == "FPGA Zynq-7020" and v.case == "all counted"}
    bare = {v.baseline: v for v in MOVIELENS.verdicts if (v.case, v.end) == ("no writing, no memory", "typical")}
    zynq = bare["FPGA Zynq-7020"]
    chip, claim = MOVIELENS.chip, MOVIELENS.claim
    best = max(v.saving for v in MOVIELENS.verdicts if v.baseline.startswith("FPGA"))
    reach = "none" if zynq.solvers is None else f"{zynq.solvers:,} solvers are {claim.faster:g} times as fast"
    kind = by_end["kindest"]
    counted = (
        f"with everything counted at the kindest end {kind.solvers} solvers are, at 1/{_digits(kind.saving, 3)} of its energy"
        if kind.solvers
        else "with everything counted no number of solvers is, at any end"
    )
    return _paragraph(
        f"Beside a small embedded FPGA, at typical values and with neither writing nor memory counted, {reach}; {counted}. "
        f"No assumption here comes to {claim.saving:,.0f}: the most against an FPGA is {_digits(best, 3)}. That would take a "
        f"baseline of {_joules(claim.saving * chip.joules.typical)} a sweep, everything counted, against the "
        f"{_joules(MOVIELENS.costs['FPGA Zynq-7020'].joules.typical)} of that FPGA's roofline. Software on an embedded "
        "processor, or a design that reaches a hundredth of its FPGA's peak, would be one; whether the article's was is not "
        f"known. `none` also says that there are only {MOVIELENS.workload.fewest_solves} right-hand sides in the smaller "
        "half-sweep to share."
    )


def _moves() -> str:
    energy = {name: swing.joules for name, swing in NETFLIX.swings.items()}
    time = {name: swing.seconds for name, swing in NETFLIX.swings.items()}
    ends = {name: " to ".join(_joules(v) for v in energy[name]) for name in energy}
    bits = precision_curve(NETFLIX.workload, technology("40nm"))
    at = {b: (_s(t), _joules(j)) for b, t, j in zip(bits.values, bits.seconds, bits.joules, strict=True)}
    even = next(one for one in NETFLIX.even if one.baseline == "H100")
    return _bullets(
        f"**Memory** moves the energy most: {ends['memory_joules_per_byte']} between HBM3 and DDR4. Write pulses follow "
        f"({ends['pulse_joules']}), then the op-amps' bias ({ends['amplifier_joules_per_cycle']}).",
        f"**Write ports** move the time most: {' to '.join(_s(v) for v in time['write ports'])} from one for each array of "
        f"each tile to one for all; the length of a pulse {' to '.join(_s(v) for v in time['pulse_seconds'])}.",
        f"**Solvers**: each has to be written. From {(even.solvers_as_frugal or 0) + 1} solvers on, the chips take more "
        "energy than the H100 does.",
        f"**Precision**: {' and '.join(at[4])} at 4 bits, {' and '.join(at[12])} at 12, with right-hand sides read as bytes "
        "at any precision. What errors of the cells do to the answers is another matter ([many chips](../do/sweep.md)).",
    )


def _even() -> str:
    return _table(break_even_rows(NETFLIX.even))


BLOCKS: dict[str, Callable[[], str]] = {
    make.__name__[1:].replace("_", "-"): make
    for make in (
        _powers,
        _answer,
        _netflix_bill,
        _netflix_one,
        _netflix_ports,
        _netflix_memory,
        _netflix_ends,
        _netflix_kindest,
        _netflix_typical,
        _netflix_cases,
        _movielens_bill,
        _movielens_ends,
        _movielens_cases,
        _movielens_words,
        _moves,
        _even,
    )
}


def made_anew(page: str) -> str:
    """Return the page with every block made again."""
    return site_pages.made_anew(page, BLOCKS)


if __name__ == "__main__":
    site_pages.write_blocks(PAGE, BLOCKS)
