"""The inventory for three hosts, as it stands, on three fresh roots with a network of their own.

Each role is on its host alone, secrets are where they are needed, and the hosts talk: the portal with its
database and its policies, a browser with portal and lab through the proxy. What stands in for an engine of
another vendor is a file of Docker's name; units are not started, for there is no systemd.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.places import places
from tests.integration.ansible import let_in, playbook
from tests.integration.ansible.conftest import Root, running
from tests.integration.ansible.network import Network, network

pytestmark = pytest.mark.timeout(1500)

HERE = Path(__file__).parent
NUMBERS = {"enclave": 10, "database": 11, "proxy": 12}
BOTH = ("portal.example.org", "lab.example.org")
EMAIL = "rosa@north.example"
UNDER_SETTINGS = """
set -a; . /etc/parlatory/settings; set +a
PYTHONPATH="$(readlink -f /opt/parlatory/current)" exec /opt/parlatory/current/.venv/bin/python -
"""
# Who reaches which ports of whom; a host is administered from anywhere until the inventory says from where.
LET_IN = {
    ("outside", "enclave"): {22},
    ("outside", "database"): {22},
    ("outside", "proxy"): {22, 80, 443},
    ("enclave", "database"): {22, 5432},
    ("enclave", "proxy"): {22, 80, 443},
    ("database", "enclave"): {22},
    ("database", "proxy"): {22, 80, 443},
    ("proxy", "enclave"): {22, 8443},
    ("proxy", "database"): {22},
}
# Of each secret where it lies: the host, the file, its owner, its group, its mode.
SECRETS = {
    "vault_database_password": {"enclave /etc/parlatory/secrets/database root parlatory-data 440"},
    "vault_front_secret": {
        "enclave /etc/parlatory/secrets/front root parlatory-data 440",
        "enclave /etc/nginx/parlatory/front.conf root root 600",
    },
    "vault_database_certificate_key": {"database {postgresql}/server.key postgres postgres 600"},
    "vault_entrance_certificate_key": {"enclave /etc/nginx/parlatory/certificate.key root root 600"},
    "vault_proxy_certificate_key": {"proxy /etc/nginx/parlatory/certificate.key root root 600"},
    "vault_client_certificate_key": {"proxy /etc/nginx/parlatory/client.key root root 600"},
}


@dataclass(frozen=True)
class Hosts:
    """Three roots, their network, and what an institution would keep in its vault."""

    roots: dict[str, Root]
    network: Network
    vault: dict[str, str]
    folder: Path

    def apply(self, play: str = "site.yml") -> tuple[dict[str, int], str]:
        """Apply the site, or another play, with the inventory that is shipped."""
        return playbook.apply(
            playbook.ANSIBLE / "inventories" / "three-hosts",
            self.folder / "reached-by.json",
            home=self.folder,
            play=play,
        )

    def firewall(self, name: str, **decided: object) -> None:
        """Apply one host's firewall as an institution decides it."""
        play = self.folder / f"{name}.json"
        play.write_text(json.dumps([{"hosts": name, "roles": ["firewall"], "vars": decided}]))
        assert self.apply(str(play))[0] == {f"{name}.example.org": 1}
        let_in.unit(self.roots[name], "Reload")

    def start(self) -> None:
        """Start the enclave's processes and both proxies; each has to answer."""
        enclave = self.roots["enclave"]
        script = (HERE / "on_the_enclave.py").read_text()
        ran = enclave.run("sh", "-ec", UNDER_SETTINGS, stdin=script)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert json.loads(ran.stdout.splitlines()[-1]) == {}, ran.stdout
        for name in ("enclave", "proxy"):
            ran = self.roots[name].run("nginx")
            assert ran.returncode == 0 and "[warn]" not in ran.stderr, ran.stderr

    def ask(self, **given: str) -> dict[str, object]:
        """Do from outside what a browser does."""
        about = {"browser_ca": str(self.folder / "edge.pem"), "email": EMAIL, **given}
        ran = self.network.run(sys.executable, str(HERE / "from_outside.py"), stdin=json.dumps(about))
        assert ran.returncode == 0, ran.stderr
        found: dict[str, object] = json.loads(ran.stdout)
        return found

    def stop(self, process: str) -> None:
        """Stop one of the enclave's processes."""
        server = "unix:///run/parlatory/supervisor/supervisor.sock"
        words = ("-m", "supervisor.supervisorctl", "-s", server, "stop", process)
        ran = self.roots["enclave"].run("/opt/parlatory/current/.venv/bin/python", *words)
        assert ran.stdout == f"{process}: stopped\n", ran.stdout + ran.stderr

    def provision(self, *words: str) -> None:
        """Act as the enclave's operator."""
        ran = self.roots["enclave"].run("parlatory", "provision", *words)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def vault(folder: Path) -> dict[str, str]:
    """Return the vault's values, made for this run."""
    for authority in ("database-ca", "entrance-ca", "client-ca"):
        playbook.certificate(folder, authority)
    made = {
        "database": playbook.certificate(folder, "database", "database.example.org", by="database-ca"),
        "entrance": playbook.certificate(folder, "entrance", *BOTH, by="entrance-ca"),
        "client": playbook.certificate(folder, "client", "proxy.example.org", by="client-ca"),
        "proxy": playbook.certificate(folder, "edge", *BOTH),
    }
    return {
        "vault_database_password": secrets.token_hex(24),
        "vault_front_secret": secrets.token_hex(32),
        "vault_backup_recipient": f"age1{'q' * 58}",
        **{f"vault_{name}_certificate": chain for name, (chain, _) in made.items()},
        **{f"vault_{name}_certificate_key": key for name, (_, key) in made.items()},
        **{
            f"vault_{name}_ca": (folder / f"{name}-ca.pem").read_text()
            for name in ("database", "entrance", "client")
        },
    }


