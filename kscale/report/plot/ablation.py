"""What each optimization buys of a figure, as a waterfall: its Shapley value, the largest first."""

from fractions import Fraction

from kscale.clusterwide import ablate_metrics, toggles, words
from kscale.clusterwide.ablate import Ablation, Valued
from kscale.report import ablate_wording as wording
from kscale.report import adding_up, table_ablate
from kscale.report.adding_up import Scale
from kscale.report.plot.waterfall import End, Step, Waterfall
from kscale.units import show_many


def waterfall(found: Ablation) -> Waterfall:
    """Return an account as a waterfall; what is worth exactly nothing is one step."""
    to = table_ablate.scale_of(found)
    rows, nothing = table_ablate.rows_of(found, to)
    steps = [
        Step(toggles.find(row.part.toggle).title, row.value, _note(row, to, exact=found.exact))
        for row in rows
    ]
    if nothing:
        steps.append(Step(f"{show_many(len(nothing), 'other')}: exactly 0", Fraction(0)))
    return Waterfall(
        title=wording.sentence(found),
        caption=f"{wording.head(found)}, modelled",
        what=f"{wording.title(found)}, modelled",
        unit=found.unit if found.unit in {*adding_up.SCALES, "nodes"} else "",
        start=_end(found, found.before, found.value_before),
        steps=tuple(steps),
        end=_end(found, found.after, found.value_after),
        additive=True,
        less_is_better=found.better == "lower",
    )


def _note(row: table_ablate.Row, to: Scale, *, exact: bool) -> str:
    """Return what is said beside a step."""
    error = "" if exact else f"± {table_ablate.error(row.part, to)}, "
    return f"{error}alone {wording.alone(row.part, to)}, last {wording.last(row.part, to)}"


def _end(found: Ablation, on: tuple[str, ...], value: Valued) -> End:
    """Return a total: a limit not reached is at least that, a latency without an answer a stand-in."""
    limit = found.metric == ablate_metrics.LIMIT
    note = "not answered: counted as the run's length" if value.bound and not limit else ""
    named = words.heading(wording.label(on))
    return End(named, value.amount, note, at_least=value.bound and limit)
