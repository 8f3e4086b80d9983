"""What a scenario asks for becomes cells, or one clear line."""

import pytest
from measure_fakes import loaded, mechanism

from kscale.errors import KscaleError
from kscale.measure.plan import PlannedCell, params_schema, plan
from kscale.results import record

FAKES = (mechanism(variants=("third",)), mechanism(mechanism_id="other-search"))


def cells(
    mechanisms: str = "", only: tuple[str, ...] = (), overrides: tuple[str, ...] = ()
) -> list[PlannedCell]:
    return plan(loaded(mechanisms), FAKES, only=only, overrides=overrides)


def test_without_a_section_every_mechanism_runs_at_its_defaults() -> None:
    """No `mechanisms:` means all of them, baseline and optimized."""
    found = cells()
    assert [cell.mechanism.id for cell in found] == ["fake-search", "other-search"]
    assert found[0].variants == ("baseline", "optimized")
    assert found[0].label == "defaults"
    assert found[0].values["free_pages"] == 1000


def test_sweeps_are_a_product_in_the_order_written() -> None:
    """Two lists of two make four cells, the last key fastest."""
    found = cells("mechanisms:\n  fake-search: {workload: [A, B], free_pages: [10k, 1M]}\n")
    assert [cell.label for cell in found] == [
        "workload A, 10k free pages",
        "workload A, 1M free pages",
        "workload B, 10k free pages",
        "workload B, 1M free pages",
    ]
    assert [cell.params.free_pages for cell in found] == [10**4, 10**6] * 2


def test_blocks_add_up_and_keep_their_own_variants() -> None:
    """A list of mappings is several sweeps."""
    found = cells(
        "mechanisms:\n  fake-search: [{free_pages: 5, variants: all}, {churn: true, variants: [third]}]\n"
    )
    assert [cell.variants for cell in found] == [("baseline", "optimized", "third"), ("baseline", "third")]
    assert [cell.label for cell in found] == ["5 free pages", "churn"]


@pytest.mark.parametrize(
    ("block", "label"),
    [
        ("{value_bytes: 15KiB}", "value 15 KiB"),
        ("{share: '30%'}", "share 0.3"),
        ("{free_pages: 1}", "1 free page"),
        ("{free_pages: 2}", "2 free pages"),
        ("{churn: false}", "no churn"),
        ("{workload: B}", "workload B"),
    ],
)
def test_labels_are_words(block: str, label: str) -> None:
    """Each kind of parameter reads as people say it."""
    assert cells(f"mechanisms:\n  fake-search: {block}\n")[0].label == label


def test_key_is_that_of_the_record() -> None:
    """A planned cell and the cell in a result have one identity."""
    cell = cells("mechanisms:\n  fake-search: {free_pages: 7, churn: true, share: 0.25}\n")[0]
    kept = record.Cell(
        mechanism=cell.mechanism.id, params=cell.values, label="", digest="", seconds=0, variants={}
    )
    assert kept.key == cell.key
    assert record.Cell.model_validate_json(kept.model_dump_json()).key == cell.key


@pytest.mark.parametrize(
    ("mechanisms", "line", "says"),
    [
        ("  fake-serch: {}", 8, "no mechanism 'fake-serch'; did you mean 'fake-search'?"),
        ("  fake-search: {free_page: 1}", 8, "no parameter 'free_page'; did you mean 'free_pages'?"),
        ("  fake-search: {free_pages: 0}", 8, "greater than or equal to 1, got 0"),
        ("  fake-search: {free_pages: -1}", 8, "-1 is negative"),
        ("  fake-search: {free_pages: true}", 8, "true is not a count"),
        ("  fake-search: {free_pages: ten}", 8, "'ten' is not a count; write it like"),
        ("  fake-search: {free_pages: []}", 8, "must have 1 to 1,000 values, got 0"),
        ("  fake-search:\n    free_pages:\n    - 1\n    - 1.5", 11, "1.5 is not a whole number"),
        ("  fake-search: {workload: D}", 8, "cannot be 'D'"),
        ("  fake-search: {value_bytes: 3s}", 8, "'3s' is not a size"),
        ("  fake-search: {share: 1.5}", 8, "more than the whole"),
        ("  fake-search: {variants: [optimised]}", 8, "no variant 'optimised'; did you mean 'optimized'?"),
        ("  fake-search: {variants: baseline}", 8, "needs a variant beside baseline"),
        ("  fake-search: {free_pages: [10k, 10000]}", 8, "is there twice"),
        ("  fake-search: [{free_pages: 1000}, {}]", 8, "is there twice"),
    ],
)
def test_complaints_name_file_line_and_what_is_allowed(mechanisms: str, line: int, says: str) -> None:
    """One line, with the place in the file."""
    with pytest.raises(KscaleError) as caught:
        cells(f"mechanisms:\n{mechanisms}\n")
    text = str(caught.value)
    assert text.startswith(f"tiny.yaml:{line}: mechanisms.")
    assert says in text
    assert "\n" not in text


