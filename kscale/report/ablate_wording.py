"""What `kscale ablate` says in words: what was run, what buys most, what is a bound, what does nothing."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from kscale.clusterwide import ablate_metrics, toggles, words
from kscale.clusterwide.ablate import Ablation, Pair, Part, Valued
from kscale.report import simulate_rows
from kscale.report.adding_up import Scale
from kscale.report.text import clean
from kscale.units import show_count, show_many, show_ns, show_percent

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


def zeros(nothing: Sequence[Part]) -> Iterator[str]:
    """Yield which optimizations are worth exactly 0: those that change nothing at all, then the others."""
    quiet = [part.toggle for part in nothing if part.quiet]
    others = [part.toggle for part in nothing if not part.quiet]
    if quiet:
        yield f"exactly 0, and no output changes: {', '.join(quiet)}"
    if others:
        yield f"exactly 0, though other outputs change: {', '.join(others)}"


def legend(found: Ablation) -> Iterator[str]:
    """Yield how the table is to be read."""
    if found.exact:
        orders = "mean over all orders in which they can be added"
    else:
        orders = f"mean over {found.orders} orders in which they are added, ± its standard error"
    yield f"Shapley value: {orders}; they add up to the difference exactly"
    yield "alone: what it adds to the first set; last: what it adds to the last set without it"
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
