"""The server on the loopback: pyvisa's session, clients that misbehave, ten thousand malformed messages."""

import os
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import mho.engines.instrument
import mho.instrument.message
from mho.chip import Chip, ChipError
from mho.engines import Analog, Instrument, Penalty
from mho.instrument import COMMANDS, InstrumentServer, SimulatedBoard
from mho.instrument.data_format import as_block
from mho.instrument.server import MOST_CLIENTS
from mho.nmf import NMF

PATIENCE = 60.0
"""Seconds: a busy machine is slow, and no test waits for what does not come."""


def _connect(server):
    return socket.create_connection(server.address, timeout=PATIENCE)


def _asked(client, message):
    client.sendall(message + b"\n")
    return client.makefile("rb").readline().decode().removesuffix("\n")


@pytest.fixture
def visa(server):
    pyvisa = pytest.importorskip("pyvisa")
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(server.resource, read_termination="\n", write_termination="\n")
    resource.timeout = 1000 * PATIENCE
    yield resource
    resource.close()


def test_a_session_of_pyvisa_programs_solves_and_reads_back(visa, problem):
    A, B = problem
    assert visa.query("*IDN?").startswith("mho,pku-2025,3,")
    visa.write("FORM REAL,64")
    visa.write_binary_values("ARR:PROG 1,16,4,", A.ravel(), datatype="d", is_big_endian=True)
    assert visa.query("*OPC?") == "1"
    assert visa.query_ascii_values("ARR:SIZE? 1", converter="d") == [16, 4]
    chip = Chip("pku-2025", seed=3)
    expected = chip.program(A).solve(B)
    for message in ("MEAS? 1,6,", "SOUR 1,6,"):
        visa.write_binary_values(message, B.T.ravel(), datatype="d", is_big_endian=True)
        if message.startswith("SOUR"):
            visa.write("READ?")
        found = visa.read_binary_values(datatype="d", is_big_endian=True, container=np.array)
        np.testing.assert_array_equal(found.reshape(6, 4).T, expected)
    assert visa.query("SYST:ERR?") == '0,"No error"'


def test_nmf_runs_through_an_instrument(server):
    pytest.importorskip("pyvisa")
    X = np.random.default_rng(0).random((12, 9))
    with Instrument(server.resource, visa_library="@py") as engine:
        model = NMF(2, engine=engine, max_iter=4, random_state=0).fit(X)
        assert engine.ledger().solves > 0
    twin = NMF(2, engine=Analog(Chip("pku-2025", seed=3)), max_iter=4, random_state=0).fit(X)
    np.testing.assert_array_equal(model.components_, twin.components_)


def test_more_matrices_than_arrays_are_written_again_with_a_word():
    pytest.importorskip("pyvisa")
    rng = np.random.default_rng(0)
    with (
        InstrumentServer(SimulatedBoard("ideal", arrays=2)) as server,
        Instrument(server.resource, visa_library="@py") as engine,
    ):
        kept = [(A, engine.program(A)) for A in rng.random((3, 6, 2))]
        for A, programmed in kept[1:]:
            np.testing.assert_allclose(programmed.solve(A @ np.ones((2, 1))), 1, rtol=1e-9)
        with pytest.warns(UserWarning, match="has 2 arrays for more matrices"):
            np.testing.assert_allclose(kept[0][1].solve(kept[0][0] @ np.ones((2, 1))), 1, rtol=1e-9)
        programmed = kept = None
        for A in rng.random((5, 6, 2)):  # those before are not in use any more
            np.testing.assert_allclose(engine.program(A).solve(A @ np.ones((2, 1))), 1, rtol=1e-9)


