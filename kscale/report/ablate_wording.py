"""What `kscale ablate` says in words: what was run, what buys most, what is a bound, what does nothing."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from kscale.clusterwide import ablate_metrics, toggles, words
from kscale.clusterwide.ablate import Ablation, Pair, Part, Valued
from kscale.clusterwide.limit import FAULTS
from kscale.judge import wording as figures
from kscale.report import simulate_rows
from kscale.report.adding_up import Scale
from kscale.report.text import clean
from kscale.units import show_count, show_many, show_ns, show_percent

UNSEEN = "-"
MOST_NAMED = 3  # in the sentence
NAMED_FROM = Fraction(1, 10)  # of the difference
MODELLED = "modelled: every run follows from coefficients, nothing was measured"


def head(found: Ablation) -> str:
    """Return what was run."""
    runs = f" · {show_ns(found.duration_ns)} each" if found.duration_ns else ""
    sets = show_many(found.runs, "set") + " of optimizations"
    size = f"{show_count(found.nodes)} nodes · {show_count(found.pods)} pods"
    return f"{clean(found.scenario)} · {size} · seed {found.seed} · {sets}{runs}"


def sets(found: Ablation) -> str:
    """Return which optimizations are on before and after, as they can be typed."""
    return f"--before {label(found.before)} --after {label(found.after)}"


def title(found: Ablation) -> str:
    """Return what the metric is."""
    if found.metric == ablate_metrics.LIMIT:
        return "largest cluster that keeps every objective"
    return simulate_rows.figure_title(found.metric)


def value(found: Ablation, one: Valued) -> str:
    """Return the metric of a run, in words if it is only a bound."""
    if found.metric == ablate_metrics.LIMIT:
        most = " or more" if one.bound else ""
        return f"{show_many(one.amount, 'node')}{most}"
    if one.bound:
        return f"not answered within {show_ns(one.amount)}"
    return simulate_rows.figure(found.metric, one.amount)


def sentence(found: Ablation) -> str:
    """Return the finding: from what to what, and by which optimizations most of it."""
    before, after = label(found.before), label(found.after)
    what = title(found)
    ends = (
        f"{what[0].upper()}{what[1:]}: {value(found, found.value_before)} {words.chosen(before)}, "
        f"{value(found, found.value_after)} {words.chosen(after, before)}"
    )
    total = found.value_after.amount - found.value_before.amount
    if not total:
        return f"{ends}: no difference."
    shares = {part.toggle: Fraction(part.numerator, found.denominator) / total for part in found.parts}
    most = sorted((one for one in shares if shares[one] >= NAMED_FROM), key=lambda one: -shares[one])
    if not most:
        return f"{ends}; no optimization makes a tenth of the difference."
    first, *more = (f"{one} {_share(shares[one])}" for one in most[:MOST_NAMED])
    named = f"{most[0]} makes{first.removeprefix(most[0])} of the difference"
    return f"{', '.join([f'{ends}; {named}', *more])}."


def label(on: Sequence[str]) -> str:
    """Return what a set of optimizations is called."""
    return toggles.shown(frozenset(on))


def bounds(found: Ablation) -> str:
    """Say how many values are bounds, and what they were counted as."""
    several = found.bounds != 1
    runs = f"{found.bounds:,} of {show_many(found.runs, 'set')}"
    if found.metric == ablate_metrics.LIMIT:
        return f"{runs} {'have' if several else 'has'} no wall up to the largest size: counted as that"
    return (
        f"{runs} {'were' if several else 'was'} never answered: counted as the length of the run, "
        "so differences between them are not seen"
    )


def alone(part: Part, to: Scale) -> str:
    """Return what an optimization adds to the first set."""
    return UNSEEN if part.alone_unseen else to.change(part.alone)


def last(part: Part, to: Scale) -> str:
    """Return what an optimization adds to the last set without it."""
    return UNSEEN if part.last_unseen else to.change(part.last)


def below(found: Ablation, small: Sequence[Part], to: Scale) -> Iterator[str]:
    """Yield those whose values are too small to be seen beside the others, with what they are."""
    if small:
        named = (f"{part.toggle} {_small(found, part)}" for part in small)
        yield f"below {to.text(1)}: {', '.join(named)}"


def _small(found: Ablation, part: Part) -> str:
    """Return a value in a unit of its own, and whether the metric gets worse by it."""
    if not part.numerator:
        return "0"
    size = figures.amount(abs(part.numerator) / found.denominator, found.unit)
    more = part.numerator > 0
    return f"{'+' if more else '-'}{size}{' (worse)' if more == (found.better == 'lower') else ''}"


def zeros(nothing: Sequence[Part]) -> Iterator[str]:
    """Yield which optimizations are worth exactly 0: those that change nothing at all, then the others."""
    quiet = [part.toggle for part in nothing if part.quiet]
    others = [part.toggle for part in nothing if not part.quiet]
    if quiet:
        yield f"exactly 0, and no output changes: {', '.join(quiet)}"
    meant = [f"{one} is for {FAULTS[one]}" for one in quiet if one in FAULTS]
    if meant:
        yield f"{', '.join(meant)}: a fault that a scenario can have, under simulation.faults"
    if others:
        yield f"exactly 0, though other outputs change: {', '.join(others)}"


def legend(found: Ablation) -> Iterator[str]:
    """Yield how the table is to be read."""
    if found.exact:
        orders = "mean over all orders in which they can be added"
    else:
        orders = f"mean over {found.orders} orders in which they are added, ± its standard error"
    yield f"Shapley value: {orders}; they add up to the difference exactly"
    unseen = any(part.alone_unseen or part.last_unseen for part in found.parts)
    dash = f"; {UNSEEN}: not seen, for both values are bounds" if unseen else ""
    yield f"alone: what it adds to the first set; last: what it adds to the last set without it{dash}"
    if not found.exact:
        count = sum(not part.quiet for part in found.parts)
        yield f"--exact counts every order: {show_count(2**count)} sets"


def _share(share: Fraction) -> str:
    """Return a share of the difference."""
    return show_percent(Fraction(round(share * 100), 100))


def pair(found: Ablation, two: Pair, to: Scale) -> str:
    """Return what two do together, in words."""
    gain = two.amount if found.better == "higher" else -two.amount
    amount = to.text(to.rounded(abs(two.amount)))
    said = (
        f"need each other: together {amount} more than apart"
        if gain > 0
        else f"stand in for each other: together {amount} less than apart"
    )
    return f"{two.one} and {two.two} {said}"
