"""What the attack tests share: a table of measured seconds, printed when all is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_ROWS: pytest.StashKey[list[tuple[str, float, float]]] = pytest.StashKey()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str, float, float], None]:
    """Keep how long an act took to close the websocket and to remove the container."""
    rows = request.config.stash.setdefault(_ROWS, [])
    return lambda act, socket, container: rows.append((act, socket, container))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the seconds from each act to its effect."""
    rows = config.stash.get(_ROWS, [])
    if rows:
        terminalreporter.section("seconds from an act to the end of a running session")
        terminalreporter.write_line(f"{'act':34}{'websocket closed':>18}{'container gone':>18}")
    for act, socket, container in rows:
        terminalreporter.write_line(f"{act:34}{socket:18.2f}{container:18.2f}")
