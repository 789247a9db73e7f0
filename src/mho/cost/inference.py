"""Answers of a matrix that is programmed once: what one programming and one answer take, in memory and as a file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from mho import checks
from mho.chip import Ledger
from mho.cost.ledger_file import check_names, ledger_of, read_record, whole_number, write_record
from mho.cost.work import Work

__all__ = ["Inference", "is_inference", "read_inference", "write_inference"]

INFERENCE_FORMAT = "mho chip answers"
_VERSION = 1
_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Inference:
    """Matrices in a chip and the answers that they give, by their events.

    Attributes
    ----------
    name : str
        Of one answer, as "visitor" or "photo".
    design : str
        Name of the chip's design.
    m, k : int
        Shape of the largest matrix.
    matrices : int
        Matrices that are held at once.
    answers : int
        Answers of the run; everything below is of one of them.
    solves : float
        Right-hand sides of an answer, those that a probe or a smaller range repeats not among them.
    known : float
        Mean number of entries of a right-hand side that are known.
    work : Work
        Digital arithmetic of an answer.
    programmed : Ledger
        Events of writing all matrices once, read-back and calibration included.
    answered : Ledger
        Events of an answer, probes and repeated solves included.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> from mho.cost import Inference
    >>> engine = mho.Analog("ideal")
    >>> x = engine.program(np.eye(4, 2)).solve(np.ones((4, 6)))
    >>> one = Inference.of(engine.tally, "window", answers=3)
    >>> one.solves, one.answered.solves, one.programmed.cells
    (2.0, 2.0, 8.0)
    """

    name: str
    design: str
    m: int
    k: int
    matrices: int
    answers: int
    solves: float
    known: float
    work: Work
    programmed: Ledger
    answered: Ledger

    @classmethod
    def of(cls, tally: Any, name: str, *, answers: int, work: Work | None = None) -> Self:
        """Return the events of a run, divided by its answers.

        Parameters
        ----------
        tally : Tally
            Of an `mho.engines.Analog` that has programmed and solved.
        name : str
            What one answer is.
        answers : int
            How many there were.
        work : Work, optional
            Digital arithmetic of one answer, where there is a cheaper way to it than the chip's least squares.

        Raises
        ------
        ValueError
            Nothing was programmed or solved.
        """
        if not tally.programmings or not tally.solves:
            raise ValueError("tally must be of a chip that has programmed and solved, got one of no solves")
        each = 1 / checks.positive_int(answers, "answers")
        return cls(
            name=name,
            design=tally.design,
            m=tally.rows,
            k=tally.columns,
            matrices=tally.matrices,
            answers=answers,
            solves=tally.solves * each,
            known=tally.known / tally.solves,
            work=tally.work.times(each) if work is None else work,
            programmed=tally.written.times(tally.matrices / tally.programmings),
            answered=tally.solved.times(each),
        )

    def __str__(self) -> str:
        held = f"{self.matrices} matrices, the largest" if self.matrices > 1 else "a matrix"
        return (
            f"{self.name}: {held} of {self.m:,} x {self.k:,}; {self.solves:,.3g} right-hand sides an answer, "
            f"{self.known:,.3g} entries each; chip: {self.design}; counted in {self.answers:,} answers"
        )


def write_inference(path: str | os.PathLike[str], run: Inference) -> None:
    """Write what answers take as JSON, SI; `path` is replaced whole or left as it was.

    Parameters
    ----------
    path : str or path
        The file.
    run : Inference
        The answers.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    """
    write_record(path, {"format": INFERENCE_FORMAT, "version": _VERSION} | _record_of(run))


def read_inference(path: str | os.PathLike[str]) -> Inference:
    """Read what `write_inference` has written.

    Parameters
    ----------
    path : str or path
        The file.

    Raises
    ------
    DataError
        The file is damaged, larger than 64 KiB, of another version, or something in it is not what it must be.
    OSError
        The file cannot be opened.
    """
    return read_record(path, _of_record)


def is_inference(path: str | os.PathLike[str]) -> bool:
    """Return whether a file says that it is a record of answers, which may still be damaged.

    Parameters
    ----------
    path : str or path
        The file.
    """
    with open(path, "rb") as stream:
        return INFERENCE_FORMAT.encode() in stream.read(200)


def _record_of(run: Inference) -> dict[str, Any]:
    """Return the numbers of a run as JSON takes them."""
    return json.loads(json.dumps(asdict(run)))


def _of_record(record: Any, *, sealed: bool) -> Inference:
    """Return the run that a file tells of, checked.

    Raises
    ------
    ValueError, TypeError
        Something in it is not what it must be.
    """
    if not isinstance(record, dict) or record.get("format") != INFERENCE_FORMAT:
        raise ValueError(f"is no record of answers: its format is not {INFERENCE_FORMAT!r}")
    checks.one_of(record.get("version"), "version", (_VERSION,))
    if not sealed:
        raise ValueError("is damaged: its checksum is gone")
    return of_numbers({name: value for name, value in record.items() if name not in ("format", "version", "seal")})


def of_numbers(record: dict[str, Any]) -> Inference:
    """Return a run of its numbers, checked."""
    check_names(record, "the file", {f.name for f in fields(Inference)})
    for name in ("name", "design"):
        if not isinstance(record[name], str) or not 0 < len(record[name]) <= _LONGEST_NAME:
            raise ValueError(f"{name} must be a name of at most {_LONGEST_NAME} characters")
    return Inference(
        name=record["name"],
        design=record["design"],
        m=whole_number(record, "m"),
        k=whole_number(record, "k"),
        matrices=whole_number(record, "matrices"),
        answers=whole_number(record, "answers"),
        solves=checks.positive_number(record["solves"], "solves"),
        known=checks.positive_number(record["known"], "known"),
        work=_work(record["work"]),
        programmed=ledger_of(record["programmed"], "programmed", positive=("cells", "pulses", "row_pulses")),
        answered=ledger_of(record["answered"], "answered", positive=("solves", "settle_seconds")),
    )


def _work(record: Any) -> Work:
    names = [f.name for f in fields(Work)]
    check_names(record, "work", set(names))
    return Work(**{name: checks.nonnegative_number(record[name], f"work: {name}") for name in names})
