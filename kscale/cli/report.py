"""The command report: results as one page for a browser."""

import typer

PANEL = "Look"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