def test_sweeps_are_bounded() -> None:
    """A product of thousands of cells is refused."""
    many = ", ".join(str(i) for i in range(1, 500))
    with pytest.raises(KscaleError, match="more than 1,000 cells"):
        cells(f"mechanisms:\n  fake-search: {{free_pages: [{many}], workload: [A, B, C]}}\n")


def test_overrides_replace_what_the_scenario_says() -> None:
    """--set gives one value or a sweep, read like the file."""
    section = "mechanisms:\n  fake-search: {free_pages: [1, 2], workload: B}\n"
    found = cells(section, overrides=("fake-search.free_pages=10k,1M", "fake-search.churn=true"))
    assert [cell.params.free_pages for cell in found] == [10**4, 10**6]
    assert found[0].params.workload == "B"
    assert found[0].params.churn is True
    assert found[0].label == "10k free pages, workload B, churn"


def test_overrides_may_make_points_fall_together() -> None:
    """Two blocks that differ only in what is overridden become one cell."""
    section = "mechanisms:\n  fake-search: [{free_pages: 1}, {free_pages: 2}]\n"
    assert len(cells(section, overrides=("fake-search.free_pages=3",))) == 1
    assert cells(section, overrides=("fake-search.variants=all",))[0].variants[-1] == "third"


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("free_pages=1", "write it like"),
        ("fake-search.free_pages", "write it like"),
        ("fake-search.free_pages=1,,2", "write it like"),
        ("fake-serch.free_pages=1", "did you mean 'fake-search'?"),
        ("other-search.free_pages=1", "does not run other-search; it runs: fake-search"),
        ("fake-search.pages=1", "no parameter 'pages'"),
        ("fake-search.free_pages=1,many", "'many' is not a count"),
    ],
)
def test_bad_overrides_say_so(override: str, says: str) -> None:
    """--set complaints name the option as given."""
    with pytest.raises(KscaleError) as caught:
        cells("mechanisms:\n  fake-search: {}\n", overrides=(override,))
    assert str(caught.value).startswith(f"--set {override}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("only", "left"),
    [
        ((), 5),
        (("fake-*",), 4),
        (("fake_*",), 4),
        (("fake-*", "other-*"), 5),
        (("free_pages=1M",), 2),
        (("free_pages=1000000", "workload=a"), 1),
        (("free_pages=10k", "free_pages=1M", "fake-*"), 4),
        (("workload=[AB]",), 4),
    ],
)
def test_filters_of_one_kind_add_up_and_of_two_kinds_narrow(only: tuple[str, ...], left: int) -> None:
    """--filter by mechanism and by parameter."""
    section = "mechanisms:\n  fake-search: {workload: [A, B], free_pages: [10k, 1M]}\n  other-search: {}\n"
    assert len(cells(section, only)) == left


@pytest.mark.parametrize(
    "only", [("etcd-*",), ("free_pages=2",), ("pages=1000",), ("fake-search", "workload=C", "churn=yes")]
)
def test_a_filter_that_matches_nothing_is_an_error(only: tuple[str, ...]) -> None:
    """A misspelt filter does not pass for an empty run; the message names what exists."""
    with pytest.raises(KscaleError, match=r"there are: fake-search \(defaults\), other-search"):
        cells("", only)


def test_filters_that_exclude_one_another_are_an_error() -> None:
    """Each matches something, together nothing."""
    section = "mechanisms:\n  fake-search: {workload: A}\n  other-search: {workload: B}\n"
    with pytest.raises(KscaleError, match="no cell matches them all"):
        cells(section, ("fake-*", "workload=B"))


def test_schema_allows_values_lists_and_text() -> None:
    """The JSON Schema says what plan accepts."""
    schema = params_schema(FAKES[0])
    block = schema["anyOf"][0]
    assert set(block["properties"]) == {"free_pages", "workload", "value_bytes", "share", "churn", "variants"}
    assert block["additionalProperties"] is False
    value, several = block["properties"]["free_pages"]["anyOf"]
    assert value["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 10**9}
    assert several["items"] == value
    assert block["properties"]["workload"]["default"] == "C"
