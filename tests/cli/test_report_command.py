"""`kscale report`: what it is about, what it is called there, and which policy judges it."""

from html import unescape
from pathlib import Path

import pytest
from command import kscale
from made_pages import head, whole
from sample_results import result

from kscale.cli.app import main
from kscale.report.page import pictures
from kscale.results import store
from kscale.results.record import Result


def kept(folder: Path, **more: Result) -> None:
    """Save results where the command looks for them."""
    for name, one in ({"main": result(name="main"), "head": head()} | more).items():
        store.write(folder / "results" / f"{name}.json", store.dumps(whole(one)))


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    """`kscale report` writes a file and prints nothing on standard output."""
    kept(tmp_path)
    ran = kscale(tmp_path, "report", "main")
    assert (ran.code, ran.out, ran.err) == (0, "", "wrote report.html\n")
    assert "Where it loses" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with two results in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KSCALE_RESULTS", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(pictures, "_drawn", lambda *_: None)  # most of the time, and not looked at here
    kept(tmp_path, unnamed=result(id="20261120T101112Z-1f0c9ab", started="2026-11-20T10:11:12Z"))
    return tmp_path


def test_only_a_page_is_written_as_a_page(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A suffix that is none of a page's is refused, so that no result is overwritten."""
    assert main(["report", "main", "-o", "results/main.json"]) == 2
    assert capsys.readouterr().err == "kscale: results/main.json: a report is .html or .htm, not '.json'\n"


def test_names_that_pass_become_the_time_of_the_run(here: Path) -> None:
    """`latest` and ids mean nothing to whom the page is passed on; two of one name are numbered."""
    assert main(["report", "20261120T", "results/main.json", "./results/main.json"]) == 0
    text = (here / "report.html").read_text(encoding="utf-8")
    assert "2026-11-20 10:11 → main" in text
    assert "2026-11-20 10:11 → main (2)" in text


def test_variants_of_the_latest_run_may_be_named(here: Path) -> None:
    """Another variant than the optimized one can be what the page is about."""
    assert main(["report", "baseline", "array-simd"]) == 0
    assert "baseline → array-simd" in (here / "report.html").read_text(encoding="utf-8")


REQUIRED = "require: ['etcd-freelist.wall_ns.speedup >= 100']\n"


@pytest.mark.parametrize(
    ("names", "policy", "said"),
    [
        (["main", "head"], "", "gone_cell"),  # the policy of this folder, without being asked
        (["main"], REQUIRED, "etcd-freelist.wall_ns.speedup >= 100"),
    ],
)
def test_the_policy_of_the_folder_is_applied(here: Path, names: list[str], policy: str, said: str) -> None:
    """A kscale-gate.yaml judges two results; of one, only what it requires."""
    (here / "kscale-gate.yaml").write_text(f"schema: kscale.policy/1\n{policy}", encoding="utf-8")
    assert main(["report", *names]) == 0
    page = (here / "report.html").read_text(encoding="utf-8")
    assert said in unescape(page.partition('<section id="policy"')[2])
    assert "failed" in page.partition("</header>")[0]


def test_one_result_needs_a_policy_that_requires_something(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A policy that was asked for and can say nothing is not passed over."""
    (here / "mine.yaml").write_text("schema: kscale.policy/1\n", encoding="utf-8")
    assert main(["report", "main", "--policy", "mine.yaml"]) == 2
    assert "mine.yaml: nothing is required of one result" in capsys.readouterr().err
