"""Durable queues in folders: an append-only journal with checksums and a byte cap, and an outbox until acknowledged."""

from mho.journal.crc32c import crc32c
from mho.journal.journal import Journal
from mho.journal.outbox import Outbox

__all__ = ["Journal", "Outbox", "crc32c"]
