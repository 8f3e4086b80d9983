"""Command lines of containers: which component runs, and the flags it is given.

A component is found by its program, also behind a shell (`sh -c "exec kube-apiserver ..."`), a launcher
(`/go-runner`) or hyperkube; else by the container's name or image, where the image's own entry point
runs it. References `$(NAME)` to the container's own variables are followed, and etcd's `ETCD_*` variables
are flags that its command line beats (etcd's documentation, op-guide/configuration).
"""

import re
import shlex
from collections.abc import Mapping

from kscale.imports.manifests_settings import Settings
from kscale.imports.manifests_tree import Branch

APISERVER, ETCD = "kube-apiserver", "etcd"
SCHEDULER, CONTROLLERS = "kube-scheduler", "kube-controller-manager"
COMPONENTS = (APISERVER, ETCD, SCHEDULER, CONTROLLERS)

MOST_REFERENCES = 64  # in one word
LONGEST_VARIABLE = 256  # characters of a variable that is put in
SWITCHES = frozenset(  # flags that never take the word after them
    {
        "allocate-node-cidrs", "allow-privileged", "also-stdout", "alsologtostderr", "anonymous-auth",
        "authentication-skip-lookup", "authentication-tolerate-lookup-failure", "auto-tls",
        "client-cert-auth", "configure-cloud-routes", "contention-profiling", "enable-aggregator-routing",
        "enable-bootstrap-token-auth", "enable-dynamic-provisioning", "enable-garbage-collector",
        "enable-grpc-gateway", "enable-logs-handler", "enable-pprof", "enable-priority-and-fairness",
        "enable-v2", "encryption-provider-config-automatic-reload",
        "experimental-compact-hash-check-enabled", "experimental-corrupt-check-time",
        "experimental-initial-corrupt-check", "experimental-memory-mlock",
        "experimental-txn-mode-write-with-shared-buffer", "force-new-cluster", "insecure-skip-tls-verify",
        "leader-elect", "log-file-async", "logtostderr", "peer-auto-tls", "peer-client-cert-auth",
        "permit-address-sharing", "permit-port-sharing", "pre-vote", "profiling", "redirect-stderr",
        "service-account-lookup", "strict-reconfig-check", "unsafe-no-fsync",
        "use-service-account-credentials", "watch-cache",
    }
)  # fmt: skip

_FLAG = re.compile(r"--?(?P<name>[A-Za-z][A-Za-z0-9._-]*)(?:=(?P<value>.*))?", re.ASCII | re.DOTALL)
_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_SPACE = re.compile(r"\s")
_OPERATOR = re.compile(r"[();<>|&]+")  # of a shell
_HYPERKUBE = {"apiserver": APISERVER, "scheduler": SCHEDULER, "controller-manager": CONTROLLERS}
_OTHER_NAMES = {"etcd-manager": ETCD}  # kops: keeps an etcd, whose variables it hands on
PROGRAMS = frozenset({*COMPONENTS, *_OTHER_NAMES, "hyperkube"})

Word = tuple[str, Branch]


def component(container: Branch) -> tuple[str, Settings] | None:
    """Return the component that a container runs and its settings; None if it is none of ours."""
    variables = _variables(container)
    words = _words(container, variables)
    found = _program(words)
    if found is None:
        name = _by_name(container)
        found = None if name is None else (name, 0)
    if found is None:
        return None
    name, first = found
    settings = Settings(name, flags=True)
    if name == ETCD:
        for variable, (text, place) in variables.items():
            if variable.startswith("ETCD_"):
                settings.add(variable.removeprefix("ETCD_").lower().replace("_", "-"), text, place)
    add_flags(settings, words[first:])
    return name, settings


def add_flags(settings: Settings, words: list[Word]) -> None:
    """Add the flags in *words* to *settings*."""
    i = 0
    while i < len(words):
        word, place = words[i]
        i += 1
        match = _FLAG.fullmatch(word)
        if match is None:
            if word == "--":
                return
            continue
        name, value = match["name"].replace("_", "-"), match["value"]
        if value is None and name not in SWITCHES and i < len(words) and not words[i][0].startswith("--"):
            value = words[i][0]
            i += 1
        settings.add(name, "true" if value is None else value, place)


def _words(container: Branch, variables: Mapping[str, Word]) -> list[Word]:
    """Return command and args, word by word; the first that is a shell's command is taken apart."""
    words: list[Word] = []
    for key in ("command", "args"):
        for entry in container.at(key).entries():
            text = _followed(entry, variables)
            if _SPACE.search(text) and any(_base(word) in PROGRAMS for word in text.split()):
                return words + [(word, entry) for word in _shell_words(text)]
            words.append((text, entry))
    return words


def _shell_words(text: str) -> list[str]:
    """Return the words of the one command in a shell's text that runs a component."""
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    commands: list[list[str]] = [[]]
    try:
        for word in lexer:
            if _OPERATOR.fullmatch(word):
                commands.append([])
            else:
                commands[-1].append(word)
    except ValueError:  # quotes that are never closed
        commands = [text.split()]
    return next((words for words in commands if any(_base(word) in PROGRAMS for word in words)), [])


def _program(words: list[Word]) -> tuple[str, int] | None:
    """Return the component that *words* run, and where its flags begin."""
    for i, (word, _) in enumerate(words):
        if word.startswith("-"):
            continue
        name = _base(word)
        if name == "hyperkube" and i + 1 < len(words):
            name = _base(words[i + 1][0])
            name = _HYPERKUBE.get(name, name)
        name = _OTHER_NAMES.get(name, name)
        if name in COMPONENTS:
            return name, i + 1
    return None


def _by_name(container: Branch) -> str | None:
    """Return the component that a container's image or name stands for."""
    image = _base(container.at("image").text().split("@")[0])
    for name in (image.split(":")[0], container.at("name").text()):
        for known in (*COMPONENTS, *_OTHER_NAMES):
            if name == known or name in {f"{known}-amd64", f"{known}-arm64"}:
                return _OTHER_NAMES.get(known, known)
    return None


def _base(path: str) -> str:
    """Return the last part of a path."""
    return path.rsplit("/", 1)[-1]


def _variables(container: Branch) -> dict[str, Word]:
    """Return the variables of a container that have their value there."""
    found = {}
    for entry in container.at("env").entries():
        value = entry.at("value")
        if value.is_scalar():
            found[entry.at("name").text()] = (value.scalar(), value)
    return found


def _followed(entry: Branch, variables: Mapping[str, Word]) -> str:
    """Return a word with the variables it refers to; others stay as they are, as in Kubernetes."""
    text = entry.scalar()
    if text.count("$(") > MOST_REFERENCES:
        raise entry.error(f"refers to more than {MOST_REFERENCES} variables")

    def value(match: re.Match[str]) -> str:
        known = variables.get(match[1])
        return match[0] if known is None or len(known[0]) > LONGEST_VARIABLE else known[0]

    return _REFERENCE.sub(value, text)
