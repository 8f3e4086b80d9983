"""A file is there whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from kscale import files
from kscale.errors import ExitCode, Interrupted, KscaleError


def test_what_was_there_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    for data in (b"old", b"newer than that"):
        files.write(path, data)
        assert path.read_bytes() == data
    assert [one.name for one in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_the_umask_says_who_may_read_it(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        files.write(tmp_path / "file", b"x")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


def test_a_links_target_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    files.write(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "file").read_bytes() == b"x"


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), Interrupted("interrupted", ExitCode.INTERRUPTED)]
)
def test_nothing_is_left_when_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The old file stays, no temporary one does; a full disk is one line, a signal goes on as it is."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fails(_handle: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fails)
    expected = r"file: cannot be written: No space left" if isinstance(error, OSError) else "^interrupted$"
    with pytest.raises(KscaleError, match=expected):
        files.write(path, b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"old")]


def test_a_file_beside_is_its_owners_alone_and_goes(tmp_path: Path) -> None:
    with files.beside(tmp_path / "file", b"secret") as made:
        assert made.parent == tmp_path
        assert made.read_bytes() == b"secret"
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []
