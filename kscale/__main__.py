"""Start kscale: `kscale`, or `python -m kscale`."""

import sys
import traceback


def run() -> None:
    """Run the command; that it cannot be loaded is a bug (70), and must not read as a failed gate (1)."""
    try:
        from kscale.cli.app import entry  # noqa: PLC0415 - inside the handler
    except Exception:  # noqa: BLE001 - as above
        traceback.print_exc()
        sys.exit(70)
    entry()


if __name__ == "__main__":
    run()
