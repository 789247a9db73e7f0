"""Messages of an outbox on their way to an MQTT broker: its address, who we are to it, and what waits."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mho.journal.outbox import Outbox

__all__ = ["BrokerUrl", "Credentials", "Delivery"]

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_MOST_BYTES = 4096


@dataclass(frozen=True)
class BrokerUrl:
    """Address of topics at a broker.

    Attributes
    ----------
    host : str
    port : int
    topic : str
    tls : bool
    """

    host: str
    port: int
    topic: str
    tls: bool

    @classmethod
    def parse(cls, url: str, name: str, *, wildcards: bool = False) -> BrokerUrl:
        """Return the parts of ``mqtt://host:port/topic`` or ``mqtts://...``.

        Parameters
        ----------
        url : str
            The address.
        name : str
            What it is called in messages.
        wildcards : bool
            Whether the topic may have + and # in it, as one may that is read.

        Raises
        ------
        ValueError
            It is none, or has a password in it, which others would see.
        """
        parts = urlsplit(url.replace("#", "%23"))
        try:
            port = parts.port
        except ValueError:
            port = -1
        topic = unquote(parts.path.lstrip("/"))
        if parts.scheme not in _PORTS or not parts.hostname or not topic or port == -1:
            raise ValueError(f"{name} must be mqtt://HOST/TOPIC or mqtts://HOST/TOPIC, with :PORT if it is another")
        if parts.username or parts.password:
            raise ValueError(
                f"{name} must not hold credentials, which other users of this machine would see; put them into "
                "MHO_MQTT_USER and MHO_MQTT_PASSWORD, or a file (--credentials)"
            )
        if not wildcards and any(mark in topic for mark in "+#"):
            raise ValueError(f"{name} must be a topic without + and #, got {topic!r}")
        return cls(parts.hostname, port or _PORTS[parts.scheme], topic, parts.scheme == "mqtts")


@dataclass(frozen=True, repr=False)
class Credentials:
    """User and password; never printed.

    Attributes
    ----------
    user : str
    password : str
    """

    user: str
    password: str

    @classmethod
    def find(cls, path: Path | None) -> Credentials | None:
        """Return those of a file of two lines, or of MHO_MQTT_USER and MHO_MQTT_PASSWORD; None if there are none.

        Raises
        ------
        ValueError
            The file has not two lines, or others may read it.
        OSError
            It cannot be read.
        """
        if path is None:
            user = os.environ.get("MHO_MQTT_USER")
            return None if user is None else cls(user, os.environ.get("MHO_MQTT_PASSWORD", ""))
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ValueError(f"{path}: must be readable by its owner alone; chmod 600 {path}")
        lines = path.read_text()[:_MOST_BYTES].splitlines()
        if len(lines) != 2:
            raise ValueError(f"{path}: must have two lines, user and password, has {len(lines)}")
        return cls(*lines)


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
