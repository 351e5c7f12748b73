"""Started in front of each process of the enclave: takes what it never needs, and becomes it.

`python -I -S bounds.py USER|engine|doctor -- COMMAND…`. No process gets a power that its user lacks, makes a
name space, looks into another process, or makes the kernel's rarer calls; the kernel holds it to that, and
its children. Imports nothing of ours: it runs before anything of the enclave does.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER, BOUNDING_DROP = 38, 22, 2, 24
# The powers that a process of root keeps. The engine mounts homes and grows them; the doctor becomes each
# user to try what it reaches, and reads in /proc who runs.
KEPT = {
    "engine": {
        "chown": 0,
        "dac_override": 1,
        "dac_read_search": 2,
        "fowner": 3,
        "fsetid": 4,
        "kill": 5,
        "setgid": 6,
        "setuid": 7,
        "sys_ptrace": 19,
        "sys_admin": 21,
        "sys_resource": 24,
    },
    "doctor": {
        "chown": 0,
        "dac_override": 1,
        "dac_read_search": 2,
        "fowner": 3,
        "kill": 5,
        "setgid": 6,
        "setuid": 7,
        "sys_ptrace": 19,
    },
}
# By their numbers on x86-64 and on ARM of 64 bits. Nobody here needs one of them.
NEVER = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
# The engine mounts; nobody else.
MOUNTING = {
    "chroot": (161, 51),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "pivot_root": (155, 41),
    "umount2": (166, 39),
}
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
# Each of clone's flags that makes a name space.
NAME_SPACES = 0x7E020000
# By an allow-list, as in a session: a number may be longer than what the kernel reads of it.
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
# The machine's audit number, the column of the tables, and where its other calling convention begins.
MACHINES = {"x86_64": (0xC000003E, 0, 0x40000000), "aarch64": (0xC00000B7, 1, 1 << 31)}
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST = 0, 4, 16
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000

Step = tuple[int, int, int, int]
# How /proc calls a process under a filter.
FILTERED = "2"


class Unbounded(Exception):
    """The process can't be bounded here, so it does not start; the message says why."""


def program(machine: str, *, mounts: bool) -> list[Step]:
    """Return the filter: refused is what stands in the tables, a name space, another family of sockets."""
    if machine not in MACHINES:
        raise Unbounded(f"no system call of a machine of the kind {machine} is known here")
    audit, column, other = MACHINES[machine]
    never = [call[column] for call in (NEVER if mounts else NEVER | MOUNTING).values()]
    steps: list[Step] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, other),
        _refused(errno.EPERM),
    ]
    for number in never:
        steps += [(EQUAL, 0, 1, number), _refused(errno.EPERM)]
    # Its flags lie in memory, where a filter can't look; the C library then takes the other.
    steps += [(EQUAL, 0, 1, CLONE3[column]), _refused(errno.ENOSYS)]
    steps += [
        (EQUAL, 0, 4, CLONE[column]),
        (LOAD, 0, 0, FIRST),
        (ANY_BIT, 0, 1, NAME_SPACES),
        _refused(errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    steps += [(EQUAL, 1, 0, SOCKET[column]), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, FIRST)]
    for family in FAMILIES:
        steps += [(EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW)]
    return [*steps, _refused(errno.EAFNOSUPPORT)]


def _refused(number: int) -> Step:
    return RETURN, 0, 0, REFUSE | number


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def bind(who: str) -> None:
    """Take from this process, for good, what a user's process, or root's of this name, does not need."""
    library = ctypes.CDLL(None, use_errno=True)

    def prctl(what: int, *values: object) -> None:
        if library.prctl(what, *values, 0, 0, 0):
            raise Unbounded(f"the kernel refuses prctl({what}): {os.strerror(ctypes.get_errno())}")

    # What lies in its memory is written to no disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0:
        kept = set(KEPT.get(who, {}).values())
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
        for power in set(range(last + 1)) - kept:
            prctl(BOUNDING_DROP, power)
    prctl(SET_NO_NEW_PRIVS, 1)
    steps = program(platform.machine(), mounts=who == "engine")
    packed = b"".join(struct.pack("=HBBI", *step) for step in steps)
    prctl(SET_SECCOMP, FILTER, ctypes.byref(_Filter(len(steps), packed)))


def main(words: Sequence[str]) -> None:
    """Take it, and become the command."""
    who, _, *command = words
    try:
        bind(who)
        os.execv(command[0], command)  # noqa: S606 - supervisor's own command, word for word
    except (Unbounded, OSError, ValueError) as error:
        sys.exit(f"{who} does not start: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
