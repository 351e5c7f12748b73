"""Attacks from a real kernel and a real browser on what encloses a session."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
from pathlib import Path

import docker
import httpx
import pytest

from tests.enclave import Enclave
from tests.indoors import TRY, Inside, inside, neighbour

__all__ = ["inside", "neighbour"]

pytestmark = pytest.mark.timeout(300)

MIB = 1 << 20


def host_addresses() -> list[str]:
    """Return this machine's own addresses, the Docker bridge's among them."""
    text = Path("/proc/net/fib_trie").read_text()
    found = set(re.findall(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL", text))
    return sorted(found - {"127.0.0.1"}) or ["172.17.0.1"]


# The network.


def test_a_kernel_has_loopback_and_no_route(inside: Inside) -> None:
    assert inside.say("import os; print(os.listdir('/sys/class/net'))") == "['lo']"
    routes = "print(open('/proc/net/route').read().count('\\n'), end=' ')\n"
    routes += "print({l.split()[-1] for l in open('/proc/net/ipv6_route')} <= {'lo'})"
    assert inside.say(routes) == "1 True"


def test_no_part_of_the_enclave_answers_a_kernel(inside: Inside, enclave: Enclave) -> None:
    ports = [enclave.places.base_port + n for n in range(6)]
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=3):
            pass  # The attack would work on this side of the wall.
    own = f"{TRY}\nprint([attempt(lambda: dial(socket.AF_INET, ('127.0.0.1', p))) for p in {ports}])"
    assert inside.say(own) == str(["ECONNREFUSED"] * len(ports))
    six = f"{TRY}\nprint({{attempt(lambda: dial(socket.AF_INET6, ('::1', p))) for p in {ports}}})"
    assert inside.say(six) in {"{'ECONNREFUSED'}", "{'EADDRNOTAVAIL'}"}
    others = [
        (host, port) for host in (*host_addresses(), "1.1.1.1", "169.254.169.254") for port in (80, 18000)
    ]
    far = f"{TRY}\nprint({{attempt(lambda: dial(socket.AF_INET, a)) for a in {others}}})"
    assert inside.say(far) == "{'ENETUNREACH'}"


def test_no_name_is_resolved(inside: Inside) -> None:
    code = """
import socket
for name in ("deb.debian.org", "portal.localhost.example", "host.docker.internal"):
    try:
        print(socket.getaddrinfo(name, 80))
    except socket.gaierror:
        print("no")
"""
    assert inside.say(code).split() == ["no", "no", "no"]


@pytest.mark.parametrize(
    "arguments",
    ["40, 1", "socket.AF_PACKET, socket.SOCK_RAW", "socket.AF_INET, socket.SOCK_RAW, 1", "38, 5"],
    ids=["vsock", "packet", "raw", "crypto"],
)
def test_no_socket_leads_around_the_network(inside: Inside, arguments: str) -> None:
    answer = inside.say(f"{TRY}\nprint(attempt(lambda: socket.socket({arguments})))")
    assert answer in {"EPERM", "EACCES", "EAFNOSUPPORT"}


def test_a_number_that_the_kernel_cuts_to_vsock_opens_none(inside: Inside) -> None:
    code = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes = [ctypes.c_long] * 4
number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
worked = libc.syscall(number, 40 + (1 << 32), 1, 0) >= 0
print("worked" if worked else errno.errorcode[ctypes.get_errno()])
"""
    assert inside.say(code) == "EPERM"


def test_the_only_sockets_are_its_own_servers_and_the_hand_in_door(inside: Inside) -> None:
    code = """
import os, stat
found = []
for top, folders, names in os.walk("/"):
    if top in ("/proc", "/sys"):
        folders.clear()
    for name in names:
        try:
            if stat.S_ISSOCK(os.lstat(os.path.join(top, name)).st_mode):
                found.append(os.path.join(top, name))
        except OSError:
            pass
print(sorted(f for f in found if not f.startswith("/tmp/")))
"""
    expected = ["/run/parlatory-in/jupyter.sock", "/run/parlatory-out/handin.sock"]
    assert inside.say(code) == str(expected)


