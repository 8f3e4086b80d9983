"""Names become keyed hashes: equal names equal hashes, so that selectors still match nodes.

The key is made at the first import and stays in the user's data folder. Whoever has a scenario but
not the key cannot find out names by trying: the hash is BLAKE2b with the key (RFC 7693), cut to 40
bits. Kubernetes' own public words (vocabulary.py) stay as they are.
"""

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from platformdirs import user_data_path

from kscale import files
from kscale.errors import KscaleError
from kscale.imports import vocabulary
from kscale.scenario.document import one_line
from kscale.scenario.spec import LONGEST_TEXT

KEY_BYTES = 32
HASH_BYTES = 5  # ten hex digits
_FITS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")

LABEL, VALUE, RESOURCE, TYPE = "label", "value", "resource", "type"  # a name's kind, also how its hash begins

T = TypeVar("T")
Rename = Callable[[str, str], str]  # kind of name, name: what is written for it


def hashes(key: bytes) -> Rename:
    """Return the renaming that leaves public words and hashes all others with *key*."""

    def rename(kind: str, name: str) -> str:
        return name if _is_public(kind, name) else hashed(key, kind, name)

    return rename


def as_they_are(kind: str, name: str) -> str:
    """Rename for --no-anonymize: only what no scenario can hold is hashed, without a key to hide it."""
    if _is_public(kind, name) or (len(name) <= LONGEST_TEXT and _fits(kind, name)):
        return name
    return hashed(b"", kind, name)


def hashed(key: bytes, kind: str, name: str) -> str:
    """Return the hash of *name*, keyed unless *key* is empty, like label-3f9a2c81d0."""
    data = f"{kind}\0{name}".encode("utf-8", "surrogatepass")
    return f"{kind}-{hashlib.blake2b(data, digest_size=HASH_BYTES, key=key).hexdigest()}"


def by_key(renamed: Mapping[str, T]) -> dict[str, T]:
    """Return a mapping in the order of its keys: the order of renamed ones says nothing of the names."""
    return dict(sorted(renamed.items()))


def key_path() -> Path:
    """Return where the user's key is."""
    return user_data_path("kscale") / "anonymize.key"


def user_key() -> bytes:
    """Return the user's key, made if there is none; KscaleError if it cannot be had or others may read it."""
    path = key_path()
    try:
        if not path.exists():
            _make(path)
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise KscaleError(
            one_line(
                f"{path}: the key that hides names cannot be had: {error.strerror}; or give --no-anonymize"
            )
        ) from error
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KscaleError(
            one_line(f"{path}: the key that hides names can be read by others; run: chmod 600 {path}")
        )
    if len(key) != KEY_BYTES:
        raise KscaleError(
            one_line(
                f"{path}: must be {KEY_BYTES} bytes; remove it for a new key: hashes will then be others"
            )
        )
    return key


def _make(path: Path) -> None:
    """Write a new key to *path*, whole or not at all; if two do so at once, the first one stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    with files.beside(path, secrets.token_bytes(KEY_BYTES)) as made:
        try:
            os.link(made, path)
        except FileExistsError:
            pass  # somebody was quicker
        except OSError:  # a file system without links
            made.replace(path)


def _is_public(kind: str, name: str) -> bool:
    """Return whether *name* is one of Kubernetes' own words."""
    match kind:
        case "label":
            return vocabulary.is_public_key(name)
        case "value":
            return name in vocabulary.VALUES
        case "resource":
            return name in vocabulary.EXTENDED
        case _:
            return vocabulary.is_public_type(name)


def _fits(kind: str, name: str) -> bool:
    """Return whether a scenario can hold *name*."""
    return name.isprintable() if kind == VALUE else bool(_FITS.fullmatch(name))
