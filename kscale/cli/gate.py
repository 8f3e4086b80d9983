"""The command gate: a comparison judged by a policy, for CI."""

import typer

PANEL = "Judge"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