def test_no_socket_of_the_host_is_in_reach(inside: Inside, neighbour: Inside, enclave: Enclave) -> None:
    run = enclave.places.run
    paths = [
        "/var/run/docker.sock",
        "/run/docker.sock",
        str(enclave.places.engine_socket),
        str(enclave.places.portal_socket),
        str(run / "supervisor/supervisor.sock"),
        str(run / "sessions" / neighbour.session / "in/jupyter.sock"),
        str(run / "sessions" / neighbour.session / "out/handin.sock"),
    ]
    for path in paths:
        assert Path(path).exists() or "docker" in path, f"{path} is not there to be attacked"
    code = f"{TRY}\nprint({{attempt(lambda: dial(socket.AF_UNIX, p)) for p in {paths}}})"
    assert inside.say(code) == "{'ENOENT'}"


def test_an_abstract_socket_of_the_host_is_not_in_reach(inside: Inside) -> None:
    name = f"parlatory-probe-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        with socket.socket(socket.AF_UNIX) as same:
            same.connect("\0" + name)
        code = f"{TRY}\nprint(attempt(lambda: dial(socket.AF_UNIX, chr(0) + {name!r})))"
        assert inside.say(code) == "ECONNREFUSED"
    assert name not in inside.say("print(open('/proc/net/unix').read())")


def test_the_hand_in_door_says_its_session_and_nothing_of_the_portals(inside: Inside) -> None:
    code = """
import http.client, json, socket
def ask(method, path, headers={}):
    line = http.client.HTTPConnection("door")
    line.sock = socket.socket(socket.AF_UNIX)
    line.sock.connect("/run/parlatory-out/handin.sock")
    line.request(method, path, headers=headers)
    answer = line.getresponse()
    return answer.status, answer.read().decode()
print(json.dumps([ask("GET", "/v1/context"), ask("POST", "/internal/leases"), ask("GET", "/people/"),
                  ask("GET", "/sessions"), ask("GET", "http://127.0.0.1:18000/")]))
"""
    (status, context), *rest = json.loads(inside.say(code))
    assert status == 200 and json.loads(context)["project"]
    assert {one[0] for one in rest} <= {404, 405, 400}, rest


# The files.


def test_other_homes_and_other_data_are_not_there(neighbour: Inside, inside: Inside) -> None:
    listing = "import os; print(*(os.listdir(top) for top in ('/home', '/data', '/data/prompts-voices')))"
    assert inside.say(listing) == "['researcher'] ['prompts-voices'] ['1.1']"
    assert "neighbour.txt" not in inside.say("import os; print(os.listdir('/home/researcher'))")
    seen = inside.say("print(open('/proc/self/mountinfo').read())")
    for word in (neighbour.session, neighbour.scene.id, "librivox", "docker.sock"):
        assert word not in seen
    search = """
import os
found = []
for top, folders, names in os.walk("/"):
    if top in ("/proc", "/sys", "/usr"):
        folders.clear()
    found += [open(os.path.join(top, name)).read() for name in names if name == "neighbour.txt"]
print(found)
"""
    assert inside.say(search) == "[]"


