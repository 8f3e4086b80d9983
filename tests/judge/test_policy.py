"""The policy file: what may stand in it, and every complaint in one line with its place."""

import json
import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kscale import units
from kscale.errors import KscaleError
from kscale.judge import policy_load, requirement
from kscale.judge.policy import Ack, Policy

SCHEMAS = Path(__file__).parents[2] / "schemas"

WHOLE = """\
schema: kscale.policy/1
defaults:
  exact:    {tolerance: 0%,  level: error}
  timing:   {margin: 5%, margin_ci: 10%, level: error, confirm: 1, min_pairs: 10}
  resource: {margin: 10%, level: warn}
treat:
  unclear: warn
  new_cell: ignore
  gone_cell: fail
  other_machine: warn
  nothing_judged: fail
rules:
  - match: {mechanism: "sched_*", metric: wall_ns, params: {nodes: 10k}}
    margin: 15%
    reason: "small kernel, spread near 6 %"
  - match: {mechanism: watch-bookmark, metric: events_resynced}
    tolerance: 0
  - match: {mechanism: etcd_offload, metric: "*_ns"}
    level: ignore
require:
  - "etcd_freelist[pages=1000000].wall_ns.speedup >= 10"
  - watch_bookmark.events_resynced.fraction <= 3%
acks:
  - match: {mechanism: cache_read, metric: wall_ns}
    up_to: 20%
    reason: "index kept for namespaces too"
    link: "#41"
    expires: 2027-01-31
"""


def read(text: str) -> Policy:
    """Read a policy as p.yaml."""
    return policy_load.parse(text.encode(), "p.yaml")


def test_a_whole_policy_is_read() -> None:
    """Every key of the format, with its amounts exact and its place known."""
    found = read(WHOLE)
    assert found.spec.rules[0].margin == Fraction(15, 100)
    assert found.spec.rules[1].tolerance == 0
    assert found.spec.acks[0].expires == date(2027, 1, 31)
    assert found.requirements[0].params == {"pages": "1000000"}
    assert found.place("rules", 1) == "p.yaml:16"
    assert found.place("acks", 0) == "p.yaml:24"
    assert found.place("defaults", "timing") == "p.yaml:4"
    assert found.place("treat", "gone_cell") == "p.yaml:9"


def test_every_key_is_optional() -> None:
    """One line is a policy; what it does not say are the documented defaults."""
    spec = read("schema: kscale.policy/1").spec
    assert spec == read("treat: {}\nrules:\nacks: []").spec
    assert spec.defaults.timing.margin == Fraction(5, 100)
    assert (spec.defaults.timing.confirm, spec.defaults.timing.min_pairs) == (1, 10)
    assert (spec.defaults.exact.tolerance, spec.defaults.exact.level) == (Fraction(0), "error")
    assert read("treat: {}").place("treat", "gone_cell") == "default: treat.gone_cell"
    assert (spec.defaults.resource.margin, spec.defaults.resource.level) == (Fraction(1, 10), "warn")


REFUSED = [
    ("", 1, "is empty; the least policy is one line"),
    ("- a", 1, "must map keys to values"),
    ("schema: kscale.policy/2", 1, "schema: cannot be 'kscale.policy/2'"),
    ("defauts: {}", 1, "defauts: unknown key; did you mean 'defaults'?"),
    (
        "defaults:\n  timing:\n    margins: 5%",
        3,
        "defaults.timing.margins: unknown key; did you mean 'margin'?",
    ),
    ("defaults: {timing: {margin: 5}}", 1, "defaults.timing.margin: 5 is not a percentage; write it like 5%"),
    ("defaults: {timing: {margin: 0.05}}", 1, "0.05 is not a percentage"),
    ("defaults: {timing: {margin: -5%}}", 1, "'-5%' is negative"),
    ("defaults: {timing: {level: fail}}", 1, "defaults.timing.level: cannot be 'fail'; "),
    ("defaults: {timing: {level: off}}", 1, "'off' is read as false by some"),
    ("defaults: {timing: {confirm: true}}", 1, "true is not a count"),
    ("defaults: {timing: {confirm: 6}}", 1, "must be 0 to 5"),
    ("defaults: {timing: {min_pairs: 5}}", 1, "must be 6 to 1,000"),
    ("treat: {unclear: error}", 1, "treat.unclear: cannot be 'error'"),
    ("treat: {nothing_judged: warn}", 1, "treat.nothing_judged: cannot be 'warn'"),
    ("rules:\n- match: {metrik: a}", 2, "rules[0].match.metrik: unknown key; did you mean 'metric'?"),
    ("rules:\n- level: warn", 2, "rules[0].match: is needed here"),
    ("rules:\n- match: {}", 2, 'rules[0].match: names nothing; to match everything, write mechanism: "*"'),
    ("rules:\n- match: {metric: 5}", 2, "rules[0].match.metric: must be text, got 5"),
    ("rules:\n- match: {params: {pages: [1]}}", 2, "rules[0].match.params.pages"),
    ("acks:\n- match: {metric: a}\n  up_to: 5%\n  expires: 2027-01-31", 2, "acks[0].reason: is needed here"),
    ("acks:\n- {match: {metric: a}, up_to: 5%, reason: x}", 2, "acks[0].expires: is needed here"),
    (
        "acks:\n- match: {metric: a}\n  up_to: 5%\n  reason: x\n  expires: 2027-02-30",
        5,
        "acks[0].expires: '2027-02-30' is not a date; write it like 2027-01-31",
    ),
    ("acks:\n- match: {metric: a}\n  up_to: 5%\n  reason: x\n  expires: soon", 5, "'soon' is not a date"),
    ("acks:\n- match: {metric: a}\n  up_to: 5%\n  reason: x\n  expires: 20270131", 5, "is not a date"),
    ("acks:\n- match: {metric: a}\n  up_to: 5%\n  reason: x\n  expires: 2027-W01-1", 5, "is not a date"),
    (
        'acks:\n- match: {metric: a}\n  up_to: 5%\n  reason: x\n  expires: "\uff12027-01-31"',
        5,
        "is not a date",
    ),
    ("defaults: {timing: {margin: +5%}}", 1, "'+5%' is not a percentage; write it like 5%"),
    ("defaults: {timing: {margin: 1e5%}}", 1, "'1e5%' is not a percentage"),
    ("defaults: {timing: {margin: .5%}}", 1, "'.5%' is not a percentage"),
    ("defaults: {timing: {margin: '0'}}", 1, "'0' is not a percentage"),
    ("defaults: {timing: {margin: true}}", 1, "true is not a percentage"),
    ("require: nonsense", 1, "require: 'nonsense' cannot be read"),
    ("require: 3", 1, "require: must be a list"),
    ("require:\n- nonsense", 2, "require[0]: 'nonsense' cannot be read; write it like etcd-freelist["),
    ("require:\n- a.b.speedup = 5", 2, "require[0]: '=' is not an operator; known: >= <= == > <"),
    ("require:\n- a.b.speeedup >= 5", 2, "no stat 'speeedup'; did you mean 'speedup'?"),
    ("require:\n- a.speedup >= 5", 2, "after the mechanism come METRIC.STAT"),
    ('require:\n- "a[b].c.speedup >= 5"', 2, "is not key=value"),
    ('require:\n- "a[b=1,b=2].c.speedup >= 5"', 2, "'b' is there twice"),
    ("rules: &a []", 1, "rules: anchors are not read"),
    ("a: 1\na: 2", 2, "a: is already given on line 1"),
    ("a: '\x07'", 1, "character U+0007 is not allowed"),
]


