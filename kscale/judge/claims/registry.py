"""All claims, in print order."""

from kscale.errors import KscaleError, did_you_mean
from kscale.judge.claims import (
    encoding,
    etcd_reads,
    etcd_writes,
    failover,
    freelist,
    headlines,
    heartbeats,
    lists,
    scheduling,
    servers,
    watches,
)
from kscale.judge.claims.record import Claim

CLAIMS: tuple[Claim, ...] = (
    *heartbeats.CLAIMS,
    *lists.CLAIMS,
    *watches.CLAIMS,
    *encoding.CLAIMS,
    *servers.CLAIMS,
    *failover.CLAIMS,
    *etcd_writes.CLAIMS,
    *etcd_reads.CLAIMS,
    *freelist.CLAIMS,
    *scheduling.CLAIMS,
    *headlines.CLAIMS,
)


def find(claim_id: str) -> Claim:
    """Return the claim of that id; KscaleError names the nearest one if there is none."""
    for claim in CLAIMS:
        if claim.id.lower() == claim_id.lower():
            return claim
    raise KscaleError(f"no claim '{claim_id}'; {did_you_mean(claim_id, (claim.id for claim in CLAIMS))}")
