"""From an entry of the ledger to what people should know of it; the same entry always gives the same keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse

from egress_review.models import FileVote, Finding, Severity, Submission
from egress_review.states import State
from hub.access.models import Approval
from hub.datasets.models import Dataset
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.notices import asked, audience, brought, members
from hub.notices.drafts import Draft, of, to
from hub.notices.kinds import About
from hub.people.models import Person
from hub.projects.models import Project
from hub.workspaces.models import Session

MOST_FINDINGS = 5
Facts = Mapping[str, Any]


def drafts(entry: Entry) -> list[Draft]:
    """Return what follows from an entry, for each person it concerns; nothing from one that is erased."""
    if entry.erased or not isinstance(entry.facts, dict) or entry.kind not in _FROM:
        return []
    return _FROM[entry.kind](entry, entry.facts)


# What was handed in ------------------------------------------------------------------------------------


def _submission(entry: Entry) -> Submission | None:
    return Submission.objects.select_related("project", "author").filter(pk=entry.subject).first()


def _result(entry: Entry, found: Submission, title: str, body: str, mail: str) -> list[Draft]:
    url = reverse("releases:detail", args=[found.pk])
    draft = of(entry, About.RESULTS, title, body, url=url, mail=mail)
    return to([found.author, *audience.leads(found.project_id)], draft)


def _screened(entry: Entry, facts: Facts) -> list[Draft]:
    found = _submission(entry)
    if found is None:
        return []
    if facts.get("state") == State.BLOCKED:
        count = Finding.objects.filter(submission=found, severity=Severity.BLOCK).count()
        what = "one thing" if count == 1 else f"{count} things"
        mail = (
            f"The screening found {what} that may not leave. What, where and how to mend it is on its page."
        )
        body = f"{_findings(found, Severity.BLOCK)}\n\nPut it right in your session and hand in again."
        return _result(entry, found, f"“{found.title}” was blocked by the screening", body, mail)
    body = "It is screened and waits for the votes of its output checkers."
    flags = _findings(found, Severity.FLAG)
    said = f"{body}\n\nThey will see these findings:\n{flags}" if flags else body
    return [*_result(entry, found, f"“{found.title}” is in review", said, body), *_waits(entry, found)]


def _waits(entry: Entry, found: Submission) -> list[Draft]:
    if found.state != State.IN_REVIEW:
        return []
    needed = found.approvals_needed
    body = (
        f"It was handed in from {found.project.title} and needs {needed} votes. "
        "Vote on it, or leave it to others."
    )
    url = reverse("releases:review", args=[found.pk])
    draft = of(entry, About.REVIEW, f"“{found.title}” waits for your review", body, url=url)
    return to(audience.may_vote(found), draft)


def _returned(entry: Entry, facts: Facts) -> list[Draft]:
    return _decided(
        entry,
        "came back to you",
        "The checkers ask for changes. Change the files or what you say about them, and hand in again.",
    )


def _rejected(entry: Entry, facts: Facts) -> list[Draft]:
    return _decided(
        entry,
        "was rejected",
        "The checkers decided that it can’t leave. Talk to them before you hand in something like it.",
    )


def _approved(entry: Entry, facts: Facts) -> list[Draft]:
    return _decided(
        entry, "was approved", "It leaves as soon as its bytes are verified, usually within seconds."
    )


def _decided(entry: Entry, happened: str, next_step: str) -> list[Draft]:
    found = _submission(entry)
    if found is None:
        return []
    said = _comments(found)
    body = f"{next_step}\n\n{said}" if said else next_step
    mail = f"{next_step} What the checkers say is on its page." if said else next_step
    return _result(entry, found, f"“{found.title}” {happened}", body, mail)


def _released(entry: Entry, facts: Facts) -> list[Draft]:
    found = _submission(entry)
    if found is None:
        return []
    body = "It left the enclave. Download the files and the receipt that proves what left."
    return _result(entry, found, f"“{found.title}” is released", body, body)


def _stopped(entry: Entry, facts: Facts) -> list[Draft]:
    found = _submission(entry)
    if found is None:
        return []
    body = "It is approved and could not leave yet; it is tried again. Its page says why."
    return _result(entry, found, f"The release of “{found.title}” waits", body, body)


def _withdrawn(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell author and leads that a submission was taken back; who did it knows."""
    found = _submission(entry)
    if found is None:
        return []
    body = "Nothing of it leaves. Hand in again from your session if you still need it."
    told = _result(entry, found, f"“{found.title}” was withdrawn", body, body)
    return [one for one in told if one.person != entry.by]


