"""The command lines that make the page again."""

import re
import shlex
from collections.abc import Iterator, Sequence

from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement
from kscale.judge.policy import BUILT_IN
from kscale.report.plot.asked import BASELINE, OPTIMIZED
from kscale.report.text import clean
from kscale.results.record import Result

VALUED = ("--output", "-o", "--format", "--color", "--save")  # options that only say where a run goes
JOINED = ("--output=", "-o", "--format=", "--color=", "--save=")  # their other spelling
FLAGS = ("--json", "-q", "--quiet", "--samples", "--resume")  # likewise; and what is run again is run whole
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Command = tuple[str, str]  # what for, what to type


def commands(
    results: Sequence[Result],
    called: Sequence[str],
    comparisons: Sequence[Comparison],
    judgement: Judgement | None,
) -> tuple[Command, ...]:
    """Return what each command is for, and the command: arguments quoted, nothing in them runs."""
    saved = _saved(results, called)
    found: list[Command] = []
    for name, result, save in zip(called, results, saved, strict=True):
        if result.git is not None:
            also = ", which had uncommitted changes" if result.git.dirty else ""
            install = f"{_shell('git', 'checkout', result.git.sha)} && {_shell('pip', 'install', '.')}"
            found.append(
                (f"the commit {name} was started in, with kscale {clean(result.run.kscale)}{also}", install)
            )
        found.append((name, _shell("kscale", *_argv(result, save))))
    return (*found, *_shown(saved, comparisons, judgement))


def _shown(
    saved: Sequence[str], comparisons: Sequence[Comparison], judgement: Judgement | None
) -> Iterator[Command]:
    """Return what shows the results again: as a table, as this page."""
    first = comparisons[0]
    policy = [] if judgement is None or judgement.policy == BUILT_IN else ["--policy", judgement.policy]
    variants = [first.a.name, *(one.b.name for one in comparisons)]
    sides = list(saved) if first.of == "results" else variants
    page = sides if first.of == "results" or variants != [BASELINE, OPTIMIZED] else list(saved)
    yield "the comparison, in the terminal", _shell("kscale", "compare", *sides)
    yield "this page", _shell("kscale", "report", *page, *policy, "--output", "report.html")


def _saved(results: Sequence[Result], called: Sequence[str]) -> tuple[str, ...]:
    """Return the name each result is saved under again: its own, else one made for it."""
    found: list[str] = []
    for number, (result, name) in enumerate(zip(results, called, strict=True), start=1):
        wanted = next(
            (one for one in (result.run.name, name) if one and one != result.run.id and _NAME.fullmatch(one)),
            "",
        )
        found.append(wanted if wanted and wanted not in found else f"again-{number}")
    return tuple(found)


def _argv(result: Result, name: str) -> list[str]:
    """Return the arguments of a run without those that only say where it goes; its seed and its name here."""
    if not result.run.argv:
        return []
    kept = list(_kept(result.run.argv))
    given = any(one == "--seed" or one.startswith("--seed=") for one in kept)
    return [*kept, *([] if given else ["--seed", str(result.run.seed)]), "--save", name]


def _kept(argv: Sequence[str]) -> Iterator[str]:
    """Return arguments without options that only say where results go, and their values."""
    left = iter(argv)
    for one in left:
        if one in VALUED:
            next(left, None)
        elif one not in FLAGS and not one.startswith(JOINED):
            yield one


def _shell(*argv: str) -> str:
    """Return a command line a shell reads as these arguments; what cannot be seen is escaped."""
    return "".join(clean(char) for char in shlex.join(argv))
