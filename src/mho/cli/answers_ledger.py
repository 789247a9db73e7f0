"""Record of a chip's answers in a run of a command, as a file for `mho cost`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mho.cli.errors import note
from mho.cli.target import check_target

if TYPE_CHECKING:
    from mho.cost import Work

__all__ = ["AnswersLedger"]


@dataclass(frozen=True)
class AnswersLedger:
    """Writes what a chip did for the answers of one command; nothing where no file was asked for.

    Attributes
    ----------
    path : Path or None
        The file, .json.
    """

    path: Path | None

    @classmethod
    def of(cls, path: Path | None, engine: Any, read: Iterable[str | Path | None] = ()) -> AnswersLedger:
        """Check the file before any work, and that there is a chip to tell of.

        Raises
        ------
        ValueError
            The engine is not the analogue one, or the file cannot be written, is read, or is no .json.
        """
        if path is None:
            return cls(None)
        if engine != "analog":
            raise ValueError(f"--ledger is for --engine analog, whose chip gives every answer, got --engine {engine}")
        if path.suffix != ".json":  # by which `mho cost` knows a run
            raise ValueError(f"--ledger must end in .json, got {path}")
        check_target(path, read, option="--ledger")
        return cls(path)

    def save(self, engine: Any, name: str, answers: int, work: Work | None = None) -> None:
        """Write the events of so many answers; where there was none, say that nothing is written.

        Parameters
        ----------
        engine : Analog
            The chip's engine.
        name : str
            Of one answer.
        answers : int
            How many there were.
        work : Work, optional
            Digital arithmetic of one answer, where there is a cheaper way to it.
        """
        if self.path is None:
            return
        if not answers or not engine.tally.solves:
            note(f"the chip has answered nothing; {self.path} is not written")
            return
        from mho.cost import Inference, write_inference

        write_inference(self.path, Inference.of(engine.tally, name, answers=answers, work=work))
        note(f"{self.path}: what {answers:,} answers took on the chip; mho cost {self.path} shows the bill")
