"""The service: killed anywhere it goes on as if nothing had happened; repeats, late messages and losses are counted."""

import gc
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tracemalloc
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest
from monitor_machine import RATE, levels, recording, vibration

from mho.journal import Journal
from mho.monitor import Monitor, Recording
from mho.monitor.alarm_log import AlarmLog, read_alarms
from mho.monitor.service import Service

_KILLS = int(os.environ.get("MHO_KILLS", "1"))
NAMES = ("flow", "pressure", "temperature")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    monitor = Monitor(false_alarms=0.02, clear=10)
    monitor.learn(recording(levels(700, 0)))
    path = tmp_path_factory.mktemp("model") / "pump.mon"
    monitor.save(path)
    return path


def messages(count=300):
    values = levels(count, 9)
    for begin in range(100, count, 100):  # alarms that open and close
        values[begin : begin + 40, 1] += 3.0
    for second, row in enumerate(values):
        for name, value in zip(NAMES, row, strict=True):
            yield f"pump/{name}", json.dumps({"t": second, "v": value}).encode()


def undisturbed(model, folder, sent):
    with Service(Monitor.load(model), folder) as service:
        for topic, payload in sent:
            service.receive(topic, payload, 0.0)
            service.work()
        return (folder / "alarms.jsonl").read_text().splitlines(), set(service.outbox.waiting())


_READER = """
import json, sys
from mho.monitor import Monitor, Recording
from mho.monitor.service import Service
with Service(Monitor.load(sys.argv[1]), sys.argv[2]) as service:
    service.work()
    print(service.journal.durable, flush=True)
    for line in sys.stdin:
        topic, payload = json.loads(line)
        number = service.receive(topic, payload.encode(), 0.0)
        service.journal.sync_due()
        print(service.journal.durable, flush=True)
        if number % 7 == 0:
            service.work()
"""


