"""The running enclave's controls, each taken out of the part that holds it while all others do their work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.engine import container, grants, peers, seccomp
from hub.gate import identity, leases, routes, socketpath
from hub.jupyter.spawner import GrantSpawner, StartRefused
from hub.places import places
from tests.security.without import asked, engine, hub, plain_proxy, portal
from tests.security.without.removal import Removal, each, replaced, swap

INSIDE, HOST = "security/test_inside_session.py", "security/test_inside_host.py"
STARTING, ENGINE = "security/test_starting.py", "security/test_engine_running.py"
REVOCATION = "security/test_revocation.py"
IN_ENGINE, IN_GATE, IN_HUB, IN_PORTAL = ("engine",), ("gate",), ("hub",), ("portal",)


def a_secret(body: container.Body, where: Any) -> None:
    """Give a session the token by which the hub knows the gate, as JupyterHub's own spawners give one."""
    body["Env"].append(f"NAMED_ANYHOW={where.secret('hub', 'gate-hub')}")


def every_socket_folder(body: container.Body, where: Any) -> None:
    """Show a session the folder of the enclave's sockets, where the host has it."""
    shared = container._bind(where.run, str(where.run), read_only=True)
    shared["BindOptions"]["NonRecursive"] = False
    body["HostConfig"]["Mounts"].append(shared)


def open_homes(body: container.Body, where: Any) -> None:
    """Mount the folder of all homes, readable to everybody as a common share would be."""
    engine.every_home(body, where)
    for home in (where.run / "homes").iterdir():
        for path in home.rglob("*"):
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))


def refused_in_vain() -> None:
    """Start a server though the portal says no, as JupyterHub's own spawners do, which ask nobody."""
    start, poll = GrantSpawner.start, GrantSpawner.poll

    async def stubborn(self: GrantSpawner) -> str:
        try:
            return await start(self)
        except StartRefused:
            # Anything that answers will do for a server.
            return places.url("portal")

    async def running(self: GrantSpawner) -> int | None:
        return await poll(self) if self.session else None

    replaced(GrantSpawner, "start", stubborn)
    replaced(GrantSpawner, "poll", running)


def people_start() -> None:
    """Let people start servers, though the portal says no."""
    hub.role("user", "servers!user")()
    refused_in_vain()


def renamed() -> None:
    """Let servers be renamed."""
    replaced(GrantSpawner, "rename", hub.renamed)


def seldom() -> None:
    """Hear of a revocation an hour later, and hold the traffic up for nothing meanwhile."""
    replaced(leases, "EVERY_SECONDS", 3600.0)
    replaced(leases.Leases, "frozen", property(lambda self: False))


def container_runs_on() -> None:
    """Write down that a session ended, and leave its container alone."""
    from hub.workspaces import launch

    replaced(launch, "clear", lambda session: None)


