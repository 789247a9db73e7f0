"""Features of items beside choices, as options of `mho recommend fit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from mho.cli.recommend.table import typed_ids

__all__ = ["ItemFeatures", "column_list"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ItemFeatures:
    """Features of items, as options.

    Parameters
    ----------
    item_features
        A table of items and their features, as `add-items` takes it, for neighbours and mixed: weights between items
        explain features as they do choices. Items in it that nobody chose are taken in.
    features
        Columns of features with commas between them; by default all but the item and its title.
    split
        What parts the words of a field of features.
    """

    item_features: Path | None = None
    features: str = ""
    split: str = "|"

    def check(self, model: str, *, out_of_core: bool) -> None:
        """Refuse models without weights of choices, and columns without a table."""
        if self.features and self.item_features is None:
            raise ValueError("--features goes with --item-features FILE")
        if self.item_features is not None and (out_of_core or model not in ("neighbours", "mixed")):
            what = "--out-of-core" if out_of_core else f"--model {model}"
            raise ValueError(f"--item-features is for --model neighbours or mixed of a table in memory, got {what}")

    def read(self, items: Any) -> tuple[Any, Any] | None:
        """Return ids like those of the `items` that were chosen, and features; None if there are none."""
        if self.item_features is None:
            return None
        from mho.data.feature_table import read_features

        table = read_features(self.item_features, column_list(self.features), self.split)
        return typed_ids(table.ids.tolist(), items.ids, f"{self.item_features}: items"), table.matrix


def column_list(text: str) -> tuple[str, ...]:
    """Return the names in `text`, with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
