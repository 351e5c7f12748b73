"""The system calls a session may make: Docker's default profile minus what could reach out or look across."""

from __future__ import annotations

import json
import socket
from functools import cache
from pathlib import Path
from typing import Any

# Two processes of one user could read each other's memory, and io_uring makes calls that no filter sees.
# socketcall is the 32-bit way to `socket`: a filter cannot look at its arguments.
TAKEN_AWAY = frozenset(
    {
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "kcmp",
        "pidfd_getfd",
        "process_madvise",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "socketcall",
    }
)
# An allow-list: a rule "not AF_VSOCK" is passed by AF_VSOCK + 2**32, which the kernel cuts to AF_VSOCK.
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)


@cache
def profile() -> str:
    """Return the profile as the JSON text that Docker takes."""
    document = json.loads((Path(__file__).parent / "default.json").read_text(encoding="utf-8"))
    kept = [_without(rule) for rule in document["syscalls"] if rule["names"] != ["socket"]]
    document["syscalls"] = [rule for rule in kept if rule["names"]] + [_family(f) for f in FAMILIES]
    # No 32-bit calls: their numbers and arguments differ, so a filter for 64 bits says little about them.
    document["archMap"] = [{**entry, "subArchitectures": []} for entry in document["archMap"]]
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _without(rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "names": [name for name in rule["names"] if name not in TAKEN_AWAY | {"socket"}]}


def _family(family: int) -> dict[str, Any]:
    argument = {"index": 0, "value": int(family), "op": "SCMP_CMP_EQ"}
    return {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [argument]}
