"""Lists and consistent reads."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
