"""The monitor killed at any moment and a real broker killed once it has saved: the same alarms, no message lost."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from broker import PROGRAM, Broker
from test_service import messages, model, undisturbed  # noqa: F401

from mho.monitor import Monitor
from mho.monitor.service import Service

mqtt = pytest.importorskip("paho.mqtt.client")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs mosquitto")
_KILLS = int(os.environ.get("MHO_MONITOR_KILLS", "1"))
_BROKER_KILLS = int(os.environ.get("MHO_BROKER_KILLS", "1"))
_MESSAGES = int(os.environ.get("MHO_MONITOR_MESSAGES", "600"))
_SAVED = 1.5
"""Seconds in which a broker that saves every second has saved."""


def client(port, name, on_message=None, topic=None):
    one = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    subscribed = threading.Event()
    one.on_connect = lambda c, *_: c.subscribe(topic, 1) if topic else None
    one.on_subscribe = lambda *_: subscribed.set()
    if on_message:
        one.on_message = on_message
    one.reconnect_delay_set(0.1, 0.5)
    one.max_queued_messages_set(0)
    one.connect("127.0.0.1", port)
    one.loop_start()
    if topic:
        assert subscribed.wait(10)
    return one


def start(model, port, state, *options, environment=None):  # noqa: F811
    source, alarms = f"mqtt://127.0.0.1:{port}/pump/%23", f"mqtt://127.0.0.1:{port}/alarms"
    command = [sys.executable, "-m", "mho", "monitor", "run", model, source, "--alarms", alarms, "--state", state]
    return subprocess.Popen(
        [*map(str, command), *options], stderr=subprocess.PIPE, text=True, env=os.environ | (environment or {})
    )


def published(info):
    try:
        return info.is_published()
    except RuntimeError:  # it was queued while the broker was away
        info.rc = 0
        return False


def until(true, seconds=120 + _MESSAGES // 20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.05)


def subscribed(broker, process):
    until(lambda: "pump/#" in (broker.folder / "log").read_text() or process.poll() is not None)
    assert process.poll() is None, process.stderr.read()


def test_alarms_of_a_disturbed_run_are_those_of_an_undisturbed_one(model, tmp_path):  # noqa: F811
    sent = list(messages(_MESSAGES // 3))
    expected, _ = undisturbed(model, tmp_path / "whole", sent)
    received = []
    with Broker(tmp_path / "broker", "allow_anonymous true", "log_type all", autosave=True) as broker:
        listener = client(broker.port, "listener", lambda c, d, m: received.append(m.payload), "alarms")
        process = start(model, broker.port, tmp_path / "state")
        subscribed(broker, process)
        sender, rng = client(broker.port, "sender"), random.Random(0)
        cuts, broker_cuts = (set(rng.sample(range(len(sent)), count)) for count in (_KILLS, _BROKER_KILLS))
        infos = []
        for number, (topic, payload) in enumerate(sent):
            infos.append(sender.publish(topic, payload, qos=1))
            if number in cuts:
                time.sleep(rng.random() * 0.3)
                process.send_signal(signal.SIGKILL)
                process.communicate()
                process = start(model, broker.port, tmp_path / "state")
            if number in broker_cuts:
                until(lambda: all(map(published, infos)))
                time.sleep(_SAVED)
                broker.stop(signal.SIGKILL)
                broker.start()
        until(lambda: all(map(published, infos)))
        events = lambda lines: [(e["id"], e["event"]) for e in map(json.loads, lines)]  # noqa: E731
        log = tmp_path / "state" / "alarms.jsonl"
        until(lambda: log.exists() and len(log.read_bytes().splitlines()) >= len(expected))
        wanted = set(events(expected))
        until(lambda: wanted <= set(events(received)))
        process.send_signal(signal.SIGTERM)
        said = process.communicate()[1]
        for one in (sender, listener):
            one.disconnect()
            one.loop_stop()
    assert process.returncode in (0, 3), said
    assert sorted(events(log.read_text().splitlines())) == sorted(wanted)
    with Service(Monitor.load(model), tmp_path / "state") as service:
        found = service.summary()
        assert found["scored"] == len(sent)  # sent = scored + counted lost, of which there are none
        assert found["lost_messages"] == 0
        assert not service.outbox.waiting()
    print(f"{len(sent)} messages, {_KILLS} + {_BROKER_KILLS} kills, {len(wanted)} events; {len(received)} on the wire")
