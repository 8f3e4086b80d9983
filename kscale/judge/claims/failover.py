"""Controller failover and informer fill."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
