"""etcd's concurrent reads and learners."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
