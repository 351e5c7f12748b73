"""The engine's controls over what it is asked: words, lengths and times, before Docker hears of anything."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from hub.engine import gpus
from hub.engine.dock import Docker
from hub.places import Places
from tests.security.without.removal import Removal, nothing, put

GRANTS, CONTAINER = "unit/engine/test_grants.py", "unit/engine/test_container.py"


def any_spelling(text: str) -> bytes:
    """Read base64 in whatever way it is written."""
    return base64.urlsafe_b64decode(text + "===")


def forget(places: Any) -> None:
    """Forget every grant that was used."""
    from hub.engine import grants

    for path in grants._folder(places).glob("*"):
        path.unlink()


def first_ones(count: int, docker: Docker, _places: Places) -> list[str]:
    """Lend the machine's first GPUs, whoever holds them."""
    return list(gpus.here(docker)[:count])


REMOVALS = {
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
