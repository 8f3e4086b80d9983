"""Where a command's results go: --format, --output, --samples and --github, the same everywhere."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.text import Text

    from kscale.errors import KscaleError
    from kscale.report.export.subject import Subject

PANEL = "Output"
YAML = (".yaml", ".yml")
ROOM = 2**16  # bytes that must be left on the disk of an output

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        rich_help_panel=PANEL,
        help="table, json, jsonl, csv, markdown, junit or openmetrics, on standard output.",
        autocompletion=completion.formats,
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


Json = Annotated[bool, typer.Option("--json", rich_help_panel=PANEL, help="The same as --format json.")]
Color = Annotated[
    str,
    typer.Option(
        metavar="WHEN",
        rich_help_panel=PANEL,
        help="auto, always or never.",
        autocompletion=completion.colors,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", rich_help_panel=PANEL, help="No progress on standard error.")
]
Force = Annotated[bool, typer.Option("--force", rich_help_panel=PANEL, help="Replace files that are there.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", rich_help_panel=PANEL, help="Show every metric.")]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="PATTERN",
        rich_help_panel="Cells",
        help="Only cells whose mechanism or key=value matches; may be repeated.",
        autocompletion=completion.filters,
    ),
]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What was asked for; made by `asked`, which refuses what cannot be done before any work is."""

    format: str = "table"
    files: tuple[Path, ...] = ()
    samples: bool = False
    github: bool = False

    @property
    def machine(self) -> bool:
        """Say whether standard output holds one document for a program, and so nothing else."""
        return self.format != "table"

    @property
    def streams(self) -> bool:
        """Say whether each cell of a run is printed as it finishes: export.lines.line, one a line."""
        return self.format == "jsonl"

    def write(
        self, subject: "Subject", table: "Callable[[int], Text]", *, color: str, streamed: bool = False
    ) -> None:
        """Write the files, then print *subject* on standard output in the format asked for.

        *table(width)* is the text for `table`. *streamed*: its lines are on standard output already.
        Everything is made before anything is written. KscaleError if a file cannot be written.
        """
        from kscale.report.export import formats

        def render(name: str) -> str:
            """Return *subject* in a format."""
            return formats.FORMATS[name](subject, samples=self.samples and name == "csv")

        self.write_as(render, table, color=color, streamed=streamed)
        if self.github:
            self._annotate(subject)

    def write_as(
        self,
        render: "Callable[[str], str]",
        table: "Callable[[int], Text]",
        *,
        color: str,
        streamed: bool = False,
    ) -> None:
        """Write the files, then print on standard output: *render(format)*, or *table(width)* for `table`.

        Otherwise as `write`.
        """
        from kscale.report import console
        from kscale.report.export import formats
        from kscale.results import store

        def text(name: str) -> str:
            """Return the text of a format; a table's is as wide as without a terminal."""
            return f"{table(console.WIDTH).plain.rstrip()}\n" if name == formats.TABLE else render(name)

        texts = [(path, text(formats.of_path(path))) for path in self.files]
        printed = None if streamed or not self.machine else text(self.format)
        for path, content in texts:
            store.write(path, content)
        if printed is not None:
            _print(printed)
        elif not self.machine:
            out = console.console(color=color)
            self._show(out, table(out.width))

    def only(self, known: "Sequence[str]", command: str) -> None:
        """Raise KscaleError if a format is asked for that *command* does not have."""
        from kscale.errors import KscaleError
        from kscale.report.export import formats

        for name in (self.format, *map(formats.of_path, self.files)):
            if name not in known:
                raise KscaleError(f"{command} has no format {name}; known: {', '.join(known)}")

    def write_wrong_answer(self, error: "KscaleError") -> None:
        """Write the JUnit outputs of a command that ends because variants disagree; *error* says where."""
        from kscale.report.export import formats, junit
        from kscale.results import store

        text = junit.wrong_answer(str(error))
        for path in self.files:
            if formats.of_path(path) == "junit":
                store.write(path, text)
        if self.format == "junit":
            _print(text)

    def _show(self, out: "Console", text: "Text") -> None:
        """Print a table; GitHub's runner, if it reads, must not take a name in it for a command."""
        from kscale.report import console
        from kscale.report.export import github

        fence = github.fence(text.plain) if self.github and os.environ.get("GITHUB_ACTIONS") else None
        if fence is not None:
            typer.echo(fence[0])
        console.show(out, text)
        if fence is not None:
            typer.echo(fence[1])

    def _annotate(self, subject: "Subject") -> None:
        """Append to GitHub's step summary if there is one; print annotations.

        They go to standard output below a table, else to standard error: the runner reads both.
        """
        from kscale.report.export import github

        for line in github.annotations(subject):
            typer.echo(line, err=self.machine)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            _append(Path(summary), subject)


