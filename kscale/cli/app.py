"""Entry."""


def entry() -> None:
    """Run."""
