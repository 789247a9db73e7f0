"""The server of `mho lab`: whom it answers, what it refuses, jobs that end, are killed and survive a restart."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from mho import spice
from mho.chip import presets
from mho.lab import Answers

pytestmark = pytest.mark.xdist_group("lab")
httpx = pytest.importorskip("httpx")
pytest.importorskip("uvicorn")
EXAMPLES = int(os.environ.get("MHO_LAB_EXAMPLES", "8"))
"""For each operation of the server; make test-lab asks more."""


@contextmanager
def served(folder):
    """A server as a user starts it: its address with the token, and its process."""
    command = [sys.executable, "-m", "mho", "lab", "--no-browser", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[2], process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("jobs")) as (address, _):
        yield address


@pytest.fixture
def client(server):
    with client_of(server) as client:
        yield client


def client_of(address):
    home, token = address.split("?token=")
    return httpx.Client(base_url=home, headers={"Authorization": f"Bearer {token}"}, timeout=180, trust_env=False)


def factorization(iterations=20, rows=30, **changes):
    X = np.random.default_rng(1).random((rows, 20))
    request = {"matrix": X.tolist(), "rank": 3, "engine": "digital", "preset": "ideal", "changes": {}, "seed": 1}
    return {**request, "iterations": iterations, **changes}


def ended(client, number, seconds=180):
    until = time.monotonic() + seconds
    while (job := client.get(f"api/jobs/{number}").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.2)
    return job


def test_answers_are_those_of_the_library(client):
    A = np.random.default_rng(2).random((6, 2)).round(3).tolist()
    program = {"matrix": A, "topology": "classic", "preset": "pku-2025", "changes": {"sigma": 0.01}, "seed": 3}
    made = client.post("api/program", json=program).json()
    assert made == json.loads(json.dumps(Answers().program(program)))
    settle = {"circuit": made["circuit"], "volts": [0.01] * 6, "times": [0.0, 1e-8], "tolerance": 0.01}
    assert client.post("api/settle", json=settle).json() == json.loads(json.dumps(Answers().settle(settle)))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer \xe9"}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_nobody_else_is_answered(client, change, status):
    found = client.get("api/jobs", headers={name: value.encode("latin-1") for name, value in change.items()})
    assert found.status_code == status
    assert len(found.json()["detail"]) > 20


def test_its_own_page_is_answered_and_may_fetch_from_it_alone(client):
    assert client.get("api/jobs", headers={"Origin": str(client.base_url).rstrip("/")}).status_code == 200
    policy = client.get("").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy


def test_it_listens_on_the_loopback_alone(server):
    port = int(server.split(":")[2].split("/")[0])
    with open("/proc/net/tcp") as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_too_much_is_refused_unread(client):
    with socket.create_connection((client.base_url.host, client.base_url.port)) as raw:
        token = client.headers["Authorization"]
        host = f"{client.base_url.host}:{client.base_url.port}"
        head = f"POST /api/solve HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nContent-Length: {2**27}\r\n\r\n"
        raw.sendall(head.encode())
        assert b" 413 " in raw.recv(100)

    def endless():
        for _ in range(70):
            yield b" " * 2**20

    with suppress(httpx.WriteError, httpx.RemoteProtocolError):  # hung up on
        assert client.post("api/solve", content=endless()).status_code in (400, 413)


@pytest.mark.parametrize("path", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "0" * 16, "a/b"])
def test_no_name_from_outside_becomes_a_path(client, path):
    for asked in (f"api/jobs/{path}", f"api/jobs/{path}/result", path):
        found = client.get(asked)
        assert found.status_code in (404, 405)
        assert "root:" not in found.text


def test_a_job_runs_tells_and_gives_its_result(client):
    request = factorization()
    job = client.post("api/jobs/factorize", json=request).json()
    with client.stream("GET", f"api/jobs/{job['id']}/events") as response:
        events = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: ")]
    assert events[-1]["state"] == "done"
    assert any("step" in event for event in events)
    assert events[-1]["progress"]["iteration"] == 20
    result = client.get(f"api/jobs/{job['id']}/result").json()
    assert np.allclose(result["errors"], [step["error"] for step in Answers().factorize(request)])
    assert client.delete(f"api/jobs/{job['id']}").status_code == 200
    assert client.get(f"api/jobs/{job['id']}").status_code == 404


def test_a_closed_tab_loses_nothing(client):
    """Who listens to a run goes away after the first word; the run goes on, is listed, and has its result."""
    number = client.post("api/jobs/factorize", json=factorization(300)).json()["id"]
    with client.stream("GET", f"api/jobs/{number}/events") as response:
        next(response.iter_lines())
    assert ended(client, number)["state"] == "done"
    assert number in [job["id"] for job in client.get("api/jobs").json()]
    assert len(client.get(f"api/jobs/{number}/result").json()["errors"]) == 300
    assert client.delete(f"api/jobs/{number}").status_code == 200


def test_two_runs_leave_the_server_responsive_and_can_be_cancelled(client):
    jobs = [client.post("api/jobs/factorize", json=factorization(100_000, rows=400)).json()["id"] for _ in range(3)]
    until = time.monotonic() + 120
    while (
        sum(client.get(f"api/jobs/{n}").json()["progress"] is not None for n in jobs) < 2 and time.monotonic() < until
    ):
        time.sleep(0.5)  # oftener would keep the jobs from the processors
    states = [client.get(f"api/jobs/{number}").json()["state"] for number in jobs]
    assert sorted(states) == ["running", "running", "waiting"]
    solve = {"matrix": [[1.0, 0.0], [0.0, 2.0]], "rhs": [[1.0, 4.0]]}
    assert client.post("api/solve", json=solve).json() == {"answers": [[1.0, 2.0]]}
    for number in reversed(jobs):
        client.post(f"api/jobs/{number}/cancel")
    assert {ended(client, number)["state"] for number in jobs} == {"cancelled"}
    again = client.post(f"api/jobs/{jobs[0]}/resume").json()
    assert again["state"] == "waiting"
    client.post(f"api/jobs/{jobs[0]}/cancel")
    assert ended(client, jobs[0])["problem"].startswith("cancelled")
    for number in jobs:
        assert client.delete(f"api/jobs/{number}").status_code == 200


def child_of(process):
    """The process of the job that runs."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as stream:
            children = stream.read().split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    raise AssertionError("no job has a process")


