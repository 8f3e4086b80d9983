"""`--by KEY`: what makes a column, of one result or of several.

variant and the mechanisms' parameters tell cells of one result apart; git, machine, seed and the
like tell results apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kscale.errors import KscaleError, NoVerdict, did_you_mean
from kscale.judge import side_by_side
from kscale.judge.compare import Comparison
from kscale.judge.side_by_side import Line, Named, SideBySide
from kscale.results.record import Result
from kscale.units import quote

VARIANT = "variant"


def _git(result: Result) -> str:
    """Return the commit a result is of."""
    if result.git is None:
        return "no commit"
    return result.git.sha[:7] + ("+dirty" if result.git.dirty else "")


def _machine(result: Result) -> str:
    """Return the machine a result is of."""
    return f"{result.machine.cpu_model} ({result.machine.fingerprint[:6]})"


RESULT_KEYS: Mapping[str, Callable[[Result], str]] = {
    "git": _git,
    "branch": lambda result: result.git.branch if result.git else "no branch",
    "date": lambda result: result.run.started,
    "machine": _machine,
    "scenario": lambda result: result.scenario.name,
    "seed": lambda result: str(result.run.seed),
    "kscale": lambda result: result.run.kscale,
    "python": lambda result: result.machine.python,
    "numpy": lambda result: result.machine.numpy,
    "numba": lambda result: result.machine.numba,
}


def by(named: Sequence[Named], key: str, *, allow_other_machine: bool = False) -> SideBySide:
    """Return a column for each value of *key*; KscaleError if there is no such key.

    NoVerdict if it has only one value.
    """
    params = _params(named)
    if key == VARIANT:
        return _variants(named)
    if key in params and (key not in RESULT_KEYS or len(named) == 1):
        return _points(named, key)
    if key not in RESULT_KEYS:
        raise KscaleError(f"--by {quote(key)}: no such key; {did_you_mean(key, keys(named))}")
    return _results(named, key, allow_other_machine=allow_other_machine)


def keys(named: Sequence[Named]) -> list[str]:
    """Return the keys there are; those of results only where there are several."""
    several = RESULT_KEYS if len(named) > 1 else ()
    return list(dict.fromkeys([VARIANT, *_params(named), *several]))


def _params(named: Sequence[Named]) -> list[str]:
    """Return the parameters of all cells."""
    return list(dict.fromkeys(name for one in named for cell in one.result.cells for name in cell.params))


def _results(named: Sequence[Named], key: str, *, allow_other_machine: bool) -> SideBySide:
    """Return a column for each result, called by its value of *key*."""
    if len(named) == 1:
        raise NoVerdict(f"--by {key}: one result has one {key}; name another result beside {named[0].name}")
    taken: dict[str, str] = {}
    columns = []
    for one in named:
        value = RESULT_KEYS[key](one.result)
        if value in taken:
            raise KscaleError(
                f"--by {key}: {taken[value]} and {one.name} both have {value}; a column holds one result"
            )
        taken[value] = one.name
        columns.append(Named(value, one.result, one.meant or one.name))
    return side_by_side.of_results(
        columns,
        by=key,
        across="seed" if key == "seed" else "scenario" if key == "scenario" else "",
        allow_other_machine=allow_other_machine,
    )


def _variants(named: Sequence[Named]) -> SideBySide:
    """Return a column for each variant, of one result or of several below each other."""
    known = dict.fromkeys(name for one in named for cell in one.result.cells for name in cell.variants)
    if len(known) == 1:
        raise NoVerdict(f"--by {VARIANT}: every cell has the variant {next(iter(known))} only")

    def sides(result: Result) -> SideBySide:
        """Return the variants of one result, in the order of all."""
        there = {name for cell in result.cells for name in cell.variants}
        return side_by_side.of_variants(result, [name for name in known if name in there])

    return _below_each_other(named, sides)


def _points(named: Sequence[Named], key: str) -> SideBySide:
    """Return a column for each value of a parameter, in the order of the cells."""
    values = {
        repr(cell.params[key]): cell.params[key]
        for one in named
        for cell in one.result.cells
        if key in cell.params
    }
    if len(values) == 1:
        raise NoVerdict(f"--by {key}: every cell has {key} {next(iter(values.values()))}: nothing to compare")
    return _below_each_other(named, lambda result: side_by_side.of_points(result, key, list(values.values())))


def _below_each_other(named: Sequence[Named], sides: Callable[[Result], SideBySide]) -> SideBySide:
    """Return the *sides* of each result, lines of the first result first, each named by its result."""
    if len(named) == 1:
        return sides(named[0].result)
    parts: dict[str, SideBySide] = {}
    notes = []
    for one in named:
        try:
            parts[one.name] = sides(one.result)
        except NoVerdict as nothing:
            notes.append(f"{one.name}: {nothing}")
    if not parts:
        raise NoVerdict("; ".join(notes))
    titles = {side.name: side for part in parts.values() for side in part.sides}
    first, *others = titles
    odd = [name for name, part in parts.items() if part.sides[0].name != first]
    if odd:
        raise NoVerdict(f"{odd[0]} has no {first} to compare with; leave it out")
    return SideBySide(
        by=next(iter(parts.values())).by,
        results=tuple(result for part in parts.values() for result in part.results),
        sides=tuple(titles.values()),
        comparisons=tuple(_together(parts, other) for other in others),
        lines=tuple(
            _moved(line, name, part, list(titles)) for name, part in parts.items() for line in part.lines
        ),
        notes=(*notes, *(f"{name}: {note}" for name, part in parts.items() for note in part.notes)),
    )


def _together(parts: Mapping[str, SideBySide], side: str) -> Comparison:
    """Return the comparisons with one side of every result as one."""
    found = {name: one for name, part in parts.items() for one in part.comparisons if one.b.name == side}

    def told(names: Callable[[Comparison], Sequence[str]]) -> tuple[str, ...]:
        """Return the cells that only one side has, each with its result."""
        return tuple(f"{name}: {key}" for name, one in found.items() for key in names(one))

    missing = {
        f"{name}: {key}": part._replace(label=f"{name} · {part.label}")
        for name, one in found.items()
        for key, part in one.parts.items()
    }
    return replace(
        next(iter(found.values())),
        run=", ".join(found),
        runs=tuple(found),
        paired=any(one.paired for one in found.values()),
        rows=tuple(replace(row, at=f"{name} · {row.at}") for name, one in found.items() for row in one.rows),
        gone=told(lambda one: one.gone),
        new=told(lambda one: one.new),
        parts=missing,
        notes=tuple(dict.fromkeys(note for one in found.values() for note in one.notes)),
    )


def _moved(line: Line, name: str, part: SideBySide, titles: Sequence[str]) -> Line:
    """Return a line with its result's name, its sides under the titles of all."""
    places = [titles.index(side.name) for side in part.sides]
    amounts = dict(zip(places, line.amounts, strict=True))
    found = dict(zip(places, line.rows, strict=True))
    return replace(
        line,
        at=f"{name} · {line.at}",
        amounts=tuple(amounts.get(column) for column in range(len(titles))),
        rows=tuple(found.get(column) for column in range(len(titles))),
    )