REMOVALS = {
    "network": Removal(
        "no network",
        engine.wall(NetworkMode="bridge"),
        INSIDE,
        "test_a_kernel_has_loopback_and_no_route or test_no_part_of_the_enclave_answers_a_kernel",
        "eth0|ECONNREFUSED|TimeoutError|worked",
        IN_ENGINE,
    ),
    "seccomp": Removal(
        "system calls filtered: no AF_VSOCK",
        engine.wall(SecurityOpt=["no-new-privileges:true", "seccomp=unconfined"]),
        INSIDE,
        "(test_no_socket_leads_around_the_network and vsock) "
        "or test_a_number_that_the_kernel_cuts_to_vsock_opens_none",
        "'worked' (in|==)",
        IN_ENGINE,
    ),
    "vsock": Removal(
        "our own profile: families by an allow-list (Docker's own default in its place)",
        swap(seccomp, "profile", lambda: (Path(seccomp.__file__).parent / "default.json").read_text()),
        INSIDE,
        "test_a_number_that_the_kernel_cuts_to_vsock_opens_none",
        "'worked' ==",
        IN_ENGINE,
    ),
    "capabilities": Removal(
        "capabilities dropped",
        engine.wall(CapDrop=[]),
        INSIDE,
        "test_a_kernel_is_nobody_and_stays_it",
        r"\{0, \d+\}|\{\d+, 0\}",
        IN_ENGINE,
    ),
    "privileges": Removal(
        "no new privileges",
        lambda: engine.wall(SecurityOpt=[f"seccomp={seccomp.profile()}"])(),
        INSIDE,
        "test_a_kernel_is_nobody_and_stays_it",
        r"\{0\} 0 2",
        IN_ENGINE,
    ),
    "data": Removal(
        "data read-only",
        engine.writable("/data"),
        INSIDE,
        "test_the_data_is_all_there_and_cannot_be_changed",
        "EPERM|worked|rw",
        IN_ENGINE,
    ),
    "root": Removal(
        "read-only root",
        engine.wall(ReadonlyRootfs=False),
        INSIDE,
        "test_only_its_own_places_can_be_written",
        "'True' == 'False'",
        IN_ENGINE,
    ),
    "home": Removal(
        "size of a home", engine.larger_homes, INSIDE, "test_the_home_ends_at_its_size", "'no' in", IN_ENGINE
    ),
    "log": Removal(
        "capped log driver: a flood on stdout ends",
        engine.wall(LogConfig={"Type": "json-file", "Config": {}}),
        HOST,
        "test_a_flood_on_the_servers_output_fills_no_disk",
        r"\d{8} bytes of output",
        IN_ENGINE,
    ),
    "words": Removal(
        "no variable of the hub's inside",
        engine.besides(engine.hub_words),
        INSIDE,
        "test_the_environment_inside_names_no_hub_and_no_portal",
        "JUPYTERHUB_API_TOKEN",
        IN_ENGINE,
    ),
    "token": Removal(
        "no token of the enclave's inside",
        engine.besides(a_secret),
        INSIDE,
        "test_no_secret_of_the_enclave_is_in_a_session",
        "not <re.Match",
        IN_ENGINE,
    ),
    "docker": Removal(
        "mounts are data, home, in/ and out/ only: no docker.sock",
        engine.besides(engine.docker_socket),
        INSIDE,
        "test_the_only_sockets_are_its_own_servers_and_the_hand_in_door",
        "docker.sock",
        IN_ENGINE,
    ),
    "homes": Removal(
        "a session sees its own project's home only",
        engine.besides(open_homes),
        INSIDE,
        "test_other_homes_and_other_data_are_not_there",
        "neighbours only",
        IN_ENGINE,
    ),
    "sockets": Removal(
        "a session sees its own sockets only: none of the enclave's, none of another project's",
        engine.besides(every_socket_folder),
        INSIDE,
        "test_no_socket_of_the_host_is_in_reach",
        "worked",
        IN_ENGINE,
    ),
    "symlink": Removal(
        "a session's socket opened without links: none to docker.sock",
        swap(socketpath, "opened", plain_proxy.by_name),
        HOST,
        "test_a_symlink_in_the_sockets_place_leads_to_no_socket_of_the_hosts",
        "the browser reads what was said by another socket",
        IN_GATE,
    ),
    "person": Removal(
        "a session is reached by its own person",
        swap(identity.GateHandler, "own_place", plain_proxy.anybodys),
        INSIDE,
        "test_the_browser_of_one_person_is_nobody_in_anothers_session",
        "200",
        IN_GATE,
    ),
    "files": Removal(
        "an allow-list of addresses: no files, no conversions",
        swap(routes, "find", plain_proxy.let_through),
        INSIDE,
        "test_the_browser_cannot_fetch_files",
        "200",
        IN_GATE,
    ),
    "callers": Removal(
        "the engine tells its callers apart by the kernel",
        swap(peers, "require", lambda uid, verb, callers: "root"),
        ENGINE,
        "test_a_good_grant_starts_nothing_in_other_hands_than_the_hubs",
        "running",
        IN_ENGINE,
    ),
    "signature": Removal(
        "the portal's signature",
        swap(grants, "verify", asked.unsigned),
        ENGINE,
        "test_a_grant_of_the_hubs_own_making_starts_nothing",
        "running",
        IN_ENGINE,
    ),
    "spec": Removal(
        "a container is what its grant's datasets make it: Docker is not asked to bind /",
        asked.bind_of_anything,
        ENGINE,
        "test_even_a_signed_grant_mounts_nothing_but_a_dataset",
        # Docker refuses by itself to mount what holds its own folder, where that is asked of it.
        "running|Docker refused: invalid mount config",
        IN_ENGINE,
    ),
    "once": Removal(
        "a grant is used once",
        swap(grants, "use", lambda grant, places: None),
        ENGINE,
        "test_a_grant_starts_one_session_once",
        "running",
        IN_ENGINE,
    ),
    "tokens": Removal(
        "people make no tokens",
        hub.role("user", "tokens!user"),
        STARTING,
        "test_the_hub_knows_the_browser_but_lets_it_start_nothing and token",
        "tokens: 201",
        IN_HUB,
    ),
    "people": Removal(
        "people start nothing by the hub's API, with or without an image: no scope, and the portal's no",
        people_start,
        STARTING,
        "test_the_hub_knows_the_browser_but_lets_it_start_nothing and (second or image)",
        "servers/.*: 20[12]",
        IN_HUB,
    ),
    "asked": Removal(
        "a no of the portal's is a no",
        refused_in_vain,
        STARTING,
        "test_the_hub_starts_nothing_that_the_portal_did_not_ask_for",
        "20[12] == 403",
        IN_HUB,
    ),
    "rename": Removal(
        "no server is renamed",
        renamed,
        STARTING,
        "test_a_stopped_server_keeps_its_name",
        "200 == 403",
        IN_HUB,
    ),
    "revocation": Removal(
        "the portal asks the policies again with each lease: a revocation ends a session",
        portal.decided_once,
        REVOCATION,
        "test_whoever_loses_a_right_loses_the_session_and_reads_why and (approval or membership or training)",
        "still not: websocket closed",
        IN_PORTAL,
    ),
    "renewal": Removal(
        "leases asked for every two seconds: a revocation cuts within five",
        seldom,
        REVOCATION,
        "test_whoever_loses_a_right_loses_the_session_and_reads_why and approval",
        "still not: websocket closed|stayed open",
        IN_GATE,
    ),
    "container": Removal(
        "a session that ended loses its container",
        container_runs_on,
        REVOCATION,
        "test_whoever_loses_a_right_loses_the_session_and_reads_why and approval",
        "still not: container gone",
        IN_PORTAL,
    ),
    "websocket": Removal(
        "a session that ended loses its websockets at the gate, whatever its container does",
        each(gate=swap(leases.Leases, "_cut", lambda self, place, reason: None), portal=container_runs_on),
        REVOCATION,
        "test_whoever_loses_a_right_loses_the_session_and_reads_why and approval",
        "still not: websocket closed",
        (*IN_GATE, *IN_PORTAL),
    ),
}
