"""Nodes of a list: what fits on them, the version of their kubelets, their images."""

import json
import sys
from collections import Counter
from dataclasses import replace

from kscale import units
from kscale.imports import fields, versions
from kscale.imports.facts import NodeFact, Value
from kscale.imports.fields import UNKNOWN, FieldError, Object
from kscale.imports.node_object import has_allocatable, node_fact
from kscale.scenario.schema_cluster import MOST_NODES

MOST_BYTES = 512 * 2**20  # that labels, taints and resources of all nodes may take, as counted here
OF_LABEL, OF_TUPLE, OF_TEXT = 40, 100, 100  # bytes beside text: an entry of a mapping, a taint, a text known


class Nodes:
    """Nodes one after another."""

    def __init__(self) -> None:
        """Start without nodes."""
        self.facts: list[NodeFact] = []
        self.seen = 0
        self.without_amounts = 0
        self.by_capacity = 0
        self.images = 0
        self.image_bytes = 0  # of JSON
        self.json_bytes = 0
        self.newest_s = UNKNOWN  # newest heartbeat
        self._minors: Counter[int] = Counter()
        self._texts: dict[str, str] = {}  # each text once
        self._bytes = 0  # about, that nodes take beside their amounts

    def add(self, node: Object, json_bytes: int) -> None:
        """Take a Node object; FieldError if a field has a wrong type or value."""
        if self.seen >= MOST_NODES:
            raise FieldError(f"more than {MOST_NODES:,} nodes; a scenario has at most as many")
        fact = node_fact(node)
        self.seen += 1
        self._look_at_status(fields.mapping(node, "status"))
        self.json_bytes += json_bytes
        if fact is None:
            self.without_amounts += 1
            return
        self.by_capacity += not has_allocatable(node)
        self._keep(OF_LABEL * len(fact.labels) + OF_TUPLE * (len(fact.taints) + len(fact.extended)))
        once = self._once
        self.facts.append(
            replace(
                fact,
                labels={once(key): once(value) for key, value in fact.labels.items()},
                taints=tuple((once(key), once(value), once(effect)) for key, value, effect in fact.taints),
                extended=tuple((once(name), amount) for name, amount in fact.extended),
            )
        )

    def profile(self) -> Value | None:
        """Return the profile nearest to the version of most kubelets, of equally near ones the newer."""
        if not self._minors:
            return None
        minor = versions.of_most(self._minors)
        nearest = versions.nearest_profile(minor)
        return Value("profile", nearest, f"nearest to most kubelets, 1.{minor}", estimate=True)

    def _look_at_status(self, status: Object) -> None:
        """Take versions, images and heartbeats."""
        info = fields.mapping(status, "nodeInfo", "status.")
        minor = versions.minor_of(fields.text(info, "kubeletVersion", "status.nodeInfo."))
        if minor is not None:
            self._minors[minor] += 1
        images = fields.mappings(status, "images", "status.")
        if images:
            self.images += len(images)
            self.image_bytes += len(json.dumps(images, ensure_ascii=False, separators=(",", ":")))
        for i, condition in enumerate(fields.mappings(status, "conditions", "status.")):
            at = f"status.conditions[{i}]."
            self.newest_s = max(self.newest_s, fields.seconds(condition, "lastHeartbeatTime", at))

    def _once(self, text: str) -> str:
        """Return the one copy of *text*."""
        known = self._texts.get(text)
        if known is None:
            self._keep(OF_TEXT + sys.getsizeof(text))
            known = self._texts[text] = text
        return known

    def _keep(self, more: int) -> None:
        """Count bytes that are kept; FieldError where they are more than any cluster's."""
        self._bytes += more
        if self._bytes > MOST_BYTES:
            raise FieldError(
                "metadata.labels: labels, taints and resources of all nodes take more than "
                f"{units.show_bytes(MOST_BYTES)}"
            )
