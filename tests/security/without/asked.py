"""The engine's controls over what it is asked: by whom, in which words, before Docker hears of anything."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub import grant
from hub.engine import container, gpus, grants, homes, mounts, peers, sessions
from hub.engine.dock import Docker
from hub.grant import Grant
from hub.places import Places
from tests.security.without.removal import Removal, nothing, put, replaced, swap

GRANTS, CONTAINER = "unit/engine/test_grants.py", "unit/engine/test_container.py"
OUTSIDE, BROUGHT = "security/test_engine_grants.py", "security/test_bring_ins.py"
SESSIONS = "integration/engine/test_sessions.py"


def any_spelling(text: str) -> bytes:
    """Read base64 in whatever way it is written."""
    return base64.urlsafe_b64decode(text + "===")


def forget(places: Any) -> None:
    """Forget every grant that was used."""
    for path in grants._folder(places).glob("*"):
        path.unlink()


def first_ones(count: int, docker: Docker, _places: Places) -> list[str]:
    """Lend the machine's first GPUs, whoever holds them."""
    return list(gpus.here(docker)[:count])


def unsigned(text: str, key: object) -> Grant:
    """Read a grant without looking at its signature."""
    return grant._parse(grant._decode(text.split(".")[0]))


def at_any_time(text: str, key: Any) -> Grant:
    """Read a signed grant however old it is."""
    return grant.verify(text, key, at=datetime.min.replace(tzinfo=UTC))


def bind_of_anything() -> None:
    """Mount whatever the grant says, wherever it lies."""
    replaced(container, "_data", any_folder)
    replaced(mounts, "require_real", lambda source, root: None)


def follow_links() -> None:
    """Bind what a link in place of a folder leads to."""

    def followed(source: Path, root: Path, target: Path) -> None:
        mounts._mount(os.fsencode(source), target, None, mounts.MS_BIND, None)

    replaced(mounts, "bind_without_links", followed)


def any_folder(mount: grant.Mount, places: object) -> container.Body:
    """Mount whatever the grant says."""
    return container._bind(Path(mount.source), mount.target, read_only=True)


def any_enclave(self: sessions.Sessions, session: str) -> Any:
    """Find a container by its name alone."""
    return self._docker.find(container.session_name(self._places, session))


def once_more(**unseen: object) -> Callable[[], None]:
    """Return a removal that starts a session without seeing what runs already."""

    def remove() -> None:
        start = sessions.Sessions.start

        def started(self: sessions.Sessions, text: object) -> dict[str, Any]:
            # Only while it starts: whatever ends it afterwards has to find it.
            vars(self).update(unseen)
            try:
                return start(self, text)
            finally:
                for name in unseen:
                    del vars(self)[name]

        replaced(sessions.Sessions, "start", started)

    return remove


def shared_homes() -> None:
    """Show a home to whoever comes, as it is mounted for somebody else."""
    once_more(_of_workspace=lambda workspace: [])()
    mount = homes.mount

    def shared(places: Places, workspace: str, **size: int) -> Path:
        there = homes.is_mounted(places, workspace)
        return homes.point(places, workspace) if there else mount(places, workspace, **size)

    replaced(homes, "mount", shared)


