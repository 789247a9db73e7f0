"""Options of a command about one circuit: a user's matrix and right-hand side, or random ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of

__all__ = ["CircuitOptions", "Topology", "read_dense"]

Topology = Literal["compact", "classic", "gram", "mvm"]

_MOST_CELLS, _MOST_OPAMPS = 2**16, 640
"""Circuits of this size are followed in seconds here and in minutes by ngspice."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class CircuitOptions:
    """Circuit and right-hand side: at most 65,536 cells in either array, 640 op-amps.

    Parameters
    ----------
    matrix
        File with the matrix, - for standard input; without it, entries from 0 to 1 are drawn.
    rhs
        File with one right-hand side, a row or a column; without it, one whose answer is zero in some places is drawn.
    rows
        Rows of the matrix that is drawn.
    columns
        Columns of the matrix that is drawn.
    topology
        Which circuit: the chip's own, the classic one with op-amps on the rows too, the inverse of A'A, or the product
        with A.
    preset
        Cells, op-amps and converters.
    seed
        Of what is drawn and of the chip's errors.
    """

    matrix: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None
    rhs: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None
    rows: WholeNumber = 16
    columns: WholeNumber = 4
    topology: Topology = "compact"
    preset: str = "pku-2025"
    seed: WholeNumber = 0

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that are read."""
        return tuple(path for path in (self.matrix, self.rhs) if path is not None)

    def programmed(self) -> tuple[Any, Any]:
        """Return the library's `ProgrammedCircuit`, and its input volts for the right-hand side."""
        import numpy as np

        from mho import checks
        from mho.chip import preset, program_circuit

        checks.at_least(self.seed, "--seed", 0)
        self._tell_unused()
        rng = np.random.default_rng(self.seed)
        A = self._matrix(rng)
        wanted = rng.uniform(0.5, 1.5, A.shape[1])
        wanted[::3] *= -0.5  # pushed against the clamp
        circuit = program_circuit(self.topology, A, preset(self.preset), seed=rng)
        drawn = wanted if self.topology == "mvm" else A @ wanted
        return circuit, circuit.volts(self._rhs(drawn))

    def settling(self) -> tuple[Any, Any]:
        """Return the programmed circuit and its right-hand side, of a loop that settles."""
        if self.topology == "mvm":
            raise ValueError("--topology must be compact, classic or gram, a loop that settles, got mvm")
        return self.programmed()

    def _matrix(self, rng: Any) -> Any:
        from mho import checks

        if self.matrix is None:
            rows, columns = (checks.positive_int(getattr(self, name), f"--{name}") for name in ("rows", "columns"))
            self._check_size(rows, columns, "--rows and --columns")
            return rng.random((rows, columns))
        A = checks.as_matrix(read_dense(self.matrix), str(self.matrix))
        rows, columns = A.shape
        self._check_size(rows, columns, str(self.matrix))
        return A

    def _check_size(self, rows: int, columns: int, name: str) -> None:
        opamps = {"compact": columns, "gram": columns, "mvm": rows, "classic": rows + columns}[self.topology]
        if rows * columns > _MOST_CELLS or opamps > _MOST_OPAMPS:
            raise ValueError(
                f"{name} must make at most {_MOST_CELLS:,} cells and {_MOST_OPAMPS} op-amps, got {rows:,} x "
                f"{columns:,}: {rows * columns:,} cells and, with --topology {self.topology}, {opamps:,} op-amps"
            )

    def _tell_unused(self) -> None:
        """Say of each option that has been given and that the files leave nothing to do."""
        given = {name: getattr(self, name) for name in ("rows", "columns", "seed")}
        unused = ["rows", "columns"] if self.matrix is not None else []
        if len(self.files) == 2 and self.preset == "ideal":
            unused.append("seed")
        for name in unused:
            if given[name] != CircuitOptions.__dataclass_fields__[name].default:
                note(f"--{name} {given[name]} changes nothing here: nothing is drawn, {self.matrix} is given")

    def _rhs(self, drawn: Any) -> Any:
        from mho import checks

        if self.rhs is None:
            return drawn
        b = checks.as_matrix(read_dense(self.rhs), str(self.rhs), nonnegative=False)
        if b.size != drawn.size or 1 not in b.shape:
            raise ValueError(f"{self.rhs}: must be one row or column of {drawn.size} numbers, got shape {b.shape}")
        return b.ravel()


def read_dense(path: Path) -> Any:
    """Return the matrix of a file, or of standard input, as an array."""
    from mho.data import read_matrix

    X = read_matrix(file_of(path))
    return X.toarray() if hasattr(X, "toarray") else X
