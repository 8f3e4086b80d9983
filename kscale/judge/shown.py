"""What cells or lines show of a requirement, and the decision that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kscale.judge.decision import Decision, Status
from kscale.judge.policy import Policy
from kscale.judge.requirement import Requirement
from kscale.results.record import Cell
from kscale.scenario.yaml_tree import Loc

REQUIRED = "required"
NOT_SEEN = "unclear"  # what is said of a requirement that could not be checked


@dataclass(frozen=True, slots=True)
class Shown:
    """What one cell shows, or one line over cells."""

    label: str  # where, as people say it
    value: float | Fraction | None  # the end that must hold; None if there is nothing to judge
    said: str
    exact: str = ""  # the same of a counter, to the last digit
    doubt: str = ""  # why it is to be taken with care: warned of, even if it holds
    lost: bool = False  # it should have been measured, and could not: as good as broken


def not_run(cell: Cell) -> Shown:
    """Return what a cell shows that holds nothing: skipped is not seen, failed is lost."""
    if cell.status == "failed":
        why = f" ({cell.notes[0]})" if cell.notes else ""
        return Shown(cell.label, None, f"a cell failed{why}", lost=True)
    return Shown(cell.label, None, "skipped" if cell.status == "ok" else cell.status)


def concluded(
    policy: Policy,
    loc: Loc,
    wanted: Requirement,
    found: Sequence[Shown],
    bound: Fraction,
    *,
    label: str,
    of: str,
) -> Decision:
    """Return whether a requirement holds in all that was found: of cells, or of lines.

    *label* follows a figure. What is broken or lost fails, whatever else could not be seen.
    """
    place = policy.place(*loc)
    if not found:
        return Decision(wanted.text, Status.FAILED, REQUIRED, "nothing of it is in the last result", place)
    seen = [(one.value, one) for one in found if one.value is not None]
    broken = [one for value, one in seen if not wanted.holds(value, bound)]
    lost = [one for one in found if one.lost]
    if lost and not broken:
        many = f", {len(lost):,} cells" if len(lost) > 1 else ""
        return Decision(
            wanted.text, Status.FAILED, REQUIRED, f"{lost[0].said} at {lost[0].label}{many}", place
        )
    if not broken and len(seen) < len(found):
        blind = next(one for one in found if one.value is None)
        status = Status.IGNORED if policy.spec.treat.unclear == "ignore" else Status.WARNED
        return Decision(wanted.text, status, NOT_SEEN, f"{blind.said} at {blind.label}", place)
    worst = (min if wanted.at_least else max)(seen, key=lambda pair: pair[0])[1]
    worst = worst if worst in broken or not broken else broken[0]
    doubts = [one for one in found if one.doubt]
    status = Status.FAILED if broken else Status.WARNED if doubts else Status.PASSED
    many = f", {len(broken) or len(found)} of {len(found)} {of}" if len(found) > 1 else ""
    said = f"{worst.said} ({worst.exact})" if broken and worst.exact else worst.said
    doubt = f"; {doubts[0].doubt}" if doubts else ""
    doubt += f" at {doubts[0].label}" if doubts and doubts[0].label != worst.label else ""
    return Decision(wanted.text, status, REQUIRED, f"{said}{label} at {worst.label}{many}{doubt}", place)
