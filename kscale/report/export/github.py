"""What GitHub's runner reads from a step: annotations as workflow commands, and its summary's limit.

The runner takes any line that starts with "::" for a command, so tables, whose names come from
files, are fenced while the runner reads.
"""

import hashlib
import re
from collections.abc import Iterator

from kscale.judge.decision import Decision, Status
from kscale.judge.verdict import Verdict
from kscale.report.export import entries
from kscale.report.export.entries import Entry
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.units import show_count

MOST_BYTES = 2**20  # of a step's summary; a larger one is not shown at all
MOST = 10  # annotations of one level that a step shows
LEVELS = {Status.FAILED: "error", Status.WARNED: "warning", Status.ACKNOWLEDGED: "notice"}
_RULE = re.compile(r"(?P<file>[^/\\:][^:]*):(?P<line>[0-9]+)")  # a relative path, as GitHub wants it


def annotations(subject: Subject) -> list[str]:
    """Return a command for each decision worth a look; without a gate, a warning for each row that is worse.

    At most ten of a level, as GitHub shows no more: the last then counts the rest.
    """
    found: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    if subject.judgement is not None and subject.judgement.no_verdict:
        found["error"].append(_command("error", "no verdict", subject.judgement.no_verdict))
    for entry in entries.entries(subject):
        for level, command in _of(entry, gate=subject.judgement is not None):
            found[level].append(command)
    return [command for level, commands in found.items() for command in _most(level, commands)]


def fence(text: str) -> tuple[str, str]:
    """Return the commands to print before and after *text*, so that the runner prints it as it is.

    The word that ends the fence is made of the text itself, so that no name in it can hold it.
    """
    word = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"::stop-commands::{word}", f"::{word}::"


def _of(entry: Entry, *, gate: bool) -> Iterator[tuple[str, str]]:
    """Return the level and the command of an entry, if it is worth one."""
    decision, row = entry.decision, entry.row
    if decision is not None:
        level = LEVELS.get(decision.status)
        if level is not None:
            yield (
                level,
                _command(
                    level, f"{decision.status}: {_label(entry, decision)}", _why(decision), decision.rule
                ),
            )
    elif not gate and row is not None and row.verdict is Verdict.WORSE:
        one_run = entry.comparison is not None and entry.comparison.of != "results"
        if row.ratio is not None or not one_run:  # an optimization may pay with one counter for another
            yield "warning", _command("warning", f"worse: {row.label}", entries.words(row))


def _label(entry: Entry, decision: Decision) -> str:
    """Return what a decision is about, as people say it."""
    return f"{entry.mechanism} · {entry.at}" if entry.at else decision.label


def _why(decision: Decision) -> str:
    """Return what was decided, why, by which rule."""
    words = [
        f"{decision.said}: {decision.why}" if decision.why else decision.said,
        decision.reason,
        decision.rule,
    ]
    return " · ".join(word for word in words if word)


def _command(level: str, title: str, message: str, rule: str = "") -> str:
    """Return a workflow command; *rule* places it at a line of the policy."""
    where = _RULE.fullmatch(rule)
    place = f"file={_property(where['file'])},line={where['line']}," if where is not None else ""
    return f"::{level} {place}title={_property(f'kscale {title}')}::{_data(message)}"


def _most(level: str, commands: list[str]) -> list[str]:
    """Return as many commands as GitHub shows."""
    if len(commands) <= MOST:
        return commands
    rest = show_count(len(commands) - MOST + 1)
    return [*commands[: MOST - 1], _command(level, f"{rest} more", "all of them are in the table")]


def _data(text: str) -> str:
    """Return the text of a command."""
    return one_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return the value of a command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
