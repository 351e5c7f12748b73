"""A process that says how far it is may take any time; one that says nothing for too long hangs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub import children


@contextmanager
def running(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a line of Python until the test is over with it."""
    with subprocess.Popen([sys.executable, "-uc", code], stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_process_that_says_nothing_for_too_long_is_silent() -> None:
    with running("import time; print('begun'); time.sleep(60)") as process:
        said = children.lines(process, silent_seconds=3)
        assert next(said) == b"begun"
        began = time.monotonic()
        with pytest.raises(children.Silent, match="It said nothing"):
            next(said)
        assert 3 <= time.monotonic() - began < 30


def test_one_that_goes_on_is_heard_to_its_end_however_long_that_takes() -> None:
    code = "import time\nfor number in range(8): print(number); time.sleep(0.5)"
    with running(code) as process:
        assert list(children.lines(process, silent_seconds=3)) == [b"%d" % number for number in range(8)]


def test_lines_are_whole_however_long_they_are_and_the_last_needs_no_end() -> None:
    code = "import sys; sys.stdout.write('a' * 5_000_000 + '\\n\\nlast')"
    with running(code) as process:
        assert list(children.lines(process, silent_seconds=60)) == [b"a" * 5_000_000, b"", b"last"]
