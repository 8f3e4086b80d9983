"""Puts to an etcd cluster that a member joins: when they are answered, and who has them by then."""

from dataclasses import dataclass

import numpy as np

from kscale.kernels import etcd_write, learner
from kscale.mechanisms import etcd_puts
from kscale.mechanisms.etcd_learner_load import MOST_TIMED, LearnerLoad, Longs
from kscale.mechanisms.etcd_puts import Etcd


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the new member and of the puts that were timed, those of a join without a fault."""

    found: Longs  # see kernels/learner.py
    arrival: Longs  # [n] when each put was sent
    got: Longs  # [n] when the new member had it
    done: Longs  # [n] when it was answered
    held: Longs  # [n] how many of the old members had it by then
    quorums: tuple[int, int]  # of the old members, and with the new one


def quorum(voters: int) -> int:
    """Return how many of so many voters must have an entry."""
    return voters // 2 + 1


def timed(load: LearnerLoad, found: Longs, got: Longs, puts: int, until: int) -> Answer:
    """Return when the last of the first *puts*, sent *until* then, are answered, by who votes at the time.

    found  int64[k, FOUND]  see kernels/learner.py; the first row is without a fault
    got    int64[n]  ns, when the new member has each put then
    """
    voters = load.voters
    old, new = quorum(voters), quorum(voters + 1)
    promoted = int(found[0, learner.PROMOTED])
    first = max(0, puts - MOST_TIMED) if new <= voters else 0  # else they wait from the beginning
    arrival = load.arrival[first:puts]
    size = load.size[first:puts]
    done, held = _answered(load, arrival, size, new if promoted == 0 else old, (0, until))
    if 0 < promoted < until:
        later, by_later = _answered(load, arrival, size, new, (promoted, until))
        after = (done > promoted) | (arrival > promoted)  # a refused one was so when it came
        done, held = np.where(after, later, done), np.where(after, by_later, held)
    return Answer(found, arrival, got[first:puts], done, held, (old, new))


def _answered(
    load: LearnerLoad, arrival: Longs, size: Longs, most: int, stands: tuple[int, int]
) -> tuple[Longs, Longs]:
    """Return when each put is answered, and how many old members have it then; the store shares the link.

    Where they are too few for the quorum nothing is applied while it *stands*.
    """
    rules, blocked = load.etcd.rules.copy(), etcd_puts.NOTHING
    begin = int(arrival[0]) if len(arrival) else 0
    rules[etcd_write.QUORUM] = min(most, load.voters)
    if load.rules[learner.COMES]:
        rules[etcd_write.NET_PS] *= 2  # two streams share it evenly
    if most > load.voters:
        blocked = np.array([[max(0, time - begin) for time in stands]], dtype=np.int64)
    etcd = Etcd(rules, load.etcd.followers)
    done = etcd_puts.answer(etcd, arrival - begin, size, blocked=blocked).done
    return np.where(done >= 0, done + begin, done), np.full(len(done), rules[etcd_write.QUORUM])
