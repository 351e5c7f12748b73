"""What is asked and waits for an answer, in bulk: members, deliveries, what is said to be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from egress_review.models import Submission
from egress_review.states import DECIDED
from hub.datasets.models import Dataset, Intake, IntakeState
from hub.people.models import Invitation, Person
from hub.projects.models import MemberRequest, MemberRole, Membership, Wish
from hub.stewardship.models import Feedback

SAID = "Made up for a measurement of pages."


def grow(*, requests: int, intakes: int, feedback: int) -> None:
    """Fill up to so many of each; one person is invited."""
    _requests(requests)
    _intakes(intakes)
    _feedback(feedback)
    now = datetime.now(UTC)
    Invitation.objects.get_or_create(
        token_sha256="0" * 64,
        defaults={
            "person": Person.objects.filter(email__startswith="person").order_by("pk")[0],
            "sent_at": now,
            "expires_at": now + timedelta(days=7),
        },
    )


def _requests(wanted: int) -> None:
    leads = list(Membership.objects.filter(role=MemberRole.PROJECT_LEAD.value).order_by("pk"))
    made = [
        MemberRequest(
            project_id=leads[number % len(leads)].project_id,
            wish=Wish.JOIN.value,
            email=f"newcomer{number}@demo.example",
            reason=SAID,
            asked_by_id=leads[number % len(leads)].person_id,
        )
        for number in range(MemberRequest.objects.count(), wanted)
        if leads
    ]
    MemberRequest.objects.bulk_create(made)


def _intakes(wanted: int) -> None:
    datasets = list(Dataset.objects.order_by("pk"))
    finding = {"kind": "speaker", "where": "line 2", "column": "speaker", "blocks": True}
    finding |= {"message": "The speaker is empty.", "fix": "Give every speaker a pseudonym."}
    made = [
        Intake(
            dataset=datasets[number % len(datasets)],
            version=f"9.{number}",
            folder=f"delivery-{number}",
            state=IntakeState.BLOCKED.value,
            findings=[finding] * 20,
            requested_by_id=datasets[number % len(datasets)].steward_id,
        )
        for number in range(Intake.objects.count(), wanted)
    ]
    Intake.objects.bulk_create(made)


def _feedback(wanted: int) -> None:
    datasets = list(Dataset.objects.values_list("pk", flat=True).order_by("pk"))
    decided = Submission.objects.filter(state__in=[one.value for one in DECIDED]).order_by("pk")
    judged = list(decided.values_list("pk", "author_id")[:wanted])
    members = list(Membership.objects.values_list("person_id", flat=True).order_by("pk"))
    made = []
    for number in range(Feedback.objects.count(), wanted):
        if number % 2:
            submission, author = judged[number % len(judged)]
            made.append(Feedback(submission_id=submission, author_id=author, text=SAID))
        else:
            about, author = datasets[number % len(datasets)], members[number % len(members)]
            made.append(Feedback(dataset_id=about, author_id=author, text=SAID))
    Feedback.objects.bulk_create(made)
