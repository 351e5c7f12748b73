"""Attacks from inside a session on what holds it: each fails for as long as its control stands."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator

import pytest

from hub.engine import container
from hub.grant import Grant
from tests.engine_room import MIB, Room, new_id

pytest_plugins = ["tests.engine_fixtures"]

# A system call by number, as a program would make it that links no library's wrapper.
CALL = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    return "worked" if result >= 0 else errno.errorcode[ctypes.get_errno()]
"""
Attack = Callable[[str], str]
SOCKET, IO_URING_SETUP, PTRACE, PROCESS_VM_READV, UNSHARE, MOUNT = 41, 425, 101, 310, 272, 165


@pytest.fixture(scope="module")
def grant(room: Room) -> Iterator[Grant]:
    """A running session that the attacks of this file share."""
    with room.session() as running:
        yield running


@pytest.fixture
def attack(room: Room, grant: Grant) -> Iterator[Attack]:
    """Run code as the session's own user."""
    yield lambda code: room.inside(grant, code)


def test_a_session_has_no_interface_but_its_own_loopback(attack: Attack) -> None:
    assert attack("import os; print(os.listdir('/sys/class/net'))") == "['lo']"
    routes = attack("print(open('/proc/net/route').read().count(chr(10)))")
    assert routes == "1", "a route besides the table's heading"


@pytest.mark.parametrize("address", ["1.1.1.1", "172.17.0.1", "10.0.0.1", "169.254.169.254"])
def test_no_address_can_be_reached(attack: Attack, address: str) -> None:
    code = f"""
import socket
s = socket.socket()
s.settimeout(3)
try:
    s.connect(("{address}", 80)); print("connected")
except OSError as error:
    print(error.strerror or error)
"""
    assert attack(code) == "Network is unreachable"


@pytest.mark.parametrize(
    "family",
    [40, 40 + (1 << 32), 17, 38, 16 + 1, 29, 31, 44],
    ids=["vsock", "vsock-in-64-bits", "packet", "alg", "packet-again", "can", "bluetooth", "xdp"],
)
def test_no_socket_of_a_family_that_leads_around_the_network(attack: Attack, family: int) -> None:
    assert attack(f"{CALL}\nprint(call({SOCKET}, {family}, 1, 0))") == "EPERM"


def test_the_families_that_kernels_need_work(attack: Attack) -> None:
    assert attack(f"{CALL}\nprint([call({SOCKET}, f, 1, 0) for f in (1, 2)])") == "['worked', 'worked']"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("io_uring", f"call({IO_URING_SETUP}, 8, 0)"),
        ("reading another process", f"call({PROCESS_VM_READV}, os.getppid(), 0, 0, 0, 0, 0)"),
        ("attaching to another process", f"call({PTRACE}, 0x4206, os.getppid(), 0, 0)"),
        ("a user namespace", f"call({UNSHARE}, 0x10000000)"),
        ("a network namespace", f"call({UNSHARE}, 0x40000000)"),
        ("mounting", f"call({MOUNT}, 0, 0, 0, 0, 0)"),
    ],
)
def test_the_system_call_is_refused(attack: Attack, name: str, call: str) -> None:
    assert attack(f"{CALL}\nprint({call})") == "EPERM", name


def test_32_bit_system_calls_end_the_program(room: Room, grant: Grant) -> None:
    # int 0x80 with eax = 20 (getpid of i386): the door to socketcall, whose arguments no filter can see.
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex("b814000000cd80c3"))
run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("answered", run())
"""
    said = room.try_inside(grant, code)
    assert "answered" not in said["out"] or int(said["out"].split()[1]) < 0


def test_a_session_is_its_user_without_any_power(attack: Attack) -> None:
    status = attack("print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["200042"] * 4
    assert fields["Gid"].split() == ["200042"] * 4
    for powers in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[powers], 16) == 0
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


def test_nothing_inside_runs_as_its_owner(attack: Attack) -> None:
    code = """
