"""The slow twin of a member that joins: one nanosecond at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

LEADER, NOBODY = 0, -1


@dataclass
class Cluster:
    """What is given, and what became of it."""

    voters: int
    learns: bool
    comes: bool
    snapshot: int  # ns
    arrival: Sequence[int]  # ns of each entry
    took: Sequence[int]  # ns to send each
    before: int  # entries
    every: int  # ns
    share: int  # ppm
    repair: int  # ns
    horizon: int  # ns
    who: int
    when: int
    election: int

    unavailable: int = 0
    promoted: int | None = None
    snapshots: int = 0
    causes: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("electing", "joining", "gone", "too few"), 0)
    )

    def run(self) -> None:  # noqa: C901 - a nanosecond's events in the order in which they count
        """Pass the time."""
        self.promoted = None if self.learns else 0
        back = self.when + self.repair
        elected = -1
        opened, has, has_all, had_all = False, 0, False, False
        sending: tuple[int, int] | None = None  # when it ends, what the new member has then
        if self.comes:
            sending, self.snapshots = (self.snapshot, 0), 1
        for now in range(self.horizon):
            if sending is not None and sending[0] == now:
                opened, has, sending = True, sending[1], None
            cut_off = (self.who == LEADER and self.when < now < elected) or (
                self.who == self.voters and self.when < now < back
            )
            has_all = has_all or (
                opened and not cut_off and sending is None and has == self.arrived(now)
            )  # what is complete at an instant is, though the sender fails at it
            had_all = had_all or has_all
            fails = self.who != NOBODY and now == self.when
            if fails and self.who == LEADER:
                there = self.voters - 1 + (self.counts(now) and self.comes)
                decided = there >= (self.voters + self.counts(now)) // 2 + 1
                elected = (self.when if decided else back) + self.election
            gone = self.who != NOBODY and self.when <= now < back
            no_leader = self.who == LEADER and self.when <= now < elected
            new_gone = gone and self.who == self.voters
            if (fails and self.who == self.voters) or (fails and self.who == LEADER):
                sending = None
                has_all = has_all and self.who == LEADER
            if self.comes and not no_leader and not new_gone:
                if not opened and sending is None:
                    sending = now + self.snapshot, self.arrived(now)
                    self.snapshots += 1
                while opened and sending is None and has < self.arrived(now):
                    if self.took[has]:
                        sending = now + self.took[has], has + 1
                    else:
                        has += 1
                has_all = has_all or (opened and sending is None)
                old = self.voters - (gone and self.who < self.voters)
                decides = old >= self.voters // 2 + 1
                leader = self.before + self.arrived(now)
                mine = leader if has_all else self.before + has
                tried = now % self.every == 0 and opened and self.promoted is None and decides
                if tried and mine * 1_000_000 >= leader * self.share:
                    self.promoted = now
            old = self.voters - (gone and 0 <= self.who < self.voters)
            there = old + (self.counts(now) and has_all and not new_gone)
            quorum = (self.voters + self.counts(now)) // 2 + 1
            if no_leader or there < quorum:
                self.unavailable += 1
                electing = no_leader and now >= elected - self.election
                new = "gone" if had_all or has_all else "joining"
                cause = "electing" if electing else "too few" if old < self.voters // 2 + 1 else new
                self.causes[cause] += 1

    def counts(self, now: int) -> bool:
        """Say whether the new member is a voter."""
        return self.promoted is not None and self.promoted <= now

    def arrived(self, now: int) -> int:
        """Return how many entries there are."""
        return sum(at <= now for at in self.arrival)
