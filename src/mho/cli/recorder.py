"""Record of the chip's events in a run of `mho factor`, as a file for `mho cost`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mho.cli.errors import note
from mho.cli.settings import Settings
from mho.cli.source import Source

if TYPE_CHECKING:
    from mho.cost import Workload

__all__ = ["Recorder"]


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """Writes the events of a fitted model.

    Attributes
    ----------
    path : Path
    workload : Workload
    """

    path: Path
    workload: Workload

    @classmethod
    def of(cls, path: Path, source: Source, settings: Settings) -> Self:
        """Return one for a matrix; it is refused before the work if none of its entries is known."""
        from mho.cost import Workload

        workload = Workload.of(source.X, k=settings.n_components, missing=settings.missing is not None)
        return cls(path=path, workload=workload)

    def save(self, model: Any) -> None:
        """Write what the chip of a fitted `mho.NMF` did, the events of an interrupted iteration included."""
        from mho.cost import ChipRun, write_run
        from mho.engines import Analog

        iterations = sum(record["engine"] == "analog" for record in model.history_)
        if iterations == 0:
            note(f"every iteration was a digital one; {self.path} is not written")
            return
        (analog,) = (engine for engine, _ in model.engine_.phases() if isinstance(engine, Analog))
        design, ledger = analog.chip.design.name, analog.ledger()
        write_run(self.path, ChipRun(workload=self.workload, iterations=iterations, design=design, ledger=ledger))