import os, stat
found, seen = [], 0
for top, folders, names in os.walk("/"):
    if top in ("/proc", "/sys"):
        folders.clear()
    for name in names:
        path = os.path.join(top, name)
        mode = os.lstat(path).st_mode
        seen += 1
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            found.append(path)
print(found, seen > 1000)
"""
    assert attack(code) == "[] True"


@pytest.mark.parametrize("path", ["/x", "/etc/x", "/usr/bin/x", "/run/x", "/var/tmp/x", "/data/x", "/opt/x"])
def test_the_root_cannot_be_written(attack: Attack, path: str) -> None:
    code = f"""
try:
    open("{path}", "w"); print("written")
except OSError as error:
    print(error.errno)
"""
    assert attack(code) in ("30", "13")  # a read-only file system, or not one's own


@pytest.mark.parametrize(
    "act",
    [
        "open('/data/talk/1/manifest.jsonl', 'w')",
        "os.unlink('/data/talk/1/manifest.jsonl')",
        "open('/data/talk/1/new', 'w')",
        "os.chmod('/data/talk/1', 0o777)",
        "os.rename('/data/talk/1/manifest.jsonl', '/data/talk/1/x')",
    ],
)
def test_data_cannot_be_changed(room: Room, attack: Attack, act: str) -> None:
    # Even where its files' modes would let everyone: the mount is what holds.
    folder = room.places.state / "datasets" / "talk" / "1"
    folder.chmod(0o777)
    # Made anew, so that an attack which succeeds leaves the next one something to attack.
    (folder / "manifest.jsonl").write_text('{"id": "one"}\n')
    (folder / "manifest.jsonl").chmod(0o666)
    said = attack(
        f"import os\ntry:\n    {act}; print('changed')\nexcept OSError as error:\n    print(error.errno)"
    )
    assert said in ("30", "1")


def test_no_docker_socket_no_host_files_no_hub_words_inside(attack: Attack) -> None:
    code = """
import os
secret = ("docker.sock", "engine.sock", "internal.sock", "grant.key", "parlatory.sqlite3")
found = [os.path.join(folder, name) for folder, _, names in os.walk("/")
         if not folder.startswith(("/proc", "/sys")) for name in names if name in secret]
words = [k for k in os.environ if k.startswith(("JUPYTERHUB", "JPY_", "DOCKER", "CONFIGPROXY"))]
print(found, words, sorted(k for k in os.environ if k.startswith("PARLATORY")))
"""
    assert attack(code) == "[] [] ['PARLATORY_BASE_URL']"


def test_no_device_but_the_harmless_ones(attack: Attack) -> None:
    code = """
import os, stat
seen = []
for folder, _, names in os.walk("/dev"):
    for name in names:
        mode = os.lstat(os.path.join(folder, name)).st_mode
        if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and "pts" not in folder):
            seen.append(name)
print(sorted(seen))
"""
    seen = set(json.loads(attack(code).replace("'", '"')))
    assert seen <= {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}


LOOK = """
import os, stat
found = []
for top, folders, names in os.walk("/"):
    if top in ("/proc", "/sys"):
        folders.clear()
    for name in names:
        path = os.path.join(top, name)
        if name == "mine" or stat.S_ISSOCK(os.lstat(path).st_mode):
            found.append(path)
print(found, os.listdir("/home"), os.listdir("/home/researcher"))
"""


def test_other_peoples_homes_and_sockets_are_not_there(room: Room) -> None:
    with room.session() as other:
        room.inside(other, "open('/home/researcher/mine', 'w').write('x')")
        with room.session() as grant:
            seen = room.inside(grant, LOOK)
            assert seen == "['/run/parlatory-in/jupyter.sock'] ['researcher'] []"
            mounts = room.inside(grant, "print(open('/proc/self/mountinfo').read())")
            assert other.session not in mounts and other.workspace not in mounts
            code = "import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]))"
            assert int(room.inside(grant, code)) < 8, "processes of others are in sight"


def test_the_out_folder_cannot_be_written(room: Room, grant: Grant, attack: Attack) -> None:
    (room.places.session(grant.session) / "out").chmod(0o777)
    make = "os.mkdir('/run/parlatory-out/x'); print('made')"
    assert attack(f"import os\ntry:\n    {make}\nexcept OSError as e:\n    print(e.errno)") == "30"


FILL = """
import os
total = 0
try:
    with open("{folder}/fill", "wb") as file:
        while total < {enough}:
            total += file.write(b"x" * 65536)
            file.flush()
    print("filled", total)
