"""Prices: bytes that clips take for those that the camera sent, learned from the clips that were written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mho.camera.clip_file import KEYS_APART, Piece

__all__ = ["Prices"]


@dataclass(eq=False)
class Prices:
    """Bytes of clips: those that were sent, or what an encoder makes of them, which is more where something moves.

    Parameters
    ----------
    encoded : bool
        Clips are encoded again.
    """

    encoded: bool
    _coded: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _sent: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _beginnings: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def beginning(self) -> int:
        """Bytes of a clip's own: its first key frame, if that is new, its container, thumbnail and line."""
        total, clips = self._beginnings
        return total // max(1, clips)

    def of(self, sent: int, *, moving: bool) -> int:
        """Return the bytes that a recording takes for those that were `sent` while something is `moving`, or not."""
        kind = moving if self._sent[moving] else not moving
        return round(sent * self._coded[kind] / self._sent[kind]) if self._sent[kind] else sent

    def learn(self, pieces: Sequence[Piece], moving: tuple[float, float], sent: Callable[[float, float], int]) -> None:
        """Learn from the `pieces` of a clip, in which something is `moving` from a time to another alone.

        `sent` tells the bytes that were sent between two times.
        """
        key = pieces[0].size / KEYS_APART  # a recording of all has one now and then
        for kind, (a, b) in ((1, moving), (0, (pieces[0].time, moving[0])), (0, (moving[1], pieces[-1].time))):
            sizes = [0 if piece.key else piece.size for piece in pieces if a <= piece.time < b]
            if sizes:
                self._coded[kind] += sum(sizes) + key * len(sizes)
                self._sent[kind] += sent(a, b)

    def learn_beginning(self, size: int) -> None:
        """Learn from the `size`, in bytes, of what a clip took to begin with."""
        total, clips = self._beginnings
        self._beginnings = [total + size, clips + 1]
