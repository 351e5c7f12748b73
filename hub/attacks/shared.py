"""What a session could share with the host: memory, queues, sockets, numbers of processes, the disk."""

from __future__ import annotations

from hub.attacks.attack import CALL, Attack

IPC, SOCKETS, LIMITS = "ipc and shared memory", "sockets", "limits"
# `bait` lays these out on the host while the attacks run.
KEY, NAME = 0x7061726C, "parlatory-bait"
MIB = 1 << 20

TABLES = """
rows = []
for name in ("shm", "sem", "msg"):
    try:
        rows += open("/proc/sysvipc/" + name).read().splitlines()[1:]
    except OSError:
        pass
print(rows)
"""
SHM = f"""
import os
print([name for name in os.listdir("/dev/shm") if "{NAME}" in name])
"""
QUEUE = f"""
{CALL}
name = ctypes.create_string_buffer(b"{NAME}")
print(call(240, ctypes.addressof(name), os.O_RDONLY, 0, 0))
"""
ABSTRACT = f"""
import socket
try:
    socket.socket(socket.AF_UNIX).connect("\\0{NAME}"); print("connected")
except OSError as error:
    print(error.strerror)
"""
NAMES = f"""
print([line.split()[-1] for line in open("/proc/net/unix") if "{NAME}" in line])
"""
INTERFACES = """
import os
print(sorted(os.listdir("/sys/class/net")), open("/proc/net/route").read().count(chr(10)))
"""
FORKS = """
import os, signal, time
children, said = [], "all 800"
try:
    for _ in range(800):
        child = os.fork()
        if child == 0:
            time.sleep(60); os._exit(0)
        children.append(child)
except OSError as error:
    said = error.strerror
for child in children:
    os.kill(child, signal.SIGKILL)
for child in children:
    os.waitpid(child, 0)
print(said)
"""
MEMORY = f"""
import subprocess, sys
# In pieces, each page of them written: what is not touched is not taken.
take = "kept = []\\nfor _ in range(48): kept.append(bytearray(b'y') * (32 * {MIB}))\\nprint('had 1.5 GiB')"
ran = subprocess.run([sys.executable, "-c", take], capture_output=True, text=True)
print(ran.stdout.strip() or ("killed" if ran.returncode < 0 else "refused"))
"""
DESCRIPTORS = """
import os, resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept, said = [], "opened 20000"
try:
    for _ in range(20000):
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    said = error.strerror if len(kept) <= 8192 else "more than 8192"
print(said)
"""
CORE = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
FILL = """
import os
path, written, said = "{folder}/fill-{name}", 0, "filled"
try:
    with open(path, "wb", buffering=0) as file:
        while written < {enough}:
            written += file.write(b"x" * (1 << 20))
except OSError as error:
    said = error.strerror
finally:
    os.path.exists(path) and os.unlink(path)
print(said)
"""
FULL = "No space left on device"


def _fill(name: str, folder: str, enough: int) -> Attack:
    code = FILL.format(folder=folder, name=name, enough=enough)
    return Attack(f"fill-{name}", LIMITS, f"writing {enough // MIB} MiB into {folder}", code, FULL)


ATTACKS = (
    Attack(
        "shared-memory-segment", IPC, "attaching to a segment of the host's that everybody may read",
        f"{CALL}\nprint(call(29, {KEY}, 16, 0o444))", "ENOENT|EPERM|ENOSYS",
    ),
    Attack("ipc-tables", IPC, "seeing anybody's segments, semaphores and queues", TABLES, r"\[\]"),
    Attack("host-shm", IPC, "finding the host's files in /dev/shm", SHM, r"\[\]"),
    Attack("message-queue", IPC, "opening a queue of the host's", QUEUE, "ENOENT|EPERM|ENOSYS|EACCES"),
    Attack(
        "abstract-socket", SOCKETS, "connecting to an abstract socket of the host's", ABSTRACT,
        "Connection refused",
    ),
    Attack("socket-names", SOCKETS, "reading the names of the host's sockets", NAMES, r"\[\]"),
    Attack("interfaces", SOCKETS, "finding an interface or a route", INTERFACES, r"\['lo'\] 1"),
    Attack("fork-bomb", LIMITS, "800 processes", FORKS, "Resource temporarily unavailable"),
    Attack("memory", LIMITS, "1.5 GiB of memory", MEMORY, "killed|refused"),
    Attack("descriptors", LIMITS, "20,000 open files", DESCRIPTORS, "Too many open files"),
    Attack("core-dumps", LIMITS, "leaving a core dump", CORE, r"\(0, 0\)"),
    _fill("home", "/home/researcher", 256 * MIB),
    _fill("in", "/run/parlatory-in", 16 * MIB),
    _fill("tmp", "/tmp", 1024 * MIB),  # noqa: S108 - the session's own
    _fill("shm", "/dev/shm", 1024 * MIB),  # noqa: S108 - the session's own
)  # fmt: skip
