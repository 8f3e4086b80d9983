"""The command doctor: is this machine fit to measure, and what to change."""

from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli.output import Color

if TYPE_CHECKING:
    from kscale.measure.doctor import Finding
    from kscale.measure.floor import Floor

PANEL, OUTPUT = "Measure", "Output"
SCHEMA = "kscale.doctor/1"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale doctor")(doctor)


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print the findings as one JSON document.")
    ] = False,
    color: Color = "auto",
) -> None:
    """Say how steady times are on this machine, what disturbs them, and what to type against it.

    One kernel is timed against itself for about 3 seconds: what seems to differ there is noise. The exit
    code is 0 whatever is found, and 2 if nothing can be measured at all.
    """
    from kscale.errors import KscaleError
    from kscale.judge.verdict import MARGIN
    from kscale.measure import doctor as rules
    from kscale.measure import machine, surroundings
    from kscale.report import console, table_doctor
    from kscale.results.store import Store

    out = console.console(color=color)
    seen = surroundings.look(surroundings.Source(), Store.default())  # before the next line sets variables
    machine.use_jit_cache()
    floor = _floor(color, cold=not seen.cache.kernels)
    found = rules.findings(seen, floor, MARGIN)
    if as_json:
        typer.echo(_json(found, floor))
    else:
        console.show(out, table_doctor.doctor_table(found, out.width))
    stops = [one for one in found if one.level is rules.Level.STOP]
    if stops:
        raise KscaleError("; ".join(f"{one.topic}: {one.found}" for one in stops))


def _floor(color: str, *, cold: bool) -> "Floor | None":
    """Time a kernel against itself; None if numba does not load."""
    from kscale.report import console

    out = console.console(stderr=True, color=color)
    wait = "compiling a kernel, then timing it" if cold else "timing a kernel"
    try:
        from kscale.measure import floor
    except ImportError as error:
        out.print(f"kscale: numba: {error}", style="red")
        return None
    if not out.is_terminal:
        return floor.measure()
    with out.status(f"{wait} against itself for about {floor.SECONDS:.0f} seconds"):
        return floor.measure()


def _json(found: "list[Finding]", floor: "Floor | None") -> str:
    """Return the findings as JSON, the floor in numbers too."""
    import json
    import math
    from dataclasses import asdict

    ratio = floor.ratio if floor else None
    numbers = None
    if ratio is not None:
        interval = [ratio.low, ratio.high] if math.isfinite(ratio.high) else None
        numbers = {"ratio": ratio.value, "interval": interval, "floor": ratio.floor, "pairs": ratio.n}
    return json.dumps(
        {"schema": SCHEMA, "findings": [asdict(one) for one in found], "floor": numbers}, indent=2
    )
