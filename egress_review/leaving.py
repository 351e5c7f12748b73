"""Downloads on their way: few of one person at a time, for each holds a thread until it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from threading import RLock

from hub.errors import Busy

# In each process of the portal.
MOST_AT_ONCE = 2

_going: Counter[str] = Counter()
# Entered again where memory is tidied up inside of it.
_lock = RLock()


class Leaving:
    """The pieces of one download, counted as its reader's until they are through or given up."""

    def __init__(self, person: str, pieces: Generator[bytes]) -> None:
        """Take a place, or say that the person has all of theirs."""
        self._pieces = pieces
        self._person = ""
        with _lock:
            if _going[person] >= MOST_AT_ONCE:
                raise Busy(f"{MOST_AT_ONCE} of your downloads are still going on; wait until one is done.")
            _going[person] += 1
            self._person = person

    def __iter__(self) -> Leaving:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the place back, once."""
        self._pieces.close()
        with _lock:
            person, self._person = self._person, ""
            if person:
                _going[person] -= 1
                if not _going[person]:
                    del _going[person]

    def __del__(self) -> None:
        """Give the place back where nobody was left to do it."""
        self.close()
