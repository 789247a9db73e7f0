"""Leave Python while a daemon thread is inside a kernel, COUNT times. Prints how many processes ended well and ill.

Usage: daemon_exit.py COUNT
"""

import subprocess
import sys

SCRIPT = """
import threading
import time
import numpy as np
import mho
A, B = np.random.default_rng(0).random((200, 40)), np.random.default_rng(1).random((200, 2000))
def work():
    while True:
        {work}
inside = threading.Event()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
inside.wait(30)
time.sleep({pause})
"""

WORK = (
    "mho.nnls(A, B); inside.set()",
    "mho.NMF(16, max_iter=20, tol=0, callback=lambda *_: inside.set()).fit(B)",
    "mho.nnls(A, B, engine=mho.Digital(sweeps=20)); inside.set()",
)


def ends_well(number):
    script = SCRIPT.format(work=WORK[number % len(WORK)], pause=number % 10 / 300)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    if done.returncode:
        print(f"code {done.returncode}: {done.stderr[-300:]}", file=sys.stderr)
    return done.returncode == 0


def main(count):
    ends = [ends_well(number) for number in range(count)]
    print(f"well {sum(ends)} ill {count - sum(ends)}")


main(int(sys.argv[1]))