def test_an_instrument_that_is_locked_closed_or_not_there_says_so(server):
    pytest.importorskip("pyvisa")
    with Instrument(server.resource, visa_library="@py") as engine:
        with pytest.raises(ChipError, match=r"is locked by another client, \"127\.0\.0\.1:\d+\": close that one first"):
            Instrument(server.resource, visa_library="@py")
        with pytest.raises(ChipError, match="at most 128 columns, got 129"):
            engine.program(np.ones((2, 129)))
        with pytest.raises(ChipError, match=r"-2\d\d,"):
            engine._write(9, np.ones((1, 1)))
        with pytest.raises(ChipError, match=r"-2\d\d,"):
            engine._values(b"MEAS? 3,1,1;:SYST:ERR:COUN?")
        assert engine.identify().startswith("mho,")
        with pytest.raises(ValueError, match="l2_known must be 0"):
            engine.program(np.ones((2, 1)), penalty=Penalty(l2_known=1.0))
    with pytest.raises(ValueError, match="is closed"):
        engine.identify()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionError, match="no such instrument answers"):
            Instrument(f"TCPIP::127.0.0.1::{free.getsockname()[1]}::SOCKET", visa_library="@py")
    with pytest.raises(ConnectionError, match="nonsense: no such instrument answers"):
        Instrument("nonsense", visa_library="@py")
    with pytest.raises(TypeError, match="resource must be VISA's name"):
        Instrument(5025)


def test_an_instrument_without_an_answer_is_an_error_and_no_wait_for_ever():
    pytest.importorskip("pyvisa")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"TCPIP::127.0.0.1::{silent.getsockname()[1]}::SOCKET"
        with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
            Instrument(name, timeout=0.05, visa_library="@py")


class _Waiting(SimulatedBoard):
    def __init__(self, go):
        super().__init__("ideal")
        self.go = go

    def solve(self, array, B, currents=None):
        self.go.wait(PATIENCE)
        return super().solve(array, B, currents)


def test_an_answer_that_comes_late_is_not_taken_for_the_next_one():
    pytest.importorskip("pyvisa")
    go, A = threading.Event(), np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    with (
        InstrumentServer(_Waiting(go)) as server,
        Instrument(server.resource, timeout=0.2, visa_library="@py") as engine,
    ):
        programmed = engine.program(A)
        with pytest.raises(TimeoutError, match=r"no answer within 0\.2 s, and the connection is closed"):
            programmed.solve(A @ np.ones((2, 1)))
        go.set()
        with pytest.raises(ValueError, match="is closed, by its user or by an answer that did not come"):
            programmed.solve(A @ np.full((2, 1), 3.0))


def test_no_message_of_an_engine_is_longer_than_an_instrument_takes(monkeypatch):
    pytest.importorskip("pyvisa")
    for module in (mho.engines.instrument, mho.instrument.message):  # all in the same proportion, 512 times smaller
        monkeypatch.setattr(module, "MOST_BYTES", module.MOST_BYTES >> 9)
    monkeypatch.setattr(mho.engines.instrument, "_BLOCK", mho.engines.instrument._BLOCK >> 9)
    rng, penalty = np.random.default_rng(0), Penalty(l1=0.01)
    A, B = rng.random((2, 32)), rng.random((2, 1100))  # their currents in one block would be four messages long
    with (
        InstrumentServer(SimulatedBoard("ideal")) as server,
        Instrument(server.resource, visa_library="@py") as engine,
    ):
        found = engine.program(A, penalty=penalty).solve(B)
        with pytest.raises(ChipError, match=r"at most 1,020 rows of 8 in one message of 64 KiB, got 1,021, those of"):
            engine.program(np.ones((1021, 8), np.float32))
        engine.program(np.ones((1020, 8)))
    np.testing.assert_allclose(A @ found, A @ Analog("ideal").program(A, penalty=penalty).solve(B), atol=1e-9)


def test_two_clients_at_once_and_one_that_sends_half_a_command(server):
    with _connect(server) as half, _connect(server) as other:
        half.sendall(b"ARR:PROG 1,64,64,#532768" + bytes(1000))
        assert _asked(other, b"ARR:PROG 1,1,1,2;:MEAS? 1,1,0") == "0.0"
        half.close()
        assert _asked(other, b"ARR:SIZE? 1;:SYST:ERR?") == '1,1;0,"No error"'


def test_half_a_command_is_dropped_when_patience_ends():
    with InstrumentServer(SimulatedBoard("ideal"), patience=0.05) as server, _connect(server) as client:
        client.sendall(b"ARR:PROG 1,64,64,#532768")
        client.settimeout(0.2)
        found = ""
        while not found.startswith("-365"):  # a question that comes before is taken for a part of the block
            try:
                found = _asked(client, b"SYST:ERR?")
            except TimeoutError:
                continue
        assert "did not end" in found


