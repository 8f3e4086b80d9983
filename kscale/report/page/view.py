"""What the page says, as plain text in the order of the page; the templates only place it.

Text is harmless already (kscale.report.text), but not yet HTML: the templates escape it.
"""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: one metric of one cell, before and after."""

    mechanism: str
    anchor: str  # id of the mechanism's section
    at: str
    metric: str
    before: str
    after: str
    change: str
    sure: str  # interval, or kind of the counter
    provenance: str  # empty if measured
    margin: str
    verdict: str
    mark: str
    tone: str  # class: worse, unclear, better, same, none
    notes: tuple[int, ...]  # numbers of footnotes; a row has one at most
    keys: tuple[float, float, float, int]  # what before, after, change and verdict are sorted by
    gate: str = ""  # what the policy made of it


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one cell."""

    at: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many numbers got one verdict."""

    tone: str
    mark: str
    word: str
    number: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An inline SVG with its finding and how it is read."""

    kind: str
    finding: str
    caption: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: its short table and its forest plot."""

    id: str
    a: str
    b: str
    title: str
    facts: tuple[str, ...]
    counts: tuple[Count, ...]
    order: str  # of the lines, in words
    lines: tuple[Line, ...]
    hidden: int  # rows that only the mechanisms' sections show
    mean: str
    unmatched: tuple[str, ...]
    forest: Picture | None
    gated: bool = False  # lines say what the policy made of them


@dataclass(frozen=True, slots=True)
class Point:
    """One gain or loss, at one point."""

    at: str
    said: str
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was won or lost, in full for what heads the table, counted for the rest."""

    points: tuple[Point, ...]
    further: str  # "and 4 further counters are worse"; empty if none
    none: str  # said when there is nothing; empty if there is something


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What was won beside what was lost."""

    gained: str  # heading
    gains: Ledger
    lost: str
    losses: Ledger


@dataclass(frozen=True, slots=True)
class Tables:
    """A mechanism's rows in one comparison: what heads the table, then everything else."""

    a: str
    b: str
    title: str
    groups: tuple[Group, ...]
    further: tuple[Group, ...]
    further_said: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one metric is."""

    name: str
    about: str
    rules: str  # kind, unit, provenance, which way is better


@dataclass(frozen=True, slots=True)
class Section:
    """One mechanism."""

    anchor: str
    mechanism: str
    title: str
    source: str
    variants: tuple[tuple[str, str], ...]  # name, what it does
    ledgers: tuple[Ledgers, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Tables, ...]
    meanings: tuple[Meaning, ...]
    costs: tuple[Meaning, ...]  # coefficients behind modelled numbers
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the sides: a value for each result."""

    name: str
    values: tuple[str, ...]
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What the policy made of one subject."""

    status: str
    tone: str
    where: str  # empty if the subject is not a row
    subject: str
    said: str
    why: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What the policy made of it all."""

    policy: str
    verdict: str  # "failed", "passed", "no verdict"
    tone: str
    summary: str
    decisions: tuple[Decided, ...]
    quiet: tuple[Decided, ...]  # passed and ignored
    quiet_said: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """A result as it was read, for the reader's own tools."""

    id: str
    name: str
    file: str  # name it is saved under
    said: str
    json: Markup


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page."""

    title: str
    finding: str
    facts: tuple[tuple[str, str], ...]
    compared: tuple[Compared, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]
    cautions: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    sides: tuple[str, ...]
    runs: tuple[Fact, ...]
    machines: tuple[Fact, ...]
    alike: str  # whether times may be compared
    margins: str
    commands: tuple[tuple[str, str], ...]  # what for, what to type
    raw: tuple[Raw, ...]
    gate: Gate | None = None
