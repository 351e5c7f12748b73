"""What is done to datasets: added, a version registered, suspended, resumed, deprecated."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

from django.db import transaction

from hub import ids, rows
from hub.datasets import facts, manifest
from hub.datasets.models import Dataset, DatasetVersion, VersionState
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.models import Institution, Person
from hub.people.permission import Actor, Permission
from hub.places import places
from hub.policy import questions

Change = Literal["register", "edit", "suspend", "resume", "deprecate"]
# These become folder names and paths inside a session.
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\Z")
VERSION = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}\Z")


def add(
    *,
    by: Actor,
    slug: str,
    title: str,
    description: str,
    institution: Institution,
    steward: Person,
    tier: int,
    licence: str,
    attribution: str,
) -> Dataset:
    """Add a dataset, as yet without a version."""
    if not SLUG.match(slug):
        raise Invalid(f"“{slug}” can’t be a dataset’s short name; use up to 60 of a–z, 0–9 and hyphens.")
    if tier not in range(5):
        raise Invalid(f"A tier is 0 to 4, not {tier}.")
    dataset = Dataset(
        id=ids.new(),
        slug=slug,
        title=title,
        description=description,
        institution=institution,
        steward=steward,
        tier=tier,
        licence=licence,
        attribution=attribution,
    )
    allowed = may(by, dataset=dataset, change="register")
    with transaction.atomic():
        allowed.use()
        if Dataset.objects.filter(slug=slug).exists():
            raise WrongState(f"There is already a dataset “{slug}”.")
        dataset.save(force_insert=True)
        said = {"what": "dataset", "slug": slug, "tier": tier, "licence": licence}
        entries.append(Kind.PROVISIONED, by=by.id, subject=dataset.id, facts=said)
    return dataset


def register(*, by: Actor, dataset: Dataset, version: str, content_sha256: str = "") -> DatasetVersion:
    """Register the files in the dataset's folder as a version, which from then on never changes."""
    if not VERSION.match(version):
        raise Invalid(f"“{version}” can’t be a version’s name; use up to 40 of a–z, 0–9, points and hyphens.")
    dataset = facts.fresh(dataset)
    allowed = may(by, dataset=dataset, change="register")
    folder = f"{dataset.slug}/{version}"
    contents = manifest.read(places.state / "datasets" / folder)
    with transaction.atomic():
        allowed.use()
        rows.recheck(dataset)
        if DatasetVersion.objects.filter(dataset=dataset, version=version).exists():
            raise WrongState(
                f"{dataset.title} already has a version {version}; give the new files a new one."
            )
        registered = DatasetVersion.objects.create(
            dataset=dataset,
            version=version,
            folder=folder,
            manifest_sha256=contents.manifest_sha256,
            content_sha256=content_sha256,
            recordings=contents.recordings,
            speakers=contents.speakers,
            seconds=contents.seconds,
            languages=list(contents.languages),
            registered_by=by if isinstance(by, Person) else dataset.steward,
        )
        said = {"what": "dataset version", "folder": folder, "manifest_sha256": contents.manifest_sha256}
        said |= {"content_sha256": content_sha256} if content_sha256 else {}
        entries.append(Kind.PROVISIONED, by=by.id, subject=registered.id, facts=said)
    return registered


def edit(
    *,
    by: Actor,
    dataset: Dataset,
    title: str,
    description: str,
    licence: str,
    attribution: str,
    row_version: int,
) -> None:
    """Change what is said about a dataset; its tier and steward are not a matter of words."""
    dataset = facts.fresh(dataset)
    allowed = may(by, dataset=dataset, change="edit")
    if dataset.row_version != row_version:
        raise WrongState(f"{dataset.title} was changed by somebody else since you opened its form.")
    said = {"title": title, "description": description, "licence": licence, "attribution": attribution}
    changed = {name: value for name, value in said.items() if getattr(dataset, name) != value}
    with transaction.atomic():
        allowed.use()
        rows.claim(dataset, **changed)
        told = {"what": "dataset", "changed": sorted(changed), "licence": licence}
        entries.append(Kind.PROVISIONED, by=by.id, subject=dataset.id, facts=told)


def deprecate(*, by: Actor, version: DatasetVersion) -> None:
    """Mark a version as one that is no longer newly approved."""
    dataset = facts.fresh(version.dataset)
    allowed = may(by, dataset=dataset, change="deprecate")
    with transaction.atomic():
        allowed.use()
        rows.claim(dataset)
        DatasetVersion.objects.filter(pk=version.pk).update(state=VersionState.DEPRECATED.value)
        said = {"what": "dataset version", "state": "deprecated"}
        entries.append(Kind.PROVISIONED, by=by.id, subject=version.id, facts=said)
    version.state = VersionState.DEPRECATED.value


def suspend(*, by: Actor, dataset: Dataset, reason: str) -> None:
    """Suspend a dataset: sessions that have it mounted end within one lease."""
    if not reason.strip():
        raise Invalid("Say why the dataset is suspended; its users will read it.")
    dataset = facts.fresh(dataset)
    allowed = may(by, dataset=dataset, change="suspend")
    if dataset.is_suspended:
        raise WrongState(f"{dataset.title} is already suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(dataset, suspended_at=datetime.now(UTC), suspended_reason=reason.strip())
        said = {"what": "dataset", "reason": reason}
        entries.append(Kind.SUSPENDED, by=by.id, subject=dataset.id, facts=said)


def resume(*, by: Actor, dataset: Dataset) -> None:
    """End a dataset's suspension."""
    dataset = facts.fresh(dataset)
    allowed = may(by, dataset=dataset, change="resume")
    if not dataset.is_suspended:
        raise WrongState(f"{dataset.title} is not suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(dataset, suspended_at=None, suspended_reason="")
        entries.append(Kind.RESUMED, by=by.id, subject=dataset.id, facts={"what": "dataset"})


def may(by: Actor, *, dataset: Dataset, change: Change) -> Permission:
    """Return the permission to change a dataset."""
    return permission.to(
        by,
        subject=dataset.id,
        ask=lambda asking, at: questions.ManageDataset(
            person=asking, at=at, dataset=facts.of(dataset), change=change
        ),
    )
