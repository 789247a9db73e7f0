"""MQTT with a real broker: wrong passwords end it, TLS knows its authority, credentials stay with their owner."""

import shutil
import socket
import ssl
import subprocess
import time

import pytest
from broker import PROGRAM, Broker
from monitor_machine import levels, recording

from mho.cli import main
from mho.journal.delivery import BrokerUrl, Credentials
from mho.monitor import Monitor
from mho.monitor.mqtt import MqttBridge
from mho.monitor.service import Service

mqtt = pytest.importorskip("paho.mqtt.client")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs mosquitto")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    monitor = Monitor(false_alarms=0.05)
    monitor.learn(recording(levels(300, 0)))
    path = tmp_path_factory.mktemp("model") / "pump.mon"
    monitor.save(path)
    return path


def serve(model, folder, broker, *, host="127.0.0.1", tls=False, credentials=None, ca=None):
    """Serve until the broker has taken the connection."""
    with Service(Monitor.load(model), folder) as service:
        url = BrokerUrl(host, broker.port, "pump/#", tls)
        bridge = MqttBridge(service, url, None, client_id="test", credentials=credentials, ca=ca)
        end = time.monotonic() + 60
        seen = []
        bridge.run(lambda: seen.append(bridge.connected) or seen[-1] or time.monotonic() > end)
        assert seen[-1]


def test_a_wrong_password_ends_it(model, tmp_path, capfd, monkeypatch):
    passwords = tmp_path / "passwords"
    subprocess.run([shutil.which("mosquitto_passwd"), "-b", "-c", str(passwords), "pump", "right"], check=True)
    with Broker(tmp_path / "broker", "allow_anonymous false", f"password_file {passwords}") as broker:
        monkeypatch.setenv("MHO_MQTT_USER", "pump")
        monkeypatch.setenv("MHO_MQTT_PASSWORD", "the-wrong-one")
        source = f"mqtt://127.0.0.1:{broker.port}/pump/%23"
        assert main(["monitor", "run", str(model), source, "--state", str(tmp_path / "state")]) == 2
        said = capfd.readouterr().err
        assert "the broker refuses" in said
        assert "the-wrong-one" not in said
        serve(model, tmp_path / "other", broker, credentials=Credentials("pump", "right"))


def test_a_broker_that_does_not_answer_is_told_once(model, tmp_path):
    with socket.socket() as taken:  # bound, and never listening
        taken.bind(("127.0.0.1", 0))
        port, told = taken.getsockname()[1], []
        with Service(Monitor.load(model), tmp_path / "state") as service:
            url = BrokerUrl("127.0.0.1", port, "pump/#", False)
            bridge = MqttBridge(service, url, None, client_id="test", tell=told.append)
            end = time.monotonic() + 60
            bridge.run(lambda: (told and time.monotonic() > end - 56) or time.monotonic() > end)
    assert told == [f"no broker answers at 127.0.0.1:{port}; it is asked again until it does"]


def test_tls_with_a_throwaway_authority(model, tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    ca, key, request, signed = (tmp_path / name for name in ("ca.pem", "key.pem", "r.csr", "c.pem"))
    run = lambda *a: subprocess.run([openssl, *map(str, a)], check=True, capture_output=True)  # noqa: E731
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-keyout", tmp_path / "cakey", "-out", ca)
    run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
    (tmp_path / "ext").write_text("subjectAltName=DNS:localhost")
    files = ["-CA", ca, "-CAkey", tmp_path / "cakey", "-CAcreateserial", "-extfile", tmp_path / "ext"]
    run("x509", "-req", "-in", request, *files, "-out", signed)
    key.chmod(0o644)
    lines = [f"cafile {ca}", f"certfile {signed}", f"keyfile {key}", "allow_anonymous true", "log_type all"]
    with Broker(tmp_path / "broker", *lines) as broker:
        serve(model, tmp_path / "state", broker, host="localhost", tls=True, ca=str(ca))
        with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            connect_without_authority(broker.port)


def connect_without_authority(port):
    """What the default authorities say of a broker that they do not know."""
    with socket.create_connection(("localhost", port)) as plain:
        with ssl.create_default_context().wrap_socket(plain, server_hostname="localhost"):
            pass


@pytest.mark.parametrize("url", ["http://h/t", "mqtt://h", "mqtt:///t", "mqtt://h:x/t", "mqtt://u:secret@h/t", "h/t"])
def test_addresses_that_are_none(url):
    with pytest.raises(ValueError, match="SOURCE must") as caught:
        BrokerUrl.parse(url, "SOURCE")
    assert "secret" not in str(caught.value)


def test_addresses():
    assert BrokerUrl.parse("mqtts://h/plant/pump1/#", "SOURCE", wildcards=True) == BrokerUrl(
        "h", 8883, "plant/pump1/#", True
    )
    assert BrokerUrl.parse("mqtt://h:99/a", "SOURCE") == BrokerUrl("h", 99, "a", False)


def test_credentials_are_for_their_owner_alone(tmp_path, model, capsys):
    path = tmp_path / "login"
    path.write_text("pump\nsecret\n")
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        Credentials.find(path)
    path.chmod(0o600)
    assert Credentials.find(path).password == "secret"
    assert "secret" not in repr(Credentials.find(path))
    path.chmod(0o640)
    arguments = [str(model), "mqtt://localhost:1/x", "--state", str(tmp_path / "s"), "--credentials", str(path)]
    assert main(["monitor", "run", *arguments]) == 2
    assert "secret" not in capsys.readouterr().err
