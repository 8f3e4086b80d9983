"""`kscale compare` as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import environment, kscale
from sample_results import cells, result

from kscale.cli import app
from kscale.results import check, store
from kscale.results.record import Result
from kscale.results.store import Store

HEAVY = ("scipy", "matplotlib", "numba", "jinja2")


def sealed(made: Result, **run: str) -> Result:
    """Return a result whose digests are right."""
    whole = [
        one.model_copy(
            update={"digest": check.digest({name: side.work for name, side in one.variants.items()})}
        )
        for one in made.cells
    ]
    return made.model_copy(update={"cells": whole, "run": made.run.model_copy(update=run)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results: main, head (one cell fewer), other (machine), seeded (another seed)."""
    made = tmp_path_factory.mktemp("compare")
    kept = Store(made / "results")
    kept.save(sealed(result(name="main"), id="20261121T025400Z-aaaaaaa"))
    later = {"id": "20261121T025500Z-bbbbbbb", "started": "2026-11-21T02:55:00Z"}
    kept.save(sealed(result(cells()[:9], name="head"), **later))
    other = result(name="other")
    other = other.model_copy(
        update={"machine": other.machine.model_copy(update={"cpu_model": "Z", "fingerprint": "z"})}
    )
    kept.save(sealed(other, id="20261121T025300Z-ccccccc", started="2026-11-21T02:53:00Z"))
    seeded = result(name="seeded", seed=1)
    kept.save(sealed(seeded, id="20261121T025200Z-ddddddd", started="2026-11-21T02:52:00Z"))
    return made


