"""What there is: mechanisms and scenarios in a line each, and one mechanism in full."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from kscale.report import coefficients
from kscale.report.text import clean, clean_prose, joined, paragraph
from kscale.units import exact_duration, parse_count, show_bytes, show_count

if TYPE_CHECKING:
    from kscale.mechanisms.base import Mechanism, Metric

INDENT = "  "


def listing(
    mechanisms: Sequence["Mechanism"], scenarios: Mapping[str, str], width: int, *, claims: int = 0
) -> Text:
    """Return a line for each mechanism, under the heading it belongs to, and for each scenario.

    *claims* is how many published figures can be laid beside them.
    """
    lines: list[Text] = []
    headings = dict.fromkeys(mechanism.panel for mechanism in mechanisms)
    for heading in headings:
        named = {one.id: one.title for one in mechanisms if one.panel == heading}
        lines.extend([Text(clean(heading), "bold"), *_named(named, width), Text()])
    if scenarios:
        lines.extend([Text("Scenarios", "bold"), *_named(scenarios, width), Text()])
    own = {
        f"{mechanism.id} · {name}": variant.about
        for mechanism in mechanisms
        for name, variant in mechanism.variants.items()
        if variant.own
    }
    if own:
        lines.extend([Text("Variants of your own", "bold"), *_named(own, width), Text()])
    if claims:
        said = f"{claims} published claims, each with its set-up: kscale claims"
        lines.extend([*paragraph(said, width), Text()])
    example = next(iter(mechanisms), None)
    about = f"kscale show {example.id}" if example else "kscale show MECHANISM"
    lines.extend(paragraph(f"run one: kscale run SCENARIO · look closer: {about}", width, style="dim"))
    return joined(lines)


def card(mechanism: "Mechanism", width: int) -> Text:
    """Return all that is known of a mechanism without running it."""
    lines = paragraph(f"{mechanism.id} · {mechanism.title}", width, style="bold")
    lines.append(Text())
    lines.extend(paragraph(mechanism.about, width))
    variants = {name: variant.about for name, variant in mechanism.variants.items()}
    lines.extend(_section("Variants", _named(variants, width)))
    lines.extend(_section("Parameters", _parameters(mechanism, width)))
    lines.extend(_section("Metrics", _metrics(mechanism.metrics, width)))
    lines.extend(_section("Coefficients", _coefficients(mechanism, width)))
    lines.extend(_section("Where it loses", _bullets(mechanism.loses, width)))
    lines.extend(_section("Claims", _claims(mechanism, width)))
    lines.extend(_section("Source", paragraph(mechanism.source, width, first=INDENT, rest=INDENT)))
    lines.extend(_section("Left out", paragraph(mechanism.left_out, width, first=INDENT, rest=INDENT)))
    return joined(lines)


def _section(heading: str, lines: Sequence[Text]) -> list[Text]:
    """Return lines under a heading; nothing if there are none."""
    return [Text(), Text(heading, "bold"), *lines] if lines else []


def _named(about: Mapping[str, str], width: int) -> list[Text]:
    """Return names with what they are, in two columns; below each other where there is no room."""
    widest = max((cell_len(clean(name)) for name in about), default=0)
    lines: list[Text] = []
    for name, said in about.items():
        shown = clean(name)
        first = f"{INDENT}{shown}{' ' * (widest - cell_len(shown))}{INDENT}"
        if len(first) > width // 2:
            lines.append(Text(f"{INDENT}{shown}", "cyan"))
            lines.extend(paragraph(said, width, first=INDENT * 2, rest=INDENT * 2) if said else [])
            continue
        found = paragraph(said, width, first=first, rest=" " * cell_len(first))
        found[0].stylize("cyan", 0, len(INDENT) + len(shown))
        found[0].rstrip()
        lines.extend(found)
    return lines


def _coefficients(mechanism: "Mechanism", width: int) -> list[Text]:
    """Return what the mechanism reads of the cost model, with the profiles that differ."""
    if not mechanism.costs:
        return []
    from kscale.scenario import costs, profiles  # noqa: PLC0415 - most cards need no cost model

    models = {profile: costs.of_profile(profile).coefficients for profile in profiles.PROFILES}
    about = {}
    for name in mechanism.costs:
        amount, said = coefficients.by_profile(name, models)
        about[f"{name} = {amount}"] = said
    return _named(about, width)


def _claims(mechanism: "Mechanism", width: int) -> list[Text]:
    """Return the published figures that are laid beside the mechanism."""
    if not mechanism.claims:
        return []
    from kscale.judge.claims import registry  # noqa: PLC0415 - as above

    titles = {claim.id: claim.title for claim in registry.CLAIMS}
    return _named({name: titles.get(name, "") for name in mechanism.claims}, width)


def _bullets(sentences: Sequence[str], width: int) -> list[Text]:
    """Return sentences as a list."""
    return [
        line for said in sentences for line in paragraph(said, width, first=f"{INDENT}- ", rest=INDENT * 2)
    ]


def _parameters(mechanism: "Mechanism", width: int) -> list[Text]:
    """Return each parameter with its default, what is allowed and what it means; last, which variants run."""
    described = _described(mechanism.params)
    about: dict[str, str] = {}
    for field in fields(mechanism.params):
        known = described.get(field.name, {})
        show = _shown_as(field.name)
        default = "" if field.default is MISSING or field.default is None else show(field.default)
        about[f"{field.name} = {default}" if default else field.name] = " ".join(
            part for part in (known.get("description", ""), _allowed(known, show)) if part
        )
    names = " | ".join(map(clean, mechanism.variants))
    about["variants"] = f"Which of them to run; baseline and optimized if nothing is said. ({names} | all)"
    return _named(about, width)


def _described(params: type[Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return what the annotations of a parameter record say; nothing where pydantic cannot tell."""
    from pydantic.errors import PydanticInvalidForJsonSchema  # noqa: PLC0415 - a table needs no schema

    from kscale.measure import parameters  # noqa: PLC0415 - as above

    try:
        return parameters.properties(params)
    except PydanticInvalidForJsonSchema:
        return {}


