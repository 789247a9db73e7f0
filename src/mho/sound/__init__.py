"""Sound: sources and notes separated by non-negative dictionaries of spectra, of patterns in time and of harmonics."""

from mho.sound.notes import Note, Notes, note_name, note_pitch
from mho.sound.sound import Sound, read_sound, write_sound
from mho.sound.sources import Sources

__all__ = ["Note", "Notes", "Sound", "Sources", "note_name", "note_pitch", "read_sound", "write_sound"]
