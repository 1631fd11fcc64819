"""The command line."""

from clew.cli.entry import main

__all__ = ["main"]
