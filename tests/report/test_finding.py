"""The first line of a page says what was found, losses first, and no more than is known."""

from dataclasses import replace

import pytest
from made_pages import head
from sample_results import result

from kscale.judge import compare
from kscale.judge.compare import Comparison
from kscale.judge.verdict import Verdict
from kscale.report.page import finding


def made(*verdicts: Verdict | None, gone: tuple[str, ...] = ()) -> Comparison:
    """Return a comparison of results whose rows got these verdicts."""
    found = compare.of_results(result(name="main"), head())
    timed = next(row for row in found.rows if row.ratio is not None)
    return replace(found, rows=tuple(replace(timed, verdict=one) for one in verdicts), gone=gone)


LARGEST = "etcd-freelist, 10k free pages: time per transaction 0 % time"


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (
            made(Verdict.WORSE, Verdict.BETTER, gone=("x",)),
            f"head is worse than main in 1 of 2 numbers (worst: {LARGEST}); better in 1; 1 gone",
        ),
        (
            made(Verdict.BETTER, Verdict.UNCLEAR),
            f"head is better than main in 1 of 2 numbers (best: {LARGEST}), worse in none; 1 unclear",
        ),
        (
            made(Verdict.SAME, Verdict.UNCLEAR),
            "head is not surely different from main: 1 of 2 numbers unclear, the rest the same",
        ),
        (made(Verdict.SAME, None), "head is the same as main in the only number; 1 not judged"),
        (made(Verdict.SAME, gone=("x",)), "head is the same as main in the only number; 1 gone"),
        (made(None), "Nothing could be judged between main and head; 1 not judged"),
    ],
)
def test_the_finding_says_losses_first(comparison: Comparison, said: str) -> None:
    """One sentence for what was found, never better than what is known."""
    assert finding.of_comparison(comparison) == said
