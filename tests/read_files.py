"""Files of given bytes as a reader takes them: the facts, or the one line that refuses them."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.imports.facts import Facts, TypeFact
from kscale.imports.formats import Read

LONGEST_LINE = 400  # characters of a complaint

TWISTS = (
    *(b"", b"null", b"NaN", b"+Inf", b"-1", b"0", b"1e308"),
    *(b"{", b"}", b"[[", b":", b",", b'"', b"\\", b"\n", b"\x00", b"\xff"),
)


def quiet(_done: int, _total: int) -> None:
    """Watch no progress."""


def imported(read: Read, path: Path, data: bytes) -> Facts:
    """Return what *read* finds in a file of these bytes."""
    path.write_bytes(data)
    return read(path, path.name, quiet)


def complaint(read: Read, path: Path, data: bytes) -> str:
    """Return the one line with which *read* refuses a file of these bytes; it begins with its name."""
    with pytest.raises(KscaleError) as caught:
        imported(read, path, data)
    line = str(caught.value)
    assert line.isprintable()
    assert line.startswith(f"{path.name}: ")
    assert len(line) < LONGEST_LINE
    return line


def pairs(fact: TypeFact) -> dict[int, int]:
    """Return how many objects of each size there are."""
    assert fact.sizes is not None
    assert fact.count == fact.sizes[:, 1].sum()
    return dict(fact.sizes.tolist())


@st.composite
def mutated(draw: st.DrawFn, text: bytes) -> bytes:
    """Return *text* with one to four short pieces replaced by what readers stumble on."""
    data = bytearray(text)
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        data[at : at + length] = draw(st.sampled_from(TWISTS) | st.binary(max_size=4))
    return bytes(data)
