"""The chip as an instrument: SCPI over TCP on the loopback, in front of the simulated chip or of a board."""

from mho.instrument.board import Board, SimulatedBoard
from mho.instrument.client import Device
from mho.instrument.commands import COMMANDS, Command
from mho.instrument.errors import ScpiError
from mho.instrument.server import InstrumentServer
from mho.instrument.session import Session

__all__ = ["COMMANDS", "Board", "Command", "Device", "InstrumentServer", "ScpiError", "Session", "SimulatedBoard"]
