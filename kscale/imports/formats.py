"""The formats kscale imports, in the order in which a file is held against them.

The content decides; the ending of a file's name helps only where the content fits nothing. Readers
are imported when they are needed: that of etcd's files brings the compiler.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from kscale.errors import KscaleError
from kscale.imports import foreign, json_head, opened
from kscale.imports.facts import Facts, Progress
from kscale.imports.json_head import Outline
from kscale.scenario.document import one_line

Read = Callable[[Path, str, Progress], Facts]

BBOLT_MAGIC = 0xED0CDAED  # go.etcd.io/bbolt, internal/common: of a meta page
BBOLT_META = 16  # bytes of the page's header before it
BBOLT_PAGES = tuple(2**power for power in range(9, 17))  # sizes a page may have, 512 B to 64 KiB

BOM = b"\xef\xbb\xbf"
LOOKED_AT = 50  # lines of text that tell a format

OBJECT_KEYS = frozenset({"kind", "apiVersion", "items", "metadata"})  # of Kubernetes
CONFIG_KINDS = frozenset(
    {
        "KubeletConfiguration", "KubeSchedulerConfiguration", "ClusterConfiguration", "InitConfiguration",
        "JoinConfiguration",
    }
)  # fmt: skip

MANIFEST_KINDS = frozenset({"Pod", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ConfigMap"})

_PART = re.compile(r"kube-(?:apiserver|scheduler|controller-manager)|etcd|hyperkube|[a-z]Configuration")
_CONFIG_YAML = re.compile(
    r"^(?:apiVersion|kind|data-dir|listen-client-urls|initial-cluster|quota-backend-bytes)\s*:", re.MULTILINE
)
_COMMENT = re.compile(r"# (?:HELP|TYPE|UNIT) [a-zA-Z_:]|# EOF$")
_SAMPLE = re.compile(
    r"(?:[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?|\{.+\})\s+[-+]?(?:[0-9.][0-9.eE+-]*|Inf|NaN)(?:\s+[0-9.-]+)?"
)
_OPENB = re.compile(r"(?:sn|name),cpu_milli,memory_mib,")
_TRACE = re.compile(rb"[\x80-\x8f\xde]")  # a map of msgpack


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that kscale reads."""

    id: str  # also Source.format
    title: str  # what people call it
    module: str  # of its reader, in this folder
    sniff: Callable[[bytes], bool]  # whether a file that begins so is of this kind
    endings: tuple[str, ...] = ()  # of names, where the content fits nothing

    @property
    def read(self) -> Read:
        """Return the reader, imported now."""
        return cast("Read", import_module(f"kscale.imports.{self.module}").read)


def of(path: Path, name: str) -> Format:
    """Return the format of *path*; KscaleError, one line, says what it is instead and what to give."""
    head = opened.head(path, name)
    if not head.removeprefix(BOM).strip() and len(head) < opened.HEAD:
        raise KscaleError(one_line(f"{name}: is empty"))
    elsewhere = foreign.what_instead(head)
    if elsewhere:
        raise KscaleError(one_line(f"{name}: {elsewhere}"))
    found = next((one for one in FORMATS if one.sniff(head)), None) or _by_ending(path)
    if found is None:
        known = ", ".join(one.title for one in FORMATS)
        raise KscaleError(one_line(f"{name}: is of no format that kscale reads: {known}"))
    if found.id == "etcd-db" and opened.is_packed(path):
        raise KscaleError(
            one_line(f"{name}: is a packed etcd snapshot; unpack it first: its pages are read in place")
        )
    return found


def _by_ending(path: Path) -> Format | None:
    """Return the format that files of such a name have."""
    return next((one for one in FORMATS if path.name.removesuffix(".gz").endswith(one.endings)), None)


def _text(head: bytes) -> str:
    """Return the beginning as text, whatever it is."""
    return head.removeprefix(BOM).decode("utf-8", "replace").lstrip()


def _lines(head: bytes) -> list[str]:
    """Return the first lines that say something; the last one may be cut."""
    return [line.strip() for line in _text(head).splitlines()[:LOOKED_AT] if line.strip()]


def _is_etcd_db(head: bytes) -> bool:
    """Return whether one of the first two pages is a meta page of bbolt."""
    places = (BBOLT_META, *(BBOLT_META + page for page in BBOLT_PAGES))
    return any(
        struct.unpack_from("<I", head, place)[0] == BBOLT_MAGIC for place in places if place + 4 <= len(head)
    )


def _is_sktrace(head: bytes) -> bool:
    """Return whether it is a trace of SimKube: a map of msgpack with its keys."""
    return bool(_TRACE.match(head)) and b"trackedObjects" in head[:4096]


def _documents(head: bytes) -> list[Outline]:
    """Return the outermost keys of each document of JSON; none if it is not JSON."""
    text = _text(head)
    return list(json_head.outlines(text)) if json_head.is_json(text) else []


def _is_audit(head: bytes) -> bool:
    """Return whether it is a log of audit events."""
    return any(one.get("apiVersion", "").startswith("audit.k8s.io/") for one in _documents(head))


def _is_prometheus(head: bytes) -> bool:
    """Return whether it is metrics as text, or Prometheus' answer to a query."""
    if json_head.is_json(_text(head)):
        first = next(iter(_documents(head)), {})
        answers = first.get("status") in {"success", "error"} or "data.resultType" in first
        return answers and not first.keys() & {"kind", "apiVersion"}
    lines = _lines(head)
    line = next((line for line in lines if not line.startswith("#")), "")
    return any(_COMMENT.match(line) for line in lines) or bool(_SAMPLE.fullmatch(line))


def _is_manifest(head: bytes) -> bool:
    """Return whether it is a manifest or a component's configuration; what has a uid is an object."""
    text = _text(head)
    if json_head.is_json(text):
        documents = _documents(head)
        first = documents[0] if documents else {}
        alone = len(documents) == 1 and first.get("kind") in MANIFEST_KINDS and "metadata.uid" not in first
        is_config = first.get("kind") in CONFIG_KINDS or "kubeletconfig" in first
        return is_config or (alone and not text.startswith("[") and bool(_PART.search(text)))
    return bool(_CONFIG_YAML.search(text))


def _is_kubectl(head: bytes) -> bool:
    """Return whether it is one object or a list of Kubernetes, as JSON."""
    return any(one.keys() & OBJECT_KEYS for one in _documents(head))


def _is_openb(head: bytes) -> bool:
    """Return whether it is a list of the openb trace."""
    return bool(_OPENB.match(_text(head)))


FORMATS: tuple[Format, ...] = (
    Format("etcd-db", "etcd snapshot", "etcd_db", _is_etcd_db),
    Format("sktrace", "SimKube trace", "sktrace", _is_sktrace, (".sktrace",)),
    Format("audit", "audit log", "audit", _is_audit),
    Format("prometheus", "Prometheus metrics", "prometheus", _is_prometheus, (".prom",)),
    Format("manifest", "manifest or config", "manifests", _is_manifest),
    Format("kubectl", "kubectl JSON", "kubectl", _is_kubectl),
    Format("openb", "openb CSV", "openb", _is_openb),
)