except OSError as error:
    print(error.errno)
finally:
    os.path.exists("{folder}/fill") and os.unlink("{folder}/fill")
"""


@pytest.mark.parametrize(
    ("folder", "enough"),
    [
        ("/home/researcher", 64 * MIB),
        ("/run/parlatory-in", 16 * MIB),
        ("/tmp", 100 * MIB),
        ("/dev/shm", 64 * MIB),
    ],
)
def test_what_can_be_written_ends_at_its_size(attack: Attack, folder: str, enough: int) -> None:
    assert attack(FILL.format(folder=folder, enough=enough)) == "28"  # no space left


def test_the_socket_folder_runs_out_of_names(attack: Attack) -> None:
    code = """
made = []
import os
try:
    for i in range(1000):
        open(f"/run/parlatory-in/n{i}", "w").close(); made.append(i)
    print("made them all")
except OSError as error:
    print(error.errno, len(made) < 64)
for i in made: os.unlink(f"/run/parlatory-in/n{i}")
"""
    assert attack(code) == "28 True"


def test_processes_end_at_their_number(room: Room) -> None:
    with room.session(pids=20) as grant:
        code = """
import os, signal, time
children = []
try:
    for _ in range(100):
        child = os.fork()
        if child == 0:
            time.sleep(30); os._exit(0)
        children.append(child)
    print("all")
except OSError as error:
    print(error.errno, len(children) < 20)
for child in children: os.kill(child, signal.SIGKILL)
"""
        assert room.inside(grant, code) == "11 True"


def test_memory_ends_the_session_that_takes_it_and_no_other(room: Room, grant: Grant) -> None:
    with room.session(memory_bytes=64 * MIB) as greedy:
        take = "x = bytearray(400 << 20); x[::4096] = b'y' * len(x[::4096]); print('had it')"
        assert room.try_inside(greedy, take)["status"] == -9
        assert room.inside(grant, "print('untouched')") == "untouched"


def test_a_flood_of_output_fills_no_disk_and_its_log_is_kept_capped(room: Room) -> None:
    with room.session() as grant:
        flood = "out = open('/proc/1/fd/1', 'w')\nfor _ in range(40): out.write('y' * (1 << 20) + chr(10))"
        room.inside(grant, flood)
        found = room.engine.docker.find(container.session_name(room.places, grant.session))
        assert found is not None
        folder = f"/var/lib/docker/containers/{found.id}"
        written = sum(os.path.getsize(f"{folder}/{n}") for n in os.listdir(folder) if "json.log" in n)
        assert MIB // 2 < written < 3 * MIB
    kept = room.places.state / "sessions" / f"{grant.session}.log"
    assert MIB // 4 < kept.stat().st_size <= container.LOG_BYTES


def test_links_and_pipes_left_in_the_socket_folder_are_swept_without_being_followed(room: Room) -> None:
    precious = room.places.state / "precious"
    precious.write_text("keep")
    with room.session() as grant:
        room.inside(
            grant,
            f"""
import os
os.symlink("/", "/run/parlatory-in/root")
os.symlink("{precious}", "/run/parlatory-in/file")
os.mkfifo("/run/parlatory-in/pipe")
os.makedirs("/run/parlatory-in/a/b/c")
""",
        )
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert precious.exists(), "a link was followed"
    assert precious.read_text() == "keep"
    assert not room.places.session(grant.session).exists()


def test_a_home_brings_no_power_to_the_next_session(room: Room) -> None:
    workspace = new_id()
    with room.session(workspace=workspace) as grant:
        room.inside(
            grant,
            """
import os, shutil
shutil.copy("/usr/bin/id", "/home/researcher/id")
os.chmod("/home/researcher/id", 0o6755)
""",
        )
    with room.session(workspace=workspace, uid=200_043) as grant:
        run = "import subprocess; subprocess.run(['/home/researcher/id'])"
        assert "uid=200043" in room.inside(grant, run)
        mounted = room.inside(grant, "print([l for l in open('/proc/mounts') if '/home/researcher' in l][0])")
        assert {"nosuid", "nodev"} <= set(mounted.split()[3].split(","))