def variables(folder: Path) -> dict[str, object]:
    """Return what is decided here beside the inventory and the vault."""
    opa = places.tools / "bin" / "opa"
    assert opa.exists(), f"{opa} is missing; `python3 -m hub up` makes it"
    return {
        "enclave_archive": str(playbook.archive(folder)),
        "enclave_release": "first",
        # The whole list, which a unit test holds against what `up` installs, would take minutes.
        "enclave_packages": ["python3-venv", "libmagic1", "libsndfile1", "postgresql-client"],
        "opa_binary": str(opa),
        "opa_checksum": hashlib.sha256(opa.read_bytes()).hexdigest(),
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def mirrors(roots: dict[str, Root]) -> set[str]:
    """Return from where the roots get packages."""
    lists = [
        file
        for root in roots.values()
        for file in (root.folder / "etc/apt").rglob("*sources*")
        if file.is_file()
    ]
    return {url for file in lists for url in re.findall(r"https?://[^/\s]+", file.read_text())}


def equip(enclave: Root) -> None:
    """Lend the root what takes minutes to make, and an engine of another vendor."""
    for lent, inside in (
        (Path(sys.prefix), "opt/parlatory/first/.venv"),
        (places.tools / "proxy", "var/lib/parlatory/tools/proxy"),
    ):
        assert lent.exists(), f"{lent} is missing; `python3 -m hub up` makes it"
        enclave.mount(lent, inside)
    engine = enclave.folder / "usr/bin/dockerd"
    engine.write_text("#!/bin/sh\nexit 1\n")
    engine.chmod(0o755)
    assert enclave.run("groupadd", "--system", "docker").returncode == 0


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    """Three hosts that are reached by their names."""
    with ExitStack() as ends:
        joined = ends.enter_context(network())
        roots = {name: ends.enter_context(running("--net")) for name in NUMBERS}
        for name, root in roots.items():
            joined.plug(root, NUMBERS[name])
        lent = ends.enter_context(joined.lending(*mirrors(roots)))
        named = {f"{name}.example.org": f"192.0.2.{number}" for name, number in NUMBERS.items()} | lent
        for root in roots.values():
            lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in named.items())]
            (root.folder / "etc/hosts").write_text("\n".join(lines) + "\n")
        equip(roots["enclave"])
        made = Hosts(roots, joined, vault(tmp_path), tmp_path)
        example = (playbook.ANSIBLE / "vault-examples" / "three-hosts.yml").read_text()
        assert set(re.findall(r"^(vault_\w+):", example, re.MULTILINE)) == made.vault.keys()
        reached = {
            f"{name}.example.org": {"ansible_connection": "root", "root_leader": root.leader}
            for name, root in roots.items()
        }
        file = tmp_path / "reached-by.json"
        file.touch(0o600)
        file.write_text(json.dumps({"all": {"hosts": reached, "vars": made.vault | variables(tmp_path)}}))
        yield made


