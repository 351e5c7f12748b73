"""What an attack is: code that a session's person could run, and what it prints when it has failed."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A system call by number, as a program would make it that links no library's wrapper.
CALL = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    if os.getpid() != PARENT:
        # What a call made of this process: a child of clone's goes on here too.
        os._exit(0)
    return "worked" if result >= 0 else errno.errorcode[ctypes.get_errno()]
PARENT = os.getpid()
"""


@dataclass(frozen=True)
class Attack:
    """One attack: its area, what it tries, the code, and what the code prints when nothing came of it."""

    name: str
    area: str
    tries: str
    code: str
    # Matched against all that is printed; whatever else is printed, the attack got somewhere.
    failed: str

    def has_failed(self, said: str) -> bool:
        """Say whether what was printed shows that nothing came of it; no word at all shows nothing."""
        return re.fullmatch(self.failed, said.strip(), re.DOTALL) is not None
