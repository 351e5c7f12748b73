"""The same enclave on an institution's host: applied to a fresh Debian, and again, which changes nothing."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest

from hub.doctor import firewall
from hub.places import firewall as from_settings
from hub.places import places
from tests import ports
from tests.integration.ansible import playbook
from tests.integration.ansible.conftest import Root

pytestmark = pytest.mark.timeout(1500)


PROGRAM = re.compile(r"^(Exec\w+=[-@:+!|]*)(\S+)", re.MULTILINE)  # that a unit starts


@dataclass(frozen=True)
class Site:
    """What an institution has decided, with secrets of this run's own."""

    variables: dict[str, object]
    root: Root
    folder: Path

    def apply(self, play: str = "site.yml") -> tuple[int, str]:
        """Apply the site, or another play, to the fresh host; return how much changed, and what was said."""
        inventory = {
            "all": {
                "hosts": {"fresh": {"ansible_connection": "root", "root_leader": self.root.leader}},
                "children": {name: {"hosts": {"fresh": {}}} for name in ("enclave", "database", "proxy")},
                "vars": self.variables | {"ansible_python_interpreter": "/usr/bin/python3"},
            }
        }
        file = self.folder / "inventory.json"
        file.touch(0o600)
        file.write_text(json.dumps(inventory))
        changed, said = playbook.apply(file, home=self.folder, play=play)
        return changed["fresh"], said