def test_three_hosts_hold_their_parts_and_talk(hosts: Hosts) -> None:
    changed, _ = hosts.apply()
    assert min(changed.values()) > 4 and len(changed) == len(NUMBERS), changed
    _only_what_is_needed_is_let_in(hosts)
    # A second run finds what runs by then, and changes nothing.
    with ThreadPoolExecutor(1) as beside:
        started = beside.submit(hosts.start)
        changed, said = hosts.apply()
        started.result()
    assert set(changed.values()) == {0}, [line for line in said.splitlines() if "changed:" in line]
    _each_part_is_on_its_host(hosts)
    _secrets_are_where_they_are_needed(hosts)
    _the_database_is_for_the_enclave(hosts)
    _somebody_comes_in(hosts)
    _who_is_not_listed_does_not_get_in(hosts)


def _only_what_is_needed_is_let_in(hosts: Hosts) -> None:
    """Try every way without the rules and under them; what follows goes on under them."""
    addresses = {name: f"192.0.2.{number}" for name, number in NUMBERS.items()}
    enclave = hosts.roots["enclave"]
    let_in.publish(enclave)
    with let_in.listening(hosts.roots):
        everything = let_in.reached(hosts.roots, hosts.network, addresses)
        assert everything == {way: set(let_in.PORTS) for way in LET_IN}
        for root in hosts.roots.values():
            let_in.unit(root, "Start")
            let_in.unit(root, "Reload")
        assert let_in.reached(hosts.roots, hosts.network, addresses) == LET_IN
    # What others wrote stays, while ours comes and goes.
    assert let_in.tables(enclave) == ["table ip others", "table inet parlatory"]
    let_in.unit(enclave, "Stop")
    assert let_in.tables(enclave) == ["table ip others"]
    let_in.unit(enclave, "Start")


def _who_is_not_listed_does_not_get_in(hosts: Hosts) -> None:
    """Let browsers and administrators come from one place alone: here, the enclave's host."""
    listed = ["192.0.2.10/32", "2001:db8::/32"]
    other = [{"port": 9999, "from": ["192.0.2.11/32"]}]
    hosts.firewall("proxy", firewall_browsers_from=listed, firewall_ssh_from=listed, firewall_others=other)
    addresses = {name: f"192.0.2.{number}" for name, number in NUMBERS.items()}
    with let_in.listening({"proxy": hosts.roots["proxy"]}):
        reached = let_in.reached(hosts.roots, hosts.network, addresses)
    assert {who: reached[who, "proxy"] for who in ("outside", "enclave", "database")} == {
        "outside": set(),
        "enclave": {22, 80, 443},
        "database": {9999},
    }


def _each_part_is_on_its_host(hosts: Hosts) -> None:
    packages = ("nginx-light", "postgresql", "postgresql-client")
    there = {}
    for name, root in hosts.roots.items():
        said = root.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *packages).stdout
        there[name] = {line.split()[1] for line in said.splitlines() if line.startswith("installed ")}
        units = sorted(file.name for file in (root.folder / "etc/systemd/system").glob("parlatory*"))
        assert "parlatory-firewall.service" in units
        assert ("parlatory.service" in units) is (name == "enclave"), units
        assert (root.folder / "etc/parlatory").exists() is (name == "enclave")
    assert there["proxy"] == {"nginx-light"}
    assert there["enclave"] == {"nginx-light", "postgresql-client"}
    assert "postgresql" in there["database"] and "nginx-light" not in there["database"]


