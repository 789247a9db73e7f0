import numpy as np
import pytest

from mho.instrument import Device, InstrumentServer, Session, SimulatedBoard


@pytest.fixture
def device():
    return Device(SimulatedBoard("pku-2025", seed=3, arrays=4))


@pytest.fixture
def session(device):
    return Session(device, "me")


@pytest.fixture
def ask(session):
    """Send bytes or text and return the answers joined, without the last line feed."""

    def asked(message):
        data = message if isinstance(message, bytes) else message.encode()
        return b"".join(session.receive(data + b"\n")).decode("latin-1").removesuffix("\n")

    return asked


@pytest.fixture
def problem():
    rng = np.random.default_rng(5)
    A = rng.random((16, 4))
    return A, A @ rng.uniform(-0.4, 1.5, (4, 6))


@pytest.fixture
def server():
    with InstrumentServer(SimulatedBoard("pku-2025", seed=3, arrays=4)) as running:
        yield running
