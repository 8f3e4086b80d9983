"""Files that people have at hand and kscale does not read: what they are, and what to give instead."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kscale.scenario.recorded_file import ABOUT

TAR = (257, b"ustar")  # place and mark
ZIP, ZIP_NAME = b"PK\x03\x04", 30  # mark, place of the first member's name

_KIND_LIST = re.compile(r"^kind\s*:\s*[\"']?[A-Za-z]*List\b|^items\s*:", re.MULTILINE)
_ITEMS = re.compile(r"^items\s*:\s*\n(?P<indent> *)- ", re.MULTILINE)
_READ = "Pod|ConfigMap|[A-Za-z]+Configuration"  # kinds of which manifests are read
_CONFIG = re.compile(r"^kind\s*:\s*[\"']?Config\b|\"kind\"\s*:\s*\"Config\"", re.MULTILINE)
_TABLE = re.compile(r"NAME(?:SPACE)?\s{2,}.*\b(?:AGE|STATUS|READY|ROLES|DATA|HOLDER)\b")
_DESCRIBED = re.compile(r"Name:\s+\S+\s*\n(?:[A-Z][A-Za-z ]+:|\s)")


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that is not read."""

    fits: Callable[[bytes], bool]  # by how it begins
    what: str  # what it is; what to give


def what_instead(head: bytes) -> str:
    """Return what a file that begins so is and what to give instead; empty if it is none of these."""
    return next((one.what for one in FOREIGN if one.fits(head)), "")


def _is_columns(head: bytes) -> bool:
    """Return whether it is what kscale writes beside a scenario: a zip whose first member is its JSON."""
    return head.startswith(ZIP) and head[ZIP_NAME:].startswith(ABOUT.encode())


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    """Return the test for one of *marks* at the very beginning."""
    return lambda head: head.startswith(marks)


def _matches(pattern: re.Pattern[str]) -> Callable[[bytes], bool]:
    """Return the test for *pattern* where the text begins."""
    return lambda head: bool(pattern.match(_text(head)))


def _is_kubeconfig(head: bytes) -> bool:
    """Return whether it is a kubeconfig, in YAML or JSON."""
    text = _text(head)
    return "current-context" in text and bool(_CONFIG.search(text))


def _is_yaml_list(head: bytes) -> bool:
    """Return whether it is a list in YAML of what is read as JSON only."""
    text = _text(head)
    is_list = not text.startswith(("{", "[")) and "apiVersion:" in text and bool(_KIND_LIST.search(text))
    return is_list and not _has_manifests(text)


def _has_manifests(text: str) -> bool:
    """Return whether a list in YAML has entries that may be manifests of a control plane."""
    items = _ITEMS.search(text)
    if items is None:
        return False
    kind = rf"^{items['indent']}(?:- |  )kind\s*:\s*[\"']?(?:{_READ})\b"
    return bool(re.search(kind, text, re.MULTILINE))


def _is_tar(head: bytes) -> bool:
    """Return whether it is an archive of tar."""
    place, mark = TAR
    return head[place : place + len(mark)] == mark


def _text(head: bytes) -> str:
    """Return the beginning as text, whatever it is."""
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()


FOREIGN = (
    Foreign(_is_columns, "holds the columns of an imported scenario; `kscale run` takes the .yaml beside it"),
    Foreign(_begins(ZIP, b"PK\x05\x06"), "is a zip archive; unpack it and name the files in it"),
    Foreign(_is_tar, "is a tar archive; unpack it and name the files in it"),
    Foreign(_begins(b"PAR1"), "is a Parquet file; give the CSV, or kubectl's JSON, that it was made from"),
    Foreign(
        _begins(b"\x28\xb5\x2f\xfd"), "is packed with zstd; unpack it first (zstd -d), or pack it with gzip"
    ),
    Foreign(_begins(b"\xfd7zXZ\0"), "is packed with xz; unpack it first (xz -d), or pack it with gzip"),
    Foreign(_begins(b"BZh"), "is packed with bzip2; unpack it first (bzip2 -d), or pack it with gzip"),
    Foreign(_begins(b"\x1f\x8b"), "is packed twice with gzip; unpack it once"),
    Foreign(_begins(b"SQLite format 3\0"), "is an SQLite database; kscale reads etcd's (member/snap/db)"),
    Foreign(_begins(b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe"), "is a program, not data of a cluster"),
    Foreign(_begins(b"%PDF"), "is a PDF; give the file that the figures come from"),
    Foreign(_begins(b"\xff\xfe", b"\xfe\xff"), "is UTF-16 text; save it as UTF-8"),
    Foreign(_matches(re.compile("<")), "is XML or HTML; kscale reads kubectl's JSON (-o json), not XML"),
    Foreign(
        _is_kubeconfig,
        "is a kubeconfig, which holds access, not a cluster; give `kubectl get nodes -o json`",
    ),
    Foreign(_is_yaml_list, "is a list in YAML; give it as JSON: `kubectl get ... -o json`"),
    Foreign(_matches(_TABLE), "is a table of kubectl; give it as JSON: `kubectl get ... -o json`"),
    Foreign(_matches(_DESCRIBED), "is text of kubectl describe; give JSON: `kubectl get ... -o json`"),
    Foreign(
        _matches(
            re.compile(r"(?:No resources found|Error from server|error: |The connection to the server)")
        ),
        "holds a message of kubectl, not a list; run kubectl again",
    ),
    Foreign(
        _matches(re.compile(r"schema\s*:\s*[\"']?kscale\.")), "is kscale's own; `kscale run` takes scenarios"
    ),
)
