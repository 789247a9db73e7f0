"""Out of core over networks of known rates, beside what `mho recommend scale` foretells.

Each worker has a network namespace of its own, whose link to a router `tc` limits in both directions, and mounts the
shared folder from a store behind another limited link, by sshfs without encryption. Needs Linux, root, iproute2, sshfs,
socat and openssh-sftp-server. --smoke: two workers of this machine without a network between them.

python benchmarks/recommend/network.py --link 50e6 --storage 1e9 --ratings 4e6 8e6 16e6
"""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yahoo import WORKERS, Runs, compared, last_seconds, problem, two_workers

from mho.recommend.distributed import BlockFit
from mho.recommend.distributed.scale import Cluster, Forecast, forecast

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import parser, sized, smoke, timed

BLOCK, K, PROBE = sized((2**21, 16, 2**25), (2**11, 4, 2**16))
NET, ROUTER, STORE, CONTROL, SFTP = "10.77", "mhorouter", 100, 101, 7000
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
COLUMNS = ["ratings", *(f"{what}{of}" for what in ("clock, s", "processor, s") for of in ("", ", foretold", ", error"))]
COLUMNS += ["of the clock: transfer, foretold"]


@dataclass(frozen=True)
class Link:
    """From the router, 10.77.NUMBER.1, to 10.77.NUMBER.2 in a namespace, or here without one."""

    number: int
    rate: float
    space: str = ""

    def lay(self) -> None:
        router, end = f"mho{self.number}r", f"mho{self.number}e"
        inside = f"netns {self.space}" if self.space else ""
        if self.space:
            run(f"ip netns add {self.space}")
        run(f"ip link add {router} netns {ROUTER} type veth peer name {end} {inside}")
        self._set_up(ROUTER, router, 1)
        self._set_up(self.space, end, 2)
        run(f"ip {_of(self.space)} route add {NET}.0.0/16 via {NET}.{self.number}.1")

    def remove(self) -> None:
        run(f"ip netns del {self.space}" if self.space else f"ip link del mho{self.number}e", check=False)

    def _set_up(self, space: str, device: str, host: int) -> None:
        run(f"ip {_of(space)} addr add {NET}.{self.number}.{host}/24 dev {device}")
        run(f"ip {_of(space)} link set {device} up")
        run(f"tc {_of(space)} qdisc add dev {device} root tbf rate {self.rate:.0f}bps burst 256kb latency 50ms")


@contextmanager
def workers(link: float, storage: float, shared: Path) -> Iterator[Any]:
    """Yield a client of a scheduler here whose workers see `shared` through their links."""
    from distributed import Client, LocalCluster

    links = [Link(number, link, f"mhoworker{number}") for number in range(1, 1 + WORKERS)]
    with ExitStack() as stack:
        stack.callback(run, f"ip netns del {ROUTER}", check=False)
        run(f"ip netns add {ROUTER}")
        run(f"ip netns exec {ROUTER} sysctl -qw net.ipv4.ip_forward=1")
        for end in (Link(STORE, storage, "mhostore"), Link(CONTROL, 1.25e9), *links):
            stack.callback(end.remove)
            end.lay()
        start(stack, "mhostore", f"socat TCP-LISTEN:{SFTP},fork,reuseaddr,nodelay EXEC:{SFTP_SERVER}")
        local: dict[str, Any] = {"n_workers": 0, "host": f"{NET}.{CONTROL}.2", "dashboard_address": ":0"}
        cluster: Any = stack.enter_context(LocalCluster(**local))
        mount = f"sshfs {NET}.{STORE}.2:{shared} {shared} -o directport={SFTP},max_conns=1"
        options = "--nthreads 1 --no-dashboard --memory-limit 3GiB --local-directory /tmp"
        worker = f"{sys.executable} -m distributed.cli.dask_worker {cluster.scheduler_address} {options}"
        for end in links:
            start(stack, end.space, f"sh -c {shlex.quote(f'{mount} && exec {worker}')}")
        client = stack.enter_context(Client(cluster))
        client.wait_for_workers(WORKERS, timeout=60)
        yield client


def start(stack: ExitStack, space: str, command: str) -> None:
    """Run `command` in a namespace until the stack is left."""
    words = ["ip", "netns", "exec", space, *shlex.split(command)]
    environment = os.environ | {"MHO_NUM_THREADS": "1"}
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(words, env=environment, start_new_session=True, **silent)
    stack.callback(process.wait)
    stack.callback(os.killpg, process.pid, signal.SIGTERM)  # what it has started, too


def run(command: str, *, check: bool = True) -> None:
    subprocess.run(shlex.split(command), check=check, capture_output=not check)


def _of(space: str) -> str:
    return f"-n {space}" if space else ""


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--ratings", type=float, nargs="+", default=sized([4e6, 8e6, 16e6], [4e3]))
    options.add_argument("--link", type=float, default=50e6)
    options.add_argument("--storage", type=float, default=1e9)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        made = two_workers() if smoke() else workers(args.link, args.storage, Path(folder))
        client = stack.enter_context(made)
        link, storage = reached(client, folder)
        print(f"files go at {link / 1e6:.1f} MB/s to one worker, {storage / 1e6:.1f} to all together\n")
        print(f"| {' | '.join(COLUMNS)} |\n" + "| --- " * len(COLUMNS) + "|", flush=True)
        runs = Runs(client, Path(folder), K)
        for count in map(int, args.ratings):
            table = runs.table(count, BLOCK)
            cluster = Cluster(workers=WORKERS, link=link, storage=storage, block_ratings=BLOCK)
            print(row(runs.fit(table, K), forecast(problem(table.n_ratings, K), cluster)), flush=True)


def reached(client: Any, folder: str) -> tuple[float, float]:
    """Return bytes per second of files, written and read, of one worker alone and of all at once."""
    addresses = list(client.scheduler_info()["workers"])

    def rates(chosen: list[str]) -> list[float]:
        return client.gather([client.submit(probe, folder, workers=[address], pure=False) for address in chosen])

    return rates(addresses[:1])[0], sum(rates(addresses))


def probe(folder: str) -> float:
    path, content = Path(folder, secrets.token_hex(4)), secrets.token_bytes(PROBE)
    return 2 * PROBE / timed(lambda: (path.write_bytes(content), path.read_bytes()))[1]


def row(fit: BlockFit, told: Forecast) -> str:
    halves = told.users, told.items
    work = fit.history[-1]["work"]
    cells = [
        f"{sum(block.ratings for block in work) // 2:,}",
        *compared(last_seconds(fit), told.seconds),
        *compared(sum(w.processor_seconds for w in work), sum(half.processor_seconds for half in halves)),
        f"{sum(half.transfer_seconds for half in halves):.1f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