@pytest.mark.parametrize(("text", "line", "says"), REFUSED, ids=range(len(REFUSED)))
def test_a_bad_policy_is_one_line_with_its_place(text: str, line: int, says: str) -> None:
    """File, line, key, what is wrong and what is allowed."""
    with pytest.raises(KscaleError) as caught:
        read(text)
    said = str(caught.value)
    assert said.startswith(f"p.yaml:{line}: ")
    assert says in said
    assert said.isprintable()


@given(st.text(max_size=80) | st.sampled_from([text for text, *_ in REFUSED]).map(lambda text: text * 2))
def test_nothing_but_kscale_errors(text: str) -> None:
    """Whatever a file holds, it is a policy or one printable line."""
    try:
        read(text)
    except KscaleError as error:
        assert str(error).isprintable()  # noqa: PT017 - a policy is as good an outcome


def published(name: str) -> str:
    """Return the pattern of the published schema for what Rule or Ack calls *name*."""
    kept = json.loads((SCHEMAS / "policy.schema.json").read_text(encoding="utf-8"))
    asked = kept["$defs"]["Ack"]["properties"][name]
    return str(asked["pattern"] if "pattern" in asked else asked["anyOf"][0]["pattern"])


@given(st.text("0159,_.+-eE% \n", max_size=12) | st.from_regex(r"[0-9]{1,3}(,[0-9]{3})*\.?[0-9]* ?%\n?"))
def test_percentages_are_read_as_the_published_schema_says(given_: str) -> None:
    """Both take a text, or neither does; what is read is written so that it reads back."""
    ack = {"match": {"metric": "a"}, "reason": "r", "expires": "2027-01-31", "up_to": given_}
    fits = (
        re.search(published("up_to").replace("$", r"\Z"), given_) is not None and len(given_) <= units.LONGEST
    )
    try:
        found = Ack.model_validate(ack)
    except ValidationError as error:
        assert not fits or "is too large" in str(error)  # noqa: PT017 - a share is as good an outcome
    else:
        assert fits
        again = ack | {"up_to": found.model_dump()["up_to"]}
        assert Ack.model_validate(again) == found


def test_days_are_read_as_the_published_schema_says() -> None:
    """A year, a month and a day, in digits."""
    pattern = published("expires")
    assert re.search(pattern, "2027-01-31")
    assert not any(re.search(pattern, given_) for given_ in ("2027-W01-1", "20270131", "2027-1-31"))


def test_the_schema_says_what_a_level_of_resources_cannot_do() -> None:
    """One process alone never fails; the one who writes error, or an ack, learns it there."""
    kept = json.loads((SCHEMAS / "policy.schema.json").read_text(encoding="utf-8"))["$defs"]
    assert "error warns too" in kept["ResourceDefaults"]["properties"]["level"]["description"]
    assert "resource" in kept["Rule"]["properties"]["level"]["description"]
    assert "resource" in kept["Ack"]["properties"]["match"]["description"]


@given(st.text("abz[]=,.<>=% 0159_-\n", max_size=60))
def test_a_requirement_is_read_or_refused(text: str) -> None:
    """The grammar never raises anything but its complaint."""
    try:
        found = requirement.parse(text)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017 - a requirement is as good an outcome
    else:
        assert found.stat in requirement.STATS


def test_which_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is named, else kscale-gate.yaml here, else none."""
    monkeypatch.chdir(tmp_path)
    assert policy_load.load().name == "defaults"
    with pytest.raises(KscaleError, match=r"^other\.yaml: no such file"):
        policy_load.load(Path("other.yaml"))
    Path("kscale-gate.yaml").write_text("treat: {unclear: fail}", encoding="utf-8")
    assert policy_load.load().name == "kscale-gate.yaml"
    assert policy_load.load().spec.treat.unclear == "fail"
    assert policy_load.load(tmp_path / "kscale-gate.yaml").name == "kscale-gate.yaml"
    Path("folder.yaml").mkdir()
    with pytest.raises(KscaleError, match=r"^folder\.yaml: cannot be read"):
        policy_load.load(Path("folder.yaml"))