def test_the_data_is_all_there_and_cannot_be_changed(inside: Inside, enclave: Enclave) -> None:
    folder = enclave.places.state / "datasets/prompts-voices/1.1"
    expected = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    code = """
import hashlib, pathlib
top = pathlib.Path("/data/prompts-voices/1.1")
total = hashlib.sha256()
for path in sorted(p for p in top.rglob("*") if p.is_file()):
    total.update(f"{path.relative_to(top)} {hashlib.sha256(path.read_bytes()).hexdigest()}\\n".encode())
print(total.hexdigest())
"""
    paths = sorted(Path(name) for name in expected)
    lines = "".join(f"{path} {expected[str(path)]}\n" for path in paths)
    assert inside.say(code, seconds=120) == hashlib.sha256(lines.encode()).hexdigest()
    acts = f"""{TRY}
import pathlib, shutil
top = "/data/prompts-voices/1.1"
one = top + "/manifest.jsonl"
print([attempt(act) for act in (
    lambda: open(one, "a"), lambda: open(top + "/new", "w"), lambda: os.unlink(one),
    lambda: os.chmod(one, 0o777),
    lambda: os.rename(one, one + "2"), lambda: os.utime(one), lambda: os.symlink("/tmp", top + "/link"))])
"""
    assert set(json.loads(inside.say(acts).replace("'", '"'))) <= {"EROFS", "EACCES"}
    options = "print({l.split()[5].split(',')[0] for l in open('/proc/self/mountinfo') if ' /data/' in l})"
    assert inside.say(options) == "{'ro'}"
    assert hashlib.sha256((folder / "manifest.jsonl").read_bytes()).hexdigest() == expected["manifest.jsonl"]


def test_only_its_own_places_can_be_written(inside: Inside) -> None:
    places = ["/", "/etc", "/usr/bin", "/opt/parlatory", "/opt/parlatory/server", "/root", "/run", "/var/tmp",
              "/home", "/data", "/run/parlatory-out", "/sys/fs/cgroup", "/proc/sys/kernel"]  # fmt: skip
    code = f"{TRY}\nprint('worked' in {{attempt(lambda: open(p + '/probe', 'w')) for p in {places}}})"
    assert inside.say(code) == "False"
    writable = """
import os
found = set()
for line in open("/proc/self/mountinfo"):
    target = line.split()[4]
    if os.path.isdir(target) and os.access(target, os.W_OK):
        found.add(target)
print(sorted(found))
"""
    allowed = {"/tmp", "/dev/shm", "/dev/mqueue", "/home/researcher", "/run/parlatory-in"}
    assert set(json.loads(inside.say(writable).replace("'", '"'))) <= allowed


def test_a_kernel_is_nobody_and_stays_it(inside: Inside) -> None:
    code = """
import os
facts = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(os.getuid() >= 200001, os.getuid() == os.geteuid() == os.getgid(), set(os.getgroups()) <= {os.getgid()},
      {int(facts[c], 16) for c in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
      facts["NoNewPrivs"].strip(), facts["Seccomp"].strip())
"""
    assert inside.say(code) == "True True True {0} 1 2"
    climb = (
        "import subprocess; print(subprocess.run(['unshare', '-Ur', 'true'], capture_output=True).returncode)"
    )
    assert inside.say(climb) != "0"


def test_the_home_ends_at_its_size(inside: Inside) -> None:
    code = """
import errno, os
written = 0
try:
    with open("flood", "wb") as out:
        while written < 200 << 20:
            written += out.write(os.urandom(1 << 20))
            out.flush()
    print("no end")
except OSError as error:
    print(errno.errorcode[error.errno], written >> 20)
finally:
    os.unlink("flood")
"""
    said, mib = inside.say(code, seconds=120).split()
    assert said in {"ENOSPC", "EDQUOT"}
    assert int(mib) <= 64


# Secrets.


def secrets_of(enclave: Enclave) -> list[bytes]:
    """Return every secret of the enclave that is long enough to be told from chance."""
    found = {
        path.read_bytes().strip() for path in (enclave.places.state / "secrets").rglob("*") if path.is_file()
    }
    parts = {
        line for one in found for line in one.splitlines() if len(line) >= 20 and not line.startswith(b"---")
    }
    assert len(parts) >= 8
    return sorted(parts)


