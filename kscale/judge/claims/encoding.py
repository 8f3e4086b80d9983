"""Encoding of watch events."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
