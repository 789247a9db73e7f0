"""Which columns of a table are users, items and ratings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["interaction_columns", "names_say_so"]


def interaction_columns(names: Sequence[Any]) -> list[Any]:
    """Return which of `names` hold user, item and, if there is one, rating.

    Those called so if there is a user and an item, else the first two and the one called rating or the third. user_id,
    UserID and user_id:token are user, too.
    """
    called = {_meaning(name): name for name in reversed(names)}
    if names_say_so(names):
        return [called[x] for x in ("user", "item", "rating") if x in called]
    return [*names[:2], *([called["rating"]] if "rating" in called else names[2:3])]


def names_say_so(names: Sequence[Any]) -> bool:
    """Return whether there is a user and an item among `names`."""
    return {"user", "item"} <= set(map(_meaning, names))


def _meaning(name: Any) -> str:
    word = re.sub(r"[\W_]", "", str(name).split(":")[0].lower())
    return word.removesuffix("id")
