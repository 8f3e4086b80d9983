"""What a shell is offered: asked as its script asks, and compared with what there really is."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from command import environment, kscale
from made_results import result

from kscale.cli import app, completion, config_settings, names
from kscale.judge.claims.registry import CLAIMS, SUBJECTS
from kscale.mechanisms.registry import MECHANISMS
from kscale.report import console
from kscale.report.export import formats
from kscale.results.store import Store

if TYPE_CHECKING:
    from typer._click import Command, Parameter

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two results and scenarios of its own, and nothing else of the user's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("KSCALE_RESULTS", raising=False)
    kept = tmp_path / "results"
    kept.mkdir()
    for name in (
        "main.json",
        "head.json.gz",
        "note.txt",
        "$(reboot).json",
        "1.partial.jsonl",
    ):
        (kept / name).write_text("not even a result")
    for name in ("mine.yaml", "other.yml", "`id`.yaml"):
        (tmp_path / name).write_text("")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(folder: Path, shell: str, line: str) -> str:
    """Return what the command prints when a shell's script asks for the end of *line*."""
    words = line.split(" ")
    asked = {"_KSCALE_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        asked |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    else:
        asked |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    ran = kscale(folder, **asked)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def words(found: list[completion.Offer]) -> list[str]:
    """Return the words without what they are."""
    return [one if isinstance(one, str) else one[0] for one in found]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_the_command(tmp_path: Path, shell: str) -> None:
    """It is printed alone, names its shell, and is not the one of the shell we are in."""
    ran = kscale(tmp_path, "completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"_KSCALE_COMPLETE=complete_{shell}" in ran.out
    assert ran.out.count("kscale") > 1


def test_bash_completes_for_real(folder: Path) -> None:
    """A shell that reads the script offers what begins like the word typed."""
    here = folder / "bin"
    here.mkdir()
    (here / "kscale").write_text(f'#!/bin/sh\nexec {sys.executable} -m kscale "$@"\n')
    (here / "kscale").chmod(0o755)
    script = (
        'eval "$(kscale completion bash)"; COMP_WORDS=(kscale show etcd-f); COMP_CWORD=2; '
        '_kscale_completion kscale; echo "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=environment(PATH=f"{here}:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "etcd-freelist\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_options_are_offered(folder: Path, shell: str) -> None:
    """At the root the commands, after two dashes the long options."""
    assert "compare" in offered(folder, shell, "kscale comp")
    assert "--budget" in offered(folder, shell, "kscale run --bud")
    assert "fish" in offered(folder, shell, "kscale completion fi")


@pytest.mark.parametrize("shell", SHELLS)
def test_names_are_offered(folder: Path, shell: str) -> None:
    """Mechanisms with their titles, results by file name; nothing a shell would take apart."""
    found = offered(folder, shell, "kscale show ")
    for name in ("etcd-freelist", "latest", "latest~1", "main", "head", "config"):
        assert name in found
    for name in ("reboot", "note", "partial"):
        assert name not in found
    assert ("etcd free-page search" in found) is (shell != "bash")


def test_fish_is_told_whether_there_is_anything(folder: Path) -> None:
    """Its script asks twice, the first time for the exit code: 1 lets it offer files."""
    asked = {"_KSCALE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
    codes = [
        kscale(folder, **asked, _TYPER_COMPLETE_ARGS=line).code for line in ("kscale sho", "kscale schema x")
    ]
    assert codes == [0, 1]


@pytest.mark.parametrize("line", ["kscale show ", "kscale nothing ", "kscale run smoke --seed x --set "])
def test_a_broken_surrounding_is_silent(folder: Path, line: str) -> None:
    """A file that is no TOML, an unreadable folder, a wrong word before: not a word on either stream."""
    (folder / "kscale.toml").write_text("[[[")
    ran = kscale(
        folder,
        _KSCALE_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=str(line.count(" ")),
        KSCALE_SEED="x",
    )
    assert (ran.code, ran.err) == (0, "")
    ran = kscale(folder, _KSCALE_COMPLETE="nonsense", KSCALE_X="y")
    assert ran.out == ""


def test_results_are_looked_for_where_they_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KSCALE_RESULTS, then a file's `results`, then ./results; none there, none offered."""
    assert words(completion.results("")) == ["latest", "latest~1", "head", "main"]
    (folder / "kscale.toml").write_text('results = "kept"\n')
    assert completion.results("") == []
    (folder / "kept").mkdir()
    Store(folder / "kept").save(result("20261121T025400Z-aaaaaaa"))
    assert words(completion.results("")) == ["latest", *Store(folder / "kept").names()]
    monkeypatch.setenv("KSCALE_RESULTS", str(folder / "results"))
    assert "main" in words(completion.results(""))


def test_every_offered_result_is_found(folder: Path) -> None:
    """What is completed is what the command takes."""
    store = Store(folder / "own")
    for name in "12345":
        store.save(result(f"20261121T02540{name}Z-aaaaaaa", name=name))
    (folder / "kscale.toml").write_text('results = "own"\n')
    offers = words(completion.results(""))
    assert {"latest", "latest~1", "latest~2", "latest~3", *"12345"} == set(offers)
    for offer in offers:
        assert store.load(offer).cells


def test_scenarios_are_shipped_or_here(folder: Path) -> None:
    """Names, YAML files of this folder, and of the folder typed."""
    found = words(completion.scenarios(""))
    assert {"smoke", "alibaba-10k", "mine.yaml", "other.yml"} <= set(found)
    assert not [name for name in found if "`" in name]
    assert "more/deep.yaml" in words(completion.scenarios("more/de"))
    assert "more/deep.yaml" not in found
    assert "smoke" not in words(completion.scenarios("nowhere/x"))
    assert "claims/freelist-counts" in words(completion.scenarios("cl"))
    assert not [name for name in found if name.startswith("claims/")]


def test_files_to_import_are_offered_where_the_typed_path_leads(folder: Path) -> None:
    """Folders with the slash that leads on; names that a shell would run are left out."""
    assert completion.files("") == ["mine.yaml", "more/", "other.yml", "results/"]
    assert completion.files("more/") == ["more/deep.yaml"]
    assert completion.files("none/") == []


def test_names_are_those_of_the_registry() -> None:
    """The sources are read, not run: mechanisms, parameters, variants and metrics are the records' own."""
    from dataclasses import fields  # noqa: PLC0415 - used here only

    assert names.mechanisms() == {one.id: one.title for one in MECHANISMS}
    assert names.parameters() == {
        one.id: tuple(field.name for field in fields(one.params)) for one in MECHANISMS
    }
    assert set(names.variants()) == {name for one in MECHANISMS for name in one.variants}
    known = {metric.name for one in MECHANISMS for metric in one.metrics} | {names.WALL}
    headlines = {metric.name for one in MECHANISMS for metric in one.metrics if metric.headline}
    assert headlines <= set(names.metrics()) <= known


def test_claims_are_those_of_the_registry() -> None:
    """By subject, in its order; every id, and the title of each that is written out."""
    offered = names.claims()
    assert {subject: set(found) for subject, found in offered.items()} == {
        subject: {claim.id for claim in claims} for subject, claims in SUBJECTS.items() if claims
    }
    titles = {claim.id: claim.title for claim in CLAIMS}
    assert all(title in {"", titles[name]} for found in offered.values() for name, title in found.items())
    assert {"freelist", "F4"} <= set(words(completion.claims("")))


def test_filters_and_settings_begin_as_the_command_wants_them() -> None:
    """key=value for --filter, mechanism.key=value for --set."""
    assert {"etcd-freelist", "free_pages="} <= set(words(completion.filters("")))
    assert "etcd-freelist.free_pages=" in words(completion.settings(""))
    assert "hashmap-any" in words(completion.variants(""))
    assert "wall_ns" in words(completion.metrics(""))
    assert {"main", "optimized"} & set(words(completion.sides("")))


def test_offered_words_are_taken() -> None:
    """Colours are those the console knows."""
    for color in completion.colors(""):
        assert console.console(color=str(color)).width > 0


def test_completers_import_nothing_heavy(folder: Path) -> None:
    """They answer while somebody types."""
    code = (
        "import sys; from kscale.cli import completion as c; "
        "found = [f('') for f in (c.results, c.scenarios, c.mechanisms, c.shown, c.sides, c.filters, "
        "c.settings, c.variants, c.metrics, c.formats, c.colors)]; "
        "print(all(found), {'numpy', 'numba', 'yaml', 'pydantic', 'matplotlib', 'psutil'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True set()\n"


def test_formats_are_those_there_are() -> None:
    """Offered without importing them."""
    assert list(completion.FORMATS) == list(formats.FORMATS)


def test_whatever_takes_a_name_offers_names(folder: Path) -> None:
    """Every argument that is no free text, and every option of that kind, of every command."""
    free = {("baseline save", "name")}
    offering = {"--filter", "--set", "--color", "--format", "--variant", "--metric", "--kind"}
    silent = []
    for path, command in config_settings.commands(typer.main.get_command(app.app)):
        for param in command.params:
            asked = param.param_type_name == "argument" or offering & {*param.opts}
            if asked and (" ".join(path), param.name) not in free and not offers(command, param):
                silent.append((path, param.name))
    assert silent == []


def offers(command: "Command", param: "Parameter") -> bool:
    """Say whether a parameter offers anything to an empty word."""
    ctx = typer.Context(command, info_name="kscale", resilient_parsing=True)
    return bool(param.shell_complete(ctx, ""))