def asked(
    format: str | None = None,  # noqa: A002 - the option's name
    output: list[Path] | None = None,
    *,
    samples: bool = False,
    github: bool = False,
    json: bool = False,
) -> Outputs:
    """Return what was asked for; KscaleError if a format or suffix is unknown, or options contradict.

    Also if a file could not be written, as far as that can be known before.
    """
    from kscale.errors import KscaleError
    from kscale.report.export import formats

    if json and format not in {None, "json"}:
        raise KscaleError(f"--json and --format {format} contradict each other; give one of them")
    name = formats.of_name(format or ("json" if json else formats.TABLE))
    files = tuple(output or ())
    names = {name, *map(formats.of_path, files)}
    if samples and "csv" not in names:
        raise KscaleError("--samples is for CSV only; add --format csv, or --output with a .csv file")
    seen: set[Path] = set()
    for path in files:
        check_free(path)
        if path.resolve() in seen:
            raise KscaleError(f"--output: {path} is given twice")
        seen.add(path.resolve())
    return Outputs(name, files, samples, github)


def _print(text: str) -> None:
    """Print a document as bytes: UTF-8 and its own line ends, whatever standard output is set to."""
    typer.echo(text.encode(), nl=False)


def check_new(path: Path, *, force: bool) -> None:
    """Raise KscaleError if *path* is there, unless *force* replaces it, or cannot become a file."""
    from kscale.errors import KscaleError

    if path.exists() and not path.is_dir() and not force:
        raise KscaleError(f"--output: {path} is there; --force replaces it")
    check_free(path)


def check_free(path: Path, option: str = "--output") -> None:
    """Raise KscaleError if *path* cannot become a file; folders above it that are missing will be made."""
    from kscale.errors import KscaleError

    if path.is_dir():
        raise KscaleError(f"{option}: {path} is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise KscaleError(f"{option}: {path} is not a plain file, and would be replaced by one")
    if path.is_file() and not os.access(path, os.W_OK):
        raise KscaleError(f"{option}: {path} cannot be written: it is read-only")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise KscaleError(f"{option}: {path} cannot be written: {above} is not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise KscaleError(f"{option}: {path} cannot be written: no permission to write in {above}")
    try:
        with tempfile.TemporaryFile(
            dir=above
        ) as tried:  # some folders say that they can be written, and cannot
            tried.write(bytes(ROOM))
            tried.flush()
    except OSError as error:
        raise KscaleError(f"{option}: {path} cannot be written: {error.strerror} in {above}") from None


def _append(summary: Path, subject: "Subject") -> None:
    """Append *subject* to the step's summary, as far as it fits; that this fails is said, no more."""
    from kscale.report.export import github, markdown

    try:
        there = summary.stat().st_size if summary.exists() else 0
        text = ("\n" if there else "") + markdown.render(subject, most=github.MOST_BYTES - there - 1)
        if there + len(text.encode()) > github.MOST_BYTES:
            typer.echo(
                f"kscale: the step summary is full ({github.MOST_BYTES} bytes): nothing was added", err=True
            )
            return
        with summary.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        typer.echo(f"kscale: the step summary cannot be written: {error.strerror or error}", err=True)
