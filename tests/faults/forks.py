"""Fork while threads fit, COUNT times; each child fits too. Prints how many children ended, hung and failed.

Usage: forks.py COUNT
"""

import os
import sys
import threading
import time

import numpy as np
import scipy.sparse as sp

from mho import NMF

PATIENCE = 20.0
"""Seconds after which a child hangs; it takes some hundredths."""


def fit(S):
    NMF(8, max_iter=10, random_state=0, missing="unstored").fit(S)


def outcome(pid):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return "failed" if status else "ended"
        time.sleep(0.002)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return "hung"


def fork_and_fit(S):
    pid = os.fork()
    if pid:
        return outcome(pid)
    try:
        fit(S)
        os._exit(0)
    finally:
        os._exit(1)


def main(count):
    S = sp.random_array((2000, 800), density=0.02, rng=np.random.default_rng(0), format="csr")
    stop = threading.Event()

    def spin():
        while not stop.is_set():
            fit(S)

    team = [threading.Thread(target=spin) for _ in range(3)]
    for thread in team:
        thread.start()
    outcomes = [fork_and_fit(S) for _ in range(count)]
    stop.set()
    for thread in team:
        thread.join()
    print(*(f"{kind} {outcomes.count(kind)}" for kind in ("ended", "hung", "failed")))


main(int(sys.argv[1]))
