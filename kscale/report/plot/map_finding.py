"""What a map says in words: where the change wins, where it loses, and within which amounts."""

from collections.abc import Iterator, Mapping, Sequence

from kscale.judge.verdict import Verdict
from kscale.report.plot import amounts, curve, names, turns
from kscale.report.plot.asked import Asked
from kscale.report.plot.panels import Panel
from kscale.results.record import Value

MOST_MECHANISMS = 3  # of which a title speaks
MOST_VALUES = 3  # of a word that is held, in a title


def finding(found: Sequence[Panel], asked: Asked) -> str:
    """Return at how many points each side wins, and what those of the rarer one have in common."""
    mechanisms = dict.fromkeys(panel.mechanism for panel in found)
    told = [
        f"{names.short(name)}, {mine[0].metric}: {_told(mine, asked)}"
        for name in list(mechanisms)[:MOST_MECHANISMS]
        for mine in ([panel for panel in found if panel.mechanism == name],)
    ]
    left = len(mechanisms) - len(told)
    return "; ".join(told) + (f"; {left} more" if left else "")


def _told(found: Sequence[Panel], asked: Asked) -> str:
    """Return the finding of one mechanism."""
    every = [one for panel in found for one in panel.turns.values()]
    counts = turns.count(every)
    who, total = names.short(asked.after), f"{len(every)} point{'' if len(every) == 1 else 's'}"
    won, lost = counts[Verdict.BETTER], counts[Verdict.WORSE]
    rest = "".join(
        f", {verdict} in {counts[verdict]}" for verdict in (Verdict.SAME, Verdict.UNCLEAR) if counts[verdict]
    )
    if not won and not lost:
        return f"{who} neither wins nor loses in {total}{rest}"
    if not lost:
        return f"{who} wins in {won} of {total}, loses in none{rest}{_most(every, Verdict.BETTER)}"
    if not won:
        return f"{who} loses in {lost} of {total}, wins in none{rest}{_most(every, Verdict.WORSE)}"
    rare, verb = (Verdict.WORSE, "loses") if lost <= won else (Verdict.BETTER, "wins")
    other, number = ("wins", won) if lost <= won else ("loses", lost)
    where = _where(found, rare)
    return (
        f"{who} {other} in {number} of {total}{rest}, {verb} in {min(won, lost)}"
        f"{where and f': {where}'}{_most(every, Verdict.WORSE)}"
    )


def _most(every: Sequence[turns.Turn], verdict: Verdict) -> str:
    """Return the smallest and the largest win, or the largest loss."""
    found = turns.worst(every, verdict).change
    if verdict is Verdict.WORSE:
        return f"; at worst {found}"
    least = turns.least(every, verdict).change
    return f"; {least}" if least == found else f"; from {least} to {found}"


def _where(found: Sequence[Panel], verdict: Verdict) -> str:
    """Return what the points of a verdict have in common; of one curve, between what it turns."""
    if len(found) == 1 and len(found[0].axes) == 1:
        passed = curve.passings(found[0])
        if len(passed) == 1:
            axis = found[0].axes[0]
            return f"it turns between {axis.tick(passed[0][0])} and {axis.tick(passed[0][1])} {axis.name}"
    inside = list(_points(found, verdict))
    said = ", ".join([*_along(found, inside), *_held(found, inside)])
    return said if not said or _box(found, inside) == len(inside) else f"all at {said}"


def _points(found: Sequence[Panel], verdict: Verdict) -> Iterator[tuple[Panel, tuple[int, ...]]]:
    """Return the points of a verdict."""
    for panel in found:
        yield from ((panel, place) for place, one in panel.turns.items() if one.verdict is verdict)


def _along(found: Sequence[Panel], inside: Sequence[tuple[Panel, tuple[int, ...]]]) -> Iterator[str]:
    """Return between which values of each axis points lie, unless they lie along all of it."""
    for number, first in enumerate(found[0].axes):
        axes = [panel.axes[number] for panel in found]
        every = {one.amounts[i]: one.tick(i) for one in axes for i in range(len(one.values))}
        yield from _between(
            first.name, every, [panel.axes[number].amounts[place[number]] for panel, place in inside]
        )


def _between(name: str, every: Mapping[float, str], have: Sequence[float]) -> Iterator[str]:
    """Return from where to where amounts go: "ring up to 10k"; nothing if they go all the way."""
    first, last = min(have), max(have)
    begins, ends = first == min(every), last == max(every)
    if begins and ends:
        return
    if first == last:
        yield f"{name} {every[first]}"
    elif begins or ends:
        yield f"{name} up to {every[last]}" if begins else f"{name} from {every[first]}"
    else:
        yield f"{name} {every[first]} to {every[last]}"


def _box(found: Sequence[Panel], inside: Sequence[tuple[Panel, tuple[int, ...]]]) -> int:
    """Return how many points lie within the amounts and words that these points have."""
    held = {panel.held for panel, _ in inside}
    ends = [
        (min(have), max(have))
        for number in range(len(found[0].axes))
        for have in ([panel.axes[number].amounts[place[number]] for panel, place in inside],)
    ]
    return sum(
        all(
            low <= axis.amounts[at] <= high
            for axis, at, (low, high) in zip(panel.axes, place, ends, strict=True)
        )
        for panel in found
        if panel.held in held
        for place in panel.turns
    )


def _held(found: Sequence[Panel], inside: Sequence[tuple[Panel, tuple[int, ...]]]) -> Iterator[str]:
    """Return which values of what is held points have, unless they have every one."""
    for number, (key, _) in enumerate(found[0].held):
        every = _values(found, number)
        have = _values([panel for panel, _ in inside], number)
        read = {
            amount: amounts.said(key, one)
            for one in every
            for amount in (amounts.amount(one),)
            if amount is not None
        }
        if len(read) == len(every):
            yield from _between(amounts.spoken(key), read, [amounts.amount(one) or 0.0 for one in have])
        elif len(have) < len(every) and len(have) <= MOST_VALUES:
            yield f"{amounts.spoken(key)} {' or '.join(amounts.said(key, value) for value in have)}"


def _values(found: Sequence[Panel], number: int) -> list[Value]:
    """Return the different values of what is held at that place."""
    return list({repr(panel.held[number][1]): panel.held[number][1] for panel in found}.values())
