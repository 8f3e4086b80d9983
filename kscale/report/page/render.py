"""Puts the page together: one file that asks nobody for anything."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kscale.judge import alike
from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement
from kscale.report import cells, decided
from kscale.report.export.subject import Subject
from kscale.report.page import again, facts, finding, gate, pictures, sections, tables
from kscale.report.page.tables import Words
from kscale.report.page.view import Compared, Page, Raw
from kscale.report.table_compare import worth_showing
from kscale.report.table_run import machine_line
from kscale.report.text import clean, clean_prose
from kscale.results import store
from kscale.results.record import Result
from kscale.units import show_bytes, show_count

PACKAGE = "kscale.report.page"
_CLOSES = re.compile("[<>&\u2028\u2029\ud800-\udfff]")  # ends an element or a line, or has no UTF-8
LISTED = 12  # names of a list; the rest are counted


def page(subject: Subject) -> str:
    """Return the HTML of a page about *subject*, which has at least one comparison."""
    return filled("page.html.j2", view(subject))


def filled(template: str, said: object) -> str:
    """Return the HTML of a page whose template places what *said*, as `page`, holds."""
    script, style = (_asset(name) for name in ("page.js", "style.css"))
    environment = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made = environment.get_template(template)
    return made.render(page=said, script=Markup(script), style=Markup(style), digest=digest)  # noqa: S704 - our own files


def view(subject: Subject) -> Page:
    """Return everything the page says, as text."""
    results, comparisons = subject.results, subject.comparisons
    called = facts.names(results, comparisons)
    shared = tables.words(results, called, subject.judgement)
    drawn = tuple(_called(result, name) for result, name in zip(results, called, strict=True))
    compared = tuple(
        _compared(one, number, drawn, shared, subject.judgement if number == 1 else None)
        for number, one in enumerate(comparisons, start=1)
    )
    found = sections.sections(results, drawn, comparisons, shared)
    return Page(
        title=" · ".join(dict.fromkeys(clean(result.scenario.name) for result in results)),
        finding=finding.sentence(comparisons, results),
        facts=tuple(_head(results, called)),
        compared=compared,
        sections=found,
        footnotes=tuple(clean_prose(note) for note in shared.footnotes.texts),
        cautions=tuple(_cautions(results, called, comparisons)),
        legend=facts.LEGEND,
        sides=called,
        runs=facts.runs(results),
        machines=facts.machines(results),
        alike=facts.alike(results),
        margins=facts.margins(subject.judgement),
        commands=again.commands(results, called, comparisons, subject.judgement),
        raw=tuple(
            _raw(result, name, number)
            for number, (name, result) in enumerate(zip(called, results, strict=True), start=1)
        ),
        gate=gate.gate(subject.judgement) if subject.judgement is not None else None,
    )


def _called(result: Result, name: str) -> Result:
    """Return a result under the name it has on the page, for the pictures."""
    return result.model_copy(update={"run": result.run.model_copy(update={"name": name})})


def _head(results: Sequence[Result], called: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return the facts below the finding; each once if it is the same for every result."""
    several = [
        ("scenario", [result.scenario.name for result in results]),
        ("run", called),
        ("measured", [f"{result.run.started[:10]} {result.run.started[11:16]} UTC" for result in results]),
        ("machine", [machine_line(result.machine) for result in results]),
        ("seed", [str(result.run.seed) for result in results]),
        ("commit", [result.git.sha[:7] if result.git else "none" for result in results]),
        ("kscale", [result.run.kscale for result in results]),
    ]
    for name, values in several:
        yield name, " → ".join(dict.fromkeys(clean(value) for value in values))


def _compared(
    comparison: Comparison,
    number: int,
    drawn: Sequence[Result],
    shared: Words,
    judgement: Judgement | None,
) -> Compared:
    """Return one comparison's table and picture, in the order of the *judgement* on it if there is one.

    *drawn* are the results under the names they have on the page; the first is compared with the
    *number*-th after it.
    """
    gated = judgement is not None and judgement.comparison is not None
    ordered = list(comparison.worst_first)
    if judgement is not None and gated:
        ordered = [one.row for one in judgement.decisions if one.row is not None]
    shown = [row for row in ordered if worth_showing(row, comparison)]
    a, b = clean(comparison.a.name), clean(comparison.b.name)
    return Compared(
        id=f"comparison-{number}",
        a=a,
        b=b,
        title=f"{a} → {b}",
        facts=tuple(_how(comparison)),
        counts=finding.counts(comparison),
        order=decided.ORDER if gated else "worst first",
        lines=tables.lines(shown, comparison, shared),
        hidden=len(comparison.rows) - len(shown),
        mean=_mean(comparison),
        unmatched=tuple(_unmatched(comparison)),
        forest=pictures.forest(_sides(comparison, number, drawn), comparison),
        gated=gated,
    )


def _sides(comparison: Comparison, number: int, results: Sequence[Result]) -> Sequence[Result]:
    """Return the results of the *number*-th comparison: two, or the one whose variants are compared."""
    return (results[0], results[number]) if comparison.of == "results" else results[:1]


def _how(comparison: Comparison) -> Iterator[str]:
    """Return how the sides were measured."""
    if comparison.of == "variants":
        yield f"two variants of run {clean(comparison.run)}"
    else:
        yield "two results"
        yield "same machine" if comparison.same_machine else "other machine"
    yield "paired" if comparison.paired else "not paired"


def _mean(comparison: Comparison) -> str:
    """Return the geometric mean of the times."""
    return cells.mean_words(comparison.rows)


def _unmatched(comparison: Comparison) -> Iterator[str]:
    """Return what only one side has."""
    lists = (
        (comparison.gone, f"only in {clean(comparison.a.name)} (gone)"),
        (comparison.new, f"only in {clean(comparison.b.name)} (new)"),
    )
    for names, said in lists:
        if names:
            more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
            shown = "; ".join(clean_prose(comparison.said(name)) for name in names[:LISTED])
            yield f"{show_count(len(names))} {said}: {shown}{more}"


def _cautions(
    results: Sequence[Result], called: Sequence[str], comparisons: Sequence[Comparison]
) -> Iterator[str]:
    """Return what is to be known before anything is believed, each once."""
    names = {name for one in comparisons for name in (one.a.name, one.b.name)} | {
        result.run.called for result in results
    }
    plain = [result.model_copy(update={"git": None}) for result in results]
    twice = {note for result in plain for name in names for note in alike.state(result, name)}
    notes = (note for one in comparisons for note in one.notes if note not in twice)
    yield from dict.fromkeys([*facts.warned(results, called), *map(clean_prose, notes)])


def _raw(result: Result, name: str, number: int) -> Raw:
    """Return a result as JSON that cannot end its element."""
    text = store.dumps(result)
    samples = sum(
        len(one.wall_ns.values) for cell in result.cells for one in cell.variants.values() if one.wall_ns
    )
    return Raw(
        id=f"result-{number}",
        name=name,
        file=f"{re.sub('[^A-Za-z0-9._-]', '_', name)}.json",
        said=f"{len(result.cells)} cells, {show_count(samples)} samples, {show_bytes(len(text))}",
        json=embedded(text),
    )


def embedded(text: str) -> Markup:
    """Return JSON that cannot end the element it stands in."""
    return Markup(_CLOSES.sub(lambda found: f"\\u{ord(found[0]):04x}", text))  # noqa: S704 - nothing left that HTML reads


def _asset(name: str) -> str:
    """Return one of the page's own files."""
    return resources.files(PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")
