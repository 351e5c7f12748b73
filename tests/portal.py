"""Objects in a named state, and stand-ins for what the portal asks, each held to the real thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from hub import ids
from hub.access.models import Agreement, AgreementSignature, Approval
from hub.datasets.models import Dataset, DatasetVersion
from hub.errors import Unavailable
from hub.people.models import Institution, Person, Role, RoleAssignment, Training
from hub.policy import AT_ONCE, UNANSWERED, Decision
from hub.policy.questions import Question
from hub.projects.models import Membership, Project
from hub.workspaces.models import FIRST_UID, Session, SessionState, Workspace
from hub.workspaces.remote import Usage

PASSWORD = "correct horse battery staple"
TODAY = datetime.now(UTC).date


@dataclass
class Policies:
    """Answers like `hub.policy.ask`: a Decision, never an exception."""

    denials: dict[str, str] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)
    broken: bool = False

    def deny(self, action: str, reason: str = "The test says no.") -> None:
        """Say no to an action from now on."""
        self.denials[action] = reason

    def ask(self, question: Question) -> Decision:
        """Answer; the question has to be one that OPA could read."""
        document = question.to_input()
        assert "null" not in json.dumps(document), "a null in a question is always denied"
        self.asked.append(question)
        reason = UNANSWERED if self.broken else self.denials.get(question.action)
        return Decision(
            id=ids.new(),
            allow=reason is None,
            reasons=(reason,) if reason else (),
            # No revision stands behind a decision that nobody made.
            revision="" if self.broken else "unit",
            package=question.package,
            question=document,
            asked_at=datetime.now(UTC),
        )

    def ask_at_once(self, questions: Sequence[Question]) -> tuple[Decision, ...]:
        """Answer each; not more than OPA would."""
        assert len(questions) <= AT_ONCE, "over so many nothing is answered"
        return tuple(self.ask(question) for question in questions)


@dataclass
class RemoteStandIn:
    """Hub and engine that remember what they were asked, and fail when told to."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    has_gpus: int = 0
    on_start: Callable[[str, str], None] = lambda person, server: None

    def start(self, *, person: str, server: str) -> None:
        """Start a server, as the hub does: it asks for the grant on the way."""
        self._call("start", server)
        self.on_start(person, server)

    def stop(self, *, person: str, server: str) -> None:
        """Stop a server."""
        self._call("stop", server)

    def sign_out(self, *, person: str) -> None:
        """End a sign-in."""
        self._call("sign_out", person)

    def remove(self, *, session: str) -> None:
        """Remove a container."""
        self._call("remove", session)

    def usage(self, *, session: str) -> Usage:
        """Say what a session uses."""
        self._call("usage", session)
        return Usage(memory_bytes=200 << 20, cpu_percent=12.5, home_used_bytes=1 << 20, home_bytes=2 << 30)

    def gpus(self) -> int:
        """Say how many GPUs there are."""
        self._call("gpus", "")
        return self.has_gpus

    def _call(self, what: str, name: str) -> None:
        self.calls.append((what, name))
        if what in self.down:
            raise Unavailable(f"{what} does not answer")


def institution() -> Institution:
    """Return an institution."""
    return Institution.objects.get_or_create(slug="north", defaults={"name": "Northern University"})[0]


def person(name: str = "rosa", *roles: Role, second_factor: bool = False, is_demo: bool = False) -> Person:
    """Return somebody who can sign in."""
    made = Person(
        email=f"{name}@north.example", name=name.title(), institution=institution(), is_demo=is_demo
    )
    made.set_password(PASSWORD)
    made.save()
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    for role in roles:
        RoleAssignment.objects.create(person=made, role=role.value)
    Training.objects.create(
        person=made, course="safe-researcher", completed_on=TODAY(), valid_until=days(100)
    )
    if second_factor:
        TOTP.activate(made, "JBSWY3DPEHPK3PXP")
        assert Authenticator.objects.filter(user=made).exists()
    return made


def days(number: int) -> date:
    """Return the day so many days from now."""
    return TODAY() + timedelta(days=number)


def project(slug: str = "vowels", *, state: str = "open", member: Person | None = None) -> Project:
    """Return a project in a state, with a member if one is given."""
    made = Project.objects.create(
        slug=slug,
        title=slug.title(),
        purpose="speech_research",
        state=state,
        opens_on=days(-10),
        closes_on=days(100),
    )
    if member is not None:
        Membership.objects.create(project=made, person=member)
    return made


def version(slug: str = "prompts", *, steward: Person | None = None) -> DatasetVersion:
    """Return a registered version of a dataset."""
    steward = steward or Person.objects.filter(email="stef@north.example").first()
    steward = steward or person("stef", Role.DATA_STEWARD, second_factor=True)
    dataset = Dataset.objects.create(
        slug=slug,
        title=slug.title(),
        institution=institution(),
        steward=steward,
        tier=2,
        licence="CC BY 4.0",
        attribution="The speakers",
    )
    return DatasetVersion.objects.create(
        dataset=dataset,
        version="1.0",
        folder=f"{slug}/1.0",
        manifest_sha256="0" * 64,
        recordings=4,
        speakers=2,
        seconds=60,
        languages=["fr"],
        registered_by=steward,
    )


def approval(of: Project, what: DatasetVersion, *, signed_by: Person | None = None) -> Approval:
    """Return an approval that holds, its agreement signed if somebody is given."""
    agreement = Agreement.objects.create(
        dataset=what.dataset, project=of, title="Use", text="I promise.", text_sha256="0" * 64, until=days(60)
    )
    if signed_by is not None:
        AgreementSignature.objects.create(agreement=agreement, person=signed_by)
    return Approval.objects.create(
        project=of, version=what, purpose=of.purpose, until=days(30), approved_by=what.dataset.steward
    )


def session(of: Project, who: Person, *, state: SessionState = SessionState.RUNNING) -> Session:
    """Return a session in a state, with all that is approved mounted."""
    workspace, _ = Workspace.objects.get_or_create(
        project=of,
        person=who,
        defaults={"slug": of.slug, "uid": FIRST_UID + Workspace.objects.count()},
    )
    now = datetime.now(UTC)
    begun = state not in (SessionState.REQUESTED, SessionState.STARTING)
    granted = state is not SessionState.REQUESTED
    return Session.objects.create(
        workspace=workspace,
        state=state.value,
        started_at=now if begun else None,
        active_at=now if begun else None,
        expires_at=now + timedelta(hours=8) if granted else None,
        versions=list(Approval.objects.filter(project=of).values_list("version_id", flat=True)),
        image="parlatory/workspace:unit" if granted else "",
    )


def sound_session(*, state: SessionState = SessionState.RUNNING) -> Session:
    """Return a researcher's session that nothing speaks against: its data approved, the agreement signed."""
    who = person("rosa", Role.RESEARCHER)
    place = project(member=who)
    approval(place, version(), signed_by=who)
    return session(place, who, state=state)