def _secrets_are_where_they_are_needed(hosts: Hosts) -> None:
    (postgresql,) = hosts.roots["database"].folder.glob("etc/postgresql/*/main")
    folder = f"/{postgresql.relative_to(hosts.roots['database'].folder)}"
    for secret, wanted in SECRETS.items():
        # A key is looked for by a line of its own: a file has it with or without the last line's end.
        value = hosts.vault[secret].strip().splitlines()
        found = set()
        for name, root in hosts.roots.items():
            where = ("/etc", "/opt", "/root", "/run", "/tmp", "/usr/local", "/var/log", "/var/tmp")
            said = root.run("grep", "-rlsF", "--exclude-dir=.venv", value[len(value) // 2], *where).stdout
            for file in said.split():
                found.add(f"{name} {file} {root.run('stat', '-c', '%U %G %a', file).stdout.strip()}")
        assert found == {line.format(postgresql=folder) for line in wanted}, secret
    assert hosts.roots["proxy"].run("stat", "-c", "%U %a", "/etc/nginx/parlatory").stdout == "root 700\n"


def _the_database_is_for_the_enclave(hosts: Hosts) -> None:
    enclave, database = hosts.roots["enclave"], hosts.roots["database"]
    password = hosts.vault["vault_database_password"]

    def ask(root: Root, more: str, given: str = password) -> str:
        about = f"host=database.example.org user=parlatory dbname=parlatory {more}"
        ran = root.run(
            "psql",
            "-XAtwc",
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            about,
            PGPASSWORD=given,
        )
        return ran.stdout + ran.stderr

    verified = "sslmode=verify-full sslrootcert=/etc/parlatory/database-ca.pem"
    assert ask(enclave, verified) == "t\n"
    assert "password authentication failed" in ask(enclave, verified, "guessed")
    assert "no pg_hba.conf entry" in ask(enclave, "sslmode=disable")
    assert "no pg_hba.conf entry" in ask(enclave, f"{verified} dbname=postgres")
    # From another host not even with the password; so what the portal keeps there went over TLS.
    assert "no pg_hba.conf entry" in ask(database, "sslmode=require")


def _somebody_comes_in(hosts: Hosts) -> None:
    hosts.provision("institution", "add", "north", "North (demo)")
    hosts.provision(
        *("person", "add", EMAIL, "--name", "Rosa (demo)", "--institution", "north", "--role", "researcher")
    )
    hosts.provision("person", "invite", EMAIL)
    log = (hosts.roots["enclave"].folder / "var/lib/parlatory/log/portal.log").read_text()
    (invitation,) = re.findall(r"https://portal\.example\.org/invitation/[\w-]+/", log)
    assert hosts.ask(invitation=invitation) == {
        "home": True,
        "lab": [200, "https://lab.example.org/hub/home"],
        # The proxy goes on under the name that was asked for, whatever it went on under before (421).
        "strangers": [200],
        "inner address": 421,
    }
    # Without the rules the entrance still is for who has the proxy's certificate, and the rest is not there.
    let_in.unit(hosts.roots["enclave"], "Stop")
    given = {"entrance_ca": "entrance-ca.pem", "client": "client.pem", "client_key": "client.key"}
    given |= {"other": "edge.pem", "other_key": "edge.key"}
    found = hosts.ask(**{name: str(hosts.folder / file) for name, file in given.items()})
    assert found == {"entrance": [400, 400, 200], "reached": []}
    let_in.unit(hosts.roots["enclave"], "Start")
    # It was the policies that let her in: without their answer nobody comes in.
    hosts.stop("opa")
    assert hosts.ask() == {"home": False, "status": 403}
    # Nobody answers any more, of which the proxies have something to say.
    hosts.stop("portal")
    assert hosts.ask(gone=invitation) == {"status": 502}
    for name in ("proxy", "enclave"):
        logs = hosts.roots[name].folder / "var/log/nginx"
        lines = [json.loads(line) for line in (logs / "parlatory.log").read_text().splitlines()]
        # Who asked is what the proxy saw, not what was claimed; the entrance is asked without it, too.
        assert {line["from"] for line in lines} - {"-", ""} == {"192.0.2.1"}
        said = "".join(file.read_text() for file in logs.iterdir())
        assert invitation.split("/")[-2] not in said and "code=" not in said
