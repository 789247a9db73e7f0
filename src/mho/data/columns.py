"""Columns of a table that are user, item and rating, told by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mho.data.text import shown

__all__ = ["Columns", "are_names", "interaction_columns", "time_columns", "title_columns"]

_ROLES = "user", "item", "rating"
_ADVICE = "say which by columns=USER,ITEM,RATING"
_SHOWN, _ROOM = 8, 120
_PLAIN = 2
"""Rank of user, user_id and movie_id, but not of movie."""

_WORDS = {
    "user": """
        user uid username steamid member customer client reviewer visitor viewer listener reader buyer shopper
        account person patron player subscriber profile consumer rater critic annotator session who
        nutzer benutzer kunde kunden mitglied utilisateur usuario cliente
    """,
    "item": """
        item iid movie film book artist band musician album song track product article artwork asin isbn isbn13
        ean sku upc good game app joke anime manga recipe restaurant business venue place poi hotel listing beer wine
        show series video page url doc document paper news course podcast what
        artikel produkt buch spiel lied libro livre pelicula producto articulo produit
    """,
    "rating": """
        rating ratings star stars score grade overall rate preference weight strength value
        play plays playcount playtime count counts listen listens hours minutes quantity qty amount purchases clicks
        views liked clicked bought purchased interactions frequency
        bewertung bewertungen wertung sterne punkte anzahl menge puntuacion valoracion evaluation
    """,
    "time": """
        time timestamp timestamps ts date datetime when day week month year hour created updated at unix
        datum zeit uhrzeit zeitstempel fecha
    """,
    "row": "index row rows rownames rownumber unnamed review event order transaction interaction record zeile nr",
}
_WORD = {word: role for role, words in _WORDS.items() for word in words.split()}
_NUMBERED = {"id", "ids", "no", "nr", "num", "number", "nummer", "key", "code", "idx"}
_CALLED = {"name", "names", "title", "titles", "titel", "nombre", "label"}
_FILLERS = {"played", "watched", "listened", "spent", "forever", "total", "of", "in", "the", "per"}
_TOTAL = {"average", "avg", "mean", "median", "min", "max", "std", "durchschnitt"}
"""What a rating of a whole item is called by: no rating of one user."""


@dataclass(frozen=True)
class Columns:
    """The columns that were found.

    Attributes
    ----------
    names : tuple, length 2 or 3
        Of user, item and, if there is one, rating.
    guessed : bool
        By their places, or because no other was left, rather than by their names.

    Examples
    --------
    >>> from mho.data import Columns
    >>> Columns(("user", "item", "stars")).guessed
    False
    """

    names: tuple[Any, ...]
    guessed: bool = False

    def __str__(self) -> str:
        named = [*self.names, "none"][:3]
        return ", ".join(f"{role}={name}" for role, name in zip(_ROLES, named, strict=True))


def interaction_columns(names: Sequence[Any], chosen: Sequence[Any] = (), usual: Sequence[Any] = ()) -> Columns:
    """Return the columns among `names` that are user, item and, if there is one, rating.

    Names are compared word by word: user_id, UserID, user-id:token, reviewerID and "Customer No" are user; item is
    called movie, book, artist, isbn and much else. A column that is called so without more goes before one that is
    called so among others, and an id before a name. Times and row numbers are none of the three. Where names say
    nothing at all, the first two or three columns count, if there are no more of them.

    Parameters
    ----------
    names : sequence
        Of all columns, in their order; numbers are no names.
    chosen : sequence, length 0, 2 or 3
        Which ones the caller says they are; numbers as text are places, from 1, if no column is called so.
    usual : sequence, length 0, 2 or 3
        Those of an earlier table, taken where they are all there and none is chosen.

    Raises
    ------
    ValueError
        Two columns could be the same of the three, names contradict the places, a chosen one is not there, or
        it was another of the three in the earlier table.
    """
    chosen = chosen or (usual if set(usual) <= set(names) else ())
    if len(chosen):
        for place, name in enumerate(chosen[:2]):
            if usual and name == usual[1 - place]:
                raise ValueError(f"has {_ROLES[place]}={name}, which was the {_ROLES[1 - place]} in the fit")
        found = tuple(_chosen(names, name) for name in chosen)
        if len(set(found)) < len(found):
            raise ValueError(f"has one column for two of {', '.join(map(repr, chosen))}")
        return Columns(found)
    if len(names) < 2:
        raise ValueError(f"must have the columns user and item, has only {_quoted(names[0] if len(names) else 'none')}")
    plain = [name for name in names if name != ""]
    places = [_is_place(name) for name in plain]
    if all(places):
        return _by_place(names, plain, most=4)
    if any(places):
        raise ValueError(f"its columns {_listed(names)} are a matrix of users and items, or unnamed; {_ADVICE}")
    found = {role: best for role in _ROLES if (best := _best(names, role)) is not None}
    if {"user", "item"} <= found.keys():
        return Columns(tuple(found[role] for role in _ROLES if role in found))
    return _completed(names, found)


def are_names(words: Sequence[str]) -> bool:
    """Return whether `words` can hardly be ids: user and item are among them, or one that is called so plainly."""
    told = [found for found in map(_role, words) if found is not None]
    roles = {role for role, _ in told}
    return {"user", "item"} <= roles or any(role in _ROLES and rank <= _PLAIN for role, rank in told)


def title_columns(names: Sequence[str]) -> tuple[int, int]:
    """Return the places of item and title among the names of at least two columns: by these, else the first two."""
    roles = [_role(name) for name in names]
    item = next((j for j, found in enumerate(roles) if found and found[0] == "item" and found[1] <= _PLAIN), 0)
    others = [j for j in range(len(names)) if j != item]
    return item, next((j for j in others if _CALLED & set(_words(names[j]))), others[min(item, len(others) - 1)])


def time_columns(names: Sequence[Any]) -> list[Any]:
    """Return the columns among `names` that are called as times are."""
    return [name for name in names if (_role(name) or " ")[0] == "time"]


def _chosen(names: Sequence[Any], name: Any) -> Any:
    if name in names:
        return name
    if str(name).isdecimal() and 1 <= int(name) <= len(names):
        return names[int(name) - 1]
    raise ValueError(f"has no column {_quoted(name)}, but {_listed(names)}")


def _completed(names: Sequence[Any], found: dict[str, Any]) -> Columns:
    """Find a user or item that is not called so: the only column left, or the one in its place."""
    missing = [role for role in _ROLES[:2] if role not in found]
    unknown = [name for name in names if _role(name) is None]
    if len(missing) == len(unknown) == 1 and _may_be(missing[0], unknown[0], names, found):
        found[missing[0]] = unknown[0]
        return Columns(tuple(found[role] for role in _ROLES if role in found), guessed=True)
    return _by_place(names, [name for name in names if (_role(name) or " ")[0] not in ("time", "row")], most=3)


def _may_be(role: str, name: Any, names: Sequence[Any], found: dict[str, Any]) -> bool:
    """Whether a column of any other name can be who rated: before what was rated, and no title."""
    before = names.index(name) < names.index(found["item"]) if role == "user" else True
    return before and not (role == "user" and _CALLED & set(_words(name)))


def _by_place(names: Sequence[Any], plain: list[Any], most: int) -> Columns:
    """Take the first of the `plain` columns for user, item and rating, unless that is not what one is called."""
    told = zip(map(_role, plain), _ROLES, strict=False)
    if not 2 <= len(plain) <= most or any(role is not None and role[0] != place for role, place in told):
        raise ValueError(f"its columns {_listed(names)} do not say which are user and item; {_ADVICE}")
    return Columns(tuple(plain[:3]), guessed=True)


def _best(names: Sequence[Any], role: str) -> Any:
    """Return the column that is called so most plainly; None if there is none."""
    told = enumerate(map(_role, names))
    ranked = sorted((found[1], place) for place, found in told if found is not None and found[0] == role)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        both = " and ".join(_quoted(names[place]) for rank, place in ranked if rank == ranked[0][0])
        raise ValueError(f"its columns {both} could all be the {role}; {_ADVICE}")
    return names[ranked[0][1]] if ranked else None


def _role(name: Any) -> tuple[str, int] | None:
    """Return the role of a column by its name, and a rank, 0 the plainest way to say so; None if it has none."""
    if str(name).startswith("__index_level_"):  # of pandas, where the index has no name
        return "row", 0
    words = [word for word in _words(name) if word not in _FILLERS]
    plain = [word for word in words if word not in _NUMBERED]
    numbered, called = len(plain) < len(words), bool(_CALLED & set(plain))
    plain = [word for word in plain if word not in _CALLED]
    if not plain:
        return ("row", 0) if not called else None
    roles = [_role_of_word(word) for word in plain]
    role = roles[-1]
    if role == "rating" and numbered:
        return "row", 0
    if "time" in roles and role in ("time", None):
        return "time", 0
    if _TOTAL & set(plain):
        return "row", 0
    if role is None:
        return None
    if role == "rating" and not all(roles):
        return role, 8
    rank = 0 if plain == [role] else 2 if len(plain) == 1 else 4 if all(roles) else 6
    return role, 10 + rank if called else rank + (not numbered)


def _words(name: Any) -> list[str]:
    """Take a name apart at signs, at capitals within it and before an id at its end; what follows a colon is a type."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(name).split(":")[0])
    words = re.sub(r"[\W_]+", " ", text).lower().split()
    return [part for word in words for part in _without_id(word)]


def _without_id(word: str) -> list[str]:
    for ending in ("ids", "id", "nr", "nummer", "no"):
        if word not in _WORD and word.removesuffix(ending) in _WORD:
            return [word.removesuffix(ending), ending]
    return [word]


def _role_of_word(word: str) -> str | None:
    singular = word.removesuffix("s")
    return _WORD.get(word) or (_WORD.get(singular) if _WORD.get(singular) in ("user", "item") else None)


def _is_place(name: Any) -> bool:
    """Whether a name is a number that a program gave to a column."""
    return not isinstance(name, str) or re.fullmatch(r"(field )?[0-9]+", name) is not None


def _quoted(name: Any) -> str:
    return shown(name) if isinstance(name, str) else repr(name)


def _listed(names: Sequence[Any]) -> str:
    """Return the first names of columns, as many as an error has room for."""
    told = [_quoted(name) for name in names[:_SHOWN]]
    while len(told) > 1 and sum(map(len, told)) > _ROOM:
        del told[-1]
    return ", ".join(told) + (f" and {len(names) - len(told)} more" if len(names) > len(told) else "")
