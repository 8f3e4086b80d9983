"""etcd's write path, shards and outside stores."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
