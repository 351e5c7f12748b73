"""Agreements: what a project's people promise before they use a dataset."""

from __future__ import annotations

import hashlib
from datetime import date

from django.db import transaction

from hub.access import facts
from hub.access.models import Agreement, AgreementSignature
from hub.datasets import facts as datasets
from hub.datasets import services as dataset_services
from hub.datasets.models import Dataset
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import Actor, Permission
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import Project


def add(*, by: Actor, dataset: Dataset, project: Project, title: str, text: str, until: date) -> Agreement:
    """Add an agreement that a project's people have to sign for a dataset."""
    text = text.replace("\r\n", "\n").strip()
    if not title.strip() or not text:
        raise Invalid(
            "An agreement needs a title and a text; whoever signs it promises what is written there."
        )
    dataset = datasets.fresh(dataset)
    allowed = may(by=by, dataset=dataset)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        allowed.use()
        agreement = Agreement.objects.create(
            dataset=dataset, project=project, title=title.strip(), text=text, text_sha256=sha256, until=until
        )
        said = {"what": "agreement", "dataset": dataset.id, "project": project.id, "text_sha256": sha256}
        said["until"] = until.isoformat()
        entries.append(Kind.PROVISIONED, by=by.id, subject=str(agreement.pk), facts=said)
    return agreement


def may(*, by: Actor, dataset: Dataset) -> Permission:
    """Return the permission to say what a dataset's users have to promise: its steward has it."""
    return dataset_services.may(by, dataset=dataset, change="edit")


def sign(*, by: Person, agreement: Agreement) -> AgreementSignature:
    """Sign an agreement; nobody signs for somebody else."""
    allowed = permission.to(
        by,
        subject=by.id,
        ask=lambda asking, at: questions.SignAgreement(
            person=asking,
            at=at,
            subject=by.id,
            agreement=facts.of_agreement(agreement, by),
            memberships=projects.memberships(agreement.project, by),
        ),
    )
    with transaction.atomic():
        allowed.use()
        if AgreementSignature.objects.filter(agreement=agreement, person=by).exists():
            raise WrongState(f"You have already signed “{agreement.title}”.")
        signature = AgreementSignature.objects.create(agreement=agreement, person=by)
        said = {"agreement": agreement.pk, "text_sha256": agreement.text_sha256}
        entries.append(Kind.AGREEMENT_SIGNED, by=by.id, subject=by.id, facts=said)
    return signature
