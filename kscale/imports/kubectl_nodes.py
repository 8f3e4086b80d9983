"""Nodes of a list: what fits on them, the version of their kubelets, their images."""

import json
from collections import Counter
from dataclasses import replace

from kscale import units
from kscale.imports import fields, versions
from kscale.imports.facts import NodeFact, Value
from kscale.imports.fields import UNKNOWN, FieldError, Object
from kscale.imports.node_object import has_allocatable, node_fact
from kscale.scenario.schema_cluster import MOST_NODES

MOST_LABEL_TEXT = 256 * 2**20  # characters of all different labels and values


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
        self._texts: dict[str, str] = {}  # each label's text once
        self._text = 0

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
        self.facts.append(
            replace(fact, labels={self._once(key): self._once(value) for key, value in fact.labels.items()})
        )

    def profile(self) -> Value | None:
        """Return the profile nearest to the version of most kubelets, of equally near ones the newer."""
        if not self._minors:
            return None
        minor = max(self._minors, key=lambda one: (self._minors[one], one))
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
            self._text += len(text)
            if self._text > MOST_LABEL_TEXT:
                raise FieldError(
                    f"metadata.labels: those of all nodes are longer than {units.show_bytes(MOST_LABEL_TEXT)}"
                )
            known = self._texts[text] = text
        return known