def test_no_secret_of_the_enclave_is_in_a_session(inside: Inside, enclave: Enclave) -> None:
    """Looks as root through the container's processes and files, so that no secret has to go in."""
    wanted = re.compile(b"|".join(re.escape(one) for one in secrets_of(enclave)))
    engine = docker.APIClient(version="auto")
    container = f"{enclave.places.enclave}-session-{inside.session}"
    pids = [row[1] for row in engine.top(container)["Processes"]]
    engine.close()
    assert len(pids) >= 2
    for pid in pids:
        assert not wanted.search(Path(f"/proc/{pid}/environ").read_bytes())
        assert not wanted.search(Path(f"/proc/{pid}/cmdline").read_bytes())
    root = Path(f"/proc/{pids[0]}/root")
    looked = 0
    for folder in ("home", "tmp", "run", "etc", "opt/parlatory/server", "opt/parlatory/notebooks"):
        for top, _, names in os.walk(root / folder):
            for name in names:
                path = Path(top) / name
                if path.is_file() and not path.is_symlink() and path.stat().st_size < 4 * MIB:
                    looked += 1
                    assert not wanted.search(path.read_bytes()), path
    assert looked > 10


def test_the_environment_inside_names_no_hub_and_no_portal(inside: Inside) -> None:
    code = """
import glob, os
names = set(os.environ)
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        names |= {item.split("=", 1)[0] for item in open(path).read().split("\\0") if item}
    except OSError:
        pass
words = ("HUB", "TOKEN", "SECRET", "PORTAL", "PARLATORY")
print(sorted(name for name in names if any(word in name for word in words)))
"""
    assert inside.say(code) == "['PARLATORY_BASE_URL']"


# What the browser may ask for.


def test_the_browser_cannot_fetch_files(inside: Inside) -> None:
    inside.say("open('secret.txt', 'w').write('not-for-the-browser')")
    inside.say("open('s.wav', 'wb').write(bytes(range(256)))")
    tries = [
        "files/secret.txt",
        "view/secret.txt",
        "nbconvert/html/attack.ipynb",
        "api/nbconvert",
        "api/contents/s.wav?type=file&format=base64&content=1",
        "api/contents/s.wav?content=1",
        "terminals/websocket/1",
        "api/terminals",
        "lsp/status",
        "proxy/18000/",
        "api/contents/..%2f..%2fetc%2fpasswd?content=1",
        "metrics",
        "api/spec.yaml",
    ]
    for address in tries:
        status, text = inside.fetch(inside.base + address)
        assert status >= 400, f"{address}: {status}"
        assert "not-for-the-browser" not in text and "root:x" not in text and "AAECAwQF" not in text
    for method, address in (("POST", "api/terminals"), ("POST", "api/shutdown"), ("POST", "api/kernelspecs")):
        status, _ = inside.fetch(inside.base + address, method=method, body="{}")
        assert status in {403, 404, 405}, f"{method} {address}: {status}"


def test_the_browser_of_one_person_is_nobody_in_anothers_session(inside: Inside, neighbour: Inside) -> None:
    tries = ("lab", "api/contents/neighbour.txt?content=1", "api/kernels", "static/lab/style.js")
    for address in (*tries, "parlatory/status"):
        status, text = inside.fetch(neighbour.base + address)
        assert status in {403, 404}, f"{address}: {status}"
        assert "neighbours only" not in text
    opened = inside.page.evaluate(
        """url => new Promise(done => { const s = new WebSocket(url, ['v1.kernel.websocket.jupyter.org']);
           s.onopen = () => done(true); s.onclose = () => done(false); })""",
        neighbour.base.replace("http", "ws", 1) + "api/kernels/00000000-0000-0000-0000-000000000000/channels",
    )
    assert opened is False


def test_another_host_name_reaches_no_session(inside: Inside, enclave: Enclave) -> None:
    jar = {one["name"]: one["value"] for one in inside.page.context.cookies(inside.base)}
    path = inside.base.partition(enclave.places.lab_host)[2]
    lab = enclave.places.url("lab")
    with httpx.Client(cookies=jar, trust_env=False) as client:
        right = client.get(f"{lab}{path}api/kernels", headers={"Host": enclave.places.lab_host})
        assert right.status_code == 200
        for host in (
            "elsewhere.example",
            enclave.places.portal_host,
            f"127.0.0.1:{enclave.places.port('lab')}",
        ):
            wrong = client.get(f"{lab}{path}api/kernels", headers={"Host": host})
            assert wrong.status_code in {400, 403, 404, 421}, f"{host}: {wrong.status_code}"
