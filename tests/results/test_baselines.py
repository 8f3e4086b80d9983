"""A name is given to what later runs can be compared with."""

from pathlib import Path
from typing import Any

import pytest
from made_results import result

from kscale.errors import KscaleError
from kscale.results import baselines, store
from kscale.results.record import Git, Result
from kscale.results.store import Store

RUN = "20261121T025400Z-aaaaaaa"


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "results")


def of(sha: str, run_id: str = RUN, *, dirty: bool = False, **run: Any) -> Result:  # noqa: ANN401 - fields of a run
    """Return a result of a commit."""
    made = result(run_id)
    return made.model_copy(
        update={
            "git": Git(sha=sha * 40, branch="main", dirty=dirty),
            "run": made.run.model_copy(update=run),
        }
    )


def test_a_copy_is_saved_under_the_name(kept: Store) -> None:
    """The run keeps its id; only its name is new."""
    kept.save(of("a"))
    assert baselines.save(kept, "main", of("a")) is None
    assert kept.names() == [RUN, "main"]
    copy = kept.load("main")
    assert (copy.run.name, copy.run.id) == ("main", RUN)
    assert copy.model_copy(update={"run": of("a").run}) == of("a")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (of("a", quick=True), "it is a quick look"),
        (of("a", status="interrupted"), "it was interrupted"),
        (of("a", dirty=True), "it was measured with uncommitted changes"),
    ],
)
def test_a_doubtful_run_is_refused_with_its_reason(kept: Store, made: Result, reason: str) -> None:
    """Each reason is told, --force saves all the same."""
    with pytest.raises(KscaleError, match=f"main: not saved: {reason}.*--force"):
        baselines.save(kept, "main", made)
    assert kept.names() == []
    baselines.save(kept, "main", made, force=True)
    assert kept.names() == ["main"]


def test_every_reason_is_told_at_once(kept: Store) -> None:
    """Nobody has to try three times."""
    with pytest.raises(KscaleError, match=r"quick look.*interrupted.*uncommitted"):
        baselines.save(kept, "main", of("a", dirty=True, quick=True, status="interrupted"))


def test_a_taken_name_names_both_commits(kept: Store) -> None:
    """Overwriting is asked for, and says what it replaced."""
    baselines.save(kept, "main", of("a"))
    later = of("b", "20261122T025400Z-bbbbbbb")
    with pytest.raises(KscaleError, match=r"taken by run 20261121T.* of aaaaaaa; this one is of bbbbbbb"):
        baselines.save(kept, "main", later)
    before = baselines.save(kept, "main", later, force=True)
    assert before is not None
    assert before.result is not None
    assert baselines.commit(before.result) == "aaaaaaa"
    assert kept.load("main").run.id == later.run.id


def test_saving_again_is_no_change(kept: Store) -> None:
    """The same run under the same name needs no --force, even if it was forced the first time."""
    made = of("a", dirty=True)
    baselines.save(kept, "main", made, force=True)
    assert baselines.save(kept, "main", made) is not None


def test_a_name_that_cannot_be_one_is_refused(kept: Store) -> None:
    """latest, paths and the like."""
    for name in ("latest", "../x", "a/b", ""):
        with pytest.raises(KscaleError, match="cannot name a result"):
            baselines.save(kept, name, of("a"))


def test_removing_takes_exact_names_only(kept: Store) -> None:
    """latest and the beginning of an id are no names; with an unknown one none is removed."""
    kept.save(of("a"))
    baselines.save(kept, "main", of("a"))
    for name in ("latest", RUN[:10], "mian"):
        with pytest.raises(KscaleError, match=f"no result '{name}'"):
            baselines.remove(kept, ["main", name])
    assert kept.names() == [RUN, "main"]
    assert baselines.remove(kept, ["main", "main"]) == [kept.folder / "main.json"]
    assert kept.names() == [RUN]
    with pytest.raises(KscaleError, match="has none"):
        baselines.remove(Store(kept.folder / "empty"), ["main"])


def test_what_cannot_be_read_is_listed_with_its_reason(kept: Store) -> None:
    """One bad file does not hide the others."""
    kept.save(of("a"))
    baselines.save(kept, "main", of("a"))
    (kept.folder / "bad.json").write_text("{")
    found = {one.name: one for one in baselines.kept(kept)}
    assert found.keys() == {RUN, "main", "bad"}
    assert "not JSON" in found["bad"].wrong
    assert [name for name, one in found.items() if one.named] == ["bad", "main"]


def test_a_plain_and_a_packed_file_are_two(kept: Store) -> None:
    """Each is listed and removed under its own name; an unnamed run stays one without a name."""
    kept.save(of("a"))
    store.write(kept.folder / f"{RUN}.json.gz", store.dumps(of("a")))
    assert [(one.name, one.named) for one in baselines.kept(kept)] == [
        (RUN, False),
        (f"{RUN}.json.gz", False),
    ]
    baselines.remove(kept, [f"{RUN}.json.gz"])
    assert kept.names() == [RUN]
    store.write(kept.folder / f"{RUN}.json.gz", store.dumps(of("a")))
    assert baselines.remove(kept, [RUN]) == [kept.folder / f"{RUN}.json"]
    assert kept.names() == [RUN]
