"""The outermost keys of documents of JSON, from the beginning of a file, which may be cut anywhere.

What a file is, its own keys say; the same words deeper inside are somebody's labels and settings.
"""

import re
from collections.abc import Iterator, Mapping

LEVELS = 2  # of mappings whose keys are told: of a document, and of what it holds

_STRING = r'"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?\Z)'  # to its end, or that of the text
_BEGIN = re.compile(rf"\{{\s*(?:\}}|\Z|{_STRING}\s*(?::|\Z))|\[", re.DOTALL)
_TOKEN = re.compile(rf'{_STRING}(?P<colon>\s*:)?|[][{{}}]|[^][{{}}",:\s]+', re.DOTALL)

Outline = Mapping[str, str]


def is_json(text: str) -> bool:
    """Return whether JSON begins here; `{label="x"} 1` is a metric without a name."""
    return bool(_BEGIN.match(text))


def outlines(text: str) -> Iterator[Outline]:
    """Yield the keys of each document, or of each entry of a list, and what they hold; the last may be cut.

    Keys of a mapping in it have a dot: data.resultType. Text is without its quotes, anything else as it is
    written, and of what is nested only its bracket. Of a key given twice the first counts.
    """
    found: dict[str, str] = {}
    keys: list[str | None] = []  # of every mapping that is open; None: a list
    for match in _TOKEN.finditer(text.removeprefix("[")):
        token = match[0] if match["text"] is None else match["text"]
        if match["colon"] and keys:
            keys[-1] = token
        elif match[0] in {"}", "]"}:
            if keys:
                keys.pop()
            if not keys:
                yield found
                found = {}
        else:
            path = [key for key in keys if key is not None]
            if 0 < len(path) == len(keys) <= LEVELS:
                found.setdefault(".".join(path), token)
            if match[0] in {"{", "["}:
                keys.append(None if match[0] == "[" else "")
    if found:
        yield found