def test_a_client_that_leaves_gives_the_lock_back(server):
    with _connect(server) as first:
        assert _asked(first, b"SYST:LOCK:REQ?") == "1"
    with _connect(server) as second:
        while _asked(second, b"SYST:LOCK:REQ?") == "0":
            pass
        assert _asked(second, b"ARR:COUN?") == "4"


@pytest.mark.parametrize("address", [b"/", b"/" + b"a" * 5000, b"http://127.0.0.1/" + b"a" * 5000])
def test_a_browser_is_hung_up_on(server, address):
    with _connect(server) as client:
        client.sendall(b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSYST:LOCK:REQ?\n" % address)
        assert client.recv(100) == b""
    assert server.device.owner is None


def test_a_client_too_many_is_hung_up_on(server):
    clients = [_connect(server) for _ in range(MOST_CLIENTS)]
    for client in clients:
        assert _asked(client, b"*OPC?") == "1"
    with _connect(server) as late:
        assert late.recv(100) == b""
    for client in clients:
        client.close()


def test_the_quietest_client_makes_room_for_a_new_one():
    with InstrumentServer(SimulatedBoard("ideal"), idle=0.0) as server:
        clients = [_connect(server) for _ in range(MOST_CLIENTS)]
        assert _asked(clients[0], b"SYST:LOCK:REQ?") == "1"
        for client in clients[1:]:
            assert _asked(client, b"*OPC?") == "1"
        with _connect(server) as late:
            assert clients[0].recv(100) == b""
            while _asked(late, b"SYST:LOCK:REQ?") != "1":  # the other's thread gives it back as it ends
                time.sleep(0.01)
        for client in clients:
            client.close()


MALFORMED = int(os.environ.get("MHO_SCPI_MESSAGES", "300"))
"""Messages; 10,000 where time is no matter: `make test-faults`."""


PARAMETERS = [b"1", b"1,2,1,1,2", b"'x'", b"#15hello", b"1,1,1," + as_block(bytes(8)), b"#0ab", b"#9999999999"]


def _malformed(rng):
    """A real command with bytes changed, cut, doubled or put in; no block in it waits for ever."""
    base = bytearray(COMMANDS[rng.integers(len(COMMANDS))].header.encode() + b" " + rng.choice(PARAMETERS))
    for _ in range(rng.integers(1, 6)):
        at, kind = rng.integers(len(base) + 1), rng.integers(4)
        if kind == 0:
            base[at:at] = rng.bytes(rng.integers(1, 4))
        elif kind == 1:
            del base[at : at + rng.integers(1, 5)]
        elif kind == 2:
            base[at : at + 1] = rng.bytes(1)
        else:
            base[at:at] = rng.choice([b"#", b'"', b"\n", b";", b":", b"*", b",,", b"?", b"#3", b"\xff\xff"])
    return bytes(base)


def test_malformed_messages_neither_crash_nor_hang_it(server):
    rng = np.random.default_rng(int(os.environ.get("MHO_SCPI_SEED", "0")))
    for _ in range(MALFORMED // 25):
        with _connect(server) as client:
            client.sendall(b"".join(_malformed(rng) + b"\n" for _ in range(25)))
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):  # it answers what it can, and hangs up
                pass
    with _connect(server) as client:
        assert _asked(client, b"*IDN?").startswith("mho,")
        assert _asked(client, b"ARR:PROG 1,1,1,2;:MEAS? 1,1,8").startswith(("3.", "4."))


def test_the_command_serves_until_it_is_ended():
    command = [sys.executable, "-m", "mho", "chip", "serve", "--port", "0", "--preset", "ideal", "--arrays", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        host, port = line.split("::")[1:3]
        assert host == "127.0.0.1"
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            assert _asked(client, b"ARR:COUN?;:ARR:PROG 1,1,1,2;:MEAS? 1,1,8") == "2;4.0"
        process.terminate()
        assert process.wait(PATIENCE) == 143
        assert process.stderr.read() == "mho: interrupted\n"
