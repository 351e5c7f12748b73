"""The folder that a project's sessions see at /bring-ins: what is approved, whole, and nothing else.

It lies beside the data and is mounted read-only: nothing of ours ever opens a path that a session can write.
"""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

from django.db.models import Q

from egress_review.vault import Stored, Vault
from hub import control_loop, ids
from hub.bring_ins.models import BringIn, BringInState
from hub.errors import Unavailable
from hub.places import places
from hub.projects.models import Project
from hub.workspaces.bring_ins import SHARED, folder

log = logging.getLogger("parlatory.bring_ins")

POLL_SECONDS = 15.0
# What is made or taken away out of sight takes seconds; after this its process is gone.
LEFT = timedelta(hours=1)
THERE_ALREADY = {errno.ENOTEMPTY, errno.EEXIST}


def run(stop: Event) -> None:
    """Look after every project's folder, beside the worker, until told to stop."""
    vault = Vault(places.state / "vault")
    failed = "bring_ins_step_failed reason=%s"
    control_loop.run(lambda: step(vault), stop=stop, every_seconds=POLL_SECONDS, log=log, failed=failed)


def step(vault: Vault) -> None:
    """Bring every project's folder in line with what is approved now, one of nothing brought in, too."""
    everybodys = places.bring_ins("")
    there = [path.name for path in everybodys.iterdir()] if everybodys.is_dir() else []
    projects = Project.objects.filter(Q(bring_ins__isnull=False) | Q(slug__in=there)).distinct()
    left = [everybodys / name for name in there if _is_left(name, datetime.now(UTC))]
    _each(
        [
            *(partial(bring_in_line, project, vault) for project in projects),
            *(partial(_remove, path) for path in left),
        ]
    )


def bring_in_line(project: Project, vault: Vault) -> None:
    """Put what is approved where the project's sessions see it, and take away everything else."""
    root = folder(project)
    approved = {
        one.folder: one for one in BringIn.objects.filter(project=project, state=BringInState.APPROVED.value)
    }
    present = {path.name for path in root.iterdir()}
    out = [partial(_take_away, root / name) for name in present - set(approved)]
    _each([*out, *(partial(_put, approved[name], root, vault) for name in set(approved) - present)])


def _each(acts: Iterable[Callable[[], None]]) -> None:
    """Do all of it, for what fails holds up nothing else; then raise the first failure."""
    failures = []
    for act in acts:
        try:
            act()
        except (OSError, Unavailable) as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _put(bring_in: BringIn, root: Path, vault: Vault) -> None:
    """Make a folder out of sight, each file verified as it is copied, and show it whole."""
    with _aside() as making:
        making.mkdir()
        making.chmod(SHARED)
        for file in bring_in.files.all():
            vault.copy_to(Stored(file.sha256, file.size_bytes), making / file.name)
        try:
            making.rename(root / bring_in.folder)
        except OSError as error:
            # The other process was quicker.
            if error.errno not in THERE_ALREADY:
                raise


def _take_away(path: Path) -> None:
    with _aside() as gone:
        path.rename(gone)


@contextmanager
def _aside() -> Iterator[Path]:
    """Yield a name beside the projects' folders, which no session sees; nothing stays there."""
    path = places.bring_ins(f".{ids.new()}")
    try:
        yield path
    finally:
        _remove(path)


def _is_left(name: str, now: datetime) -> bool:
    """Whether a name is one that a killed process left aside."""
    made = ids.made_at(name[1:]) if name.startswith(".") else None
    return made is not None and made < now - LEFT


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
