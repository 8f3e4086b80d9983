"""Commands that show what is there: list, show."""

from typing import Annotated

import typer

PANEL = "Look"

Color = Annotated[str, typer.Option(metavar="WHEN", help="auto, always or never.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command("list", rich_help_panel=PANEL, epilog="Example: kscale list")(list_)
    app.command(rich_help_panel=PANEL, epilog="Example: kscale show etcd-freelist")(show)


def list_(color: Color = "auto") -> None:
    """List the mechanisms and the scenarios that come with kscale."""
    from kscale.measure import machine

    machine.use_jit_cache()
    from kscale.mechanisms.registry import MECHANISMS
    from kscale.report import console, listing
    from kscale.scenario import shipped

    out = console.console(color=color)
    console.show(out, listing.listing(MECHANISMS, shipped.names(), out.width))


def show(
    mechanism: Annotated[str, typer.Argument(help="A mechanism's id, as kscale list prints it.")],
    color: Color = "auto",
) -> None:
    """Show what a mechanism does: source, variants, parameters, metrics, where it loses."""
    from kscale.measure import machine

    machine.use_jit_cache()
    from kscale.mechanisms import registry
    from kscale.report import console, listing

    out = console.console(color=color)
    console.show(out, listing.card(registry.find(mechanism), out.width))
