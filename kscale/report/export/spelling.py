"""Text from files, on one line: what a format's own escaping leaves harmful or unreadable is spelled out."""

from kscale.report.text import clean


def one_line(text: object) -> str:
    """Return *text* whole, with control, format and lone surrogate characters as Python writes them."""
    plain = str(text)
    return plain if plain.isprintable() else "".join(map(clean, plain))
