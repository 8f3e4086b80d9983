"""One number, or one thing that only one side has, to what a policy makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from kscale.judge import limits, rows, verdict, wording
from kscale.judge.compare import Comparison
from kscale.judge.decision import Decision, Status
from kscale.judge.limits import Limits
from kscale.judge.matching import Kind, Thing
from kscale.judge.policy import Policy, Treatment
from kscale.judge.rows import OTHER_MACHINE, OTHER_WORK, Row
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.measure.stats import Ratio
from kscale.results.record import Cell, Result

TREATED: Mapping[Treatment, Status] = {
    "fail": Status.FAILED,
    "warn": Status.WARNED,
    "ignore": Status.IGNORED,
}
LEVELS = {"error": Status.FAILED, "warn": Status.WARNED, "ignore": Status.IGNORED}
TOO_FEW, TOO_FEW_APART = "too few pairs", "too few samples"
UNCLEAR = frozenset({"unclear", TOO_FEW, TOO_FEW_APART})


@dataclass(frozen=True, slots=True)
class Terms:
    """By what one comparison is judged."""

    policy: Policy
    comparison: Comparison
    cells: Mapping[str, Cell]  # of all results, by key
    today: date
    ci: bool

    def thing(self, row: Row) -> Thing:
        """Return what a row is about."""
        params = self.cells[row.cell].params if row.cell in self.cells else {}
        return Thing(row.mechanism, params, row.variant, row.metric, row.info.kind)

    def limits(self, row: Row) -> Limits:
        """Return what the policy allows a row."""
        return limits.limits(self.policy, self.thing(row), row.info.kind, ci=self.ci)


def terms(
    policy: Policy, comparison: Comparison, results: Sequence[Result], *, today: date, ci: bool
) -> Terms:
    """Return by what a comparison is judged."""
    cells = {cell.key: cell for result in results for cell in result.cells}
    return Terms(policy, comparison, cells, today, ci)


def of_row(by: Terms, row: Row) -> Decision:
    """Return what the policy makes of a row, before acks and before a slower time is measured again."""
    held = by.limits(row)
    if row.ratio is not None:
        found = _of_time(by, row, row.ratio, held)
    elif row.info.kind == "resource":
        found = _of_resource(row, held)
    else:
        found = _of_counter(by, row, held)
    if held.level == "ignore" and found.status is not Status.IGNORED:
        found = replace(found, status=Status.IGNORED, rule=held.rule, reason=held.reason)
    return found


def of_lists(by: Terms) -> list[Decision]:
    """Return what the policy makes of what only one side has."""
    comparison = by.comparison
    return [
        *(
            _of_part(by, name, "gone", comparison.a.name, by.policy.spec.treat.gone_cell)
            for name in comparison.gone
        ),
        *(
            _of_part(by, name, "new", comparison.b.name, by.policy.spec.treat.new_cell)
            for name in comparison.new
        ),
    ]


def slower(row: Row, held: Limits) -> Row:
    """Return a time judged by the margin it is held to; what equal code surely differs by may widen that."""
    assert row.ratio is not None  # noqa: S101 - callers ask for times only
    margin = held.margin if row.ratio.paired else held.margin_apart
    effective = stats.effective_margin(float(margin), row.ratio.bias)
    return replace(row, verdict=verdict.of_timing(row.ratio, effective, float(margin)), margin=effective)


def evidence(row: Row) -> str:
    """Return a time's change and what makes it sure: "+16 % time (interval starts at +15 %, margin 5 %)"."""
    ratio, margin = row.ratio, wording.percent(row.margin)
    if ratio is None or not ratio.has_interval:
        return wording.change(row)
    widened = 0 < row.margin <= 2 * ratio.bias
    margin = f"margin {margin}" + (", twice what equal code differs by" if widened else "")
    if row.verdict is Verdict.WORSE:
        start = wording.percent(ratio.low - 1, signed=True)
        return f"{wording.change(row)} (interval starts at {start}, {margin})"
    return f"{wording.change(row)} (interval {wording.interval(row)}, {margin})"


def growth(row: Row) -> Fraction | float:
    """Return how much worse a row surely is, relative to before; infinite from 0."""
    if row.ratio is not None:
        return row.ratio.low - 1
    before, after = Fraction(row.a.value), Fraction(row.b.value)
    return abs((after - before) / before) if before else float("inf")


def _of_time(by: Terms, row: Row, ratio: Ratio, held: Limits) -> Decision:
    """Judge a time, if it can be compared."""
    for note, key in ((OTHER_MACHINE, "other_machine"), (OTHER_WORK, "")):
        if row.verdict is None and note in row.notes:
            return _of_unlike(by, row, note, key)
    return by_interval(by, row, ratio, held)


def by_interval(by: Terms, row: Row, ratio: Ratio, held: Limits) -> Decision:
    """Judge a time that may be compared by its interval; too few pairs have none that counts."""
    if not ratio.has_interval or ratio.n < held.min_pairs:
        said = TOO_FEW if ratio.paired else TOO_FEW_APART
        why = f"{wording.change(row)}: {ratio.n} {ratio.witnesses}"
        return _unclear(by, replace(row, verdict=None), said, f"{why}, a verdict takes {held.min_pairs}")
    row = slower(row, held)
    if row.verdict is Verdict.UNCLEAR:
        return _unclear(by, row, "unclear", evidence(row))
    status = LEVELS[held.level] if row.verdict is Verdict.WORSE else Status.PASSED
    return _decision(row, status, str(row.verdict), evidence(row), held)


