"""Requests a second of `mho recommend serve` with 50,000 items, and the exact best ten of a million items.

    python benchmarks/recommend/serve.py [--smoke]

Clients of this process keep four connections to the server's process and ask for lists of ten, one user after the
other. The processor time of the server for each request is told too: beside other programs it is what counts. The
million items have k = 16 numbers in float32, spread as those of a fit; times are of one thread. Lines of JSON go to
`neighbours.jsonl` beside this file.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from mho import Recommender
from mho.recommend import ImplicitModel, MixedModel, NeighbourModel
from mho.recommend.fitted import Fitted
from mho.recommend.interactions import Interactions
from mho.recommend.labels import Labels
from mho.recommend.model import Side
from mho.recommend.top_index import TopIndex

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import parser, sized, smoke, timed, where

USERS, ITEMS, CHOICES = sized((2_000, 50_000, 300_000), (50, 200, 1_000))
MANY = sized(1_000_000, 5_000)
CONNECTIONS, REQUESTS, REPEATS = sized((4, 750, 200), (2, 5, 3))
FACTORS = ImplicitModel(l2=10.0, popularity=0.1)
NEIGHBOURS = NeighbourModel(l2=100.0, popularity=0.1, weighting="presence")
MODELS = {
    "implicit": FACTORS,
    "neighbours": NEIGHBOURS,
    "mixed": MixedModel(factors=FACTORS, neighbours=NEIGHBOURS, share=0.5, popularity=0.1),
}


def table() -> tuple[np.ndarray, np.ndarray]:
    """Return users and items of choices, every item once at least."""
    rng = np.random.default_rng(0)
    return rng.integers(0, USERS, CHOICES), np.append(np.arange(ITEMS), rng.integers(0, ITEMS, CHOICES - ITEMS))


def served(path: Path) -> Iterator[dict]:
    """Yield the rate and the times of requests to a server of the recommender at `path`."""
    command = [sys.executable, "-m", "mho", "recommend", "serve", str(path), "--token", ""]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", server.stdout.readline())[0])
        ask(port, range(20))
        before = processor_seconds(server.pid)
        begun = time.perf_counter()
        users = np.random.default_rng(1).integers(0, USERS, (CONNECTIONS, REQUESTS)).tolist()
        found: list[list[float]] = [[] for _ in users]
        threads = [threading.Thread(target=lambda j=j: found[j].extend(ask(port, users[j]))) for j in range(len(users))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, count = time.perf_counter() - begun, CONNECTIONS * REQUESTS
        p50, p99 = 1e3 * np.quantile(np.concatenate(found), (0.5, 0.99))
        busy = processor_seconds(server.pid) - before
        yield {"per_second": count / seconds, "p50_ms": p50, "p99_ms": p99, "processor_ms": 1e3 * busy / count}
    finally:
        server.terminate()
        server.wait()


def ask(port: int, users: object) -> list[float]:
    """Return the seconds of one request for each of the `users`, over one connection."""
    took = []
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for user in users:  # pyright: ignore[reportGeneralTypeIssues]
            body = b'{"users": [%d], "n": 10}' % user
            head = f"POST /api/recommend HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            request = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
            begun = time.perf_counter()
            stream.sendall(request)
            answer(stream)
            took.append(time.perf_counter() - begun)
    return took


def answer(stream: socket.socket) -> None:
    """Read one answer, which must be a list of ten."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += stream.recv(1 << 16)
    head, _, body = text.partition(b"\r\n\r\n")
    length = int(re.findall(rb"content-length: (\d+)", head.lower())[0])
    while len(body) < length:
        body += stream.recv(1 << 16)
    assert b" 200 " in head[:20], text
    assert len(json.loads(body)["lists"][0]["items"]) == 10, body


def processor_seconds(process: int) -> float:
    """Return the processor time of another process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def many() -> dict:
    """Return the times of the exact best ten of many items, checked against the scores of all."""
    rng, people = np.random.default_rng(0), 100
    chosen = rng.integers(0, people, MANY // 50), (MANY * rng.random(MANY // 50) ** 2).astype(int)
    known = sp.csr_array((np.ones(MANY // 50, np.float32), chosen), shape=(people, MANY))
    labels = Labels(np.arange(people), "users"), Labels(np.arange(MANY), "items")
    model = replace(FACTORS, least=1.0, typical=1.0)
    rows, own = (rng.gamma(0.3, 1.0, (n, 16)).astype(np.float32) for n in (MANY, people))
    fitted = Fitted(model, Interactions(*labels, known), Side(own), Side(rows), model.prior(16), 1.0)
    index, seconds, begun = TopIndex(fitted), [], time.process_time()
    for j in range(REPEATS):
        user = j % people
        seconds.append(1e3 * timed(lambda user=user: index.best(user, 10))[1])
    busy = 1e3 * (time.process_time() - begun) / REPEATS
    for user in range(3):
        scores = fitted.merits(own[[user]], fitted.table.known[[user]])[0]
        scores[fitted.table.known[[user]].indices] = -np.inf
        np.testing.assert_allclose(scores[index.best(user, 10)[0]], np.sort(scores)[:-11:-1], rtol=1e-5)
    p50, p95 = np.quantile(seconds, (0.5, 0.95))
    return {
        "who": "best ten, exact",
        "items": MANY,
        "p50_ms": p50,
        "p95_ms": p95,
        "processor_ms": busy,
        "looked_at": index.looked_at / MANY,
    }


def measured() -> Iterator[dict]:
    """Yield the figures of both."""
    yield {"what": "serve", **many()}
    users, items = table()
    with tempfile.TemporaryDirectory() as folder:
        for name, model in MODELS.items():
            path = Path(folder) / f"{name}.npz"
            Recommender(model=model, max_iter=2).fit(users, items).save(path)
            for found in served(path):
                yield {"what": "serve", "who": name, "items": ITEMS, **found}


def main() -> None:
    """Measure and write."""
    options = parser(__doc__)
    options.add_argument("-o", "--out", type=Path, default=Path(__file__).with_name("neighbours.jsonl"))
    arguments = options.parse_args()
    with open(os.devnull, "w") if smoke() else arguments.out.open("a") as out:
        for found in measured():
            print(json.dumps({**found, "table": "made up", **where()}), file=out, flush=True)
            print(found, flush=True)
    if not smoke():
        provenance.note(arguments.out)


if __name__ == "__main__":
    main()
