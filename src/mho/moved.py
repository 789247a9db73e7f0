"""Names that have moved: for one version the old place gives the new object, with a warning."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["moved", "moved_module"]


def moved(module: str, homes: dict[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module some of whose names live elsewhere now.

    Parameters
    ----------
    module : str
        Its name.
    homes : dict of str to str
        From an old name to the new one, dotted.
    """

    def __getattr__(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warnings.warn(f"{module}.{name} is {homes[name]} now", DeprecationWarning, stacklevel=2)
        home, _, new = homes[name].rpartition(".")
        return getattr(import_module(home), new)

    return __getattr__


def moved_module(module: str, homes: dict[str, str]) -> None:
    """Let a module that is gone be imported, all of its names living elsewhere.

    Parameters
    ----------
    module : str
        Its name.
    homes : dict of str to str
        See `moved`.
    """
    gone = ModuleType(module, "Names that have moved.")
    gone.__getattr__ = moved(module, homes)  # type: ignore[method-assign]
    sys.modules[module] = gone
