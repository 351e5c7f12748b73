"""The folder that a project's sessions see at /bring-ins: portal and worker fill it, sessions only read."""

from __future__ import annotations

from pathlib import Path

from hub.places import places
from hub.projects.models import Project

# Portal and worker are two users of one group, and either may have to take away what the other put there.
SHARED = 0o2775


def folder(project: Project) -> Path:
    """Return a project's folder, made where it is missing: what is let in later appears in it."""
    path = places.bring_ins(project.slug)
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(SHARED)
    return path
