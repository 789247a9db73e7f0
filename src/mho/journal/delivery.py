"""Messages of an outbox on their way to an MQTT broker."""

from __future__ import annotations

from typing import Any

from mho.journal.outbox import Outbox

__all__ = ["Delivery"]


class Delivery:
    """Publishes what waits in an outbox, once on each connection, until the broker has acknowledged it.

    Parameters
    ----------
    outbox : Outbox
        Messages by name, kept until they are acknowledged.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._names: dict[int, str] = {}
        self._posted: set[str] = set()

    def post(self, client: Any, topic: str) -> None:
        """Publish what waits and has not been published on this connection, as far as the client takes it.

        Parameters
        ----------
        client : paho.mqtt.client.Client
            A client that is connected.
        topic : str
            Where to.
        """
        for name, data in self._outbox.waiting().items():
            if name in self._posted:
                continue
            sent = client.publish(topic, data, qos=1)
            if sent.rc != 0:
                return
            self._posted.add(name)
            self._names[sent.mid] = name

    def acknowledged(self, mid: int) -> None:
        """Let go of the message that the client sent under the number `mid`; others' numbers are none of ours."""
        name = self._names.pop(mid, None)
        if name is not None:
            self._posted.discard(name)
            self._outbox.acknowledge(name)

    def begin_again(self) -> None:
        """Forget what was published: what a broken connection carried may not have arrived."""
        self._names.clear()
        self._posted.clear()
