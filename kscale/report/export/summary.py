"""The verdict on a subject in one line: the same words in every text."""

from collections import Counter
from collections.abc import Iterator, Sequence

from kscale.judge import rows, wording
from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement, Status
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.report import decided, table_gate
from kscale.report.export.entries import heading
from kscale.report.export.spelling import one_line
from kscale.report.table_run import BASELINE, OPTIMIZED, afters
from kscale.results.record import Result
from kscale.units import show_count, show_counted

SPEEDS = {
    Verdict.WORSE: "slower",
    Verdict.UNCLEAR: "unclear",
    Verdict.BETTER: "faster",
    Verdict.SAME: "same",
    None: "not judged",
}  # a verdict on a time, in a word


def run_rows(result: Result) -> Iterator[Row]:
    """Return what the table of a run shows: headlines, and further variants where they differ."""
    for cell in result.cells:
        info, shown = rows.described(result, cell), afters(cell)
        for variant in shown:
            for row in rows.of_cell(info, cell, BASELINE, variant):
                differs = row.ratio is not None or row.verdict is not Verdict.SAME
                if row.info.headline and (variant == shown[0] or differs):
                    yield row


def of_judgement(judgement: Judgement) -> tuple[str, str]:
    """Return a gate's last word, and what is to be said after it."""
    parts = [decided.counts(judgement), one_line(judgement.no_verdict)]
    parts = parts if judgement.of(Status.FAILED) else parts[::-1]  # what decides the code comes first
    parts += [heading(judgement.comparison)] if judgement.comparison is not None else []
    return table_gate.ENDS[judgement.exit_code][0], " · ".join(part for part in parts if part)


def of_comparison(comparison: Comparison) -> str:
    """Return the counts of every verdict."""
    counts = [(comparison.count(verdict), str(verdict)) for verdict in Verdict]
    counts += [
        (comparison.count(None), "not judged"),
        (len(comparison.gone), "gone"),
        (len(comparison.new), "new"),
    ]
    return " · ".join(f"{show_count(number)} {said}" for number, said in counts if number) or "no rows"


def of_run(result: Result, rows_of_run: Sequence[Row]) -> str:
    """Return how much was run, how its times came out, and whether it was cut short."""
    statuses = Counter[str](cell.status for cell in result.cells)
    parts = [show_counted(statuses["ok"], "cell")]
    parts += [f"{show_count(statuses[left])} {left}" for left in ("skipped", "failed") if statuses[left]]
    parts += ["interrupted: only finished cells are here"] if result.run.status == "interrupted" else []
    times = [row for row in rows_of_run if row.ratio is not None and row.variant == OPTIMIZED]
    judged = Counter(row.verdict for row in times)
    found = [(word, judged[verdict]) for verdict, word in SPEEDS.items() if judged[verdict]]
    if found:  # a bare "2 times slower" would be taken for a ratio
        (first, number), *others = found
        rest = "".join(f", {word} in {show_count(count)}" for word, count in others)
        parts.append(f"{first} in {show_count(number)} of {show_counted(len(times), 'timing')}{rest}")
    mean = stats.geometric_mean([row.change for row in times if row.verdict is not None])
    parts += [f"geometric mean {wording.of_time(mean)}"] if mean is not None else []
    return " · ".join(parts)
