"""Recorder: writes the clips that were kept, the index, the timeline and the status of a running camera."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from mho.camera.camera import Camera, Clip
from mho.camera.clip_file import thumbnail_jpeg, write_clip
from mho.camera.index import Index
from mho.camera.source import Packet, Source
from mho.camera.state import Event
from mho.camera.timeline import write_timeline
from mho.data.errors import DataError
from mho.data.file_lock import lock_folder
from mho.data.output import remove_abandoned, replacing
from mho.data.sealed_json import read_facts, write_facts

__all__ = ["Recorder"]

_ROLL = 1.0
"""Seconds before and after what is kept."""

_LONGEST = 60.0
"""Seconds of neighbouring windows that are one clip."""

_STATE = "mho camera state 1"
_HOUR = 3600.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_DAY = 86_400.0


@dataclass(eq=False)
class _Run:
    """Neighbouring windows with the same decision."""

    clips: list[Clip]

    @property
    def start(self) -> float:
        return self.clips[0].start

    @property
    def end(self) -> float:
        return self.clips[-1].end

    @property
    def best(self) -> Clip:
        return max(self.clips, key=lambda clip: clip.score)

    def takes(self, clip: Clip) -> bool:
        last = self.clips[-1]
        near = clip.number == last.number + 1 and clip.end - self.start <= _LONGEST
        return near and clip.kept == last.kept


@dataclass(eq=False)
class Recorder:
    """Writes to a folder of its own, which it locks.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    camera : Camera
        With its masks.
    source : Source
        With a ring of packets if clips are written.
    began : float
        Seconds since 1970 at time 0 of the stream's clock.
    clips : bool
        Write clips and thumbnails; False: numbers only.
    encode : bool
        Encode clips again as H.264.
    days, most_bytes : float, optional
        Retention of the clips.
    told : callable, optional
        Called with every line of the index.
    """

    folder: Path
    camera: Camera
    source: Source
    began: float
    clips: bool = True
    encode: bool = False
    days: float | None = None
    most_bytes: float | None = None
    told: Callable[[dict[str, Any]], None] = lambda row: None
    _run: _Run | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    encode_seconds: float = 0.0
    full: bool = False

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(lock_folder(self.folder))
            self._recover()
            self.index = Index(self.folder)
            stack.callback(self.index.close)
            self._add_missing()
            self.camera.begin()
            self._restore()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self.close_run()
            self.snapshot()

    # -- what comes ----------------------------------------------------------------------------------------------

    def take(self, clips: list[Clip]) -> None:
        """Take in decisions, in their order."""
        for clip in clips:
            if self._run is not None and not self._run.takes(clip):
                self.close_run()
            if self._run is None:
                self._run = _Run([clip])
            else:
                self._run.clips.append(clip)
        if clips:
            waiting_from = self._run.start if self._run is not None and self._run.clips[0].kept else clips[-1].end
            self.source.forget(waiting_from - _ROLL)

    def event(self, event: Event) -> None:
        """Write an event to the index."""
        self._append({"kind": event.kind, "start": self._clock(event.time), "text": event.text})

    def close_run(self) -> None:
        """Write what was begun."""
        run, self._run = self._run, None
        if run is None:
            return
        best = run.best
        row = {
            "kind": "kept" if best.kept else "dropped",
            "start": self._clock(run.start),
            "end": self._clock(run.end),
            "score": round(best.score, 3),
            "why": best.why,
            "zone": best.zone,
            "boxes": best.boxes,
            "frame": self.camera.scene_.grid.frame[::-1],
        }
        if best.kept and self.clips:
            row |= self._written(run)
        self._append(row)

    def _append(self, row: dict[str, Any]) -> None:
        try:
            self.told(self.index.append(row))
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.full = True

    # -- clips ---------------------------------------------------------------------------------------------------

    def _written(self, run: _Run) -> dict[str, Any]:
        """Write the clip of a run of kept windows; return what the index says of it."""
        packets = self._packets(run)
        if not packets:
            return {"lost": "its pictures had left the ring"}
        path = self._path(run.start)
        begin = time.process_time()
        try:
            return self._with_room(lambda: self._write(path, packets, run))
        except ValueError as error:
            return {"lost": str(error)}
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.full = True
            return {"lost": "the disk is full"}
        finally:
            self.encode_seconds += time.process_time() - begin

    def _with_room(self, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Write; where the disk is full, remove the oldest clip and try again."""
        while True:
            try:
                return write()
            except OSError as error:
                if error.errno not in _NO_ROOM or not self._remove_oldest("the disk was full"):
                    raise

    def _write(self, path: Path, packets: list[Packet], run: _Run) -> dict[str, Any]:
        path.parent.mkdir(exist_ok=True)
        picture = path.with_suffix(".jpg")
        with replacing(picture, durable=False) as temporary:
            temporary.write_bytes(thumbnail_jpeg(run.best.thumbnail))
        with replacing(path) as temporary:
            write_clip(temporary, packets, self.camera.masks, start=run.start - _ROLL, encode=self.encode)
            data = temporary.read_bytes()
        name = path.relative_to(self.folder).as_posix()
        return {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def _packets(self, run: _Run) -> list[Packet]:
        """Return packets of one segment from the key frame before a run's pre-roll to the end of its post-roll."""
        inside = [kept for kept in self.source.packets if kept.time < run.end + _ROLL]
        first = [n for n, kept in enumerate(inside) if kept.packet.is_keyframe and kept.time <= run.start - _ROLL]
        keys = [n for n, kept in enumerate(inside) if kept.packet.is_keyframe]
        if not keys:
            return []
        begin = first[-1] if first else keys[0]
        middle = next((kept for kept in inside[begin:] if kept.time >= run.start), None)
        if middle is None:
            return []
        chosen = [kept for kept in inside[begin:] if kept.segment is middle.segment]
        while chosen and not chosen[0].packet.is_keyframe:
            chosen.pop(0)
        return chosen

    def _path(self, start: float) -> Path:
        at = datetime.fromtimestamp(self.began + start, UTC).astimezone()
        folder, name, number = self.folder / f"{at:%Y-%m-%d}", f"{at:%H-%M-%S}", 1
        path = folder / f"{name}.mp4"
        while path.exists():
            number += 1
            path = folder / f"{name}-{number}.mp4"
        return path

    def _clock(self, t: float) -> str:
        return datetime.fromtimestamp(self.began + t, UTC).astimezone().isoformat(timespec="milliseconds")

    # -- retention -----------------------------------------------------------------------------------------------

    def retain(self) -> None:
        """Remove clips that are older, or more, than is kept."""
        here = self._present()
        if self.days is not None:
            oldest = datetime.fromtimestamp(self.began + self.source.now - self.days * _DAY, UTC)
            for row in here:
                if datetime.fromisoformat(row["start"]) < oldest:
                    self._remove(row, f"older than {self.days:g} days")
            here = self._present()
        total = sum(row["bytes"] for row in here)
        if self.most_bytes is None:
            return
        for row in here:
            if total <= self.most_bytes:
                break
            self._remove(row, "the oldest, for room")
            total -= row["bytes"]

    def _present(self) -> list[dict[str, Any]]:
        """Return the lines of clips that are there, the oldest first."""
        gone = {row["file"] for row in self.index.rows if row["kind"] == "removed"}
        return [row for row in self.index.rows if row.get("sha256") and row["file"] not in gone]

    def _remove_oldest(self, why: str) -> bool:
        for row in self._present():
            self._remove(row, why)
            return True
        return False

    def _remove(self, row: dict[str, Any], why: str) -> None:
        path = self.folder / row["file"]
        path.unlink(missing_ok=True)
        path.with_suffix(".jpg").unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
        self._append({"kind": "removed", "start": row["start"], "file": row["file"], "text": why})

    # -- crashes -------------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """Remove what a killed run left half written."""
        for folder in [self.folder, *self.folder.glob("????-??-??")]:
            remove_abandoned(folder)

    def _add_missing(self) -> None:
        """Add clips to the index that were complete when a run was killed before their line was."""
        known = {row["file"] for row in self.index.rows if "file" in row}
        for path in sorted(self.folder.glob("????-??-??/*.mp4")):
            name = path.relative_to(self.folder).as_posix()
            if name not in known:
                data = path.read_bytes()
                start = datetime.strptime(f"{path.parent.name} {path.stem[:8]}", "%Y-%m-%d %H-%M-%S").astimezone()
                facts = {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                at = {"start": start.isoformat(timespec="milliseconds"), "score": None, "why": "found after a crash"}
                self._append({"kind": "kept", **at, **facts})
        clips = {path.with_suffix("") for path in self.folder.glob("????-??-??/*.mp4")}
        for picture in self.folder.glob("????-??-??/*.jpg"):
            if picture.with_suffix("") not in clips:
                picture.unlink()

    def snapshot(self) -> None:
        """Write the scores of the last hour, the status and the timeline."""
        try:
            past = [(self.began + end, score) for end, score in self.camera.past_scores()]
            write_facts(self.folder / "state.json", _STATE, {"past": past})
            write_timeline(self.folder / "timeline.html", self.index.rows, self.folder)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.full = True

    def _restore(self) -> None:
        """Take up the scores of the last hour of an earlier run."""
        path = self.folder / "state.json"
        if not path.exists():
            return
        try:
            facts, _ = read_facts(path, _STATE, None)
            past = [(float(at) - self.began, float(score)) for at, score in facts["past"]]
        except (DataError, KeyError, TypeError, ValueError):
            return  # an hour's scores are soon made up for
        self.camera.remember_scores([(end, score) for end, score in past if -_HOUR < end <= 0])
