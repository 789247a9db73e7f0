"""Linear motion, exactly, until the first of some signals passes zero."""

from mho.kernels._core import between, follow, follow_scratch

__all__ = ["CROSSED", "ENDLESS", "OUTLASTED", "RESTED", "between", "follow", "follow_scratch"]

CROSSED, OUTLASTED, RESTED, ENDLESS = 0, 1, 2, 3
"""How `follow` ends: a signal passed zero; the time asked for is over; nothing moves; the motion runs away, swings for
a hundred thousand steps, or stays where nothing draws it."""
