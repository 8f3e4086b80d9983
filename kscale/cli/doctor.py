"""The command doctor: is this machine fit to measure, and what to change."""

import typer

PANEL = "Measure"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
