"""etcd's free pages."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
