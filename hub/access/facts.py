"""What a policy may know about approvals and agreements."""

from __future__ import annotations

from django.db.models import QuerySet

from hub.access.models import Agreement, Approval
from hub.datasets import facts as datasets
from hub.people.models import Person
from hub.policy import questions
from hub.projects.models import Project


def of(approval: Approval) -> questions.Approval:
    """Return the facts about an approval."""
    return questions.Approval(
        id=approval.id,
        project=approval.project_id,
        version=approval.version_id,
        purpose=approval.purpose,
        until=approval.until,
        revoked=approval.revoked_at is not None,
    )


def of_agreement(agreement: Agreement, person: Person) -> questions.Agreement:
    """Return the facts about an agreement, and whether a person signed it."""
    return questions.Agreement(
        id=str(agreement.pk),
        dataset=agreement.dataset_id,
        project=agreement.project_id,
        title=agreement.title,
        until=agreement.until,
        signed=any(signature.person_id == person.id for signature in agreement.signatures.all()),
    )


def uses(project: Project, person: Person, approvals: list[Approval]) -> tuple[questions.DatasetUse, ...]:
    """Return, for each version among the approvals, all that could cover its use by a person."""
    agreements = Agreement.objects.filter(project=project).prefetch_related("signatures").order_by("pk")
    by_dataset: dict[str, list[questions.Agreement]] = {}
    for agreement in agreements:
        by_dataset.setdefault(agreement.dataset_id, []).append(of_agreement(agreement, person))
    by_version: dict[str, list[Approval]] = {}
    for approval in approvals:
        by_version.setdefault(approval.version_id, []).append(approval)
    return tuple(
        questions.DatasetUse(
            version=datasets.of_version(held[0].version),
            approvals=tuple(of(approval) for approval in held),
            agreements=tuple(by_dataset.get(held[0].version.dataset_id, [])),
        )
        for held in by_version.values()
    )


def approvals_of(project: Project) -> list[Approval]:
    """Return a project's approvals, revoked and ended ones too, with all a question needs read along."""
    query = Approval.objects.filter(project=project).select_related("version__dataset__steward")
    return list(query.order_by("version_id", "approved_at"))


def with_all() -> QuerySet[Approval]:
    """Return approvals with all that a question or a page needs read along."""
    return Approval.objects.select_related("project", "version__dataset__steward")


def fresh(approval: Approval) -> Approval:
    """Return the approval as the database has it now."""
    return with_all().get(pk=approval.pk)
