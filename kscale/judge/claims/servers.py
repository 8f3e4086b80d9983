"""Balance over API servers."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
