"""Files are opened as streams: gzip unpacked, whatever cannot be read said in a line."""

import gzip
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports import opened


def _read(path: Path) -> bytes:
    """Return a whole file, in pieces."""
    with opened.open_stream(path, "it") as stream:
        return b"".join(iter(lambda: stream.read(1 << 16), b""))


def _read_or_line(path: Path) -> bytes | str:
    """Return a whole file, or the line that says why not."""
    try:
        return _read(path)
    except KscaleError as error:
        return str(error)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "nameless"])
def test_gzip_is_told_by_its_bytes_not_its_name(tmp_path: Path, name: str) -> None:
    """A packed file may have any name, and so may a plain one."""
    path = tmp_path / name
    for data in (b"plain", gzip.compress(b"plain"), gzip.compress(b"pla") + gzip.compress(b"in")):
        path.write_bytes(data)
        assert _read(path) == b"plain"
        assert opened.head(path) == b"plain"
        assert opened.is_packed(path) == (data != b"plain")


def test_head_is_the_beginning_only(tmp_path: Path) -> None:
    """64 KiB tell a format, packed or not."""
    data = os.urandom(3 * opened.HEAD)
    for content in (data, gzip.compress(data, 1)):
        (tmp_path / "file").write_bytes(content)
        assert opened.head(tmp_path / "file") == data[: opened.HEAD]


def test_progress_counts_bytes_of_the_file_itself(tmp_path: Path) -> None:
    """A packed file is done when its own bytes are, however many come out."""
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"x" * 10_000_000))
    with opened.open_stream(path, "it") as stream:
        assert opened.at(stream) <= opened.size(path)
        while stream.read(1 << 20):
            pass
        assert opened.at(stream) == opened.size(path) == path.stat().st_size


def test_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """Noughts take a thousandth of their size on disk; a list never packs like that."""
    path = tmp_path / "bomb.gz"
    packer = zlib.compressobj(wbits=31)
    path.write_bytes(b"".join(packer.compress(bytes(1 << 20)) for _ in range(128)) + packer.flush())
    with opened.open_stream(path, "bomb.gz") as stream:
        before = opened.RATIO_FROM - 2 * opened.AT_ONCE
        assert len(stream.read(before)) == before
        with pytest.raises(KscaleError) as error:
            stream.read(4 * opened.AT_ONCE)
    assert str(error.value) == "bomb.gz: unpacks to over 500 times its size: no list does that"


def test_size_when_unpacked_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is read for ever."""
    monkeypatch.setattr(opened, "MOST_BYTES", 2**20)
    (tmp_path / "large.gz").write_bytes(gzip.compress(os.urandom(2**21)))
    with pytest.raises(KscaleError, match=r"it: is larger than 1 MiB when unpacked"):
        _read(tmp_path / "large.gz")


@given(place=st.integers(2, 10_000), byte=st.integers(1, 255), cut=st.booleans())
def test_damaged_gzip_gives_its_bytes_or_a_line(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, cut: bool
) -> None:
    """Whatever is changed or cut off, it is a line or the same content, never a crash."""
    data = bytes(range(256)) * 40
    packed = bytearray(gzip.compress(data, mtime=0))
    place %= len(packed)
    if cut:
        del packed[max(place, 2) :]
    elif place >= 2:
        packed[place] ^= byte
    path = tmp_path_factory.getbasetemp() / "damaged.gz"
    path.write_bytes(packed)
    read = _read_or_line(path)
    assert read == data or str(read).startswith("it: its gzip data ")
    assert isinstance(read, bytes) or read.isprintable()


@pytest.mark.parametrize("end", ["cut", "damaged"])
def test_the_place_of_damage_is_said_as_far_as_it_was_unpacked(tmp_path: Path, end: str) -> None:
    """Not from the beginning of what was asked for at once."""
    packed = gzip.compress(os.urandom(2**20))
    half = len(packed) // 2
    (tmp_path / "a.gz").write_bytes(packed[:half] if end == "cut" else packed[:half] + bytes(half))
    (tmp_path / "b.gz").write_bytes(packed[:8])
    said = _read_or_line(tmp_path / "a.gz")
    assert isinstance(said, str)
    kibibytes = float(said.rpartition(" after ")[2].removesuffix(" KiB"))
    assert 256 < kibibytes <= 520
    assert _read_or_line(tmp_path / "b.gz") == "it: its gzip data ends in the middle"


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    """A pipe is not waited for, a device not read."""
    os.mkfifo(tmp_path / "pipe")
    said = {
        tmp_path: "it: is a folder; name the files in it",
        tmp_path / "pipe": "it: is a pipe; save it as a file first",
        Path("/dev/zero"): "it: is a device, not a file",
        tmp_path / "none": "it: cannot be read: No such file or directory",
        Path("a\0b"): "it: cannot be read: not a file name",
    }
    for path, line in said.items():
        with pytest.raises(KscaleError) as error:
            opened.open_stream(path, "it")
        assert str(error.value) == line
