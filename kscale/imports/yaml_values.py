"""Values and comments as YAML: plain where that is safe, on one line, of a length that can be read."""

import re

from kscale.imports import settings
from kscale.imports.formats import FORMATS
from kscale.imports.merge import Merged
from kscale.scenario.document import one_line

LONGEST_COMMENT = 160  # characters

_UNITS = "ns|us|ms|s|min|h|m|/s|/min|/h|B|[KMGTPE]iB"
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z0-9_./-]*|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:{_UNITS})")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})
_TITLES = {one.id: one.title for one in FORMATS}


def title(format_id: str) -> str:
    """Return what people call a format."""
    return _TITLES.get(format_id, format_id)


def why(merged: Merged, key: str) -> str:
    """Return how a value is known."""
    one = merged.values[key]
    guess = ", worked out" if one.estimate else ""
    mix = settings.mix_of(key)
    origin = title(merged.origins.get(f"load.{mix}" if mix else key, ""))
    return clipped(one.how) + (f" ({origin}{guess})" if origin else guess)


def scalar(value: object) -> str:
    """Return a value so that YAML reads back the same: plain where that is safe, else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        mantissa, e, power = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{e}{power}"  # YAML's floats have a point
    text = str(value)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    """Return a character as it stands in YAML's double quotes."""
    if char in {'"', "\\"}:
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def clipped(text: str) -> str:
    """Return a sentence on one line, of a length that can be read."""
    line = one_line(text)
    return line if len(line) <= LONGEST_COMMENT else f"{line[: LONGEST_COMMENT - 3]}..."
