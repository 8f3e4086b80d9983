"""Watch cache, bookmarks and resuming."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
