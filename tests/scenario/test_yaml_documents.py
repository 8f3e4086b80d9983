"""Files that were written for Kubernetes: several documents, and words as Kubernetes takes them."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kscale.scenario import yaml_tree


def values(text: str) -> list[object]:
    return [tree.value for tree in yaml_tree.documents(text.encode())]


def test_each_document_has_its_own_lines() -> None:
    first, empty, last = yaml_tree.documents(b"a: 1\n---\n---\nb:\n- 2\n")
    assert (first.value, empty.value, last.value) == ({"a": 1}, None, {"b": [2]})
    assert last.lines == {(): 4, ("b",): 4, ("b", 0): 5}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("Off", False), ("NO", False), ("on", True), ("true", True), ("~", None),
        ("0644", 420), ("0", 0), ("089", "089"), ("0x1f", "0x1f"), ("1:30", "1:30"), ("1_000", "1_000"),
        ('"on"', "on"), ("1.5", 1.5), ("10s", "10s"), ("v1.29", "v1.29"),
    ],
)  # fmt: skip
def test_words_mean_what_they_mean_to_kubernetes(text: str, value: object) -> None:
    (found,) = values(f"a: {text}\n")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_json_may_be_indented_by_tabs() -> None:
    assert values('\n{\n\t"a": [\n\t\t1,\n\t\t{"b": "c\\td"}\n\t]\n}\n') == [{"a": [1, {"b": "c\td"}]}]


@pytest.mark.parametrize(
    "text", ["a: &x 1\n", "a: *x\n", "a: !!str 1\n", "a: 1\na: 2\n", "a: 1\n---\n[: 2\n", "a: {"]
)
def test_other_refusals_stay(text: str) -> None:
    with pytest.raises(yaml_tree.YamlError):
        yaml_tree.documents(text.encode())


def test_the_limit_is_that_of_all_documents() -> None:
    text = "a: 1\n---\n" * (yaml_tree.MOST_VALUES // 4) + "[" + "1," * (yaml_tree.MOST_VALUES * 3 // 4) + "]"
    with pytest.raises(yaml_tree.YamlError, match="more than 200,000 values"):
        yaml_tree.documents(text.encode())


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(categories=["L", "N", "P"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(documents=st.lists(PLAIN, min_size=1, max_size=4))
def test_what_pyyaml_writes_is_read_back(documents: list[object]) -> None:
    text = yaml.safe_dump_all(documents, allow_unicode=True)
    assert values(text) == documents
