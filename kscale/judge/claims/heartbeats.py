"""Node heartbeats."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
