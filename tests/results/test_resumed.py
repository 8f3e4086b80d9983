"""What runs came to before an interruption."""

import os
from pathlib import Path

import pytest

from kscale.errors import KscaleError
from kscale.results import resumed


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    """Lines are read by key, the last of equal ones; a missing file holds nothing."""
    path = tmp_path / "of" / f"some{resumed.ENDING}"
    assert resumed.read(path) == {}
    resumed.append(path, "a", {"value": 1})
    resumed.append(path, "b", [2])
    resumed.append(path, "a", {"value": 3})
    assert resumed.read(path) == {"a": {"value": 3}, "b": [2]}
    resumed.remove(path)
    resumed.remove(path)
    assert resumed.read(path) == {}


def test_what_was_half_written_is_passed_over(tmp_path: Path) -> None:
    """A line cut short, or of something else, is none; what is added after it stands on its own line."""
    path = tmp_path / f"some{resumed.ENDING}"
    resumed.append(path, "a", 1)
    path.write_bytes(path.read_bytes() + b'["no key"]\n{"key": "b", "ca')
    assert resumed.read(path) == {"a": 1}
    resumed.append(path, "c", 3)
    assert resumed.read(path) == {"a": 1, "c": 3}


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    """Where nothing can be kept, nothing is."""
    (tmp_path / "file").write_text("")
    resumed.append(tmp_path / "file" / "below", "a", 1)
    assert resumed.read(tmp_path / "file" / "below") == {}


def test_a_journal_is_written_line_by_line(tmp_path: Path) -> None:
    """Each line is in the file at once; one that nothing was put into is not left behind."""
    path = tmp_path / f"some{resumed.ENDING}"
    with resumed.Writer(path):
        assert path.exists()
    assert not path.exists()
    with resumed.Writer(path) as writer:
        for number in range(3):
            writer.add(str(number), number)
            assert resumed.read(path) == {str(one): one for one in range(number + 1)}
        writer.sync()
    with resumed.Writer(path):
        pass
    assert len(resumed.read(path)) == 3


def test_a_journal_is_one_processes(tmp_path: Path) -> None:
    """A second one is refused, and changes nothing; when the first is done, it may have it."""
    path = tmp_path / f"some{resumed.ENDING}"
    with resumed.Writer(path) as first:
        assert first.claim()
        with resumed.Writer(path) as second:
            assert not second.claim()
        assert path.exists()
        first.add("a", 1)
        first.clear()
        first.add("b", 2)
    with resumed.Writer(path) as second:
        assert second.claim()
        second.add("c", 3)
    assert resumed.read(path) == {"b": 2, "c": 3}


def test_a_journal_that_was_removed_in_between_is_begun_anew(tmp_path: Path) -> None:
    """What is written to a file that is gone would be gone."""
    path = tmp_path / f"some{resumed.ENDING}"
    with resumed.Writer(path) as late:
        with resumed.Writer(path) as first:
            assert first.claim()
        assert not path.exists()
        assert late.claim()
        late.add("a", 1)
        assert resumed.read(path) == {"a": 1}


def test_what_cannot_be_written_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the journal."""
    (tmp_path / "file").touch()
    with pytest.raises(KscaleError, match="cannot be written: "):
        resumed.Writer(tmp_path / "file" / "some")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(KscaleError, match="some: cannot be written: No space left on device"),
        resumed.Writer(tmp_path / "some"),
    ):
        pass
