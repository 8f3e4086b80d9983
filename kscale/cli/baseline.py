"""The commands baseline list, save, show and rm: results by name."""

import typer

PANEL = "Judge"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