def test_a_killed_service_raises_the_same_alarms_once(model, tmp_path):
    sent = list(messages(300 + 80 * (_KILLS - 1)))  # enough for all kills: each lets some 110 pass
    expected, names = undisturbed(model, tmp_path / "whole", sent)
    assert len(expected) >= 3
    rng, durable, kills = random.Random(0), -1, 0
    stack = ExitStack()
    while durable < len(sent) - 1:
        command = [sys.executable, "-c", _READER, model, tmp_path / "killed"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(process.stdout.close)
        durable = int(process.stdout.readline())
        last = kills >= _KILLS
        part = sent[durable + 1 :] if last else sent[durable + 1 : durable + 1 + rng.randrange(30, 400)]
        for number, (topic, payload) in enumerate(part):
            process.stdin.write(json.dumps([topic, payload.decode()]) + "\n")
            if number % 16 == 15 or number == len(part) - 1:
                process.stdin.flush()
        if last:
            process.stdin.close()
            process.stdout.read()
            process.wait()
            durable = len(sent)
        else:
            for _ in range(rng.randint(1, len(part))):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            process.wait()
            with suppress(BrokenPipeError):
                process.stdin.close()
        kills += 1
    stack.close()
    assert kills > _KILLS
    assert (tmp_path / "killed" / "alarms.jsonl").read_text().splitlines() == expected
    with Service(Monitor.load(model), tmp_path / "killed") as service:
        service.work()
        assert set(service.outbox.waiting()) == names
        assert service.summary()["messages"] == len(sent)
        assert service.summary()["lost_messages"] == 0


_FULL = """
import json, subprocess, sys
from pathlib import Path
from mho.monitor import Monitor, Recording
from mho.monitor.service import Service
model, disk = sys.argv[1], Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk], check=True)
(disk / "other").write_bytes(bytes(64_000))
sent, durable, full = [json.loads(line) for line in sys.stdin], -1, 0
while durable < len(sent) - 1:
    try:
        with Service(Monitor.load(model), disk / "state") as service:
            assert service.journal.durable >= durable
            for number, (topic, payload) in enumerate(sent[service.journal.durable + 1 :]):
                service.receive(topic, payload.encode(), 0.0)
                service.journal.sync()
                if number % 30 == 0:
                    service.work()
            durable = service.journal.durable
            service.work()
            print((disk / "state" / "alarms.jsonl").read_text(), service.summary()["messages"], end="")
    except OSError as error:
        durable, full = service.journal.durable, full + 1
        assert error.strerror == "No space left on device" and str(disk) in error.filename, error
        (disk / "other").unlink()  # a second time it is not there any more: the test fails
assert full == 1
"""
_MOUNTS = ["unshare", "--map-root-user", "--mount"]


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run([*_MOUNTS, "true"], stderr=subprocess.DEVNULL).returncode != 0,
    reason="needs to mount a disk of its own",
)
def test_a_full_disk_ends_it_and_what_was_durable_is_there_when_there_is_room(model, tmp_path):
    sent = list(messages(150))
    expected, _ = undisturbed(model, tmp_path / "whole", sent)
    (tmp_path / "disk").mkdir()
    lines = "".join(json.dumps([topic, payload.decode()]) + "\n" for topic, payload in sent)
    command = [*_MOUNTS, sys.executable, "-c", _FULL, model, tmp_path / "disk"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [*expected, " 450"]


def test_repeats_are_left_out_and_late_ones_sorted_in(model, tmp_path):
    sent = list(messages(200))
    expected, _ = undisturbed(model, tmp_path / "whole", sent)
    rng = random.Random(1)
    mixed = []
    for begin in range(0, len(sent), 30):
        part = sent[begin : begin + 30]
        if begin:  # nothing is late before the first
            rng.shuffle(part)
        mixed += part + rng.sample(part, 3)
    with Service(Monitor.load(model), tmp_path / "mixed") as service:
        for topic, payload in mixed:
            service.receive(topic, payload, 0.0)
        service.work()
        found = service.summary()
        assert (found["duplicates"], found["late"]) == (len(mixed) - len(sent), 0)
        service.receive("pump/flow", b'{"t": 5, "v": 99}', 0.0)
        service.receive("pump/strange", b"1", 0.0)
        service.receive("pump/flow", b"{broken", 0.0)
        service.work()
        found = service.summary()
        assert (found["late"], found["unknown"], found["refused"]) == (1, 1, 1)
    strip = lambda lines: [(e["id"], e["event"], e["opened"]) for e in map(json.loads, lines)]  # noqa: E731
    assert strip((tmp_path / "mixed" / "alarms.jsonl").read_text().splitlines()) == strip(expected)


def test_blocks_that_tell_no_time_follow_on_each_other_however_late_they_come(tmp_path):
    monitor = Monitor(false_alarms=0.1, accept_rate=True)
    monitor.learn([Recording(vibration(3, seed), rate=RATE, names=("acc",)) for seed in range(2)])
    samples, rng = vibration(4, 9, defect=2.0).astype("<f4"), np.random.default_rng(0)
    expected = [result.p for result in monitor.run(Recording(samples, rate=RATE, names=("acc",)))]
    monitor.reset()
    late = rng.normal(0, 0.03, 40)
    late[20] += 1.2  # and what was held up comes with it, all at once
    with Service(monitor, tmp_path / "state", raw="<f4") as service:
        for number, block in enumerate(np.split(samples, 40)):
            arrived = 1e9 + 0.1 * (number + 1) + late[number]
            service.receive("pump/acc", block.tobytes(), arrived)
            service.receive("pump/acc", block.tobytes(), arrived + 5, {"again": ""})  # after a reconnection
        found = [result.p for result in service.work()]
        assert found == expected
        assert (service.summary()["duplicates"], service.summary()["late"]) == (40, 0)


def test_a_damaged_snapshot_is_told_and_the_older_one_used(model, tmp_path):
    sent = list(messages(300))
    expected, _ = undisturbed(model, tmp_path / "whole", sent)
    with Service(Monitor.load(model), tmp_path / "hurt") as service:
        for number, (topic, payload) in enumerate(sent[:600]):
            service.receive(topic, payload, 0.0)
            if number in (200, 400):
                service.work()
                service.snapshot()
    path = tmp_path / "hurt" / "state.json"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with Service(Monitor.load(model), tmp_path / "hurt") as service:
        assert any("state.json" in note and "older snapshot" in note for note in service.notes)
        service.work()
        for topic, payload in sent[600:]:
            service.receive(topic, payload, 0.0)
        service.work()
    events = lambda lines: [(e["id"], e["event"]) for e in map(json.loads, lines)]  # noqa: E731
    assert events((tmp_path / "hurt" / "alarms.jsonl").read_text().splitlines()) == events(expected)


def test_what_follows_on_a_journal_cut_between_records_is_not_taken_for_what_is_gone(model, tmp_path):
    sent = list(messages(20))
    with Service(Monitor.load(model), tmp_path / "cut") as service:
        for topic, payload in sent[:10]:
            service.receive(topic, payload, 0.0)
        service.work()
    (segment,) = (tmp_path / "cut" / "journal").glob("*.segment")
    segment.write_bytes(segment.read_bytes()[:14])  # its first line
    with Service(Monitor.load(model), tmp_path / "cut") as service:
        assert any("what follows record -1 is gone, to 9" in note for note in service.notes)
        assert service.receive(*sent[10], 0.0) == 10
        service.journal.sync()
        shutil.copytree(tmp_path / "cut", tmp_path / "killed")
    for name in ("cut", "killed"):
        with Service(Monitor.load(model), tmp_path / name) as service:
            service.work()
            found = service.summary()
            assert (found["messages"], found["lost_messages"]) == (11, 0)


def test_what_is_dropped_at_the_cap_is_counted(model, tmp_path):
    with Service(Monitor.load(model), tmp_path / "small", max_bytes=20_000) as service:
        for topic, payload in messages(300):
            service.receive(topic, payload, 0.0)
        lost = service.summary()["lost_messages"]
    assert 0 < lost < 900
    with Journal(tmp_path / "small" / "journal", max_bytes=20_000) as journal:
        assert journal.lost_records == lost


def test_a_second_process_is_refused(model, tmp_path):
    with Service(Monitor.load(model), tmp_path / "state"):
        done = subprocess.run(
            [sys.executable, "-c", _READER, model, tmp_path / "state"], capture_output=True, text=True, input=""
        )
    assert "is in use by process" in done.stderr


def test_a_log_cuts_an_interrupted_line_and_writes_no_event_twice(tmp_path):
    path = tmp_path / "a.jsonl"
    event = {"id": "1", "event": "opened", "p": 0.5}
    log = AlarmLog(path)
    assert log.add(event)
    log.close()
    path.write_bytes(path.read_bytes() + b'{"id": "2", "ev')
    log = AlarmLog(path)
    assert not log.add(event)
    assert log.add(event | {"event": "closed"})
    log.close()
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["opened", "closed"]
    assert read_alarms(path) == {"1": event | {"event": "closed"}}


def test_alarms_are_what_the_schema_says(model, tmp_path):
    schema = json.loads((Path(sys.modules["mho.monitor"].__file__).parent / "alarm.schema.json").read_text())
    _, _ = undisturbed(model, tmp_path / "whole", list(messages(300)))
    kinds = {"string": str, "number": (int, float), "integer": int, "object": dict, "null": type(None)}
    for line in (tmp_path / "whole" / "alarms.jsonl").read_text().splitlines():
        event = json.loads(line)
        assert set(schema["required"]) <= set(event) <= set(schema["properties"])
        for name, value in event.items():
            types = schema["properties"][name].get("type", "string")
            types = types if isinstance(types, list) else [types]
            assert any(isinstance(value, kinds[kind]) for kind in types), name
            assert value in schema["properties"][name].get("enum", [value])
        assert np.isfinite(event["opened"])


def rows_with_faults(count):
    """Rows of a pump with an alarm that opens and closes every hundred seconds."""
    values = levels(count, 9)
    for begin in range(50, count, 100):
        values[begin : begin + 20] += 30.0
    return values


def test_years_of_alarms_leave_memory_as_it_is(model, monkeypatch):
    monkeypatch.setattr("mho.monitor.monitor._MOST_ALARMS", 4)
    monitor, values, held = Monitor.load(model), rows_with_faults(4000), []
    tracemalloc.start()
    for begin in range(0, len(values), 100):
        times = np.arange(begin, begin + 100, dtype=float)
        for number, name in enumerate(NAMES):
            monitor.update(name, times, values[begin : begin + 100, number])
        if begin % 500 == 400:
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert monitor.raised >= 40
    assert len(monitor.alarms) == 4
    assert [alarm.opened for alarm in monitor.alarms] == sorted(alarm.opened for alarm in monitor.alarms)
    assert set(monitor.worst) == {alarm.id for alarm in monitor.alarms if alarm.kind != "drifted"}
    assert max(held[4:]) < held[3] + 10_000, held


def test_years_of_messages_leave_the_state_as_it_is(model, tmp_path, monkeypatch):
    monkeypatch.setattr("mho.monitor.alarm_log._REMEMBERED", 8)
    monkeypatch.setattr("mho.monitor.intake._REMEMBERED_SECONDS", 60.0)
    sizes = []
    with Service(Monitor.load(model), tmp_path / "state", posts=False) as service:
        for second, row in enumerate(rows_with_faults(1500)):
            for name, value in zip(NAMES, row.tolist(), strict=True):
                service.receive(f"pump/{name}", json.dumps({"t": second, "v": value}).encode(), 0.0)
            if second % 300 == 299:
                service.work()
                sizes.append((tmp_path / "state" / "state.json").stat().st_size)
        assert not service.outbox.waiting()
        assert len(service.log._known) == 8
    assert max(sizes[1:]) < 1.1 * sizes[0]
    assert len((tmp_path / "state" / "alarms.jsonl").read_text().splitlines()) >= 30  # the log keeps them all


def test_an_alarm_that_is_open_is_told_after_a_restart(model, tmp_path):
    values = levels(140, 9)
    values[100:] += 30.0
    with Service(Monitor.load(model), tmp_path / "state") as service:
        for second, row in enumerate(values):
            for name, value in zip(NAMES, row.tolist(), strict=True):
                service.receive(f"pump/{name}", json.dumps({"t": second, "v": value}).encode(), 0.0)
        service.work()
        (opened,) = service.summary()["open"]
    with Service(Monitor.load(model), tmp_path / "state") as service:
        assert [alarm["id"] for alarm in service.summary()["open"]] == [opened["id"]]
        assert service.monitor.raised == 0


def test_a_long_log_is_cut_after_its_last_whole_line(tmp_path, monkeypatch):
    monkeypatch.setattr("mho.monitor.alarm_log._CHUNK", 16)
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"id": str(number), "event": "opened", "p": 0.5}) for number in range(20)]
    path.write_text("\n".join(lines) + "\n" + '{"id": "the last one, that was interrupted in the middle')
    log = AlarmLog(path)
    log.close()
    assert path.read_text().splitlines() == lines
    path.write_text(lines[0])
    AlarmLog(path).close()
    assert path.read_text() == ""
