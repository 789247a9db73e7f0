"""A monitor beside a real broker: time from a fault's first sample to its alarm there, and the bytes that it sends.

Made-up sensors send blocks of a tenth of a second through mosquitto to `mho monitor run`; each has short faults, at
other times than the others. Alarms go to a second broker, which counts the bytes that it gets. A subscriber takes an
alarm's time: the broker acknowledges and passes on in one step.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bearing import recording as bearing

from mho.monitor import Monitor, Recording

RATE, BLOCK = 12_800.0, 0.1
"""Hz, seconds of a message."""

FAULTS, EVERY, LONG = 40, 8.0, 1.5
"""Faults of all channels, and seconds from one of a channel to its next, in which its alarm closes, and of each."""

SIZE = 12.0
"""Peak of a fault's bursts over the noise's deviation: it is told at once, and what follows takes the time."""

UNIT = 1000.0
"""Numbers of the converter for the noise's deviation."""

SECONDS_OF_DAY, KEEP_ALIVE, PING = 86_400, 60, 2
"""Seconds of a day and from one ping to the next, and its bytes."""

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin")


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def broker(folder):
    """The port of a broker of one's own."""
    folder.mkdir()
    port = _free_port()
    lines = ["allow_anonymous true", "sys_interval 1", "max_queued_messages 0"]
    lines += ["user root"] * (os.geteuid() == 0)
    (folder / "m.conf").write_text("\n".join([*lines, f"listener {port} 127.0.0.1", ""]))
    process = subprocess.Popen(
        [str(PROGRAM), "-c", str(folder / "m.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


def learned(path, channels):
    """A model of so many channels that alarm at a thousandth of the windows; an alarm closes after a second."""
    columns = [[bearing(20, 0.0, 10 * number + channel) for channel in range(channels)] for number in range(3)]
    names = tuple(f"acc{channel}" for channel in range(channels))
    monitor = Monitor(false_alarms=0.001, accept_rate=True, clear=4)
    monitor.learn([Recording(UNIT * np.stack(column, axis=1), rate=RATE, names=names) for column in columns])
    monitor.save(path)
    return names


def client(name, port, topic="", on_message=None):
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    def on_connect(connected, *_):
        if topic:
            connected.subscribe(topic, 1)

    one = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
    one.on_connect = on_connect
    one.on_message = on_message
    one.connect("127.0.0.1", port)
    one.loop_start()
    return one


def fault_begins(channel, channels, faults):
    """Seconds at which the faults of a channel begin, each channel's at other times."""
    return [6.0 + EVERY * (number + channel / channels) for number in range(faults)]


def stream(names, seconds, faults):
    """Samples of each channel as the converter gives them."""
    out = {}
    burst = bearing(LONG, SIZE, 200) - bearing(LONG, 0.0, 200)
    for channel, name in enumerate(names):
        samples = bearing(seconds, 0.0, 100 + channel)
        for begin in fault_begins(channel, len(names), faults):
            first = int(begin * RATE)
            samples[first : first + len(burst)] += burst
        out[name] = np.clip(samples * UNIT, -32_000, 32_000).astype("<i2")
    return out


@contextmanager
def running(model, source, alarms, state):
    command = [sys.executable, "-m", "mho", "monitor", "run", model, f"mqtt://127.0.0.1:{source}/pump/%23"]
    command += ["--alarms", f"mqtt://127.0.0.1:{alarms}/alarms", "--state", state, "--raw", "<i2"]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        while "reading" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(2)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def send(sender, sent):
    """Send blocks of all channels as their time comes; return when the first sample was taken."""
    size, begin = int(BLOCK * RATE), time.time()
    for at in range(0, len(next(iter(sent.values()))) - size + 1, size):
        time.sleep(max(0.0, begin + (at + size) / RATE - time.time()))
        for name, samples in sent.items():
            sender.publish(f"pump/{name}", samples[at : at + size].tobytes(), qos=1)
    return begin


def processor_seconds(process):
    """Processor time that a process has taken."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """Delays (n,) of alarms, seconds, faults without one, the monitor's share of a core, and bytes."""

    delays: np.ndarray
    missed: int
    core: float
    connection: int
    alarm: float


def measured(folder, channels, faults):
    """Send the faults of so many channels through brokers to a monitor, and see when their alarms are there."""
    names, opened, received = learned(folder / "pump.mon", channels), [], [0]

    def take(client, data, message):
        event = json.loads(message.payload)
        if event["event"] == "opened":
            opened.append((time.time(), event["stream"]))

    with broker(folder / "source") as source, broker(folder / "alarms") as alarms:
        clients = [client("sender", source), client("listener", alarms, "alarms", take)]
        counter = client(
            "counter", alarms, "$SYS/broker/bytes/received", lambda c, d, m: received.append(int(m.payload))
        )
        time.sleep(2.5)
        before = received[-1]
        with running(folder / "pump.mon", source, alarms, folder / "state") as process:
            time.sleep(1.5)
            connection = received[-1] - before
            sent, spent = stream(names, 8.0 + EVERY * faults, faults), processor_seconds(process)
            begin = send(clients[0], sent)
            core = (processor_seconds(process) - spent) / (8.0 + EVERY * faults)
            time.sleep(2.5)
            events = received[-1] - before - connection
        for one in (*clients, counter):
            one.disconnect()
            one.loop_stop()
    delays, missed = [], 0
    for channel, name in enumerate(names):
        for second in fault_begins(channel, channels, faults):
            since = [t - begin - second for t, stream in opened if stream == name and 0 < t - begin - second < EVERY]
            delays += since[:1]
            missed += not since
    return Measured(np.array(delays), missed, core, connection, events / max(1, len(opened)))


def share_of_day(found, channels):
    """Bytes of a day with one alarm over the sensors' own."""
    sent = found.connection + found.alarm + PING * SECONDS_OF_DAY / KEEP_ALIVE
    return sent / (2 * RATE * channels * SECONDS_OF_DAY)
