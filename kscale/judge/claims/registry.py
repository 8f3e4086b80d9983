"""All claims, by subject and in print order."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from kscale.errors import KscaleError, did_you_mean
from kscale.judge.claims import (
    calibrated,
    clusterwide,
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
from kscale.units import quote

SUBJECTS: Mapping[str, tuple[Claim, ...]] = {
    "heartbeats": heartbeats.CLAIMS,
    "lists": lists.CLAIMS,
    "watches": watches.CLAIMS,
    "encoding": encoding.CLAIMS,
    "servers": servers.CLAIMS,
    "failover": failover.CLAIMS,
    "etcd-writes": etcd_writes.CLAIMS,
    "etcd-reads": etcd_reads.CLAIMS,
    "freelist": freelist.CLAIMS,
    "scheduling": scheduling.CLAIMS,
    "clusterwide": clusterwide.CLAIMS,
    "headlines": headlines.CLAIMS,
    "calibrated": calibrated.CLAIMS,
}
CLAIMS: tuple[Claim, ...] = tuple(claim for claims in SUBJECTS.values() for claim in claims)


def find(claim_id: str) -> Claim:
    """Return the claim of that id; KscaleError names the nearest one if there is none."""
    for claim in CLAIMS:
        if claim.id.lower() == claim_id.lower():
            return claim
    raise KscaleError(f"no claim '{claim_id}'; {did_you_mean(claim_id, (claim.id for claim in CLAIMS))}")


def subject_of(claim_id: str) -> str:
    """Return the subject that a claim belongs to; none if there is no claim of that id."""
    return next((name for name, claims in SUBJECTS.items() if claim_id in {one.id for one in claims}), "")


def chosen(patterns: Sequence[str]) -> list[Claim]:
    """Return the claims whose id or subject matches one of *patterns*, in print order; all without any.

    KscaleError names the nearest id or subject, and all subjects, if a pattern matches nothing.
    """
    wanted: set[str] = set()
    for pattern in patterns:
        found = {
            claim.id
            for subject, claims in SUBJECTS.items()
            for claim in claims
            if any(fnmatchcase(name.lower(), pattern.lower()) for name in (claim.id, subject))
        }
        if not found:
            known = [*SUBJECTS, *(claim.id for claim in CLAIMS)]
            subjects = f"subjects: {', '.join(SUBJECTS)}"
            raise KscaleError(f"no claim {quote(pattern)}; {did_you_mean(pattern, known)}; {subjects}")
        wanted |= found
    return [claim for claim in CLAIMS if not patterns or claim.id in wanted]