def _unclear(by: Terms, row: Row, said: str, why: str) -> Decision:
    """Treat a time that has no verdict; `fail` is no verdict, not a failure."""
    treated = by.policy.spec.treat.unclear
    status = Status.IGNORED if treated == "ignore" else Status.WARNED
    return Decision(_subject(row), status, said, why, by.policy.place("treat", "unclear"), row)


def _of_unlike(by: Terms, row: Row, note: str, key: str) -> Decision:
    """Treat a time that cannot be compared; `fail` is no verdict, not a failure."""
    treated = by.policy.spec.treat.other_machine if key else "warn"
    status = Status.IGNORED if treated == "ignore" else Status.WARNED
    rule = by.policy.place("treat", key) if key else "always"
    return Decision(_subject(row), status, note, f"{wording.change(row)}: shown, not judged", rule, row)


def _of_counter(by: Terms, row: Row, held: Limits) -> Decision:
    """Judge a counter by equality, up to its tolerance."""
    if row.verdict is None and OTHER_WORK in row.notes:
        return _of_unlike(by, row, OTHER_WORK, "")
    if by.comparison.of != "results" and not held.names_metric:
        why = f"{_counts(row)}: one counter may pay for another; name its metric in a rule to gate it"
        said = str(row.verdict or "differs")
        return Decision(_subject(row), Status.IGNORED, said, why, "default: variants", row)
    found = verdict.of_repeat(int(row.a.value), int(row.b.value), row.info.better)
    row = replace(row, verdict=found, margin=float(held.tolerance))
    allowed = f"tolerance {wording.percent(float(held.tolerance))}" if held.tolerance else "tolerance 0"
    if found is not Verdict.WORSE:
        return _decision(row, Status.PASSED, str(found), _counts(row), held)
    if growth(row) <= held.tolerance:
        return _decision(row, Status.PASSED, "within tolerance", f"{_counts(row)}, {allowed}", held)
    return _decision(row, LEVELS[held.level], "worse", f"{_counts(row)}, {allowed}", held)


def _of_resource(row: Row, held: Limits) -> Decision:
    """Warn of a resource that grew; one process on each side is never failed, and an error says so."""
    found = verdict.of_repeat(int(row.a.value), int(row.b.value), row.info.better)
    row = replace(row, margin=float(held.margin))
    margin = f"margin {wording.percent(row.margin)}"
    in_vain = ", whatever its level" if held.level == "error" else ""
    if found is Verdict.WORSE and growth(row) > held.margin:
        why = f"{_counts(row)}, {margin}; one process on each side is never failed{in_vain}"
        return _decision(row, Status.WARNED, "over margin", why, held)
    why = (
        f"{_counts(row)}, {margin}; one process on each side{' is never failed' if in_vain else ''}{in_vain}"
    )
    return _decision(row, Status.IGNORED, "not judged", why, held)


def _of_part(by: Terms, name: str, said: str, side: str, treated: Treatment) -> Decision:
    """Treat a cell, a variant or a number that only one side has."""
    why = f"only in {side}"
    if by.comparison.of != "results":
        return Decision(name, Status.IGNORED, said, f"{why}, of one run", "default: variants")
    thing = _part(by, name)
    held = limits.limits(by.policy, thing, thing.kind or "exact", ci=by.ci)
    if held.level == "ignore" and (held.ruled or thing.metric):
        return Decision(name, Status.IGNORED, said, why, held.rule, reason=held.reason)
    return Decision(name, TREATED[treated], said, why, by.policy.place("treat", f"{said}_cell"))


def _part(by: Terms, name: str) -> Thing:
    """Return what a missing or new part is about, by its name: KEY, KEY VARIANT or KEY VARIANT.METRIC."""
    key = max((key for key in by.cells if name == key or name.startswith(f"{key} ")), key=len, default="")
    if not key:
        return Thing(name.partition("[")[0], {})
    variant, _, metric = name[len(key) + 1 :].partition(".")
    cell = by.cells[key]
    kind: Kind = "timing" if metric == rows.WALL else "exact"
    return Thing(cell.mechanism, cell.params, variant or None, metric or None, kind)


def _decision(row: Row, status: Status, said: str, why: str, held: Limits) -> Decision:
    """Return what a rule decided."""
    return Decision(_subject(row), status, said, why, held.rule, row, held.reason)


def _subject(row: Row) -> str:
    """Return a row's own name."""
    return f"{row.cell} {row.variant}.{row.metric}"


def _counts(row: Row) -> str:
    """Return a counter's change with both amounts, and that it is not measured, if so."""
    before, after = wording.sides(row)
    label = "" if row.info.provenance == "measured" else f", {row.info.provenance}"
    if row.a.value == row.b.value:
        return f"{after} on both sides{label}"
    return f"{wording.change(row)} ({before} → {after}{label})"
