"""Whatever a variant answers, a command ends with one line: what is no answer is refused by name."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plugin_files import changed, of_template, source, variants

from kscale.errors import KscaleError, WrongAnswer
from kscale.measure import runner
from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling
from kscale.mechanisms.base import Mechanism, Outcome
from kscale.mechanisms.etcd_freelist import Answer
from kscale.mechanisms.registry import MECHANISMS
from kscale.plugins import answers, check_runs, join, points, template

LEASE = template.text("node-lease", "mine.py")
RETURN = "    return Outcome(dict(outcome.work), outcome.answer)\n"


def joined(text: str) -> Mechanism:
    """Return the mechanism that a plugin's one variant has joined."""
    (mine,) = variants(text)
    found = join.joined(MECHANISMS, [(source(text), (mine,))])
    return next(one for one in found if one.id == mine.mechanism)


def agreed(mechanism: Mechanism) -> dict[str, dict[str, int]]:
    """Run the tiny cell of a mechanism, with the user's variant and the baseline."""
    cell = points.tiny_cell(mechanism, "mine")
    return runner.agreed_works(cell, runner.subjects_of(cell, points.tiny_cluster(), lambda: 0))


@pytest.mark.parametrize(
    ("work", "says"),
    [
        ("{**outcome.work, 'nodes': -3}", "nodes: must be a whole number from 0 to 2^63 - 1, got -3"),
        (
            "{**outcome.work, 'nodes': 2**63}",
            "must be a whole number from 0 to 2^63 - 1, got 9223372036854775808",
        ),
        ("{**outcome.work, 'nodes': 12.0}", "2^63 - 1, got 12.0 (float)"),
        ("{**outcome.work, 'nodes': None}", "2^63 - 1, got null (NoneType)"),
        ("{**outcome.work, 'nodes': np.uint64(2**63 + 5)}", "2^63 - 1, got 9223372036854775813"),
        ("{**outcome.work, 'nodes': np.arange(3)}", "(ndarray)"),
        ("None", "work must be whole numbers by name, got NoneType"),
        (
            r"{**outcome.work, '\x1b[31mEVIL': 5}",
            r"work has '\x1b[31mEVIL', which is no metric of node-lease; known: ",
        ),
        ("{**outcome.work, 7: 5}", "work has 7, which is no metric of node-lease"),
    ],
)
def test_work_that_is_none_is_refused(work: str, says: str) -> None:
    """One line with plugin, variant, counter, value and what is allowed."""
    text = "import numpy as np\n" + changed(LEASE, RETURN, f"    return Outcome({work}, outcome.answer)\n")
    with pytest.raises(WrongAnswer) as caught:
        agreed(joined(text))
    assert str(caught.value).startswith("mine.py: mine: ")
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


def test_whole_numbers_of_other_types_are_counters() -> None:
    """What numpy counts with is as good as an int."""
    work = "{name: np.int64(count) for name, count in outcome.work.items()}"
    text = "import numpy as np\n" + changed(LEASE, RETURN, f"    return Outcome({work}, outcome.answer)\n")
    works = agreed(joined(text))
    assert works["mine"] == works["baseline"]


@pytest.mark.parametrize(
    ("mechanism", "answer"),
    [
        ("node-lease", "None"),
        ("node-lease", "7"),
        ("controller-standby", "'done'"),
        ("list-index", "None"),
        ("list-index", "type('Exits', (), {'pods': property(lambda self: exit(0))})()"),
    ],
)
def test_an_answer_of_another_kind_is_refused(mechanism: str, answer: str) -> None:
    """What our checks raise of it is the plugin's fault, and said to be."""
    text = changed(
        template.text(mechanism, "mine.py"), RETURN, f"    return Outcome(dict(outcome.work), {answer})\n"
    )
    with pytest.raises(WrongAnswer, match=r": mine\.py: mine: the answer cannot be read: [A-Z]\w+"):
        agreed(joined(text))


def test_counters_that_a_check_needs() -> None:
    """A mechanism whose promise is one of counters names the one that is missing."""
    text = changed(template.text("apiserver-balance", "mine.py"), "dict(outcome.work)", "{}")
    with pytest.raises(WrongAnswer, match=r": mine\.py: mine: the answer cannot be read: KeyError: '\w+'$"):
        agreed(joined(text))


def test_quality_that_cannot_be_worked_out() -> None:
    """It is worked out from the answer too."""

    def quality(_: object, outcome: Outcome) -> dict[str, int]:
        return {"pods": outcome.answer.nothing}

    mechanism = answers.readable(replace(sched_sampling.MECHANISM, quality=quality), {"mine": "a.py"})
    assert mechanism.quality is not None
    with pytest.raises(WrongAnswer, match=r"^a\.py: mine: the answer cannot be read: AttributeError: "):
        mechanism.quality(None, Outcome({}, 7))


