"""Decisions and events to an MQTT topic: kept in an outbox on the disk until the broker has acknowledged them."""

from __future__ import annotations

import json
import queue
import random
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mho.journal import Outbox
from mho.journal.delivery import BrokerUrl, Credentials, Delivery

__all__ = ["Publisher"]

_SENT = ("n", "kind", "start", "end", "score", "why", "zone", "boxes", "file", "text")
_LAST_SECONDS = 3.0


class Publisher:
    """Sends what it is told, at least once and in order, as long as that takes.

    Parameters
    ----------
    broker : BrokerUrl
        Topic to publish to; ``TOPIC/state`` says whether the camera is online.
    folder : Path
        Of the outbox.
    credentials : Credentials or None
        Name and password at the broker.
    ca : Path or None
        File of certificate authorities, for mqtts.

    Raises
    ------
    ImportError
        The package paho-mqtt is not there.
    """

    def __init__(
        self, broker: BrokerUrl, folder: Path, *, credentials: Credentials | None = None, ca: Path | None = None
    ) -> None:
        try:
            import paho.mqtt.client as mqtt
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise ImportError("mqtt:// needs the package paho-mqtt: pip install 'mho[camera]'") from None
        self.broker = broker
        self._outbox = Outbox(folder)
        self._acknowledged: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._delivery = Delivery(self._outbox)
        self._connection = 0
        self._posted_on = 0
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if credentials is not None:
            client.username_pw_set(credentials.user, credentials.password)
        if broker.tls:
            client.tls_set(ca_certs=None if ca is None else str(ca))
        client.will_set(f"{broker.topic}/state", '{"online": false}', qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._connected
        client.on_publish = lambda client, userdata, mid, reason, properties: self._acknowledged.put(mid)
        self._client = client
        client.connect_async(broker.host, broker.port, keepalive=30)
        client.loop_start()

    def _connected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if not reason.is_failure:
            self._connection += 1
            client.publish(f"{self.broker.topic}/state", '{"online": true}', qos=1, retain=True)

    def tell(self, row: dict[str, Any]) -> None:
        """Keep a line of the index to be sent; on the disk when this returns.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        facts = {name: row[name] for name in _SENT if row.get(name) not in (None, "", ())}
        self._outbox.put(f"{row['n']} {row['start']}", json.dumps(facts).encode())

    def work(self) -> None:
        """Send what waits, forget what was acknowledged."""
        while not self._acknowledged.empty():
            self._delivery.acknowledged(self._acknowledged.get())
        if not self._client.is_connected():
            return
        if self._posted_on != self._connection:
            self._posted_on = self._connection
            self._delivery.begin_again()
        self._delivery.post(self._client, self.broker.topic)

    def waiting(self) -> int:
        """Return the number of messages that are not acknowledged."""
        return len(self._outbox.waiting())

    def close(self) -> None:
        """Give the broker some seconds to take what waits; the rest stays in the outbox for the next run."""
        until = time.monotonic() + _LAST_SECONDS
        while self.waiting() and time.monotonic() < until and self._client.is_connected():
            self.work()
            time.sleep(random.uniform(0.02, 0.05))
        if self._client.is_connected():
            last = self._client.publish(f"{self.broker.topic}/state", '{"online": false}', qos=1, retain=True)
            last.wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()
        self._outbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()