def _findings(submission: Submission, severity: Severity) -> str:
    found = Finding.objects.filter(submission=submission, severity=severity).select_related("file")
    lines = []
    for one in found[:MOST_FINDINGS]:
        place = ", ".join(part for part in (one.file.name if one.file else "", one.where) if part)
        lines.append(f"• {f'{place}: ' if place else ''}{one.message} {one.fix}".rstrip())
    more = found.count() - len(lines)
    return "\n".join([*lines, f"• and {more} more"] if more > 0 else lines)


def _comments(submission: Submission) -> str:
    """Return what the checkers say to the author: without their names or notes to each other."""
    author = submission.author_id
    said = [
        f"A checker says: {one.comment}" for one in submission.reviews.readable_by(author).exclude(comment="")
    ]
    votes = FileVote.objects.filter(file__submission=submission).readable_by(author).exclude(comment="")
    said += [f"A checker says of {one.file.name}: {one.comment}" for one in votes.select_related("file")]
    return "\n\n".join(said)


# Rights ------------------------------------------------------------------------------------------------


def _approval(entry: Entry, facts: Facts) -> list[Draft]:
    found = Approval.objects.select_related("project", "version__dataset").filter(pk=entry.subject).first()
    if found is None:
        return []
    url = reverse("access:project", args=[found.project.slug])
    if entry.kind == Kind.APPROVAL_GIVEN:
        longer = " longer" if facts.get("before") else ""
        title = f"{found.project.title} may use {found.version}{longer}"
        body = (
            f"Until {found.until:%-d %b %Y}, for the project’s purpose. Sign its agreement on the project’s "
            "page if you have not."
        )
        return to(audience.members(found.project_id), of(entry, About.GIVEN, title, body, url=url))
    title = f"{found.project.title} may no longer use {found.version}"
    body = f"The approval was revoked: {facts.get('reason', '')}\nSessions that had this data have ended."
    return to(audience.members(found.project_id), of(entry, About.TAKEN, title, body, url=url))


def _membership(entry: Entry, facts: Facts) -> list[Draft]:
    project = Project.objects.filter(pk=facts.get("project", "")).first()
    person = Person.objects.filter(pk=entry.subject)
    if project is None:
        return []
    url = reverse("access:project", args=[project.slug])
    if not facts.get("member"):
        body = "You can’t work in it any more; files in your workspace are kept. Its lead knows why."
        draft = of(
            entry, About.TAKEN, f"You are no longer a member of {project.title}", body, url=reverse("home")
        )
        return to(person, draft)
    until = _until(facts)
    title = f"You are a member of {project.title}"
    role = str(facts.get("role", "member")).replace("_", " ")
    body = f"As {role}{until}. Its page says which data it may use."
    return to(person, of(entry, About.GIVEN, title, body, url=url))


def _role(entry: Entry, facts: Facts) -> list[Draft]:
    role = str(facts.get("role", "")).replace("_", " ")
    person, url = Person.objects.filter(pk=entry.subject), reverse("people:account")
    if facts.get("held"):
        body = f"You hold the role of {role}{_until(facts)}."
        return to(person, of(entry, About.GIVEN, f"Your role: {role}", body, url=url))
    body = f"The role of {role} was taken from you. Ask an admin of the enclave if that is a mistake."
    return to(person, of(entry, About.TAKEN, f"You are no longer {role}", body, url=url))


def _training(entry: Entry, facts: Facts) -> list[Draft]:
    body = f"It counts until {facts.get('valid_until', '')}."
    title = f"Training “{facts.get('course', '')}” is recorded"
    draft = of(entry, About.GIVEN, title, body, url=reverse("people:account"))
    return to(Person.objects.filter(pk=entry.subject), draft)


def _suspended(entry: Entry, facts: Facts) -> list[Draft]:
    reason = f"Reason: {facts.get('reason', '')}"
    what = facts.get("what")
    if what in ("person", "account"):
        title = "Your account is suspended" if what == "person" else "Your account is closed"
        body = f"{reason}\nYou can’t sign in. Ask an admin of the enclave what to do."
        draft = of(entry, About.TAKEN, title, body, url=reverse("home"))
        return to(Person.objects.filter(pk=entry.subject), draft)
    return _standing(entry, About.TAKEN, "is suspended", f"{reason}\nSessions with it have ended.")


def _resumed(entry: Entry, facts: Facts) -> list[Draft]:
    if facts.get("what") == "person":
        draft = of(entry, About.GIVEN, "Your account is open again", "You can sign in.", url=reverse("home"))
        return to(Person.objects.filter(pk=entry.subject), draft)
    return _standing(entry, About.GIVEN, "may be used again", "The suspension is lifted.")


