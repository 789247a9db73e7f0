"""Options of a cost estimate: workload, chip and technology."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.cost.named import stands_for_sizes, workload_named
from mho.cli.errors import note
from mho.cli.settings import WholeNumber

if TYPE_CHECKING:
    from mho.chip import ChipDesign, Ledger
    from mho.cost import BreakEven, ChipRun, Cost, Curve, Estimate, Platform, Swing, Workload

__all__ = ["CostOptions"]

_LARGEST_ARRAY = 1024
"""Rows and columns; larger ones are not published."""

_OF_THE_RUN = {"k": "-k", "iterations": "--iterations", "array": "--array"}
_COUNTED_WITH = ("k", "iterations", "array", "technology", "topology")
"""Options on which the events depend."""

_WITHOUT_OPTION: dict[str, Any] = {"k": 10, "iterations": 1, "array": "128x128"}
"""Of sizes and files; a recorded run has its own."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class CostOptions:
    """Options of a cost estimate.

    Parameters
    ----------
    k
        Number of components; 10 by default. A recorded run has its own.
    iterations
        Updates of both factors; 1 by default. A recorded run has its own.
    technology
        What events cost.
    solvers
        Copies of the chip that share the right-hand sides; each has to be written.
    array
        Size of one array, ROWSxCOLUMNS, at most 1024x1024; 128x128 by default. Taller factors are spread over several
        arrays, tiles; k is at most the columns. A recorded run has its own.
    topology
        Circuit around the arrays. The Gram circuit cannot leave missing entries out. A recorded run has its own.
    write
        A row of cells at once, or one cell after the other.
    write_ports
        Rows of one solver that are written at the same time: one (solver), one in each tile (tile), or one in each
        array of each tile (array). By default an assumption like others, with tile as its typical value.
    layout
        What a line of a table in a file is: a row of the matrix, or one entry (row id, column id, value).
    measure
        Measure this CPU again; else it is measured once for each kind of workload, and kept.
    """

    k: Annotated[WholeNumber | None, Parameter(name=("-k", "--components", "--k"))] = None
    iterations: WholeNumber | None = None
    technology: Literal["130nm", "40nm", "28nm", "board"] = "40nm"
    solvers: WholeNumber = 1
    array: str | None = None
    topology: Literal["compact", "classic", "gram"] = "compact"
    write: Literal["row", "serial"] = "row"
    write_ports: Literal["solver", "tile", "array"] | None = None
    layout: Literal["matrix", "triplets"] = "matrix"
    measure: Annotated[bool, Parameter(negative="", show_default=False)] = False

    def run(self, name: str) -> ChipRun:
        """Return the run in a file, or one of the sizes that a name stands for, with its events counted."""
        from mho.cost import read_run

        if self.layout != "matrix" and (_is_recorded(name) or stands_for_sizes(name)):
            note(f"--layout {self.layout} changes nothing here: {name} is no table")
        if not _is_recorded(name):
            return self._counted(self._workload(name))
        given = [option for field, option in _OF_THE_RUN.items() if getattr(self, field) is not None]
        if given:
            raise ValueError(f"{', '.join(_OF_THE_RUN.values())} are those of the run in {name}; leave {given[0]} out")
        run = read_run(name)
        self._check_solvers(run.workload)
        return run

    def classic(self, run: ChipRun) -> Ledger:
        """Return the events of the same sizes on the classic circuit."""
        from mho.cost import sweep_ledger

        return sweep_ledger(run.workload, self._design().with_(topology="classic")).times(run.iterations)

    def estimate(self, ledger: Ledger) -> Estimate:
        """Return time, energy and area of a ledger."""
        from mho.cost import estimate

        return estimate(ledger, self.technology, solvers=self.solvers, **self.writing)

    def tell_unused(self, name: str, run: ChipRun, result: Callable[[CostOptions, ChipRun], Any]) -> None:
        """Say of each option that has been given and changes nothing that it does not.

        Parameters
        ----------
        name : str
            Of the workload.
        run : ChipRun
            The factorization.
        result : callable
            Of options and a run: what is shown.
        """
        shown = result(self, run)
        for f in fields(self):
            value = getattr(self, f.name)
            if value in (f.default, _WITHOUT_OPTION.get(f.name)) or f.name in ("layout", "measure"):
                continue
            other = replace(self, **{f.name: f.default})
            again = f.name in _COUNTED_WITH and not _is_recorded(name)
            if result(other, other._counted(replace(run.workload, k=other._k)) if again else run) == shown:
                note(f"{'-k' if f.name == 'k' else '--' + f.name.replace('_', '-')} {value} changes nothing here")

    def platforms(self, workload: Workload) -> dict[str, Platform]:
        """Return all digital platforms, this computer as it was measured."""
        from mho.cost import PLATFORMS, measured_cpu
        from mho.engines import Digital

        return {**PLATFORMS, "this CPU": measured_cpu(Digital, workload, again=self.measure)}

    def break_even(self, run: ChipRun, costs: dict[str, Cost]) -> tuple[BreakEven, ...]:
        """Return the break-even points with each platform."""
        from mho.cost import break_even, technology

        most = run.workload.fewest_solves
        return tuple(break_even(run.ledger, technology(self.technology), costs, most=most, **self.writing))

    def tornado(self, ledger: Ledger) -> tuple[Swing, ...]:
        """Return the swing of each number of the technology."""
        from mho.cost import technology, tornado

        return tornado(ledger, technology(self.technology), solvers=self.solvers, **self.writing)

    def curves(self, run: ChipRun) -> tuple[Curve, ...]:
        """Return time and energy against pulse, rows at once, solvers and bits; the last one counted by the sizes."""
        from mho.cost import ports_curve, precision_curve, pulse_curve, solvers_curve, technology

        t, workload, ledger = technology(self.technology), run.workload, run.ledger
        counts = [10**i for i in range(len(str(workload.fewest_solves)))]
        pulses = [10.0**-i for i in range(10, 4, -1)]
        precision = precision_curve(workload, t, self._design(), solvers=self.solvers, **self.writing)
        return (
            pulse_curve(ledger, t, pulses, solvers=self.solvers, **self.writing),
            ports_curve(ledger, t, solvers=self.solvers, write=self.write),
            solvers_curve(ledger, t, counts, **self.writing),
            precision.times(run.iterations),
        )

    @property
    def writing(self) -> dict[str, Any]:
        """Arguments of an estimate that say how is written."""
        return {"write": self.write, "ports": self.write_ports}

    @property
    def _k(self) -> int:
        return _WITHOUT_OPTION["k"] if self.k is None else self.k

    def _workload(self, name: str) -> Workload:
        from mho import checks
        from mho.cost import WHY_NOT_WIDER

        k, widest = self._k, self.array_size()[1]
        checks.positive_int(k, "-k", limit=widest, what=f"{WHY_NOT_WIDER}, --array")
        return workload_named(name, k=k, layout=self.layout)

    def _counted(self, workload: Workload) -> ChipRun:
        from mho import checks
        from mho.cost import ChipRun, sweep_ledger

        iterations = checks.positive_int(
            _WITHOUT_OPTION["iterations"] if self.iterations is None else self.iterations, "--iterations"
        )
        self._check_solvers(workload)
        design = self._design()
        ledger = sweep_ledger(workload, design).times(iterations)
        return ChipRun(workload=workload, iterations=iterations, design=design.name, ledger=ledger)

    def _check_solvers(self, workload: Workload) -> None:
        from mho import checks

        most = "the right-hand sides of the smaller half-sweep: more solvers have nothing to do"
        checks.positive_int(self.solvers, "--solvers", limit=workload.fewest_solves, what=most)

    def _design(self) -> ChipDesign:
        from mho.chip import preset
        from mho.cost import technology

        rows, columns = self.array_size()
        bandwidth = technology(self.technology).bandwidth.value.typical
        return preset("pku-2025").with_(bandwidth=bandwidth, rows=rows, columns=columns, topology=self.topology)

    def array_size(self) -> tuple[int, int]:
        """Return rows and columns of an array, checked."""
        from mho import checks

        text = _WITHOUT_OPTION["array"] if self.array is None else self.array
        sizes = re.fullmatch(r"(\d{1,9})[xX×](\d{1,9})", text)
        if not sizes:
            raise ValueError(f"--array must be ROWSxCOLUMNS as 128x128, got {text!r}")
        rows, columns = (
            checks.positive_int(int(size), f"--array {what}", limit=_LARGEST_ARRAY)
            for size, what in zip(sizes.groups(), ("ROWS", "COLUMNS"), strict=True)
        )
        return rows, columns


def _is_recorded(name: str) -> bool:
    return Path(name).suffix == ".json" and Path(name).exists()
