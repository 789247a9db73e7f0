"""A camera at work: frames of a source in, clips, index and status out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mho.camera.camera import Camera
from mho.camera.recorder import Recorder
from mho.camera.source import Shot, Source, hidden
from mho.camera.state import Event
from mho.data.output import replacing

__all__ = ["Session"]

_STATUS_SECONDS, _SNAPSHOT_SECONDS = 5.0, 60.0
_OF_CLIPS = ("kept", "dropped", "removed")
"""Kinds of lines of the index that are no events."""


@dataclass(eq=False)
class Session:
    """One run.

    Parameters
    ----------
    camera : Camera
        That has learned a scene.
    source : Source
        With a ring of packets.
    recorder : Recorder
        Open.
    shown : callable, optional
        Called with the status every few seconds.
    due : callable, optional
        Called as often, for whoever has to send something.
    looked : callable, optional
        Called with the luma of each frame of the right size, masks not yet burnt in; it must not change it.
    """

    camera: Camera
    source: Source
    recorder: Recorder
    shown: Callable[[dict[str, Any]], None] = lambda status: None
    due: Callable[[], None] = lambda: None
    looked: Callable[[np.ndarray], None] = lambda luma: None
    _score_seconds: float = 0.0
    _looked_at: int = 0
    _other_size: bool = False
    _begun: float = field(default_factory=time.monotonic)
    _cpu: float = field(default_factory=time.process_time)
    _next: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def run(self) -> None:
        """Watch until the source ends; decide about what waits also when interrupted.

        Raises
        ------
        DataError
            The source holds no video.
        """
        try:
            for shot in self.source.shots():
                self._look(shot)
                self._tell_events()
                self._keep_time()
        finally:
            self.recorder.take(self.camera.finish())
            self._tell_events()
            self.recorder.close_run()
            self._write_status()

    def _look(self, shot: Shot) -> None:
        if shot.luma.shape != self.camera.scene_.grid.frame:
            if not self._other_size:
                height, width = shot.luma.shape
                text = f"the picture has {width} x {height} pixels, another size than was learned: nothing is scored"
                self.recorder.event(Event(shot.time, "other", text))
            self._other_size = True
            return
        self._other_size = False
        self.looked(shot.luma)
        begin = time.process_time()
        clips = self.camera.push(shot.luma, shot.time)
        self._score_seconds += time.process_time() - begin
        self._looked_at += 1
        self.recorder.take(clips)

    def _tell_events(self) -> None:
        for event in self.camera.clear_events():
            self.recorder.event(event)
        for t, text in self.source.events:
            self.recorder.event(Event(t, "gap", text))
        self.source.events.clear()

    def _keep_time(self) -> None:
        now = time.monotonic()
        if now >= self._next[0]:
            self._next[0] = now + _STATUS_SECONDS
            self._write_status()
            self.due()
        if now >= self._next[1]:
            self._next[1] = now + _SNAPSHOT_SECONDS
            self.recorder.retain()
            self.recorder.snapshot()

    def status(self) -> dict[str, Any]:
        """Return figures of the run so far."""
        lines, counts = self.recorder.index.counts, self.source.counts
        wall, cpu = time.monotonic() - self._begun, time.process_time() - self._cpu
        other = cpu - self._score_seconds - self.recorder.encode_seconds
        per_frame = 1e3 / max(1, counts.frames)
        return {
            "source": hidden(self.source.name),
            "seconds": round(self.source.now, 2),
            "frames_per_second": round(counts.frames / max(wall, 1e-9), 2),
            "frames": counts.frames,
            "looked_at": self._looked_at,
            "decode_ms": round(other * per_frame, 3),
            "score_ms": round(1e3 * self._score_seconds / max(1, self._looked_at), 3),
            "write_ms": round(self.recorder.encode_seconds * per_frame, 3),
            "corrupt": counts.corrupt,
            "passed_over": counts.passed_over,
            "reopened": counts.reopened,
            "time_stamp_resets": counts.resets,
            "lag": round(counts.lag, 2),
            "kept": lines["kept"],
            "dropped": lines["dropped"],
            "events": {kind: count for kind, count in lines.items() if kind not in _OF_CLIPS},
            "disk_full": self.recorder.full,
        }

    def _write_status(self) -> None:
        status = self.status()
        try:
            with replacing(self.recorder.folder / "status.json", durable=False) as temporary:
                temporary.write_text(json.dumps(status, indent=1) + "\n")
        except OSError:
            self.recorder.full = True  # a status that cannot be written ends no run
        self.shown(status)
