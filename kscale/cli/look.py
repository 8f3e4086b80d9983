"""Commands that show what is there: list, show, plot, schema."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

PANEL = "Look"

Color = Annotated[str, typer.Option(metavar="WHEN", help="auto, always or never.")]


class Schema(StrEnum):
    """What has a schema."""

    SCENARIO = "scenario"
    RESULT = "result"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command("list", rich_help_panel=PANEL, epilog="Example: kscale list")(list_)
    app.command(rich_help_panel=PANEL, epilog="Example: kscale show etcd-freelist")(show)
    app.command(rich_help_panel=PANEL, epilog="Example: kscale plot latest -o before-after.png")(plot)
    app.command(rich_help_panel=PANEL, epilog="Example: kscale schema scenario > scenario.schema.json")(
        schema
    )


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


def plot(
    result: Annotated[str, typer.Argument(help="A result: path, name, id prefix or latest.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .png or .svg file.")],
) -> None:
    """Draw a result: before and after on a log axis, growth over each swept parameter."""
    from kscale.report import plot as drawing
    from kscale.results.store import Store

    drawing.draw(Store.default().load(result), output)
    typer.echo(f"wrote {output}", err=True)


def schema(what: Annotated[Schema, typer.Argument(help="Which one.")]) -> None:
    """Print the JSON Schema of a file format."""
    typer.echo(json.dumps(_scenario() if what is Schema.SCENARIO else _result(), indent=2))


def _result() -> dict[str, Any]:
    """Return the schema of a result file."""
    from kscale.results.record import Result

    return Result.model_json_schema()


def _scenario() -> dict[str, Any]:
    """Return the schema of a scenario file, every mechanism's parameters in it."""
    from kscale.measure import machine

    machine.use_jit_cache()
    from kscale.measure.plan import params_schema
    from kscale.mechanisms.registry import MECHANISMS
    from kscale.scenario.schema import Scenario

    found = Scenario.model_json_schema()
    found["properties"]["mechanisms"] |= {
        "properties": {mechanism.id: params_schema(mechanism) for mechanism in MECHANISMS},
        "additionalProperties": False,
    }
    return found
