"""Claims made for tests, with what their set-up came to."""

from collections.abc import Sequence
from typing import Any

from kscale.judge.claims.record import Claim, Figure, Kind, Ran, Setup, identity, order, ratio
from kscale.judge.claims.verdict import Finding, Judged, Verdict, judge
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.registry import MECHANISMS

MECHANISM = "etcd-freelist"


def setup(profile: str = "k8s-1.14", mechanism: str = MECHANISM, **work: int) -> Setup:
    """Return a set-up of one cell, both variants with the same work."""
    works = {BASELINE: work, OPTIMIZED: work}
    return Setup("made", (Ran(mechanism, {"free_pages": 10_000, "seed": None}, works, {}),), profile)


def claim(number: str, kind: Kind, *figures: Figure, **more: Any) -> Claim:  # noqa: ANN401 - fields of a claim
    """Return a claim of that kind and its figures."""
    fields = {
        "title": "Reads are served from the cache",
        "source": "KEP-2340",
        "stated": "one list a second of 300k x 1 KB",
        "setup": "made",
    }
    return Claim(id=number, kind=kind, figures=figures, **(fields | more))


def finding(made: Claim) -> Finding:
    """Return what becomes of a made claim, its figures read from an empty set-up."""
    return judge(made, setup() if made.setup else None, MECHANISMS)


def findings() -> list[Finding]:
    """Return one claim of each verdict."""
    inside = order("P50 of a list, before", "ns", 10.5e9, lambda _: 8.1e9)
    fitted = judge(
        claim("R3", "R", ratio("CPU of the API server, before over after", 11, (6.6, 15.4), lambda _: 11.0)),
        setup(),
        MECHANISMS,
    )
    return [
        finding(
            claim("A1", "A", identity("log", "bytes/min", 150e6, lambda _: 149.2e6), provenance="measured")
        ),
        finding(claim("R1", "R", ratio("P50, before over after", 21, (12.6, 29.4), lambda _: 18.75))),
        finding(
            claim(
                "R2",
                "R",
                ratio("share of events that is sent again", 0.03, (0.02, 0.05), lambda _: 0.081, "share"),
                ratio("relists", 0, (0, 0), lambda _: 0.0, "relists"),
            )
        ),
        Finding(
            fitted.claim,
            tuple(Judged(one.figure, one.ours, Verdict.FITTED) for one in fitted.figures),
            Verdict.FITTED,
            ("list_cpu_ns",),
            fitted.setup,
        ),
        finding(claim("M1", "M", inside, assumes=("Pods of 10 KB.",))),
        finding(claim("M2", "M", setup=None, not_reproducible="the load was not published")),
        finding(claim("M3", "M", inside, not_reproducible="the machine was not named")),
    ]


def ids(found: Sequence[Finding]) -> list[str]:
    """Return the ids of claims."""
    return [one.claim.id for one in found]