def _standing(entry: Entry, about: About, happened: str, body: str) -> list[Draft]:
    """Tell the people of a project, or those of every project that a dataset is approved for."""
    project = Project.objects.filter(pk=entry.subject).first()
    if project is not None:
        url = reverse("access:project", args=[project.slug])
        return to(
            audience.members(project.id), of(entry, about, f"{project.title} {happened}", body, url=url)
        )
    dataset = Dataset.objects.select_related("steward").filter(pk=entry.subject).first()
    if dataset is None:
        return []
    using = Approval.objects.current(entry.at.date()).filter(version__dataset=dataset)
    people = [
        person for id in set(using.values_list("project", flat=True)) for person in audience.members(id)
    ]
    url = reverse("datasets:dataset", args=[dataset.slug])
    draft = of(entry, about, f"{dataset.title} {happened}", body, url=url)
    return to([dataset.steward, *people], draft)


def _provisioned(entry: Entry, facts: Facts) -> list[Draft]:
    if facts.get("what") == "feedback":
        return asked.feedback(entry, facts)
    if facts.get("what") == "project reviewers":
        return asked.reviewers(entry, facts)
    return _handed_over(entry, facts) if "before" in facts else _project(entry, facts)


def _handed_over(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell both stewards that a dataset was handed over."""
    found = Dataset.objects.filter(pk=entry.subject).first()
    people = Person.objects.in_bulk([str(facts.get(name)) for name in ("steward", "before")])
    after, before = people.get(str(facts.get("steward"))), people.get(str(facts.get("before")))
    if found is None or after is None or before is None:
        return []
    url = reverse("datasets:dataset", args=[found.slug])
    given = f"{before.name} answered for it. Its requests, approvals and feedback are yours now."
    taken = f"{after.name} answers for it now; ask them about its use."
    return [
        *to([after], of(entry, About.GIVEN, f"You are the steward of {found.title}", given, url=url)),
        *to([before], of(entry, About.TAKEN, f"{found.title} was handed over", taken, url=url)),
    ]


def _project(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell a project's people that it was opened or closed."""
    if facts.get("what") != "project" or facts.get("state") not in ("open", "closed"):
        return []
    project = Project.objects.filter(pk=entry.subject).first()
    if project is None:
        return []
    url = reverse("access:project", args=[project.slug])
    if facts["state"] == "open":
        draft = of(entry, About.GIVEN, f"{project.title} is open", "Its members can work in it.", url=url)
    else:
        body = "Nobody can work in it any more; its releases and receipts stay."
        draft = of(entry, About.TAKEN, f"{project.title} is closed", body, url=url)
    return to(audience.members(project.id), draft)


def _session_ended(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell somebody that their session ended by a limit or a lost right; who stopped it knows."""
    found = Session.objects.with_people().filter(pk=entry.subject).first()
    if found is None or entry.by == found.workspace.person_id:
        return []
    project = found.workspace.project
    body = (
        f"{facts.get('reason', '')}\nFiles in your home are kept; what was only in memory is lost. "
        "Its page says whether you can start another."
    )
    url = reverse("workspaces:workspace", args=[project.slug])
    draft = of(entry, About.ENDS, f"Your session in {project.title} ended", body.strip(), url=url)
    return to([found.workspace.person], draft)


def _until(facts: Facts) -> str:
    until = str(facts.get("valid_until", "no end"))
    return "" if until in ("no end", "None") else f" until {until}"


_FROM: Mapping[str, Callable[[Entry, Facts], list[Draft]]] = {
    Kind.SCREENED: _screened,
    Kind.RETURNED: _returned,
    Kind.REJECTED: _rejected,
    Kind.APPROVED: _approved,
    Kind.RELEASED: _released,
    Kind.RELEASE_STOPPED: _stopped,
    Kind.WITHDRAWN: _withdrawn,
    Kind.APPROVAL_GIVEN: _approval,
    Kind.APPROVAL_REVOKED: _approval,
    Kind.MEMBERSHIP_CHANGED: _membership,
    Kind.ROLE_CHANGED: _role,
    Kind.TRAINING_RECORDED: _training,
    Kind.SUSPENDED: _suspended,
    Kind.RESUMED: _resumed,
    Kind.PROVISIONED: _provisioned,
    Kind.ACCESS_ASKED: asked.access,
    Kind.ACCESS_REFUSED: asked.access_refused,
    Kind.MEMBER_ASKED: members.asked,
    Kind.MEMBER_ANSWERED: members.answered,
    Kind.DIFFERED: asked.differing,
    Kind.BROUGHT_IN: brought.waiting,
    Kind.BRING_IN_APPROVED: brought.decided,
    Kind.BRING_IN_REJECTED: brought.decided,
    Kind.BRING_IN_WITHDRAWN: brought.decided,
    Kind.SESSION_ENDED: _session_ended,
}
# The kinds of entries that anybody is told of.
KINDS = tuple(str(kind) for kind in _FROM)
