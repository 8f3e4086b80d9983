"""Results keep their names, and a bad file is one line."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_results import result

from kscale.engine.sweep import MOST_TASKS
from kscale.errors import KscaleError
from kscale.results import check, store
from kscale.results.store import Store

IDS = ("20261121T025400Z-aaaaaaa", "20261121T025401Z-bbbbbbb", "20261121T025402Z-aaaaaaa")


@pytest.fixture
def full(tmp_path: Path) -> Store:
    """A store with three runs, the newest under a name."""
    kept = Store(tmp_path / "results")
    for i, run_id in enumerate(IDS):
        kept.save(result(run_id, f"2026-11-21T02:54:0{i}Z", "main" if i == 2 else None))
    return kept


def test_what_is_saved_is_loaded(full: Store) -> None:
    """A result comes back equal, from plain and packed files."""
    one = result("20261121T030000Z-ccccccc")
    path = full.save(one)
    packed = path.with_name("packed.json.gz")
    store.write(packed, store.dumps(one))
    assert store.load(path) == store.load(packed) == one


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", "main"),
        ("latest~1", IDS[1]),
        ("latest~2", IDS[0]),
        ("main", "main"),
        (IDS[0][:16], IDS[0]),
        (IDS[2], "main"),
    ],
)
def test_names_are_looked_up(full: Store, name: str, found: str) -> None:
    """A name, the beginning of an id, latest and what came before it."""
    assert full.find(name).name == f"{found}.json"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("latest~3", "has 3"),
        ("mian", "did you mean 'main'?"),
        ("mai", "did you mean 'main'?"),
        ("2026112", "several results begin with '2026112'"),
        ("", "no result ''"),
        ("nowhere/x.json", "no such file"),
        ("\x1b[31m", "no result"),
    ],
)
def test_a_bad_name_is_one_line(full: Store, name: str, says: str) -> None:
    """Unknown and ambiguous names say what there is, on one printable line."""
    with pytest.raises(KscaleError) as caught:
        full.load(name)
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_name_does_not_stand_for_another(full: Store) -> None:
    """Only ids are known by their beginning: a head that was not saved must not be an older one."""
    full.save(result("20261121T030000Z-ccccccc", name="head-old"))
    with pytest.raises(KscaleError, match=r"no result 'head' in .*did you mean 'head-old'"):
        full.find("head")
    assert full.find("20261121T03").name == "head-old.json"


def test_an_empty_folder_says_how_to_start(tmp_path: Path) -> None:
    """Without results the next step is named."""
    with pytest.raises(KscaleError, match=r"^no result 'latest': .* make one with kscale run smoke"):
        Store(tmp_path).load("latest")
    with pytest.raises(KscaleError, match=r"^no result 'latest~1': "):
        Store(tmp_path).load("latest~1")


def test_a_taken_name_is_kept(full: Store) -> None:
    """Overwriting a named result needs to be asked for."""
    again = result("20261121T040000Z-ddddddd", name="main")
    with pytest.raises(KscaleError, match="--force"):
        full.save(again)
    full.save(again, replace=True)
    assert full.load("main") == again


@pytest.mark.parametrize("name", ["latest", "a/b", "..", "x.json", "", "a" * 101, "-x", "latest~1"])
def test_some_names_are_refused(full: Store, name: str) -> None:
    """A name is a file name, and not a word with a meaning."""
    with pytest.raises(KscaleError, match="cannot name a result"):
        full.path_of(name)


def test_ids_do_not_repeat(full: Store) -> None:
    """Two runs in one second get different ids."""
    assert full.new_id("2026-11-21T02:54:00Z", "a" * 40) == f"{IDS[0]}-2"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b'{"schema": "kscale.result/1"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no schema"),
        (b'{"schema": "kscale.result/2"}', "a newer kscale wrote it"),
        (b'{"schema": "kscale.result/1"}', "damaged: 'run'"),
        (b"\xff\xfe", "not JSON"),
        (b'{"schema": NaN}', "not JSON"),
        (b'{"schema": 1e999}', "not JSON"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"schema": "kscale.result/1", "run": ' + b'{"a":' * 5000, "not JSON"),
        (b"\x1f\x8b" + b"x" * 100, "not JSON"),
        (b"mechanism,at\nx,y\n", "not JSON"),
        (b'{"schema": "kscale.result/1", "schema": "kscale.result/1"}', "damaged: 'schema' is there twice"),
        (b'{"schema": "kscale.result/1", "run": {"\\n": 1, "\\n": 1}}', "is there twice"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, data: bytes, says: str) -> None:
    """Cut, foreign, newer and damaged files are named with what is wrong."""
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(KscaleError) as caught:
        store.load(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_gzip_file_is_one_line(tmp_path: Path) -> None:
    """A packed file that ends early, or is none, is refused."""
    path = tmp_path / "cut.json.gz"
    for data in (gzip.compress(b"{" * 1000)[:20], b"plain"):
        path.write_bytes(data)
        with pytest.raises(KscaleError, match="cannot be read"):
            store.load(path)


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is unpacked than a result may have."""
    monkeypatch.setattr(store, "MOST_BYTES", 1000)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 1_000_000))
    with pytest.raises(KscaleError, match="larger than"):
        store.load(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_tampered_bytes_never_escape(data: st.DataObject) -> None:
    """Any change of any byte loads as a result or is refused in one line."""
    text = bytearray(store.dumps(result(IDS[0])).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    said = "x.json: fine"
    try:
        store.parse(bytes(text), "x.json")
    except KscaleError as error:
        said = str(error)
    assert said.startswith("x.json: ")
    assert "\n" not in said


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    """A bug elsewhere shows when a run is saved, not when it is needed."""
    made = result(IDS[0])
    cell = made.cells[0].model_copy(update={"digest": "0" * 64})
    with pytest.raises(RuntimeError, match="do not match their digest"):
        Store(tmp_path).save(made.model_copy(update={"cells": [cell]}))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """Where nothing can be written, one line says so and no file is left."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(KscaleError, match="cannot be written"):
        Store(blocked).save(result(IDS[0]))
    assert list(tmp_path.iterdir()) == [blocked]


def test_the_file_is_json_with_a_cell_a_line(full: Store) -> None:
    """Two files can be compared by eye, and any JSON reader reads them."""
    text = full.find("main").read_text(encoding="utf-8")
    assert json.loads(text)["cells"][0]["mechanism"] == "etcd-freelist"
    assert sum('"mechanism": ' in line for line in text.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"work": {"ids_scanned": 8}}, "its counters do not match their digest"),
        ({"wall_ns": {"order": [0, 3], "values": [5], "loops": 1}}, "its samples are not whole"),
        ({"wall_ns": {"order": [0, 0], "values": [5, 5], "loops": 1}}, "its samples are not whole"),
        ({"wall_ns": {"order": [0], "values": [0], "loops": 1}}, "its samples are not whole"),
        ({"wall_ns": {"order": [0], "values": [5], "loops": 0}}, "greater than or equal to 1"),
    ],
)
def test_tampered_numbers_are_found(change: dict[str, object], says: str) -> None:
    """Counters carry a digest, and samples have a place and a time each."""
    tree = json.loads(store.dumps(result(IDS[0])))
    tree["cells"][0]["variants"]["baseline"] |= change
    with pytest.raises(KscaleError, match=f"x.json: damaged: .*{says}"):
        store.parse(json.dumps(tree).encode(), "x.json")


def test_a_cell_is_there_once() -> None:
    """Two cells of one key cannot be compared."""
    tree = json.loads(store.dumps(result(IDS[0])))
    tree["cells"] *= 2
    with pytest.raises(KscaleError, match="is there twice"):
        store.parse(json.dumps(tree).encode(), "x.json")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"run": {"seconds": 10**400}}, "run.seconds"),
        ({"run": {"seed": 2**63}}, "run.seed"),
        ({"run": {"peak_rss_bytes": -1}}, "run.peak_rss_bytes"),
        ({"run": {"status": "fine"}}, "run.status"),
        ({"run": {"unknown": 1}}, "run.unknown"),
        ({"scenario": {"resolved": {"a": "\ud800"}}}, "not plain text"),
        ({"scenario": {"resolved": {"a": {"b": [[["\udfff"]]]}}}}, "not plain text"),
    ],
)
def test_what_no_run_can_leave_is_refused(change: dict[str, dict[str, object]], says: str) -> None:
    """Numbers out of reach, unknown keys, half characters: one line, printable."""
    tree = json.loads(store.dumps(result(IDS[0])))
    for part, fields in change.items():
        tree[part] |= fields
    with pytest.raises(KscaleError, match=f"x.json: .*{says}") as caught:
        store.parse(json.dumps(tree).encode(), "x.json")
    assert str(caught.value).isprintable()


def test_deep_scenarios_are_refused() -> None:
    """What could be read but never written again."""
    tree = json.loads(store.dumps(result(IDS[0])))
    deep: object = 1
    for _ in range(200):
        deep = {"a": [deep]}
    tree["scenario"]["resolved"] = {"a": deep}
    with pytest.raises(KscaleError, match="nested too deeply"):
        store.parse(json.dumps(tree).encode(), "x.json")


def test_very_many_samples_are_refused() -> None:
    """The bootstrap of a million samples would not end."""
    tree = json.loads(store.dumps(result(IDS[0])))
    many = check.MOST_SAMPLES + 1
    tree["cells"][0]["variants"]["baseline"]["wall_ns"] = {
        "order": list(range(many)),
        "values": [5] * many,
        "loops": 1,
    }
    with pytest.raises(KscaleError, match="its samples are not whole"):
        store.parse(json.dumps(tree).encode(), "x.json")


def test_copies_of_a_run_count_once(full: Store) -> None:
    """latest~1 is the run before, not the same run under another name."""
    full.save(result(IDS[2], "2026-11-21T02:54:02Z", "copy"))
    assert full.load("latest").run.id == IDS[2]
    assert full.load("latest~1").run.id == IDS[1]
    with pytest.raises(KscaleError, match="has 3"):
        full.load("latest~3")


def test_long_lists_of_names_are_cut(tmp_path: Path) -> None:
    """A folder of a hundred results does not fill the screen."""
    kept = Store(tmp_path)
    for number in range(100):
        (tmp_path / f"run{number:03}.json").write_text("{}")
    for name in ("nothing", "run0"):
        with pytest.raises(KscaleError, match=r"run019 and \d+ more$"):
            kept.find(name)


def test_a_packed_file_beside_a_plain_one_has_its_suffix(
    full: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The name means the plain one, and so do its id and latest; each is listed and found by its own name."""
    last = result("20261121T030000Z-ccccccc", "2026-11-21T03:00:00Z", name="gz")
    plain = full.save(last)
    packed = full.folder / "gz.json.gz"
    store.write(packed, store.dumps(last))
    assert full.names()[-2:] == ["gz", "gz.json.gz"]
    for name in ("gz", last.run.id, last.run.id[:12], "latest"):
        assert full.find(name) == plain
    monkeypatch.chdir(tmp_path)
    assert full.find("gz.json.gz") == packed
    store.write(Path("gz.json.gz"), store.dumps(last))
    assert full.find("gz.json.gz") == Path("gz.json.gz")  # a path, as ever
    plain.unlink()
    assert full.names()[-1] == "gz"
    assert full.find("gz") == packed


def test_a_packed_result_of_the_name_is_replaced(full: Store) -> None:
    """A name is one file: plain takes the place of packed."""
    one = result("20261121T030000Z-ccccccc", name="packed")
    packed = full.folder / "packed.json.gz"
    store.write(packed, store.dumps(one))
    assert full.load("packed") == one
    with pytest.raises(KscaleError, match="--force"):
        full.save(one)
    full.save(one, replace=True)
    assert full.files_of("packed") == [full.folder / "packed.json"]


def test_files_have_the_mode_of_any_file(tmp_path: Path) -> None:
    """The umask decides who may read a result."""
    before = os.umask(0o027)
    try:
        store.write(tmp_path / "x.json", "{}")
    finally:
        os.umask(before)
    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What a link names is replaced, not the link."""
    (tmp_path / "there.json").write_text("old", encoding="utf-8")
    (tmp_path / "here.json").symlink_to("there.json")
    store.write(tmp_path / "here.json", "new")
    assert (tmp_path / "here.json").is_symlink()
    assert (tmp_path / "there.json").read_text(encoding="utf-8") == "new"


def test_what_is_saved_can_be_read_to_the_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result as large as is read is saved; a larger one is refused, and nothing is left behind."""
    one = result(IDS[0])
    size = len(store.dumps(one).encode())
    monkeypatch.setattr(store, "MOST_BYTES", size)
    assert store.load(Store(tmp_path).save(one)) == one
    (tmp_path / f"{IDS[0]}.json").unlink()
    monkeypatch.setattr(store, "MOST_BYTES", size - 1)
    with pytest.raises(KscaleError, match="not saved, it would be larger than"):
        Store(tmp_path).save(one)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_sweep_can_be_read() -> None:
    """A cell of seven variants takes 4.8 KB, and fifty pairs of times of each some more."""
    assert MOST_TASKS * (4_840 + 7 * 50 * 10) < store.MOST_BYTES


def test_what_files_say_alike_is_checked_once_and_the_rest_as_ever(tmp_path: Path) -> None:
    """Each is what it is alone; one that says something else of a mechanism is checked by itself."""
    info = {"title": "t", "source": "s", "per": "p", "metrics": {}, "variants": {}}
    paths = []
    for number, told in enumerate(({"a": info}, {"a": info}, {"a": info | {"title": "u"}}, {"b": info})):
        tree = result(IDS[0]).model_dump(mode="json", by_alias=True) | {"mechanisms": told}
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(tree))
    found = store.load_alike(paths)
    assert found == [store.load(path) for path in paths]
    assert found[1].mechanisms["a"] is found[0].mechanisms["a"]
    paths[1].write_text(paths[1].read_text().replace('"title": "t"', '"title": 7'))
    with pytest.raises(KscaleError, match=r"1.json: damaged: 'mechanisms.a.title'"):
        store.load_alike(paths)
