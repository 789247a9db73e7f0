"""Small facts in a sealed JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mho.data.errors import DataError, damaged
from mho.data.output import replacing
from mho.data.seal import BLANK, check_seal

__all__ = ["read_facts", "write_facts"]

_SEAL = "seal"


def write_facts(path: Path, form: str, facts: dict[str, Any]) -> None:
    """Write facts under the name of their format.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    """
    with replacing(path, sealed=True) as temporary:
        temporary.write_text(json.dumps({"format": form} | facts | {_SEAL: BLANK}))


def read_facts(path: Path, form: str, unsealed: str | None) -> tuple[dict[str, Any], bool]:
    """Read what `write_facts` has written, or an older version.

    Parameters
    ----------
    path : Path
        The file.
    form : str
        Name of the format with a seal.
    unsealed : str or None
        What an older version without a seal calls its format; None: nothing.

    Returns
    -------
    facts : dict
    sealed : bool
        Whether it is of the format with a seal.

    Raises
    ------
    DataError
        The file is damaged or another.
    OSError
        It cannot be read.
    """
    sealed = check_seal(path)
    with damaged(path, ValueError, RecursionError):
        facts = json.loads(path.read_bytes())
        if not isinstance(facts, dict):
            raise ValueError("must be an object with names")
    found = facts.pop("format", None)
    if found != (form if sealed else unsealed) or (_SEAL in facts) != sealed:
        raise DataError(f"{path}: is damaged, or of another version of mho: its format is {str(found)[:40]!r}")
    facts.pop(_SEAL, None)
    return facts, sealed
