"""The command line as ``python -m mho``."""

import sys

from mho.cli import main

if __name__ == "__main__":
    sys.exit(main())
