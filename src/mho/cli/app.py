"""The program `mho`: its commands, and what it returns to the shell."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App

from mho.cli.advise import advise
from mho.cli.camera import camera
from mho.cli.chip import chip
from mho.cli.cluster import EXAMPLES as CLUSTER_EXAMPLES
from mho.cli.cluster import cluster
from mho.cli.cost import cost
from mho.cli.demo import demo
from mho.cli.errors import exit_code
from mho.cli.example import example
from mho.cli.factor import EXAMPLES, factor
from mho.cli.image import image
from mho.cli.info import info
from mho.cli.lab import lab
from mho.cli.monitor import monitor
from mho.cli.recommend import recommend
from mho.cli.reproduce import reproduce
from mho.cli.signatures import EXAMPLES as SIGNATURES_EXAMPLES
from mho.cli.signatures import signatures
from mho.cli.sound import EXAMPLES as SOUND_EXAMPLES
from mho.cli.sound import sound
from mho.cli.topics import EXAMPLES as TOPICS_EXAMPLES
from mho.cli.topics import topics

__all__ = ["main"]


def _version() -> str:
    import mho

    return f"mho {mho.__version__}"


app = App(
    name="mho",
    help="Non-negative matrix factorization by a CPU, by a simulated analogue chip, or by both.",
    help_epilogue="mho --debug COMMAND ... shows the traceback of an error. Where data are read, - is standard input.",
    version=_version,
    version_flags=["--version"],
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
app.command(factor, help_epilogue=EXAMPLES)
app.command(advise)
app.command(recommend)
app.command(demo)
app.command(example)
app.command(camera)
app.command(cluster, help_epilogue=CLUSTER_EXAMPLES)
app.command(topics, help_epilogue=TOPICS_EXAMPLES)
app.command(signatures, help_epilogue=SIGNATURES_EXAMPLES)
app.command(sound, help_epilogue=SOUND_EXAMPLES)
app.command(cost)
app.command(chip)
app.command(image)
app.command(lab)
app.command(reproduce)
app.command(monitor)
app.command(info)
app.register_install_completion_command(
    help="Teach the shell in use (bash, zsh or fish) to complete mho's commands and options."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows `mho` on the command line; by default that of this process.

    Returns
    -------
    int
        0 done; 1 the work failed; 2 a wrong argument; 3 done, and `mho monitor` raised an alarm; 70 a fault of mho; 130
        interrupted from the keyboard; 143 told to terminate.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = words[:1] == ["--debug"]
    return exit_code(lambda: app(words[debug:]), typed=words, debug=debug)
