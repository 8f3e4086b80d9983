"""The other installation of kscale that --against names, and what is measured with it again."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.judge.compare import Comparison
    from kscale.judge.confirming import Remeasure
    from kscale.measure.together import Installation
    from kscale.results.record import Result

Against = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=PYTHON",
        rich_help_panel="Sampling",
        help="Take turns with the kscale of another Python (or virtual environment), called NAME.",
    ),
]
_OTHER = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9._-]*)=)?(.+)", re.DOTALL)


def installation(against: str) -> "Installation":
    """Return the installation that --against names; KscaleError if there is no such interpreter."""
    from kscale.errors import KscaleError
    from kscale.measure.together import Installation

    found = _OTHER.fullmatch(against)
    if found is None:
        raise KscaleError("--against: write it like main=../base/.venv/bin/python")
    name, python = found[1], Path(found[2])
    if python.is_dir():  # a virtual environment
        python /= "bin/python"
    if not python.is_file():
        raise KscaleError(f"--against {against}: {python} is no Python interpreter")
    return Installation(name, str(python.absolute()))


def remeasure(
    comparison: "Comparison | None", results: "Sequence[Result]", against: str | None
) -> "Remeasure":
    """Return how the cells of a comparison are measured again, in fresh processes.

    *against* is where the first of two results that were measured in turns comes from.
    """
    python = installation(against).python if against is not None else None

    def measure(keys: tuple[str, ...]) -> "Comparison | str":
        """Return the same sides measured again, or why that cannot be done here."""
        from kscale.errors import Interrupted, KscaleError, WrongAnswer
        from kscale.measure import machine

        machine.use_jit_cache()  # before anything imports numba
        from kscale.cli.progress import Quiet
        from kscale.judge import compare
        from kscale.measure import again

        typer.echo(f"slower: measuring {len(keys)} cell{'s' * (len(keys) > 1)} again", err=True)
        try:
            measured = again.measure(results, keys, Quiet(), python)
        except (Interrupted, WrongAnswer):
            raise
        except KscaleError as error:
            return str(error)
        if comparison is not None and comparison.of == "variants":
            return compare.of_variants(measured[0], comparison.a.name, comparison.b.name)
        return compare.of_results(measured[0], measured[-1])

    return measure
