"""State of a fit in a folder, in a small file, from which the run after a killed one goes on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mho.data import DataError
from mho.data.sealed_json import read_facts, write_facts
from mho.recommend.rating_model import RatingModel

__all__ = ["FitState"]

_FILE, _FORMAT, _UNSEALED = "fit.json", "mho fit in blocks 2", "mho fit in blocks 1"
_ROWS = "rows-"


@dataclass(frozen=True, kw_only=True)
class FitState:
    """The last complete half-steps of a fit.

    Attributes
    ----------
    table : str
        Folder of the table, relative to that of the fit where it is inside.
    n_components : int
    random_state : int or None
    model, kind : dict, str
        Settings of the model as they were asked for, and its class.
    settled : dict
        Settings that the table has told; empty for a `RatingModel`, which chooses when it is loaded.
    rows : str
        Folder with the rows of both sides, in that of the fit; its name is of this fit alone.
    users, items : int
        Iterations that each side has done.
    weights : int
        Iteration whose weights between items are whole; 1 where there are no factors; 0 for none.
    history : tuple of dict
        "iteration", "seconds" and the model's quality of each.
    """

    table: str
    n_components: int
    random_state: int | None
    model: dict[str, Any]
    rows: str
    kind: str = "RatingModel"
    settled: dict[str, Any] = field(default_factory=dict)
    users: int = 0
    items: int = 0
    weights: int = 0
    history: tuple[dict[str, Any], ...] = field(default=())

    @classmethod
    def read(cls, folder: Path) -> FitState:
        """Return the state that is in `folder`.

        Raises
        ------
        DataError
            There is none.
        """
        try:
            facts, _ = read_facts(folder / _FILE, _FORMAT, _UNSEALED)
            facts["history"] = tuple(facts["history"])
            if facts.get("kind", "RatingModel") == "RatingModel":  # settings that an older version did not have
                facts["model"] = asdict(RatingModel(**facts["model"]))
            return cls(**facts)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: holds no fit in blocks: {error}") from None

    @classmethod
    def there(cls, folder: Path) -> bool:
        """Return whether `folder` has a state."""
        return (folder / _FILE).exists()

    def begun(self, folder: Path) -> FitState:
        """Return this state with an empty folder of rows; those of fits that were killed before they began are gone."""
        for abandoned in folder.glob(f"{_ROWS}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        return replace(self, rows=Path(tempfile.mkdtemp(prefix=_ROWS, dir=folder)).name)

    def write(self, folder: Path) -> None:
        """Write the state, whole or not at all, and remove rows that it does not name."""
        write_facts(folder / _FILE, _FORMAT, asdict(self))
        wanted = {self.path(folder, side) for side in ("users", "items", "weights")}
        for path in set((folder / self.rows).iterdir()) - wanted:
            shutil.rmtree(path, ignore_errors=True)

    def path(self, folder: Path, side: Literal["users", "items", "weights"], ahead: int = 0) -> Path:
        """Return the path of the rows of a side, or of weights, or of those `ahead` iterations later."""
        return folder / self.rows / f"{side}-{getattr(self, side) + ahead}"

    def table_folder(self, folder: Path) -> Path:
        """Return the folder of the table of a fit in `folder`."""
        return folder / self.table

    def differences(self, other: FitState) -> Iterator[str]:
        """Name the differences of another fit, its progress aside."""
        for name in ("table", "n_components", "random_state", "kind", "model"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                yield f"{name} {mine}, not {theirs}"


def table_name(table: Path, folder: Path) -> str:
    """Return the name of a table's folder for a fit in `folder`."""
    return os.path.relpath(table, folder) if table.is_relative_to(folder) else str(table)
