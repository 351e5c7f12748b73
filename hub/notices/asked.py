"""What somebody asks of somebody: data for a project, an answer to feedback, reviews, votes that agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from egress_review.models import Submission
from egress_review.states import State
from hub.access.models import AccessRequest
from hub.ledger.models import Entry
from hub.notices import audience
from hub.notices.drafts import Draft, of, to
from hub.notices.kinds import About
from hub.people.models import Person
from hub.projects.models import Project
from hub.stewardship.models import Feedback

Facts = Mapping[str, Any]


def access(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell a steward that a project asks for their data."""
    found = _request(facts)
    if found is None:
        return []
    title = f"{found.project.title} asks for {found.version}"
    mail = (
        f"Until {found.until:%-d %b %Y}, for the project’s purpose. Approve it, or refuse it with a reason."
    )
    body = f"{mail}\n\n{found.asked_by.name} says: {found.reason}"
    url = reverse("provisioning:request", args=[found.pk])
    return to([found.version.dataset.steward], of(entry, About.REVIEW, title, body, url=url, mail=mail))


def access_refused(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell a project's people that their request was refused, and why."""
    found = _request(facts)
    if found is None:
        return []
    title = f"{found.version} was refused to {found.project.title}"
    mail = "The steward’s reason is on the project’s page."
    url = reverse("access:project", args=[found.project.slug])
    draft = of(entry, About.RESULTS, title, f"Reason: {facts.get('reason', '')}", url=url, mail=mail)
    return to(audience.members(found.project_id), draft)


def differing(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell the checkers of a submission that their votes differ."""
    found = Submission.objects.filter(pk=entry.subject, state=State.DIFFERING).first()
    if found is None:
        return []
    body = "Read what the other says, and answer once more for the files on which you differ."
    url = reverse("releases:review", args=[found.pk])
    draft = of(entry, About.REVIEW, f"The votes on “{found.title}” differ", body, url=url)
    return to(_reviewers(found), draft)


def feedback(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell who should answer feedback that it was given, and its author that it was answered."""
    found = Feedback.objects.with_people().filter(pk=entry.subject).first()
    if found is None:
        return []
    subject = found.dataset.title if found.dataset else f"the decision on “{found.submission}”"
    url = reverse("stewardship:feedback", args=[found.pk])
    if facts.get("answered"):
        body = f"You said: {found.text}\n\nThe answer: {found.answer}"
        mail = "The answer is on its page."
        draft = of(entry, About.RESULTS, f"Your feedback on {subject} is answered", body, url=url, mail=mail)
        return to([found.author], draft)
    mail = "Read what is said, and answer it."
    body = f"{found.author.name} says: {found.text}"
    draft = of(entry, About.REVIEW, f"Feedback on {subject}", body, url=url, mail=mail)
    return to(audience.may_answer(found), draft)


def reviewers(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell checkers that they were named to review a project's outputs, or no longer are."""
    project = Project.objects.filter(pk=entry.subject).first()
    if project is None:
        return []
    title, url = project.title, reverse("releases:queue")
    body = f"What it hands in comes to your queue. A release needs {facts.get('approvals')} approvals."
    given = of(entry, About.GIVEN, f"You review the outputs of {title}", body, url=url)
    body = (
        "Others are named to review them; what you voted on before stays as it is."
        if facts.get("named")
        else "Nobody is named any more; like any checker from outside you still find them in your queue."
    )
    taken = of(entry, About.TAKEN, f"You are no longer named to review the outputs of {title}", body, url=url)
    return [*to(_people(facts.get("added")), given), *to(_people(facts.get("dropped")), taken)]


def _people(ids: Any) -> list[Person]:
    return list(Person.objects.filter(pk__in=ids or [], is_active=True, suspended_at=None))


def _reviewers(submission: Submission) -> list[Person]:
    standing = submission.reviews.standing().values_list("reviewer", flat=True)
    return list(Person.objects.filter(pk__in=standing, is_active=True, suspended_at=None))


def _request(facts: Facts) -> AccessRequest | None:
    request = facts.get("request")
    return AccessRequest.objects.with_names().filter(pk=request).first() if isinstance(request, str) else None
