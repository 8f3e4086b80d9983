"""Names are hidden by a key that stays with the user; public words stay."""

import os
import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from kscale.errors import KscaleError
from kscale.imports import anonymize, vocabulary
from kscale.scenario.spec import Name

KEY = bytes(range(32))
KINDS = (anonymize.LABEL, anonymize.VALUE, anonymize.RESOURCE, anonymize.TYPE)


@pytest.fixture
def key_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the key will be, in a data folder of the test's own."""
    path = tmp_path / "data" / "kscale" / "anonymize.key"
    monkeypatch.setattr(anonymize, "key_path", lambda: path)
    return path


@given(st.sampled_from(KINDS), st.text(max_size=300), st.text(max_size=300))
def test_hash_is_a_name_and_equal_for_equal_names_only(kind: str, one: str, other: str) -> None:
    """Whatever the name, a scenario can hold its hash; two names have two."""
    rename = anonymize.hashes(KEY)
    renamed = rename(kind, one)
    assert renamed == rename(kind, one)
    assert (renamed == rename(kind, other)) == (one == other)
    if renamed != one:
        assert TypeAdapter(Name).validate_python(renamed) == renamed


def test_hash_looks_as_documented_and_depends_on_the_key() -> None:
    """A kind, a dash and ten hex digits: those of BLAKE2b with the key."""
    assert anonymize.hashes(KEY)("label", "team") == "label-ba79c2a906"
    assert anonymize.hashes(bytes(32))("label", "team") != anonymize.hashes(KEY)("label", "team")


def test_public_words_stay_each_in_its_place() -> None:
    """A public label is no public type."""
    rename = anonymize.hashes(KEY)
    for kind, word in (
        ("label", "topology.kubernetes.io/zone"),
        ("label", "node.kubernetes.io/not-ready"),
        ("value", "amd64"),
        ("value", ""),
        ("resource", "nvidia.com/gpu"),
        ("type", "pods"),
        ("type", "pods/status"),
        ("type", "other"),
    ):
        assert rename(kind, word) == word
    for kind, word in (
        ("label", "pods"),
        ("value", "topology.kubernetes.io/zone"),
        ("resource", "acme.example/fpga"),
        ("type", "widgets.acme.example"),
        ("type", "pods/acme"),
    ):
        assert rename(kind, word) != word


def test_names_kept_as_they_are_still_fit() -> None:
    """--no-anonymize keeps what a scenario can hold."""
    rename = anonymize.as_they_are
    assert rename("label", "acme.example/team") == "acme.example/team"
    assert rename("value", "a b=c") == "a b=c"
    for hostile in ("\x1b[31m", "a\nb", "x" * 300, "-", ""):
        assert rename("label", hostile) != hostile


def test_vocabulary_has_no_word_twice_with_two_meanings() -> None:
    """Every kind has one resource, and no resource is a verb."""
    assert len(set(vocabulary.KINDS.values())) == len(vocabulary.KINDS)
    assert not vocabulary.RESOURCES & vocabulary.VERBS


def test_key_is_made_once_and_read_by_its_user_only(key_path: Path) -> None:
    """32 random bytes, mode 0600, in a folder of mode 0700."""
    key = anonymize.user_key()
    assert len(key) == anonymize.KEY_BYTES
    assert anonymize.user_key() == key == key_path.read_bytes()
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_path.parent.stat().st_mode) == 0o700
    assert [path.name for path in key_path.parent.iterdir()] == [key_path.name]


def test_imports_that_start_at_once_have_one_key(key_path: Path) -> None:
    """The first key that is there whole is everybody's."""
    with ThreadPool(8) as pool:
        keys = pool.map(lambda _: anonymize.user_key(), range(32), chunksize=1)
    assert set(keys) == {key_path.read_bytes()}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o644), "can be read by others; run: chmod 600"),
        (lambda path: path.write_bytes(b"short"), "must be 32 bytes"),
        (lambda path: path.write_bytes(bytes(33)), "must be 32 bytes"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be had: Is a directory"),
    ],
)
def test_key_that_cannot_be_trusted_is_refused(key_path: Path, spoil: object, said: str) -> None:
    """One line says what is wrong with it."""
    anonymize.user_key()
    assert callable(spoil)
    spoil(key_path)
    with pytest.raises(KscaleError) as error:
        anonymize.user_key()
    assert str(key_path) in str(error.value)
    assert said in str(error.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_cannot_be_written_is_a_line(key_path: Path) -> None:
    """And says how to do without a key."""
    key_path.parent.parent.mkdir(parents=True)
    key_path.parent.parent.chmod(0o500)
    with pytest.raises(KscaleError, match="or give --no-anonymize"):
        anonymize.user_key()
