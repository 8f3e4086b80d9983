"""What a gate decided, of each row and of each statement of its policy.

Plain records, so that the terminal, every export and the report say the same. How
they come about is in gate.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kscale.errors import ExitCode, GateFailed, NoVerdict
from kscale.judge.compare import Comparison, Part
from kscale.judge.rows import Row

NAMED = 2  # failures named in the one line of an error; the output has them all


class Status(StrEnum):
    """What a gate makes of one subject, worst first."""

    FAILED = "failed"
    WARNED = "warned"
    ACKNOWLEDGED = "acknowledged"
    PASSED = "passed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Decision:
    """One subject of a gate: a row, a missing or new cell, or a requirement."""

    subject: str  # "etcd-freelist[free_pages=1000000] optimized.wall_ns", or a requirement's own text
    status: Status
    said: str  # the verdict in a word or two: "worse", "gone", "unclear", "required", "not confirmed"
    why: str  # one sentence with the figures: "+16.4 % time, interval starts at +15.1 %, margin 5 %"
    rule: str  # what decided: "kscale-gate.yaml:4", or "default: timing"
    row: Row | None = None
    reason: str = ""  # the policy's own words, of a rule or an ack
    confirmed: bool | None = None  # a slower time, measured again: still slower? None: not measured again

    @property
    def severity(self) -> tuple[int, tuple[int, float]]:
        """Return a sort key: worst status first, then the rows' own order; what has no row comes after."""
        last = (len(Status), 0.0)
        return list(Status).index(self.status), self.row.severity if self.row is not None else last

    @property
    def label(self) -> str:
        """Return the subject as people say it, without parameters nobody gave."""
        row = self.row
        return self.subject if row is None else row.label


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything a gate decided."""

    comparison: Comparison | None  # by the policy's margins; None if only requirements were judged
    policy: str  # where the policy stands, or "defaults"
    decisions: tuple[Decision, ...]  # worst first
    no_verdict: str = ""  # why nothing could be decided; empty if something was
    notes: tuple[str, ...] = ()
    result: str = ""  # name of the one whose requirements were judged: the last

    def of(self, status: Status) -> tuple[Decision, ...]:
        """Return the decisions of one status, in order."""
        return tuple(one for one in self.decisions if one.status is status)

    def label(self, decision: Decision) -> str:
        """Return what a decision is about as people say it: what one side lacks by its label too."""
        part = self._missing(decision)
        return decision.label if part is None else part.said

    def told(self, decision: Decision) -> str:
        """Return what a decision is about, and what is said of it: "sched-sampling · 200k pods is gone"."""
        word = "" if self._missing(decision) is None else "is "
        return f"{self.label(decision)} {word}{decision.said}"

    def _missing(self, decision: Decision) -> Part | None:
        """Return what only one side has, if a decision is about that."""
        if decision.row is not None or self.comparison is None:
            return None
        return self.comparison.parts.get(decision.subject)

    @property
    def exit_code(self) -> ExitCode:
        """Return what the process says: failed before no verdict before passed."""
        if self.of(Status.FAILED):
            return ExitCode.GATE_FAILED
        return ExitCode.NO_VERDICT if self.no_verdict else ExitCode.OK


def end(failed: Sequence[str], no_verdict: str) -> None:
    """Raise what a command ends with, in one short line: GateFailed if anything *failed*, else NoVerdict.

    Only the first failures are named, without their figures: the output has all of them.
    """
    if failed:
        more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        raise GateFailed(f"{len(failed)} failed: {'; '.join(failed[:NAMED])}{more}")
    if no_verdict:
        raise NoVerdict(no_verdict)
