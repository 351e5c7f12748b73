"""What a process of the enclave is bound by: tried in a process that is, and in one that is not."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import bounds

# Each tried in a child of its own: some of them change who tries.
TRY = """
import ctypes, json, os, resource, signal, socket, subprocess, sys, threading
library = ctypes.CDLL(None, use_errno=True)
def tried(number, *values):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        ctypes.set_errno(0)
        done = library.syscall(*(ctypes.c_long(value) for value in (number, *values)))
        os.write(writer, str(ctypes.get_errno() if done == -1 else 0).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    said = os.read(reader, 20)
    os.waitpid(child, 0)
    return int(said or -1)
threads = []
thread = threading.Thread(target=threads.append, args=(1,))
thread.start()
thread.join()
print(json.dumps({
    "tries": {name: tried(*values) for name, values in json.loads(sys.argv[1]).items()},
    "works": [*threads, subprocess.run(["/bin/true"]).returncode, socket.socket(socket.AF_INET6).close()],
    "core": resource.getrlimit(resource.RLIMIT_CORE),
}))
"""
COLUMN = bounds.MACHINES[platform.machine()][1]
NOT_ALLOWED, NO_CALL, NO_FAMILY = 1, 38, 97


def number(name: str) -> int:
    return (bounds.NEVER | bounds.MOUNTING)[name][COLUMN]


NEW_USER = 0x10000000
TRIES = {
    "a name space of users": (number("unshare"), NEW_USER),
    "a process in one": (bounds.CLONE[COLUMN], NEW_USER | 17, 0, 0, 0, 0),
    "clone3": (bounds.CLONE3[COLUMN], 0, 0),
    "a debugger": (number("ptrace"), 0, 0, 0, 0),
    "another's memory": (number("process_vm_readv"), os.getpid(), 0, 0, 0, 0, 0),
    "io_uring": (number("io_uring_setup"), 8, 0),
    "the kernel's own programs": (number("bpf"), 0, 0, 0),
    "keys": (number("keyctl"), 0, -3, 0),
    "a virtual machine's host": (bounds.SOCKET[COLUMN], 40, 1, 0),
    "the same, by a longer number": (bounds.SOCKET[COLUMN], 40 + (1 << 32), 1, 0),
    "an old file system": (number("fsopen"), 0, 0),
}
REFUSED = {
    **dict.fromkeys(TRIES, NOT_ALLOWED),
    "clone3": NO_CALL,
    "a virtual machine's host": NO_FAMILY,
    "the same, by a longer number": NO_FAMILY,
}


def tried(*before: str) -> dict[str, object]:
    line = [*before, sys.executable, "-I", "-S", "-c", TRY, json.dumps(TRIES)]
    said: dict[str, object] = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
    return said


def test_what_is_bound_makes_no_call_beyond_its_work_and_does_its_work() -> None:
    said = tried(sys.executable, "-I", "-S", bounds.__file__, "parlatory-gate", "--")
    assert said == {"tries": REFUSED, "works": [1, 0, None], "core": [0, 0]}


def test_what_is_not_bound_makes_them() -> None:
    """Else the test above would show nothing; a machine may refuse some of them to everybody."""
    made = tried()["tries"]
    assert isinstance(made, dict)
    assert len([name for name in TRIES if made[name] != REFUSED[name]]) >= 2, made


def test_the_engine_mounts_and_nobody_else() -> None:
    def refused(*, mounts: bool) -> set[int]:
        steps = bounds.program("x86_64", mounts=mounts)
        return {value for code, _, skip, value in steps if (code, skip) == (bounds.EQUAL, 1)}

    mounting = {call[0] for call in bounds.MOUNTING.values()}
    assert refused(mounts=False) - refused(mounts=True) == mounting


def test_on_a_machine_whose_calls_are_not_known_nothing_starts() -> None:
    with pytest.raises(bounds.Unbounded, match="of the kind m68k"):
        bounds.program("m68k", mounts=False)


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_the_numbers_are_those_of_the_kernels_own_table(machine: str, header: str) -> None:
    """Where the machine has that table; elsewhere the calls above are tried by their numbers."""
    known = Path(header).read_text(encoding="ascii").split("\n") if Path(header).exists() else []
    numbers = {
        words[1].removeprefix("__NR_").removeprefix("__NR3264_"): int(words[2])
        for line in known
        if len(words := line.split()) > 2 and words[0] == "#define" and words[2].isdecimal()
    }
    column = bounds.MACHINES[machine][1]
    for name, call in (bounds.NEVER | bounds.MOUNTING).items():
        assert numbers.get(name, call[column]) == call[column], name


def test_a_command_that_is_not_there_is_said_in_a_sentence() -> None:
    line = [sys.executable, "-I", "-S", bounds.__file__, "parlatory-gate", "--", "/nowhere/opa"]
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr.startswith("parlatory-gate does not start: ")


def test_the_filter_fits_what_the_kernel_takes() -> None:
    assert len(bounds.program("aarch64", mounts=False)) < 4096
    assert ctypes.sizeof(bounds._Filter) == 16
