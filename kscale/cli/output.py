"""Where a command's results go: --format, --output, --samples and --github, the same everywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from kscale.report.export.subject import Subject

PANEL = "Output"

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        rich_help_panel=PANEL,
        help="table, json, jsonl, csv, markdown, junit or openmetrics, on standard output.",
    ),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        rich_help_panel=PANEL,
        help="Also write a file, its format by its suffix; may be repeated.",
    ),
]
Samples = Annotated[
    bool, typer.Option("--samples", rich_help_panel=PANEL, help="In CSV: a row for each sample.")
]
Github = Annotated[
    bool,
    typer.Option("--github", rich_help_panel=PANEL, help="Write GitHub's step summary and annotations too."),
]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What was asked for; made by `asked`, which refuses what cannot be done before any work is."""

    format: str = "table"
    files: tuple[Path, ...] = ()
    samples: bool = False
    github: bool = False

    def write(self, subject: "Subject", table: "Callable[[int], Text]", *, color: str) -> None:
        """Write the files, then print *subject* on standard output in the format asked for.

        *table(width)* is the text for `table`.
        """
        from kscale.report import console

        out = console.console(color=color)
        console.show(out, table(out.width))


def asked(
    format: str | None = None,  # noqa: A002 - the option's name
    output: list[Path] | None = None,
    *,
    samples: bool = False,
    github: bool = False,
    json: bool = False,
) -> Outputs:
    """Return what was asked for; KscaleError if a format or suffix is unknown, or options contradict."""
    return Outputs(format or ("json" if json else "table"), tuple(output or ()), samples, github)
