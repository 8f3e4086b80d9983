"""The command schema: what each kind of file may say, as JSON Schema."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

PANEL = "Look"


class Schema(StrEnum):
    """What has a schema."""

    SCENARIO = "scenario"
    RESULT = "result"
    POLICY = "policy"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale schema scenario > scenario.schema.json")(
        schema
    )


def schema(what: Annotated[Schema, typer.Argument(help="Which one.")]) -> None:
    """Print the JSON Schema of a file format."""
    made = {Schema.SCENARIO: _scenario, Schema.RESULT: _result, Schema.POLICY: _policy}[what]
    typer.echo(json.dumps(made(), indent=2))


def _result() -> dict[str, Any]:
    """Return the schema of a result file."""
    from kscale.results.record import Result

    return Result.model_json_schema()


def _policy() -> dict[str, Any]:
    """Return the schema of a gate's policy."""
    from kscale.judge import policy

    return policy.schema()


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