def _shown_as(name: str) -> Callable[[Any], str]:
    """Return how a parameter of that name is written in a scenario."""
    if name.endswith("_bytes"):
        return show_bytes
    return exact_duration if name.endswith("_ns") else _value


def _allowed(known: Mapping[str, Any], show: Callable[[Any], str]) -> str:
    """Return the values or the range a parameter may take, in brackets."""
    if "enum" in known:
        return f"({' | '.join(clean(value) for value in known['enum'])})"
    low, high = known.get("minimum"), known.get("maximum")
    if low is None and high is None:
        return ""
    if high is None:
        return f"({show(low)} or more)"
    return f"(up to {show(high)})" if low is None else f"({show(low)} to {show(high)})"


def _value(value: object) -> str:
    """Return a value as it may be written in a scenario; a count with a prefix only if that is exact.

    A number that need not be whole takes no prefix.
    """
    if isinstance(value, float) and value.is_integer():
        return f"{int(value):,}"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        short = show_count(value)
        return short if parse_count(short) == value else f"{value:,}"
    return clean(value)


def _metrics(metrics: Sequence["Metric"], width: int) -> list[Text]:
    """Return each metric with its kind, unit, provenance and direction; headlines marked."""
    return list(_metric_lines(metrics, width))


def _metric_lines(metrics: Sequence["Metric"], width: int) -> Iterator[Text]:
    """Return the lines of the metrics, and what the star means."""
    about = {}
    for metric in metrics:
        better = "" if metric.better == "none" else f", {metric.better} is better"
        rules = f"{metric.kind}, {metric.unit}, {metric.provenance}{better}"
        name = f"{metric.name} *" if metric.headline else metric.name
        about[name] = f"{clean_prose(metric.about)} [{rules}]" if metric.about else f"[{rules}]"
    yield from _named(about, width)
    if any(metric.headline for metric in metrics):
        yield Text(f"{INDENT}* in the short table", "dim")