@pytest.fixture(scope="module")
def site(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("ansible")
    password, port = secrets.token_hex(24), ports.free()
    chain, key = playbook.certificate(folder, "edge", "portal.example.org", "lab.example.org")
    return Site(
        {
            "enclave_archive": str(playbook.archive(folder)),
            "enclave_release": "first",
            # The whole list, which a unit test holds against what `up` installs, would take minutes.
            "enclave_packages": ["ca-certificates", "python3-venv", "passwd", "util-linux"],
            "enclave_portal_url": "https://portal.example.org",
            "enclave_lab_url": "https://lab.example.org",
            "enclave_front_secret": secrets.token_hex(32),
            "enclave_database": f"postgresql://parlatory:{password}@127.0.0.1:{port}/parlatory",
            "database_password": password,
            "database_port": port,
            "proxy_certificate": chain,
            "proxy_certificate_key": key,
            "backup_recipient": f"age1{'q' * 58}",
        },
        root,
        folder,
    )


def test_the_linter_finds_nothing_at_its_strictest(tmp_path: Path) -> None:
    said = playbook.ansible("ansible-lint", "--offline", "--nocolor", home=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Profile 'production' was required, and it passed" in said.stderr + said.stdout


@pytest.mark.parametrize("inventory", ["one-host", "three-hosts"])
def test_an_inventory_fits_the_site(inventory: str, tmp_path: Path) -> None:
    said = playbook.ansible(
        "ansible-playbook", "-i", f"inventories/{inventory}", "--syntax-check", "site.yml", home=tmp_path
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "[WARNING]" not in said.stderr + said.stdout


def test_the_second_run_changes_nothing(site: Site) -> None:
    changed, _ = site.apply()
    assert changed > 20
    changed, said = site.apply()
    assert changed == 0, [line for line in said.splitlines() if "changed:" in line]
    _what_stands(site)


def _what_stands(site: Site) -> None:
    """Look at what the runs have made; one test, for the runs are what takes its time."""
    root, password = site.root, str(site.variables["database_password"])
    # The database lets the enclave's user in by the password, and no one without.
    address = ["psql", "-h", "127.0.0.1", "-p", str(site.variables["database_port"]), "-U", "parlatory", "-w"]
    ask = [*address, "-XAtc", "CREATE TABLE seen (x integer); DROP TABLE seen; SELECT 1", "parlatory"]
    assert root.run(*ask, PGPASSWORD=password).stdout.split()[-1] == "1"
    assert "password authentication failed" in root.run(*ask, PGPASSWORD="guessed").stderr
    # Secrets lie where their readers are, and nowhere else.
    for name, value in (("database", password), ("front", str(site.variables["enclave_front_secret"]))):
        secret = root.folder / "etc/parlatory/secrets" / name
        found = root.run("stat", "-c", "%U %G %a", f"/etc/parlatory/secrets/{name}").stdout
        assert found == "root parlatory-data 440\n"
        assert value in secret.read_text()
        spread = root.run("grep", "-rlF", value, "/etc", "/usr/local", "/opt/parlatory", "/root").stdout
        allowed = {f"/etc/parlatory/secrets/{name}", "/etc/nginx/parlatory/front.conf"}
        assert set(spread.split()) <= allowed, spread
    assert root.run("stat", "-c", "%U %a", "/etc/nginx/parlatory").stdout == "root 700\n"
    # The command line of the release answers under the settings.
    said = root.run("parlatory", "help")
    assert said.returncode == 0 and "usage: python3 -m hub <command>" in said.stdout, said.stderr
    settings = root.run("sh", "-ec", "set -a; . /etc/parlatory/settings; env").stdout
    assert "PARLATORY_PORTAL_URL=https://portal.example.org\n" in settings
    _the_edge_holds(site)
    _units_are_sound(site)
    _the_firewall_is_up_before_the_network(site)
    _the_doctor_sees_the_firewall(site)
    _the_firewall_can_be_somebody_elses(site)


def _the_edge_holds(site: Site) -> None:
    """Ask the real proxy, with forged claims and under wrong names, on a network of its own."""
    script = Path(__file__).with_name("at_the_edge.py").read_text()
    ran = site.root.run("unshare", "--net", "python3", "-", stdin=script)
    # A warning may be a line that adds to Debian's own instead of taking its place, as of old protocols.
    assert ran.returncode == 0 and "[warn]" not in ran.stderr, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    for part, name in (("portal", "portal.example.org"), ("lab", "lab.example.org")):
        assert found[part]["part"] == part
        headers = {key.lower(): value for key, value in found[part]["headers"].items()}
        assert headers["host"] == name
        assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "https")
        assert "forwarded" not in headers
    portal = found["portal"]["headers"]
    assert portal["X-Parlatory-Front"] == site.variables["enclave_front_secret"]
    # The lab has no use for what the proxy proves itself by to the portal.
    assert "X-Parlatory-Front" not in found["lab"]["headers"]
    # A name of the inside never reaches the portal, whatever a browser says.
    assert isinstance(found["inner name"], str), found["inner name"]
    assert not isinstance(found["other name"], dict), found["other name"]
    assert found["plain"] == [308, "https://portal.example.org/x"]
    assert isinstance(found["plain, other name"], str), found["plain, other name"]


def _the_doctor_sees_the_firewall(site: Site) -> None:
    """Load the rules apart from this machine, spoil them, and let the doctor read what is loaded."""
    unit = site.root.folder / "etc/systemd/system/parlatory-firewall-look.service"
    (look,) = re.findall(r"^ExecStart=-(.+)$", unit.read_text(), re.MULTILINE)
    assert f"StandardOutput=truncate:{firewall.LOADED}\n" in unit.read_text()
    settings = (site.root.folder / "etc/parlatory/settings").read_text()
    said = dict(line.split("=", 1) for line in settings.splitlines() if line.startswith("PARLATORY_"))
    ours = replace(places, firewall=from_settings(said))
    load, table = "nft -f /etc/parlatory-firewall.nft", "inet parlatory"
    for spoil, found in {
        "true": "lets in TCP 22, 80, 443, drops the rest",
        f"nft delete table {table}": "not loaded",
        f"nft delete chain {table} input": "drops nothing by itself",
        f"nft 'chain {table} input {{ policy accept; }}'": "drops nothing by itself",
        f"nft insert rule {table} input counter accept": "lets in everything",
        f"nft flush chain {table} forward": "what a container publishes",
    }.items():
        ran = site.root.run("unshare", "--net", "sh", "-c", f"{load} && {spoil} || exit 9; {look}")
        assert ran.returncode != 9, ran.stderr
        loaded = site.folder / "loaded.json"
        loaded.write_text(ran.stdout)
        with patch.object(firewall, "LOADED", loaded):
            finding = firewall.firewall(ours)
        assert finding.ok == (spoil == "true") and found in finding.detail, (spoil, finding)


def _the_firewall_can_be_somebody_elses(site: Site) -> None:
    """Look at what one host lets in, then leave it to somebody else, and come to rest there."""
    rules = site.root.folder / "etc/parlatory-firewall.nft"
    let_in = set(re.findall(r"tcp dport (\d+) accept", rules.read_text()))
    assert let_in == {"22", "80", "443"}
    site.variables["firewall_ours"] = False
    changed, said = site.apply()
    assert changed == 2, said
    assert "PARLATORY_FIREWALL=elsewhere\n" in (site.root.folder / "etc/parlatory/settings").read_text()
    assert not rules.exists()
    assert not list(site.root.folder.glob("etc/systemd/system/parlatory-firewall*"))
    # The role by itself: the whole site has come to rest above.
    play = site.folder / "firewall.json"
    play.write_text(json.dumps([{"hosts": "fresh", "roles": ["firewall"]}]))
    assert site.apply(str(play))[0] == 0


def _the_firewall_is_up_before_the_network(site: Site) -> None:
    """Read when the rules are loaded: before anything listens, and after what would flush them."""
    unit = (site.root.folder / "etc/systemd/system/parlatory-firewall.service").read_text()
    for line in (
        # Debian's services wait for all that sysinit wants; a unit of the usual kind would wait for them.
        "DefaultDependencies=no",
        "Before=network-pre.target shutdown.target",
        # Nothing else asks for that moment to be waited for.
        "Wants=network-pre.target",
        "After=nftables.service",
        "PartOf=nftables.service",
        "WantedBy=sysinit.target",
        "RemainAfterExit=yes",
    ):
        assert f"{line}\n" in unit, line
    debians = (site.root.folder / "usr/lib/systemd/system/nftables.service").read_text()
    # Were Debian's own not there before the network either, the two would wait for each other.
    assert "DefaultDependencies=no" in debians and "Before=network-pre.target" in debians


def _units_are_sound(site: Site) -> None:
    """Let systemd read the units; the programs that they name are there."""
    units = sorted((site.root.folder / "etc/systemd/system").glob("parlatory*.*"))
    assert [unit.name for unit in units] == [
        "parlatory-backup.service",
        "parlatory-backup.timer",
        "parlatory-firewall-look.service",
        "parlatory-firewall-look.timer",
        "parlatory-firewall.service",
        "parlatory.service",
    ]
    folder = site.folder / "units"
    folder.mkdir()
    for unit in units:
        text = unit.read_text()
        for _, program in PROGRAM.findall(text):
            assert os.access(site.root.folder / program[1:], os.X_OK), program
        # The host on which they are read has not all of them.
        (folder / unit.name).write_text(PROGRAM.sub(r"\1/bin/true", text))
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(folder / unit.name) for unit in units)],
        check=False,
        capture_output=True,
        text=True,
    )
    own = [line for line in ran.stderr.splitlines() if "parlatory" in line]
    assert ran.returncode == 0 and own == [], ran.stderr
    # What README says of them, with room for another systemd's way of counting.
    for name, most in (("parlatory", 65), ("parlatory-backup", 35)):
        weigh = ["systemd-analyze", "security", "--offline=true", f"--threshold={most}"]
        ran = subprocess.run(
            [*weigh, str(folder / f"{name}.service")], check=False, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout.splitlines()[-1]
    # A mount of its own would hide homes from Docker.
    unit = (folder / "parlatory.service").read_text()
    assert not re.search(
        r"^(Protect|Private|(ReadOnly|ReadWrite|Bind)Paths|TemporaryFile)", unit, re.MULTILINE
    )
