"""Attributes computed once, without a lock that a child process could inherit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["cached_property"]

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:
        """The standard library's ``cached_property`` as it is since Python 3.12.

        That of 3.11 holds one lock for all objects of a class while it computes: a child that is forked meanwhile waits
        for ever. Two threads that ask at once may both compute, and each keeps an equal value.
        """

        def __init__(self, compute: Callable[[Any], Any]) -> None:
            self.compute = compute
            self.name = compute.__name__
            self.__doc__ = compute.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            kept = vars(instance)
            if self.name not in kept:
                kept[self.name] = self.compute(instance)
            return kept[self.name]
