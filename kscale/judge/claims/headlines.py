"""Headline figures of the articles that no other row holds."""

from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = ()