REMOVALS = {
    "callers": Removal(
        "callers told apart by the kernel",
        swap(peers, "require", lambda uid, verb, callers: "root"),
        OUTSIDE,
        "test_a_caller_whose_work_it_is_not_gets_403",
        shows=r"(20\d|404) == 403",
    ),
    "signature": Removal(
        "the portal's signature: the hub can ask for no bind of its own",
        swap(grants, "verify", unsigned),
        OUTSIDE,
        "test_a_grant_of_ones_own_making_is_refused or test_an_altered_grant_is_refused",
        shows="201 == 403",
    ),
    "once": Removal(
        "a grant is used once",
        swap(grants, "use", lambda grant, places: None),
        OUTSIDE,
        "test_a_grant_is_not_used_twice_not_even_after_its_session",
        shows="201 == 403",
    ),
    "expired": Removal(
        "a grant is used in time",
        swap(grants, "verify", at_any_time),
        OUTSIDE,
        "test_an_expired_grant_is_refused",
        shows="201 == 403",
    ),
    "sources": Removal(
        "mounts from the datasets' folder only, by name and when opened: Docker is not asked to bind /",
        bind_of_anything,
        OUTSIDE,
        "test_a_signed_bind_of_the_host_is_still_refused",
        # Docker refuses by itself to mount what holds its own folder, where that is asked of it.
        shows="201 == 403|Docker refused: invalid mount config",
    ),
    "links": Removal(
        "no links on the way to a mount",
        swap(mounts, "require_real", lambda source, root: None),
        OUTSIDE,
        "test_a_dataset_that_is_a_link_is_refused",
        shows="201 == 403",
    ),
    "bring-ins-link": Removal(
        "no link in place of the folder of what was let in",
        follow_links,
        BROUGHT,
        "test_a_link_in_place_of_the_folder_starts_no_session",
        shows="201 == 403",
    ),
    "limits": Removal(
        "limits that a signed grant cannot lift",
        swap(container, "_check_limits", lambda grant: None),
        OUTSIDE,
        "test_a_signed_grant_that_lifts_a_limit_is_refused",
        shows="201 == 403",
    ),
    "enclave": Removal(
        "containers of this enclave only",
        swap(sessions.Sessions, "_find", any_enclave),
        OUTSIDE,
        "test_another_enclaves_containers_are_not_in_reach",
        shows="it was removed",
    ),
    "let-go": Removal(
        "a home that something still holds is not opened a second time",
        swap(homes, "_require_let_go", lambda file, workspace: None),
        "integration/engine/test_cut_off.py",
        "test_a_home_that_something_else_holds_is_not_opened",
        shows="DID NOT RAISE",
    ),
    "home": Removal(
        "a home is used by one session at a time",
        shared_homes,
        SESSIONS,
        "test_a_home_is_used_by_one_session_at_a_time",
        shows="201 == 409",
    ),
    "second": Removal(
        "a session has one container: a second grant of its name starts nothing and harms nothing",
        once_more(_find=lambda session: None),
        SESSIONS,
        "test_two_grants_of_one_session_make_one_container",
        shows="it harmed the first",
    ),
    "index-link": Removal(
        "no link in place of a dataset's leak index",
        follow_links,
        "integration/engine/test_screenings.py",
        "test_an_index_that_is_a_link_is_refused",
        shows=r"\(200, False\) == ",
    ),
    "spelling": Removal(
        "a grant has one spelling: its id is all there is to use it by",
        put("hub.grant:_decode", any_spelling),
        GRANTS,
        "test_a_grant_has_one_spelling",
        shows="DID NOT RAISE",
    ),
    "remembered": Removal(
        "a grant is not valid for longer than it is remembered",
        put("hub.engine.grants:KEPT", timedelta(days=36_500)),
        GRANTS,
        "test_a_grant_that_could_outlive_its_memory_is_refused",
        shows="DID NOT RAISE",
    ),
    "forgotten": Removal(
        "a used grant is not forgotten while it could be used",
        put("hub.engine.grants:forget_expired", forget),
        GRANTS,
        "test_a_used_grant_is_not_forgotten_while_it_could_be_used",
        shows="DID NOT RAISE",
    ),
    "names": Removal(
        "ids are ids, servers' names are slugs, images are the enclave's own",
        put("hub.engine.container:_check_names", nothing),
        CONTAINER,
        "(test_ids_are_ids and not 3) or test_a_servers_name_is_a_slug or test_only_workspace_images_run",
        shows="DID NOT RAISE",
    ),
    "screener": Removal(
        "a screening has an id, and runs the screener's image",
        put("hub.engine.container:_is", lambda pattern, value: True),
        CONTAINER,
        "test_a_screening_has_an_id or test_a_screening_runs_the_screener_image_only",
        shows="DID NOT RAISE",
    ),
    "places": Removal(
        "data is one plain folder, shown at its own place and nowhere else",
        put("hub.engine.container:_data", lambda mount, places: {"Target": mount.target}),
        CONTAINER,
        "test_no_other_folder_can_be_mounted or test_data_is_shown_nowhere_else "
        "or test_dataset_and_version_are_one_plain_folder_name_each",
        shows="DID NOT RAISE",
    ),
    "labfiles": Removal(
        "of Lab's files in an image only plain ones below their folder are unpacked",
        put("tarfile:TarInfo.isreg", lambda self: True),
        "unit/engine/test_labfiles.py",
        "test_only_regular_files_below_the_folder_are_unpacked",
        shows="==",
    ),
    "body": Removal(
        "a huge request is not read",
        put("hub.engine.server:BODY_BYTES", 1 << 30),
        "security/test_engine_grants.py",
        "test_a_huge_request_is_not_read",
        shows="403 != 403",
    ),
    "ids": Removal(
        "only an id names a session",
        put("hub.engine.server:ID", "(.+)"),
        "security/test_engine_grants.py",
        "test_only_ids_name_sessions and x",
        shows="200 == 404",
    ),
    "lent": Removal(
        "a GPU is lent to one session at a time",
        put("hub.engine.gpus:free", first_ones),
        "unit/engine/test_gpus.py",
        "test_what_a_container_holds_is_lent_to_nobody_else_not_even_when_it_stopped",
        shows=r"'1'\] == \['0', '2'",
    ),
}