def test_a_bug_of_ours_is_not_laid_to_a_plugin() -> None:
    """What a check raises without the plugin's answer too stays what it is."""

    def agree(_: object, outcomes: object) -> None:
        raise ZeroDivisionError

    mechanism = answers.readable(replace(find("list-index"), agree=agree), {"mine": "a.py"})
    with pytest.raises(ZeroDivisionError):
        mechanism.agree(None, {"baseline": Outcome({}, 1), "mine": Outcome({}, 1)})


def find(name: str) -> Mechanism:
    """Return one of our mechanisms."""
    return next(one for one in MECHANISMS if one.id == name)


@pytest.mark.parametrize("mechanism", [sched_equivalence.ID, sched_sampling.ID])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda node_of: node_of.__setitem__(1, 10**9),
            "puts pod 1 on node 1000000000; there are nodes 0 to 11",
        ),
        (
            lambda node_of: node_of.__setitem__(0, -2),
            "puts pod 0 on node -2; there are nodes 0 to 11, and -1",
        ),
    ],
)
def test_a_node_that_does_not_exist(mechanism: str, change: Callable[[Any], None], says: str) -> None:
    """The kernels that check placements would follow it out of their arrays."""
    job = find(mechanism).prepare(points.tiny_cluster(), points.tiny_cell(find(mechanism), "baseline").params)
    scan = scheduling.build_scan(job.pending)
    change(scan.node_of)
    with pytest.raises(WrongAnswer, match=says):
        answers.check("a.py: mine", mechanism, job, scheduling.Answer(scan.node_of))
    for wrong in (scan.node_of[1:], scan.node_of.astype(float), [0], None):
        with pytest.raises(WrongAnswer, match=r"^a.py: mine: node_of must hold a whole number for each of "):
            answers.check("a.py: mine", mechanism, job, scheduling.Answer(wrong))  # type: ignore[arg-type]


def test_a_scheduler_of_far_nodes_is_refused_in_a_run() -> None:
    """Before anything follows it."""
    text = changed(str(of_template("sched-sampling")[0].text), "node_of[p] = node\n", "node_of[p] = 10**9\n")
    with pytest.raises(
        WrongAnswer, match=r"^sched-sampling.*: mine.py: mine: puts pod 0 on node 1000000000; "
    ):
        agreed(joined(text.replace("@njit\n", "")))


def test_a_page_beyond_the_file() -> None:
    """Of a list that is made of build and run, too."""
    load = find("etcd-freelist").prepare(
        points.tiny_cluster(), points.tiny_cell(find("etcd-freelist"), "baseline").params
    )
    array = find("etcd-freelist").variants["baseline"]
    outcome = array.run(array.build(load))
    answers.check("a.py: mine", "etcd-freelist", load, outcome.answer)
    given = outcome.answer.given.copy()
    given[np.flatnonzero(given)[0]] = 2**62
    with pytest.raises(
        WrongAnswer, match=r"^a.py: mine: step \d+ gives page 4611686018427387904; the file has "
    ):
        answers.check("a.py: mine", "etcd-freelist", load, Answer(given, outcome.answer.pages))
    with pytest.raises(WrongAnswer, match="given must hold a whole number for each of "):
        answers.check("a.py: mine", "etcd-freelist", load, None)


def test_leaving_the_process_is_a_fault_with_a_line() -> None:
    """It would end the command without a word."""
    text = changed(LEASE, "    outcome =", "    import sys; sys.exit(0)\n    outcome =")
    with pytest.raises(
        KscaleError, match=r"^mine\.py:\d+: ends the process \(SystemExit\); a plugin must not$"
    ):
        agreed(joined(text))


def test_what_a_run_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for results, and is itself again afterwards."""
    text = changed(LEASE, "    outcome =", "    print('hello')\n    outcome =")
    before = sys.stdout
    agreed(joined(text))
    assert sys.stdout is before
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\n")


def test_clocks_are_watched_in_packages_too() -> None:
    """By the outermost name of the module whose code asks; others may know the time."""
    code = "import time\ndef ask():\n    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)\n"
    inside: dict[str, Any] = {"__name__": "mine.lists"}
    outside: dict[str, Any] = {"__name__": "minehut"}
    for module in (inside, outside):
        exec(code, module)  # noqa: S102 - code of a package that is not installed
    with check_runs.clocks_watched("mine"):
        assert outside["ask"]() > 0
        with pytest.raises(RuntimeError, match=r"^reads time\.clock_gettime_ns: "):
            inside["ask"]()
    assert inside["ask"]() > 0
