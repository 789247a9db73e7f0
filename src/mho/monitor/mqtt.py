"""MQTT: messages in and alarms out, acknowledged once they are on the disk."""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mho.journal.delivery import BrokerUrl, Credentials, Delivery
from mho.monitor.payload import BESIDE

if TYPE_CHECKING:
    from mho.monitor.service import Service

__all__ = ["BrokerRefused", "MqttBridge"]

_SESSION_SECONDS = 0xFFFFFFFF
"""The broker keeps the session for ever."""

_BATCH = 16
"""Messages that are acknowledged together: a broker that is not told otherwise sends 20, and then waits."""

_BATCH_SECONDS = 0.2
_REFUSED = ("Bad user name or password", "Not authorized", "Bad authentication method", "Banned")


def _told(message: Any) -> dict[str, str]:
    """Return time, rate and channel of a message's user properties, and whether it is sent again."""
    properties = dict(getattr(message.properties, "UserProperty", ()))
    again = {"again": ""} if message.dup else {}
    return {name: text for name, text in properties.items() if name in BESIDE} | again


class BrokerRefused(ValueError):
    """The broker knows who asks and does not want them: trying again would not help."""


class MqttBridge:
    """A service between a broker's topics and its alarm topic.

    Parameters
    ----------
    service : Service
        Takes the messages and keeps the alarms.
    source : BrokerUrl
        Topics to read, with wildcards.
    alarms : BrokerUrl or None
        Topic to post alarms to; the current state is kept retained at its ``/state``.
    client_id : str
        The same at every start: the broker keeps the session by it.
    credentials : Credentials or None
        Name and password at the broker.
    ca : str or None
        File of certificate authorities, for mqtts.
    tell : callable or None
        Is told, once for each outage, that no broker answers; None: nobody is.
    """

    def __init__(
        self,
        service: Service,
        source: BrokerUrl,
        alarms: BrokerUrl | None,
        *,
        client_id: str,
        credentials: Credentials | None = None,
        ca: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._tell, self._told = tell, ""
        self.service, self.source, self.alarms = service, source, alarms
        self._arrived: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._delivery = Delivery(service.outbox)
        self._refused = ""
        self._stopping = False
        self.connected = False
        self._client = self._connected_client(source, client_id, credentials, ca)
        if alarms is None or (alarms.host, alarms.port) == (source.host, source.port):
            self._out = self._client
        else:
            self._out = self._connected_client(alarms, f"{client_id}-alarms", credentials, ca)

    def run(self, stop: Any = lambda: False) -> None:
        """Serve until `stop` returns True.

        Raises
        ------
        BrokerRefused
            User, password or rights are wrong.
        OSError
            The disk is full or gone.
        """
        clients = {id(client): client for client in (self._client, self._out)}.values()
        for client in clients:
            client.loop_start()
        try:
            while not stop():
                self.step()
        finally:
            self._stopping = True
            for client in clients:
                client.disconnect()
                client.loop_stop()

    def step(self) -> None:
        """Take in what has arrived within a fifth of a second: journal, disk, acknowledge, score, send."""
        if self._refused:
            raise BrokerRefused(self._refused)
        messages, until = [], time.monotonic() + _BATCH_SECONDS
        while len(messages) < _BATCH:
            try:
                kind, what = self._arrived.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if kind == "message":
                message, arrived = what
                messages.append(message)
                self.service.receive(message.topic, message.payload, arrived, _told(message))
            elif kind == "sent":
                self._delivery.acknowledged(what)
            elif kind == "again":
                self._delivery.begin_again()
        self.service.journal.sync()
        for message in messages:
            self._client.ack(message.mid, message.qos)
        if messages:
            results = self.service.work(keep=False)
            if any(result.alarm for result in results):
                self._post_state()
        if self.alarms is not None and self._out.is_connected():
            self._delivery.post(self._out, self.alarms.topic)
        if messages:
            self.service.keep()

    def _post_state(self) -> None:
        if self.alarms is not None and self._out.is_connected():
            import json

            state = json.dumps({"online": True} | self.service.summary())
            self._out.publish(f"{self.alarms.topic}/state", state, qos=1, retain=True)

    def _connected_client(self, url: BrokerUrl, client_id: str, credentials: Credentials | None, ca: str | None) -> Any:
        try:
            import paho.mqtt.client as mqtt
        except ImportError:
            raise ImportError("mqtt:// needs the package paho-mqtt: pip install 'mho[monitor]'") from None
        from paho.mqtt.enums import CallbackAPIVersion
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True)
        if credentials is not None:
            client.username_pw_set(credentials.user, credentials.password)
        if url.tls:
            client.tls_set(ca_certs=ca)
        if self.alarms is not None:
            client.will_set(f"{self.alarms.topic}/state", '{"online": false}', qos=1, retain=True)
        least, most = random.uniform(1, 2), random.uniform(30, 60)
        client.reconnect_delay_set(least, most)  # pyright: ignore[reportArgumentType]  (it takes floats too)
        client.on_connect = lambda c, data, flags, reason, properties: self._on_connect(
            c, str(reason), reason.is_failure
        )
        client.on_disconnect = lambda *_: self._on_disconnect()
        client.on_connect_fail = lambda *_: self._on_outage(f"no broker answers at {url.host}:{url.port}")
        client.on_message = lambda c, data, message: self._arrived.put(("message", (message, time.time())))
        client.on_publish = lambda c, data, mid, reason, properties: self._arrived.put(("sent", mid))
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = _SESSION_SECONDS
        client.connect_async(url.host, url.port, clean_start=False, properties=properties)
        return client

    def _on_connect(self, client: Any, reason: str, failed: bool) -> None:
        if failed:
            if reason in _REFUSED:
                self._refused = f"{self.source.host}: the broker refuses: {reason}"
            else:
                self._on_outage(f"{self.source.host}: the broker takes no client: {reason}")
            return
        self.connected, self._told = True, ""
        self._arrived.put(("again", None))
        if client is self._client:
            client.subscribe(self.source.topic, qos=1)

    def _on_outage(self, what: str) -> None:
        """Tell what keeps a client from its broker, once until that is another or it is connected."""
        if self._tell is not None and what != self._told:
            self._tell(f"{what}; it is asked again until it does")
        self._told = what

    def _on_disconnect(self) -> None:
        self.connected = False