@pytest.mark.parametrize(
    ("args", "first"),
    [
        (["main", "head"], "main 1f0c9ab (2026-11-21) → head 1f0c9ab (2026-11-21) · two results"),
        (["old=latest~1", "latest"], "old = main 1f0c9ab (2026-11-21) → latest = head 1f0c9ab"),
        (["baseline", "optimized"], "baseline → optimized · two variants of run head · paired"),
        (
            ["baseline", "optimized", "array-simd"],
            "baseline → optimized, array-simd · 3 variants of run head",
        ),
        (["head", "--by", "free_pages"], "10k free pages → 100k free pages, 1M free pages · 3 points of run"),
        (
            ["main", "head", "--by", "variant", "--filter", "sched*"],
            "baseline → optimized · two variants of runs main, head · paired",
        ),
        (
            ["main", "head", "--by", "variant"],
            "baseline → optimized, array-simd · 3 variants of runs main, head",
        ),
        (["main", "other", "--by", "machine"], "Example CPU @ 2.90GHz (9b1d) = main"),
    ],
)
def test_the_first_line_says_what_was_meant(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    first: str,
) -> None:
    """Names, latest and variants of the latest run are told apart."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    assert app.main(["compare", *args]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith(first)


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["main"], 2, "name another, or give --by KEY; keys: variant, free_pages"),
        (["main", "--by", "free_page"], 2, "did you mean 'free_pages'"),
        (["main", "head", "--by", "git"], 2, "main and head both have 1f0c9ab"),
        (["main", "--by", "git"], 3, "one result has one git"),
        (["main", "head", "--filter", "nothing"], 2, "--filter nothing: matches no cell"),
        (["main", "head", "--sort", "size"], 2, "size"),
        (["A=main", "A=head"], 2, "A is given twice"),
        (["main", "head", "--json", "--only-changed"], 2, "--only-changed is for the table only; json holds"),
        (["main", "head", "--format", "csv", "--sort", "name"], 2, "--sort is for the table only"),
        (["main", "head", "--format", "markdown", "--stats"], 2, "--stats is for the table only"),
        (["main", "head", "--fail-over", "nan"], 2, "--fail-over"),
        (["main", "head", "--format", "pdf"], 2, "pdf"),
        (["baseline", "optimized", "--by", "free_pages"], 2, "the columns are variants already"),
        (["main", "--by", "free_pages", "--fail-over", "5"], 3, "nothing was judged"),
        (
            ["main", "head", "--fail-over", "5"],
            1,
            "kscale: 1 failed: sched-sampling · 200k pods, nearly full is gone\n",
        ),
        (["head", "main", "head", "--fail-over", "5"], 0, ""),
        (["main", "other", "--filter", "etcd*", "--fail-over", "5"], 3, "no time has a verdict"),
        (["main", "other", "--fail-over", "5", "--allow-other-machine"], 0, ""),
        (["main", "seeded", "--fail-over", "5"], 3, "between main and seeded: different work"),
        (["head", "main", "seeded", "--fail-over", "5"], 3, "between head and seeded: different work"),
        (["main", "seeded", "head", "--fail-over", "5"], 1, "head: "),
    ],
)
def test_every_end_has_its_code(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    code: int,
    says: str,
) -> None:
    """One line on standard error says why."""
    monkeypatch.chdir(folder)
    assert app.main(["compare", *args]) == code
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == (1 if code else 0)


def test_a_table_needs_nothing_heavy(folder: Path) -> None:
    """Comparing saved results starts quickly: neither scipy nor matplotlib nor numba is imported."""
    code = (
        "import sys; from kscale.cli import app; app.main(['compare', 'main', 'head']); "
        f"print(sorted(set({HEAVY}) & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_statistics_are_added_where_asked(folder: Path) -> None:
    """--stats of three variants."""
    ran = kscale(folder, "compare", "main", "--by", "variant", "--stats", "--filter", "etcd*")
    assert ran.code == 0, ran.err
    assert "p = " in ran.out or "p < " in ran.out
    assert "it never decides" in " ".join(ran.out.split())


def test_without_scipy_statistics_are_refused_before_any_work(folder: Path) -> None:
    """One line that says what to install; nothing on standard output."""
    code = (
        "import sys; sys.modules['scipy'] = None; from kscale.cli import app; "
        "sys.exit(app.main(['compare', 'main', 'head', '--stats', '-o', 'x.csv']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert 'pip install "kscale-bench[stats]"' in ran.stderr
    assert not (folder / "x.csv").exists()


def test_a_result_is_read_from_a_pipe(folder: Path) -> None:
    """kscale run --json | kscale compare main -."""
    text = (folder / "results" / "head.json").read_text(encoding="utf-8")
    ran = kscale(folder, "compare", "main", "-", stdin=text, COLUMNS="200")
    assert ran.code == 0, ran.err
    assert "→ stdin = head 1f0c9ab" in ran.out.splitlines()[0]


@pytest.mark.parametrize(
    "args",
    [
        ["main", "head"],
        ["main", "head", "other"],
        ["main", "--by", "variant"],
        ["main", "--by", "free_pages"],
    ],
)
def test_every_comparison_can_be_exported(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    args: list[str],
) -> None:
    """JSON is one document; CSV and Markdown are written beside it."""
    monkeypatch.chdir(folder)
    files = [tmp_path / "made" / name for name in ("x.csv", "x.md")]
    assert app.main(["compare", *args, "--json", "-o", str(files[0]), "-o", str(files[1])]) == 0
    assert json.loads(capfdbinary.readouterr().out)
    for path in files:
        assert "etcd-freelist" in path.read_text(encoding="utf-8")


def test_what_is_about_the_table_goes_with_any_table(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """On standard output or in a file; given in the environment it is for the tables there will be."""
    monkeypatch.chdir(folder)
    assert app.main(["compare", "main", "head", "--only-changed", "-o", str(tmp_path / "x.csv")]) == 0
    assert (
        app.main(["compare", "main", "head", "--json", "--sort", "name", "-o", str(tmp_path / "x.txt")]) == 0
    )
    monkeypatch.setenv("KSCALE_ONLY_CHANGED", "1")
    assert app.main(["compare", "main", "head", "--json"]) == 0
    assert capfd.readouterr().err == ""


def test_a_newer_file_is_refused_by_name(tmp_path: Path) -> None:
    """One line, exit 2, nothing else."""
    newer = store.dumps(result()).replace("kscale.result/1", "kscale.result/2")
    (tmp_path / "new.json").write_text(newer, encoding="utf-8")
    ran = kscale(tmp_path, "compare", "new.json", "new.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "kscale: new.json: has schema kscale.result/2, this kscale reads up to /1; a newer kscale wrote it\n"
    )


def test_every_export_knows_the_decision(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """--fail-over fails in JSON, JUnit, Markdown and on GitHub as it does in the shell."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    junit = tmp_path / "x.xml"
    asked = ["compare", "main", "head", "--json", "--github", "-o", str(junit)]
    assert app.main([*asked, "--fail-over", "10"]) == 1
    told = capfdbinary.readouterr()
    judgement = json.loads(told.out)["judgement"]
    assert (judgement["status"], judgement["exit_code"]) == ("gate_failed", 1)
    assert judgement["policy"] == "--fail-over 10"
    assert [one["subject"] for one in judgement["decisions"] if one["status"] == "failed"] == [
        "sched-sampling[case=full,nodes=10000]"  # a key, for programs
    ]
    assert b"::error " in told.err
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("**FAILED** 1 failed")
    assert "--fail-over 10" in junit.read_text(encoding="utf-8")
    assert app.main(asked) == 0
    told = capfdbinary.readouterr()
    assert json.loads(told.out)["judgement"] is None
    assert b"::error " not in told.err


def test_rows_are_judged_by_the_margin_that_was_given(folder: Path) -> None:
    """What --fail-over calls failed is not called the same in the table above."""
    wide = kscale(folder, "compare", "main", "head", "-v", "--fail-over", "90")
    assert "± 180 %" in wide.out
    assert "± 25 %" not in wide.out
    assert "± 25 %" in kscale(folder, "compare", "main", "head", "-v").out
