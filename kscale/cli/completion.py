"""The command completion, and what a shell is offered while somebody types.

Other commands give these functions to their arguments and options (`autocompletion=`). They read
names only, import nothing heavy, and offer nothing rather than complain.
"""

import os
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

PANEL = "Look"
VARIABLE = "_KSCALE_COMPLETE"  # the shells' scripts set it
COLORS = ("auto", "always", "never")
FORMATS = ("table", "json", "jsonl", "csv", "markdown", "junit", "openmetrics")
PLACES = (  # of a scenario that most vary
    "cluster.nodes.count",
    "cluster.pods.count",
    "cluster.objects.total",
    "control_plane.controllers",
    "load.pod_changes",
    "profile",
)
_SAFE = re.compile(r"[\w.+@=,/~-]+", re.ASCII)  # no shell takes such a name apart
_MOST_BACK = 3  # latest~1 to latest~3; who wants older ones knows their names

Offer = str | tuple[str, str]  # a word, or a word and what it is


class Shell(StrEnum):
    """A shell with a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL,
        epilog='Example: kscale completion bash >> ~/.bashrc; now: eval "$(kscale completion bash)"',
    )(completion)


def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh (after compinit) or fish.")]) -> None:
    """Print the script that lets a shell complete names, options and results."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # typer's own script

    typer.echo(get_completion_script(prog_name="kscale", complete_var=VARIABLE, shell=shell.value))


def asked() -> bool:
    """Say whether a shell asks what may come next."""
    return bool(os.environ.get(VARIABLE))


def answer(app: typer.Typer) -> int:
    """Print what may come next and return the code the shell's script looks at; silent on any fault."""
    from typer.completion import completion_init  # type: ignore[attr-defined]  # add_completion=False left it out

    try:
        completion_init()
        app(args=[], prog_name="kscale")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except Exception:  # noqa: BLE001 - a traceback would land in the line somebody is typing
        return 1
    return 0


def _silent(offer: Callable[[str], Iterator[Offer]]) -> Callable[[str], list[Offer]]:
    """Return a completer that offers nothing where *offer* fails."""

    @wraps(offer)
    def offers(incomplete: str) -> list[Offer]:
        """Return what begins like what is typed."""
        try:
            return [
                one for one in offer(incomplete) if _SAFE.fullmatch(one[0] if isinstance(one, tuple) else one)
            ]
        except Exception:  # noqa: BLE001 - as above
            return []

    return offers


@_silent
def names_of_results(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield saved results by name."""
    from kscale.cli import config_files, config_settings
    from kscale.cli.config import RESULTS_VARIABLE

    named = os.environ.get(RESULTS_VARIABLE)
    kept = None if named else config_settings.results(config_files.read())
    folder = Path(named or (kept.value if kept else config_settings.RESULTS))
    yield from sorted(
        {
            path.name.removesuffix(".gz").removesuffix(".json")
            for path in folder.iterdir()
            if path.name.endswith((".json", ".json.gz")) and _SAFE.fullmatch(path.name)
        }
    )


@_silent
def results(incomplete: str) -> Iterator[Offer]:
    """Yield the newest results by age, and all by name."""
    names = names_of_results(incomplete)
    if names:
        yield "latest", "the newest result"
    yield from (
        (f"latest~{back}", f"{back} before it") for back in range(1, min(len(names) - 1, _MOST_BACK) + 1)
    )
    yield from names


@_silent
def scenarios(incomplete: str) -> Iterator[Offer]:
    """Yield the scenarios that come with kscale, and YAML files where the typed path leads."""
    from kscale.scenario import shipped

    yield from shipped.names().items()
    begun = incomplete.partition("/")[0]
    if begun and any(folder.startswith(begun) for folder in shipped.FOLDERS):  # many, and not what most want
        yield from shipped.setups()
    typed = incomplete.rpartition("/")
    below = Path(typed[0] + typed[1])
    for path in sorted(below.iterdir()):
        if path.suffix in {".yaml", ".yml"} and path.is_file():
            yield f"{typed[0]}{typed[1]}{path.name}"


@_silent
def files(incomplete: str) -> Iterator[Offer]:
    """Yield files and folders where the typed path leads, but hidden ones."""
    typed = incomplete.rpartition("/")
    for path in sorted(Path(typed[0] + typed[1]).iterdir()):
        if not path.name.startswith("."):
            yield f"{typed[0]}{typed[1]}{path.name}{'/' if path.is_dir() else ''}"


@_silent
def mechanisms(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield mechanisms."""
    from kscale.cli import names

    yield from names.mechanisms().items()


@_silent
def claims(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield claims, and the subjects they belong to."""
    from kscale.cli import names

    for subject, found in names.claims().items():
        yield subject, f"{len(found)} claims"
        yield from found.items()


@_silent
def shown(incomplete: str) -> Iterator[Offer]:
    """Yield what `kscale show` shows: mechanisms, results, config."""
    yield from mechanisms(incomplete)
    yield "config", "the value of every option, and where it comes from"
    yield from results(incomplete)


@_silent
def sides(incomplete: str) -> Iterator[Offer]:
    """Yield what can be compared: results, and variants of the latest one."""
    from kscale.cli import names

    yield from results(incomplete)
    yield from names.variants()


@_silent
def filters(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield what --filter takes: a mechanism, or the start of key=value."""
    from kscale.cli import names

    yield from names.mechanisms().items()
    yield from sorted({f"{key}=" for keys in names.parameters().values() for key in keys})


@_silent
def settings(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield what --set takes: the start of mechanism.key=value."""
    from kscale.cli import names

    yield from (f"{name}.{key}=" for name, keys in names.parameters().items() for key in keys)


@_silent
def axes(incomplete: str) -> Iterator[Offer]:
    """Yield what --over takes: the start of key=values, of a mechanism or of the scenario."""
    yield from (f"{place}=" for place in PLACES)
    yield from settings(incomplete)


@_silent
def engines(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield what --engine takes."""
    yield "local", "processes of this machine"
    yield "dask", "a Dask cluster that is started here"


@_silent
def variants(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield variants of all mechanisms."""
    from kscale.cli import names

    yield from names.variants()


@_silent
def metrics(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield metrics of all mechanisms."""
    from kscale.cli import names

    yield from names.metrics()


@_silent
def figures(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield what optimizations can be accounted for by."""
    from kscale.clusterwide.ablate_metrics import METRICS

    yield from METRICS


@_silent
def toggles(incomplete: str) -> Iterator[Offer]:
    """Yield sets of optimizations, and what can come after a comma."""
    from kscale.clusterwide.toggles import TOGGLES

    before, comma, last = incomplete.rpartition(",")
    minus = "-" if last.startswith("-") else ""
    for name, about in {"none": "none on", "all": "all on", "today": "those on today"}.items():
        yield f"{before}{comma}{minus}{name}", about
    yield from ((f"{before}{comma}{minus}{one.id}", one.title) for one in TOGGLES)


@_silent
def profiles(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield profiles."""
    from kscale.scenario import profiles as known

    yield from known.PROFILES


@_silent
def formats(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield what --format takes."""
    yield from FORMATS


@_silent
def colors(incomplete: str) -> Iterator[Offer]:  # noqa: ARG001 - the shell chooses
    """Yield what --color takes."""
    yield from COLORS
