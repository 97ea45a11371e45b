"""The app and the command line."""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
