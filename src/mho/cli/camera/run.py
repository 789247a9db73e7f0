"""`mho camera run`: a camera at work."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.answers_ledger import AnswersLedger
from mho.cli.camera.options import source_name, told_name
from mho.cli.errors import note
from mho.cli.interrupts import undisturbed
from mho.cli.tables import table

__all__ = ["run"]


def run(
    camera: Annotated[Path, Parameter(name="CAMERA")],
    source: Annotated[str | None, Parameter(name="SOURCE", allow_leading_hyphen=True)] = None,
    /,
    *,
    out: Path,
    keep: str = "20%",
    delay: str = "60 s",
    settle: str = "10 min",
    adapt: str = "1 h",
    clips: bool = True,
    encode: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    days: float | None = None,
    room: float | None = None,
    mqtt: str | None = None,
    credentials: Annotated[Path | None, Parameter(show_default=False)] = None,
    ca: Annotated[Path | None, Parameter(show_default=False)] = None,
    live: Annotated[str | None, Parameter(show_default=False)] = None,
    transport: Literal["tcp", "udp"] = "tcp",
    url_file: Path | None = None,
    engine: Literal["analog"] | None = None,
    ledger: Annotated[Path | None, Parameter(show_default=False)] = None,
    json_: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False,
) -> None:
    """Watch a stream and keep the clips that matter.

    Writes OUT/2026-03-12/14-03-22.mp4, OUT/index.jsonl with one line for each decision and event, OUT/timeline.html and
    OUT/status.json. Nothing else of the stream is written. Ctrl-C and SIGTERM end it in good order; however it ends,
    the same command goes on.

    Parameters
    ----------
    camera
        What `learn` wrote.
    source
        A video file, /dev/video0, the URL of a camera, or - for MJPEG or y4m from the standard input.
    out
        Folder for the clips; a folder in use is refused.
    keep
        "20%" of the time of the last hour, "25% of bytes" of a recording of all of it, both with the seconds beside
        what is kept, "50 MB/h", or "score 5": every clip of at least this score.
    delay
        Time after which a decision is made, finally: a better clip that comes later cannot win.
    settle
        Time after which an object that stands belongs to the scene.
    adapt
        Time after which a scene that has changed slowly may get another part; "never": it stays as it was learned.
    clips
        Write pictures; --no-clips keeps numbers only.
    encode
        Encode clips again as H.264, which every browser shows. A mask does so by itself: packets cannot be blackened.
    days
        Remove clips after so many days.
    room
        Megabytes of clips at the most; the oldest are removed.
    mqtt
        mqtt://HOST/TOPIC for every decision and event; what no broker takes waits in OUT/outbox. User and password in
        MHO_MQTT_USER and MHO_MQTT_PASSWORD or in --credentials, never in the address.
    credentials
        File of two lines, user and password at the broker, that its owner alone may read.
    ca
        File of certificate authorities, for mqtts.
    live
        :PORT of 127.0.0.1 at which a browser on this machine sees the latest frame, masks burnt in.
    transport
        Of rtsp://.
    url_file
        A file with the URL, in place of SOURCE: other users see a command line.
    engine
        Look at frames with the simulated chip, in place of the solver that the camera was learned with.
    ledger
        Write what the chip did, for mho cost: a .json file, when the run ends.
    json_
        Print the last status as JSON.
    quiet
        Show nothing but warnings and errors.
    """
    from mho import Camera
    from mho.camera.quantities import read_keep, read_seconds
    from mho.camera.recorder import Recorder
    from mho.camera.session import Session
    from mho.camera.source import Source, is_live

    name = source_name(source, url_file)
    post = _poster(mqtt, credentials, ca)
    _check_keeping(out, days, room, clips=clips, encode=encode)
    read_keep(keep)  # what is wrong with these is no fault of the file
    durations = {"delay": delay, "settle": settle} | ({} if adapt == "never" else {"adapt": adapt})
    for option, text in durations.items():
        read_seconds(text, f"--{option}")
    record = AnswersLedger.of(ledger, engine, (camera, name))
    watched = Camera.load(camera, keep=keep, engine=engine, **({"adapt": None} | durations))
    began = time.time() if is_live(name) or name == "-" else Path(name).stat().st_mtime
    stream = Source(name, watched.fps, gap=3 * watched.clip, transport=transport, ring=clips)
    most = None if room is None else room * 1e6
    recorder = Recorder(out, watched, stream, began, clips=clips, encode=encode, days=days, most_bytes=most)
    if not quiet:
        note(f"watching {told_name(name)}: keeps {keep}, decides after {delay}, writes to {out}")
    view = _view(live, watched)
    with recorder, post(recorder) as due, view:
        session = Session(watched, stream, recorder, shown=_shown(getattr(view, "tell", None), quiet=quiet), due=due)
        if live is not None:
            session.looked = view.show
        try:
            session.run()
        except KeyboardInterrupt as interrupt:
            with undisturbed():
                record.save(watched.solver, "frame", session.status()["looked_at"])
                raise type(interrupt)(f"{session.status()['kept']} clips are kept in {out}") from None
    record.save(watched.solver, "frame", session.status()["looked_at"])
    _tell(session.status(), out, as_json=json_, quiet=quiet)


def _check_keeping(out: Path, days: float | None, room: float | None, *, clips: bool, encode: bool) -> None:
    from mho import checks

    for option, given in (("--days", days), ("--room", room)):
        if given is not None:
            checks.positive_number(given, option)
    if encode and not clips:
        raise ValueError("--encode is of clips, which --no-clips does not write; give one of them")
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out must be a folder, got the file {out}")


def _poster(mqtt: str | None, credentials: Path | None, ca: Path | None) -> Callable[[Any], AbstractContextManager]:
    """Return a context that sends what a recorder writes to the index, and gives what is to be called now and then."""
    if mqtt is None:
        for name, given in (("--credentials", credentials), ("--ca", ca)):
            if given is not None:
                raise ValueError(f"{name} goes with --mqtt, which is not given")
        return lambda recorder: nullcontext(lambda: None)
    from mho.journal.delivery import BrokerUrl, Credentials

    broker, login = BrokerUrl.parse(mqtt, "--mqtt"), Credentials.find(credentials)
    return lambda recorder: _publishing(broker, login, ca, recorder)


@contextmanager
def _publishing(broker: Any, login: Any, ca: Path | None, recorder: Any) -> Iterator[Callable[[], None]]:
    from mho.camera.publisher import Publisher

    with Publisher(broker, recorder.folder / "outbox", credentials=login, ca=ca) as publisher:

        def tell(row: dict[str, Any]) -> None:
            publisher.tell(row)
            publisher.work()

        recorder.told = tell
        yield publisher.work


def _view(live: str | None, watched: Any) -> Any:
    """Return the live view at a port, or nothing that can be entered alike."""
    if live is None:
        return nullcontext()
    port = live.removeprefix(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ValueError(f"--live must be :PORT of 127.0.0.1, such as :8123, got {live!r}")
    from mho.camera.live import LiveView

    try:
        view = LiveView(int(port), watched.scene_.grid)
    except OSError as error:
        raise ValueError(f"--live: port {port} cannot be had: {error.strerror}") from None
    note(f"live at http://127.0.0.1:{port}/")
    return view


def _shown(tell: Callable[[dict[str, Any]], None] | None, *, quiet: bool) -> Any:
    """Return a printer of a status, which the live view takes too: over the last one, once a minute off a terminal."""
    last = [time.monotonic()]

    def show(status: dict[str, Any]) -> None:
        if tell is not None:
            tell(status)
        if quiet:
            return
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if not terminal and now < last[0] + 60:
            return
        last[0] = now
        text = (
            f"{status['seconds']:.0f} s, {status['frames_per_second']:.1f} fps, kept {status['kept']}, "
            f"dropped {status['dropped']}, decode {status['decode_ms']:.1f} ms, score {status['score_ms']:.2f} ms, "
            f"lag {status['lag']:.1f} s"
        )
        with suppress(OSError):
            print(f"\r{text:<98}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)

    return show


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "es" if noun.endswith("ch") else "s")


def _tell(status: dict[str, Any], out: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print(json.dumps(status))
    elif not quiet:
        if sys.stderr.isatty():
            print(file=sys.stderr)
        faults = ("corrupt", "passed_over", "reopened", "time_stamp_resets")
        rows = [
            ("watched", f"{status['seconds']:.1f} s, {status['frames']} frames, {status['looked_at']} looked at"),
            ("kept", f"{_several(status['kept'], 'clip')}, {_several(status['dropped'], 'stretch')} dropped"),
            ("events", ", ".join(f"{kind} {count}" for kind, count in status["events"].items()) or "none"),
            ("a frame takes", f"decoding {status['decode_ms']:.2f} ms, scoring {status['score_ms']:.2f} ms"),
            ("faults", ", ".join(f"{name.replace('_', ' ')} {status[name]}" for name in faults)),
            ("timeline", str(out / "timeline.html")),
        ]
        print(table(rows))
