"""Which factorization on which chip, as options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from mho.cli.cost.named import workload_named
from mho.cli.settings import WholeNumber

if TYPE_CHECKING:
    from mho.chip import ChipDesign, Ledger
    from mho.cost import BreakEven, ChipRun, Cost, Curve, Estimate, Platform, Swing, Workload

__all__ = ["Question"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked.

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
    write
        A row of cells at once, or one cell after the other.
    layout
        What a line of a table in a file is: a row of the matrix, or one entry (row id, column id, value).
    """

    k: WholeNumber | None = None
    iterations: WholeNumber | None = None
    technology: Literal["130nm", "40nm", "28nm", "board"] = "40nm"
    solvers: WholeNumber = 1
    write: Literal["row", "serial"] = "row"
    layout: Literal["matrix", "triplets"] = "matrix"

    def run(self, name: str) -> ChipRun:
        """Return the run in a file, or one of the sizes that a name stands for, with its events counted."""
        from mho.cost import read_run

        path = Path(name)
        if path.suffix != ".json" or not path.exists():
            return self._counted(name)
        if self.k is not None or self.iterations is not None:
            raise ValueError(f"--k and --iterations are those of the run in {name}; leave them out")
        return read_run(path)

    def estimate(self, ledger: Ledger) -> Estimate:
        """Return what they take."""
        from mho import checks
        from mho.cost import estimate

        checks.positive_int(self.solvers, "--solvers")
        return estimate(ledger, self.technology, solvers=self.solvers, write=self.write)

    def platforms(self, workload: Workload) -> dict[str, Platform]:
        """Return all digital platforms, this computer measured now."""
        from mho.cost import PLATFORMS, calibrate
        from mho.engines import Digital

        return {**PLATFORMS, "this CPU": calibrate(Digital(), workload)}

    def break_even(self, run: ChipRun, costs: dict[str, Cost]) -> tuple[BreakEven, ...]:
        """Return where the chip does as well as each platform."""
        from mho.cost import break_even, technology

        most = run.workload.fewest_solves
        return tuple(break_even(run.ledger, technology(self.technology), costs, most=most, write=self.write))

    def tornado(self, ledger: Ledger) -> tuple[Swing, ...]:
        """Return what each number of the technology does."""
        from mho.cost import technology, tornado

        return tornado(ledger, technology(self.technology), solvers=self.solvers, write=self.write)

    def curves(self, run: ChipRun) -> tuple[Curve, ...]:
        """Return time and energy against write pulse, solvers and precision; the last one counted by the sizes."""
        from mho.cost import precision_curve, pulse_curve, solvers_curve, technology

        t = technology(self.technology)
        workload, ledger = run.workload, run.ledger
        counts = [10**i for i in range(len(str(workload.fewest_solves)))]
        return (
            pulse_curve(ledger, t, [10.0**-i for i in range(10, 4, -1)], solvers=self.solvers, write=self.write),
            solvers_curve(ledger, t, counts, write=self.write),
            precision_curve(workload, t, self._design(), solvers=self.solvers).times(run.iterations),
        )

    def _counted(self, name: str) -> ChipRun:
        from mho import checks
        from mho.cost import ChipRun, sweep_ledger

        k = checks.positive_int(10 if self.k is None else self.k, "--k")
        iterations = checks.positive_int(1 if self.iterations is None else self.iterations, "--iterations")
        workload, design = workload_named(name, k=k, layout=self.layout), self._design()
        ledger = sweep_ledger(workload, design).times(iterations)
        return ChipRun(workload=workload, iterations=iterations, design=design.name, ledger=ledger)

    def _design(self) -> ChipDesign:
        from mho.chip import preset
        from mho.cost import technology

        return preset("pku-2025").with_(bandwidth=technology(self.technology).bandwidth.value.typical)
