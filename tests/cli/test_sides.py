"""What the arguments of a comparison mean."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_results import cell, result

from kscale.cli import sides
from kscale.errors import KscaleError
from kscale.results import store
from kscale.results.store import Store

IDS = ("20261121T025400Z-aaaaaaa", "20261121T025401Z-bbbbbbb", "20261121T025402Z-ccccccc")


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with three runs, one of them named; the current folder is the one above."""
    monkeypatch.chdir(tmp_path)
    kept = Store(Path("results"))
    for number, run_id in enumerate(IDS):
        kept.save(result(run_id, f"2026-11-21T02:54:0{number}Z", "main" if number == 1 else None))
    return kept


def named(full: Store, *arguments: str) -> list[tuple[str, str, str]]:
    """Return what each argument means: the column's name, the run, what is said of it."""
    return [(one.name, one.result.run.id, one.meant) for one in sides.look_up(full, arguments).named]


@pytest.mark.parametrize(
    ("argument", "means"),
    [
        ("main", ("main", IDS[1], "")),
        (IDS[0], (IDS[0], IDS[0], "")),
        (IDS[0][:16], (IDS[0][:16], IDS[0], IDS[0])),
        ("latest", ("latest", IDS[2], IDS[2])),
        ("latest~1", ("latest~1", IDS[1], "main")),
        ("results/main.json", ("main", IDS[1], "results/main.json")),
        ("before=main", ("before", IDS[1], "main")),
        ("now=latest", ("now", IDS[2], IDS[2])),
        ("x=results/main.json", ("x", IDS[1], "results/main.json")),
        ("a=b=main", ("a", IDS[1], "main")),
    ],
)
def test_an_argument_means_one_result(full: Store, argument: str, means: tuple[str, str, str]) -> None:
    """A name, an id and its beginning, latest, a path; a label in front of any of them."""
    assert named(full, argument, "second=main")[0] == means


def test_a_file_with_a_sign_of_equality_is_a_file(full: Store) -> None:
    """A label is read only where there is no such file."""
    Path("x=y.json").write_bytes(full.find("main").read_bytes())
    assert named(full, "x=y.json", "main")[0] == ("x=y", IDS[1], "x=y.json")


@pytest.mark.parametrize("argument", ["=main", "two words=main", "-x=main", "a/b=main", "x="])
def test_what_is_no_plain_label_is_none(full: Store, argument: str) -> None:
    """It stays part of the name, which is then unknown."""
    with pytest.raises(KscaleError, match=r"no result|no such file"):
        sides.look_up(full, [argument, "main"])


def test_equal_names_are_told_apart(full: Store) -> None:
    """By the whole path, then by a number."""
    Path("other").mkdir()
    Path("other/main.json").write_bytes(full.find(IDS[0]).read_bytes())
    assert [one[0] for one in named(full, "results/main.json", "other/main.json")] == [
        "results/main.json",
        "other/main.json",
    ]
    assert [one[0] for one in named(full, "latest", "latest")] == ["latest", "latest (2)"]
    assert [one[0] for one in named(full, "main", "main", "main")] == ["main", "main (2)", "main (3)"]


def test_a_result_may_come_through_a_pipe(full: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once; with a label too."""
    text = store.dumps(result(IDS[0])).encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    assert named(full, "-", "main")[0] == ("stdin", IDS[0], IDS[0])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    assert named(full, "main", "piped=-")[1] == ("piped", IDS[0], IDS[0])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"{")))
    with pytest.raises(KscaleError, match="stdin: not a result"):
        sides.look_up(full, ["-", "main"])
    with pytest.raises(KscaleError, match="read once"):
        sides.look_up(full, ["-", "-"])


def test_variants_are_those_of_the_latest_run(full: Store) -> None:
    """Where not all are saved names; the latest run is the one result."""
    found = sides.look_up(full, ["baseline", "optimized"])
    assert found.variants == ("baseline", "optimized")
    assert [one.result.run.id for one in found.named] == [IDS[2]]


def test_saved_names_win_over_variants(full: Store) -> None:
    """Only if all of them are saved: `baseline` alone beside `optimized` still means variants."""
    full.save(result("20261121T025403Z-ddddddd", "2026-11-21T02:53:00Z", "baseline"))
    assert sides.look_up(full, ["baseline", "optimized"]).variants == ("baseline", "optimized")
    full.save(result("20261121T025404Z-eeeeeee", "2026-11-21T02:53:01Z", "optimized"))
    assert sides.look_up(full, ["baseline", "optimized"]).variants == ()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["baseline", "optimised"], "'optimised' is neither a result nor a variant of the latest run"),
        (["main", "optimized"], "no result 'optimized'"),
        (["mian", "main"], "did you mean 'main'"),
        (["2026", "main"], "several results begin with '2026': 20261121T025400Z-aaaaaaa, 2026"),
        (["latest~7", "main"], "has 3"),
        (["results/none.json", "main"], "no such file"),
        (["x=mian", "main"], "no result 'mian'"),
        (["baseline"], "no result 'baseline'"),
    ],
)
def test_what_means_nothing_is_one_line(full: Store, arguments: list[str], says: str) -> None:
    """Unknown, ambiguous and half right."""
    with pytest.raises(KscaleError, match=says) as caught:
        sides.look_up(full, arguments)
    assert str(caught.value).isprintable()


def test_a_damaged_file_is_not_passed_over_for_variants(full: Store) -> None:
    """Where both names are saved, what is wrong with one is the answer."""
    for name in ("baseline", "optimized"):
        full.save(result("20261121T025403Z-ddddddd", "2026-11-21T02:53:00Z", name))
    (full.folder / "optimized.json").write_text("{")
    with pytest.raises(KscaleError, match=r"optimized\.json: not a result"):
        sides.look_up(full, ["baseline", "optimized"])


def test_a_filter_narrows_every_side(full: Store) -> None:
    """By mechanism or by a parameter, as kscale run does; one that matches nothing is an error."""
    two = result("20261121T025405Z-fffffff", name="two")
    two = two.model_copy(update={"cells": [cell(free_pages=10), cell(free_pages=1000)]})
    full.save(two)
    found = sides.look_up(full, ["two", "main"])
    kept = sides.narrowed(found, ["free_pages=1k"])
    assert [[one.params for one in side.result.cells] for side in kept.named] == [[{"free_pages": 1000}], []]
    assert sides.narrowed(found, []) == found
    assert len(sides.narrowed(found, ["etcd_*"]).named[0].result.cells) == 2
    with pytest.raises(KscaleError, match=r"--filter watch\*: matches no cell; there are: etcd-freelist"):
        sides.narrowed(found, ["watch*"])


def test_a_title_is_given_once(full: Store) -> None:
    """Two columns of one title could not be told apart; the same result under two titles can."""
    with pytest.raises(KscaleError, match=r"^A is given twice; "):
        sides.look_up(full, ["A=main", "B=latest", "A=latest"])
    assert [one[0] for one in named(full, "A=main", "B=main")] == ["A", "B"]


def test_a_filter_that_matches_nothing_names_each_cell_once(full: Store) -> None:
    """However many sides have it."""
    with pytest.raises(KscaleError, match="matches no cell") as said:
        sides.narrowed(sides.look_up(full, ["main", "latest"]), ["nope"])
    assert str(said.value).count("etcd-freelist") == 1
