"""The scheduler."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