def test_a_killed_job_says_so_and_a_killed_server_keeps_its_list(tmp_path):
    with served(tmp_path) as (address, process), client_of(address) as client:
        done = client.post("api/jobs/factorize", json=factorization()).json()["id"]
        assert ended(client, done)["state"] == "done"
        killed = client.post("api/jobs/factorize", json=factorization(100_000)).json()["id"]
        os.kill(child_of(process), signal.SIGKILL)
        assert "killed by signal 9" in ended(client, killed)["problem"]
        waiting = client.post("api/jobs/factorize", json=factorization(100_000)).json()["id"]
        orphan = child_of(process)
        process.kill()
        process.wait()
        with suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    with served(tmp_path) as (address, _), client_of(address) as client:
        states = {job["id"]: job["state"] for job in client.get("api/jobs").json()}
        assert states == {done: "done", killed: "failed", waiting: "interrupted"}
        assert len(client.get(f"api/jobs/{done}/result").json()["errors"]) == 20


def test_a_second_server_in_the_folder_is_refused(tmp_path):
    with served(tmp_path) as (address, _), client_of(address) as client:
        client.get("api/jobs")
        command = [sys.executable, "-m", "mho", "lab", "--no-browser", "--folder", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert second.returncode != 0
    assert "is in use by process" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("kind", "request_", "said"),
    [
        ("factorize", factorization(rank=0), "rank"),
        ("factorize", factorization(engine="magic"), "engine"),
        ("factorize", {}, "must be an object that holds matrix"),
        ("spice", {"circuit": {}, "volts": [], "times": []}, "topology"),
        ("nothing", {}, "there is no run of that kind"),
    ],
)
def test_a_bad_job_is_refused_at_once(client, kind, request_, said):
    found = client.post(f"api/jobs/{kind}", json=request_)
    assert found.status_code in (404, 422)
    assert said in found.json()["detail"]


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
def test_ngspice_runs_as_a_job_and_agrees(client):
    A = np.random.default_rng(4).random((6, 2)).round(2).tolist()
    made = Answers().program({"matrix": A, "topology": "compact", "preset": presets()[0], "changes": {}, "seed": 1})
    volts = (0.02 * np.ones(6)).tolist()
    ours = Answers().settle({"circuit": made["circuit"], "volts": volts, "times": None, "tolerance": 0.01})
    job = client.post(
        "api/jobs/spice", json={"circuit": made["circuit"], "volts": volts, "times": ours["times"]}
    ).json()
    assert ended(client, job["id"])["state"] == "done"
    theirs = np.array(client.get(f"api/jobs/{job['id']}/result").json()["outputs"])
    assert np.abs(theirs[:, -1] - np.array(ours["outputs"])[:, -1]).max() <= 1e-3 * max(ours["rest"])


@pytest.mark.browser
def test_the_served_page_runs_ngspice_and_jobs(visit, server):
    home, token = server.split("?")
    seen = visit(f"?{token}#bench?m=6&k=2", address=home)
    seen.page.wait_for_selector("text=served by mho lab")
    assert "token" not in seen.page.evaluate("location.href")
    if spice.available():
        seen.page.get_by_role("button", name="Run ngspice beside it").click()
        seen.page.wait_for_selector("text=circles: ngspice")
    for place in ("device", "cost", "cost?workload=topics"):
        seen.page.goto(f"{home}#{place}")
        seen.page.wait_for_selector("text=Export")
        assert json.loads(seen.save("JSON"))["view"] == place.split("?")[0]
    seen.page.get_by_role("link", name="Photo").click()
    seen.page.wait_for_selector("dt:text-is('PSNR')")
    assert json.loads(seen.save("JSON"))["view"] == "photo"
    seen.page.get_by_role("link", name="Bench").click()
    seen.page.wait_for_selector("text=served by mho lab")
    seen.page.goto(f"{home}#factorize?rank=3&iterations=30&size=32&where=server")
    seen.page.get_by_role("button", name="Factorize").click()
    seen.page.wait_for_selector("text=W H, analogue chip")
    seen.page.wait_for_selector("td:text-is('done')")
    seen.page.wait_for_selector("button:text-is('Factorize')")
    for _ in range(seen.page.get_by_role("button", name="Remove").count()):
        seen.page.get_by_role("button", name="Remove").first.click()
        seen.page.wait_for_timeout(200)
    assert seen.heard == []


def test_schemathesis_finds_no_fault_of_the_server(client):
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings

    quiet = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
    schema = schemathesis.openapi.from_dict(client.get("api/openapi.json").json())
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):
            continue

        @settings(max_examples=EXAMPLES, phases=[Phase.generate], **quiet)
        @given(case=operation.as_strategy())
        def asked(case):
            sent = case.as_transport_kwargs(base_url=str(client.base_url).rstrip("/"))
            names = ("method", "url", "params", "json", "content")
            with suppress(httpx.InvalidURL, UnicodeEncodeError):
                kept = {name: sent[name] for name in names if sent.get(name) is not None}
                assert client.request(**kept).status_code < 500

        asked()
