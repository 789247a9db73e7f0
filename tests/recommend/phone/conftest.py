"""A catalogue of films, served to headless Chromium."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mho.recommend.phone import Catalogue, ChoiceRule, RatingRule

N, K = 300, 6

HOSTILE = [
    "<img src=x onerror=\"document.title='broken'\">",
    "</script><script>document.title='broken'</script>",
    "\"; document.title = 'broken'; \"",
    "\u202egnorw yaw eht",
    "&lt;b&gt; $name ${1+1}",
    "a\nb\u2028c\x00d",
    "\ud800 half a pair",
    "W" * 300,
]


def films(rule):
    """N films, the first with titles from hell."""
    rng = np.random.default_rng(4)
    offsets, factors = rng.uniform(0.1, 0.4, (N, 1)), rng.gamma(0.5, 0.4, (N, K))
    titles = [*HOSTILE, *(f"Film {i:03}" for i in range(len(HOSTILE), N - 1)), "Amélie"]
    details = [f"{1950 + i % 70}, {('Drama', 'Comedy')[i % 2]}" for i in range(N)]
    return Catalogue(
        rows=np.hstack([offsets, factors]),
        titles=titles,
        details=details,
        rule=rule,
        popularity=np.arange(N),
    )


RULES = {
    "ratings": RatingRule(unit=3.5, lowest=0.5, highest=5.0, l2=(2.0,) + (1.5,) * K, prior=(0.2,) + (0.3,) * K),
    "choices": ChoiceRule(confidence=5.0, l2=3.0),
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Served:
    """A folder on a port of this machine."""

    def __init__(self, folder):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def serve():
    started = []

    def begin(folder):
        started.append(Served(folder))
        return started[-1]

    yield begin
    for served in started:
        served.stop()
