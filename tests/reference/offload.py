"""Slow twin of kscale.kernels.offload: every trial starts from nothing and replays all that came before."""

from dataclasses import dataclass, field

PUT, DELETE, GET = 0, 1, 2
INSIDE, VALUE_FIRST, INDEX_FIRST, IN_PLACE = 0, 1, 2, 3
MISSING = -2

Operation = tuple[int, int]  # kind, key


@dataclass
class Stores:
    """etcd's entries, the outside store, and its writes in order."""

    protocol: int
    entries: dict[int, tuple[str, int]] = field(default_factory=dict)  # key -> where, put
    values: dict[str, int] = field(default_factory=dict)  # where -> put
    writes: list[tuple[int, str, int | None]] = field(default_factory=list)  # key, where, put or None

    def steps(self, number: int, kind: int, key: int) -> tuple[list[tuple[str, int, str, int | None]], int]:
        """Return the steps of an operation, and after how many it is acknowledged."""
        where = f"key {key}" if self.protocol == IN_PLACE else f"put {number}"
        old = self.entries[key][0] if key in self.entries else None
        value = ("value", key, where, number)
        entry = ("entry", key, where, number if kind == PUT else None)
        remove = [("value", key, old, None)] if old is not None else []
        if kind == DELETE:
            return [entry, *(remove if self.protocol != INSIDE else [])], 1
        return {
            INSIDE: ([entry], 1),
            VALUE_FIRST: ([value, entry, *remove], 2),
            INDEX_FIRST: ([entry, value, *remove], 2),
            IN_PLACE: ([value, entry], 2),
        }[self.protocol]

    def do(self, step: tuple[str, int, str, int | None]) -> None:
        """Do one step."""
        store, key, where, put = step
        if store == "value":
            self.writes.append((key, where, put))
            self.write(where, put)
        elif put is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = (where, put)

    def write(self, where: str, put: int | None) -> None:
        """Write or remove a value."""
        if put is None:
            self.values.pop(where, None)
        else:
            self.values[where] = put

    def lose(self, behind: int) -> list[int]:
        """Forget the last writes of the outside store. Returns their keys."""
        kept = self.writes[: max(0, len(self.writes) - behind)]
        lost = self.writes[len(kept) :]
        self.values, self.writes = {}, kept
        for _, where, put in kept:
            self.write(where, put)
        return [key for key, _, _ in lost]

    def entry(self, key: int) -> tuple[str, int] | None:
        """Return the entry of a key."""
        return self.entries.get(key)

    def value(self, entry: tuple[str, int] | None) -> int | None:
        """Return what is found where an entry leads."""
        if entry is None:
            return None
        return entry[1] if self.protocol == INSIDE else self.values.get(entry[0], MISSING)


class Trials:
    """All trials of a sequence of operations."""

    def __init__(self, operations: list[Operation], sizes: list[int], protocol: int, behind: int) -> None:
        """Try everything."""
        self.operations, self.protocol, self.behind = operations, protocol, behind
        self.counts = {kind: [0, 0, 0, 0] for kind in ("crash", "failover", "read")}
        self.orphans: list[int] = []
        self.steps = self.waited = 0
        self.answers = [
            self.after(n, 0).value(self.after(n, 0).entry(key)) if kind == GET else None
            for n, (kind, key) in enumerate(operations)
        ]
        for number, (kind, key) in enumerate(operations):
            if kind != GET:
                self.around(number, kind, key)
        self.orphan_bytes = sum(sizes[put] for put in self.orphans)

    def after(self, number: int, done: int) -> Stores:
        """Return the stores before operation *number*, and after some of its steps."""
        stores = Stores(self.protocol)
        for earlier, (kind, key) in enumerate(self.operations[: number + 1]):
            if kind != GET:
                steps, _ = stores.steps(earlier, kind, key)
                for step in steps if earlier < number else steps[:done]:
                    stores.do(step)
        return stores

    def truth(self, key: int, before: int) -> int | None:
        """Return the last put of a key among the operations before that one."""
        put = None
        for number, (kind, other) in enumerate(self.operations[:before]):
            if other == key and kind != GET:
                put = number if kind == PUT else None
        return put

    def judge(
        self, kind: str, got: int | None, entry: tuple[str, int] | None, right: set[int | None]
    ) -> None:
        """Count what a reader got."""
        count = self.counts[kind]
        count[0] += 1
        if got == MISSING:
            count[1] += 1
        elif got not in right:
            count[2] += 1
        elif entry is not None and got != entry[1]:
            count[3] += 1

    def around(self, number: int, kind: int, key: int) -> None:
        """Try everything around one put or delete."""
        steps, acknowledged = self.after(number, 0).steps(number, kind, key)
        before, after = self.truth(key, number), number if kind == PUT else None
        self.steps += len(steps)
        self.waited = max(self.waited, acknowledged)
        own_slots = {f"key {key}", f"put {number}"}
        own_slots |= {entry[0] for entry in [self.after(number, 0).entry(key)] if entry}
        for done in range(len(steps) + 1):
            stores = self.after(number, done)
            entry = stores.entry(key)
            right = {after} if done >= acknowledged else {before, after}
            self.judge("crash", stores.value(entry), entry, right)
            self.orphans += [
                put
                for where, put in stores.values.items()
                if where in own_slots and (entry is None or entry[0] != where)
            ]
            self.fail(number, done, steps, key, after)
            for start in range(done + 1):
                seen = self.after(number, start).entry(key)
                right = {after} if start >= acknowledged else {before} if done == 0 else {before, after}
                self.judge("read", stores.value(seen), seen, right)
                if self.protocol != INSIDE:
                    copy = self.after(number, done)
                    copy.lose(self.behind)
                    self.judge("read", copy.value(seen), seen, right)

    def fail(
        self,
        number: int,
        done: int,
        steps: list[tuple[str, int, str, int | None]],
        key: int,
        after: int | None,
    ) -> None:
        """Fail over to the copy after some steps, and go on."""
        stores = self.after(number, done)
        keys = stores.lose(self.behind)
        for step in steps[done:]:
            stores.do(step)
        for other in {key, *keys}:
            right = after if other == key else self.truth(other, number)
            self.judge("failover", stores.value(stores.entry(other)), stores.entry(other), {right})
