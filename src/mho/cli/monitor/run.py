"""`mho monitor run`: beside the machine, on MQTT, a pipe or a growing file."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from mho.cli.answers_ledger import AnswersLedger
from mho.cli.errors import note
from mho.cli.monitor.options import ALARMED, SourceOptions, alarm_line, load_monitor
from mho.cli.tables import wrapped

if TYPE_CHECKING:
    from mho.monitor import Alarm, Monitor

__all__ = ["EXAMPLES", "run"]

EXAMPLES = """\
Examples:

    mho monitor run pump.mon mqtt://broker/plant/pump1/# --alarms mqtt://broker/plant/alarms --state pump.state

    mho monitor run pump.mon today.csv --follow

    tail -f today.csv | mho monitor run pump.mon -
"""

_POLL_SECONDS = 0.2
_JOURNAL = 1 << 30


def run(
    model: Annotated[Path, Parameter(name="MODEL")],
    source: Annotated[str, Parameter(name="SOURCE", allow_leading_hyphen=True)],
    /,
    *,
    alarms: Annotated[str | None, Parameter(show_default=False)] = None,
    state: Annotated[Path | None, Parameter(show_default=False)] = None,
    jsonl: Annotated[Path | None, Parameter(show_default=False)] = None,
    follow: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    client_id: Annotated[str | None, Parameter(show_default=False)] = None,
    credentials: Annotated[Path | None, Parameter(show_default=False)] = None,
    ca: Annotated[Path | None, Parameter(show_default=False)] = None,
    raw: Literal["<i2", "<f4"] | None = None,
    max_journal: int = _JOURNAL,
    engine: Literal["digital", "analog", "hybrid"] | None = None,
    ledger: Annotated[Path | None, Parameter(show_default=False)] = None,
    options: SourceOptions = SourceOptions(),  # noqa: B008
) -> int:
    """Score what a machine sends, and raise alarms; exit code 3 if one was raised.

    User and password come from MHO_MQTT_USER and MHO_MQTT_PASSWORD or from --credentials, never from an address.

    Parameters
    ----------
    model
        What `learn` wrote.
    source
        mqtt://HOST/TOPICS or mqtts://; - for standard input, CSV or JSON lines; or a file.
    alarms
        Topic for alarms, mqtt://HOST/TOPIC; the current state is retained at its /state.
    state
        Folder for the journal, unsent alarms and the state; needed for MQTT. A second process with it is refused.
    jsonl
        File for alarms, one JSON object a line; with --state by default alarms.jsonl in it.
    follow
        Go on with what is added to the file.
    client_id
        Name of this client at the broker; by default mho- and the model's hash.
    credentials
        File of two lines, user and password, that its owner alone may read.
    ca
        File of certificate authorities, for mqtts.
    raw
        Messages are blocks of such numbers, at the rate that was learned.
    max_journal
        Bytes of the journal; at the cap the oldest messages are dropped and counted, alarms never.
    engine
        Another solver than the model was learned with. hybrid: the chip, and digitally once more the windows that its
        own errors could bring across the limit; of how many is said at the end.
    ledger
        Write what the chip did, for mho cost: a .json file, when the run ends; with a file or a pipe.
    """
    record = AnswersLedger.of(ledger, engine, (model, source, jsonl))
    monitor = load_monitor(model, engine)
    if "://" in source:
        of_files = {"--ledger": ledger, "--follow": follow, "--rate": options.rate, "--key": options.key}
        _check_unused(of_files, f"a file or a pipe, got {source!r}")
        if state is None:
            raise ValueError("--state FOLDER is needed for MQTT: what is acknowledged has to survive a restart")
        return _serve(monitor, source, alarms, state, jsonl, client_id, credentials, ca, raw or "", max_journal)
    of_broker = {"--alarms": alarms, "--state": state, "--credentials": credentials, "--ca": ca}
    of_broker |= {"--client-id": client_id, "--raw": raw, "--max-journal": max_journal != _JOURNAL}
    _check_unused(of_broker, f"a source of mqtt:// or mqtts://, got {source!r}")
    return _pipe(monitor, source, jsonl, follow, options, record)


def _check_unused(options: dict[str, object], source: str) -> None:
    """Refuse options that go with another source."""
    for name, given in options.items():
        if given not in (None, False):
            raise ValueError(f"{name} goes with {source}")


def _serve(
    monitor: Monitor,
    source: str,
    alarms: str | None,
    state: Path,
    jsonl: Path | None,
    client_id: str | None,
    credentials: Path | None,
    ca: Path | None,
    raw: str,
    max_journal: int,
) -> int:
    from mho.journal.delivery import BrokerUrl, Credentials
    from mho.monitor.mqtt import MqttBridge
    from mho.monitor.service import Service

    url = BrokerUrl.parse(source, "SOURCE", wildcards=True)
    target = None if alarms is None else BrokerUrl.parse(alarms, "--alarms")
    login = Credentials.find(credentials)
    stopped: list[int] = []
    before = {
        number: signal.signal(number, lambda n, _: stopped.append(n)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with Service(monitor, state, log=jsonl, raw=raw, max_bytes=max_journal, posts=target is not None) as service:
            for one in service.notes:
                note(f"warning: {one}")
            bridge = MqttBridge(
                service,
                url,
                target,
                client_id=client_id or f"mho-{monitor.hash}",
                credentials=login,
                ca=None if ca is None else str(ca),
                tell=lambda text: note(f"warning: {text}"),
            )
            note(f"reading {url.topic} at {url.host}:{url.port}, state in {state}")
            bridge.run(lambda: bool(stopped))
            _say_checked(monitor)
            note(f"stopped: {json.dumps({k: v for k, v in service.summary().items() if k != 'open'})}")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return ALARMED if monitor.raised else 0


def _pipe(
    monitor: Monitor, source: str, jsonl: Path | None, follow: bool, options: SourceOptions, record: AnswersLedger
) -> int:
    from mho.monitor.alarm_log import AlarmLog
    from mho.monitor.reading import recording_parts, text_parts

    log, windows = None if jsonl is None else AlarmLog(jsonl), 0
    try:
        if source == "-":
            parts = text_parts(sys.stdin, "standard input", options.form([]), rows=1)
        elif follow:
            parts = text_parts(_Growing(Path(source)), source, options.form([source]), rows=1)
        else:
            parts = recording_parts(source, options.form([source]))
        raised = False
        for part in parts:
            for result in monitor.run(part):
                windows += 1
                if result.alarm is not None:
                    raised = True
                    _tell(result.alarm, log)
        if not windows:
            note(f"warning: no window was scored: {source} ends before the first")
    except KeyboardInterrupt:
        raised = bool(monitor.raised)
    finally:
        if log is not None:
            log.close()
        record.save(monitor.engine, "window", windows)
        _say_checked(monitor)
    return ALARMED if raised else 0


def _say_checked(monitor: Monitor) -> None:
    """Say of how many windows a hybrid engine did not trust its chip."""
    share = monitor.checked_share
    if share == share:
        note(f"{share:.1%} of the windows were within the chip's own errors of the limit: computed again digitally")


def _tell(alarm: Alarm, log: object) -> None:
    """Print an alarm when it opens and when it closes."""
    event = "closed" if alarm.closed is not None else "opened"
    if event == "closed" or alarm.windows <= 1:
        print(wrapped(f"{event} {alarm_line(alarm)}", later=4), flush=True)
    if log is not None:
        log.add({"event": event} | alarm.facts())  # pyright: ignore[reportAttributeAccessIssue]


class _Growing:
    """Lines of a file that is written to meanwhile."""

    def __init__(self, path: Path) -> None:
        self._stream: IO[str] = path.open(encoding="utf-8-sig")

    def readline(self, limit: int = -1) -> str:
        """Return the next whole line, whenever it comes."""
        line = ""
        while not line.endswith("\n"):
            more = self._stream.readline(limit)
            line += more
            if not more:
                time.sleep(_POLL_SECONDS)
        return line

    def __iter__(self) -> Iterator[str]:
        while True:
            yield self.readline()
