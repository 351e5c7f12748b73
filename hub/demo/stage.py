"""The demo in the database, through the services everybody uses; what is there already stays as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.db import transaction

from hub.access import agreements, approvals
from hub.access.models import Agreement, AgreementSignature, Approval
from hub.datasets import services as datasets
from hub.datasets.models import Dataset, DatasetVersion
from hub.demo import cast
from hub.demo.cast import Part, Plan, Use
from hub.demo.credentials import Credential, Credentials
from hub.demo.data import Say
from hub.demo.sources import RECIPES, Recipe
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import services as people
from hub.people.models import Institution, Person, Role
from hub.people.permission import WITHOUT_POLICY
from hub.projects import services as projects
from hub.projects.models import MemberRole, Project, ProjectState

TRAINED_DAYS_AGO = 90
TRAINING_DAYS = 365
LAPSED_DAYS_AGO = 35
APPROVAL_DAYS = 180


def put_in(given: Credentials, *, say: Say) -> None:
    """Put in what is missing of the demo's institutions, people, datasets, projects and approvals."""
    today = datetime.now(UTC).date()
    known = {credential.email: credential for credential in given.people}
    for slug, name in cast.INSTITUTIONS.items():
        _institution(slug, name)
    for part in cast.PEOPLE:
        _person(part, known[part.email], today, is_new=part.email in given.new)
    for recipe in RECIPES:
        _version(recipe)
    for plan in cast.PROJECTS:
        _project(plan, today)
    say(f"demo: {len(cast.PEOPLE)} people, {len(cast.PROJECTS)} projects")


def _institution(slug: str, name: str) -> None:
    if not Institution.objects.filter(slug=slug).exists():
        people.add_institution(by=WITHOUT_POLICY, slug=slug, name=name, is_demo=True)


def _person(part: Part, credential: Credential, today: date, *, is_new: bool) -> None:
    person = Person.objects.filter(email=part.email).first()
    if person is None:
        person = people.add(
            by=WITHOUT_POLICY,
            email=part.email,
            name=part.name,
            institution=Institution.objects.get(slug=part.institution),
            password=credential.password,
            roles=[Role(role) for role in part.roles],
            is_demo=True,
        )
    elif is_new:
        _new_password(person, credential.password)
    for course in part.courses:
        if not person.trainings.filter(course=course).exists():
            completed, until = _training_days(part, today)
            people.record_training(
                by=WITHOUT_POLICY, person=person, course=course, completed_on=completed, valid_until=until
            )
    _second_factor(person, credential.totp_secret)


def _training_days(part: Part, today: date) -> tuple[date, date]:
    if part.training_lapsed:
        until = today - timedelta(days=LAPSED_DAYS_AGO)
        return until - timedelta(days=TRAINING_DAYS), until
    completed = today - timedelta(days=TRAINED_DAYS_AGO)
    return completed, completed + timedelta(days=TRAINING_DAYS)


def _new_password(person: Person, password: str) -> None:
    """Follow the password file, which root may have removed to have new passwords made."""
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        _provisioned(person, "demo password")


def _second_factor(person: Person, secret: str | None) -> None:
    enrolled = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
    if secret is None or (enrolled is not None and _secret_of(enrolled) == secret):
        return
    with transaction.atomic():
        if enrolled is not None:
            enrolled.delete()
        TOTP.activate(person, secret)
        _provisioned(person, "demo second factor")


def _secret_of(enrolled: Authenticator) -> str:
    return str(decrypt(enrolled.data["secret"]))


def _provisioned(person: Person, what: str) -> None:
    entries.append(Kind.PROVISIONED, by=WITHOUT_POLICY.id, subject=person.id, facts={"what": what})


def _version(recipe: Recipe) -> None:
    steward = _somebody(cast.STEWARDS[recipe.dataset])
    # The dataset's page names everybody whose voice is in any version: the newest holds them all.
    newest = [one for one in RECIPES if one.dataset == recipe.dataset][-1]
    dataset = Dataset.objects.filter(slug=recipe.dataset).first() or datasets.add(
        by=WITHOUT_POLICY,
        slug=recipe.dataset,
        title=newest.title,
        description=newest.description,
        institution=Institution.objects.get(slug=cast.OWNERS[recipe.dataset]),
        steward=steward,
        tier=newest.tier,
        licence=newest.licence,
        attribution=newest.attribution,
    )
    if not DatasetVersion.objects.filter(dataset=dataset, version=recipe.version).exists():
        datasets.register(by=steward, dataset=dataset, version=recipe.version)


def _project(plan: Plan, today: date) -> None:
    project = Project.objects.filter(slug=plan.slug).first()
    if project is not None and project.state == plan.ends_as:
        return
    if project is None:
        project = projects.propose(
            by=WITHOUT_POLICY,
            slug=plan.slug,
            title=plan.title,
            summary=plan.summary,
            purpose=plan.purpose,
            opens_on=today + timedelta(days=plan.opens_in_days),
            closes_on=today + timedelta(days=plan.closes_in_days),
            is_demo=True,
        )
    # The last move comes last: a project that is not yet as it ends was interrupted, and is taken up again.
    for login, role in plan.members:
        _member(project, _somebody(login), MemberRole(role))
    for use in plan.uses:
        _use(project, use, plan, today)
    if ProjectState(project.state) == ProjectState.PROPOSED:
        projects.open(by=WITHOUT_POLICY, project=project)
    if plan.ends_as == ProjectState.CLOSED:
        projects.close(by=WITHOUT_POLICY, project=project)


def _member(project: Project, person: Person, role: MemberRole) -> None:
    if not project.memberships.filter(person=person).exists():
        projects.add_member(by=WITHOUT_POLICY, project=project, person=person, role=role)


def _use(project: Project, use: Use, plan: Plan, today: date) -> None:
    version = DatasetVersion.objects.select_related("dataset").get(
        dataset__slug=use.dataset, version=use.version
    )
    steward = _somebody(cast.STEWARDS[use.dataset])
    until = today + timedelta(days=APPROVAL_DAYS)
    agreement = Agreement.objects.filter(dataset=version.dataset, project=project).first() or agreements.add(
        by=steward,
        dataset=version.dataset,
        project=project,
        title=f"Using “{version.dataset.title}” for “{project.title}”",
        text=cast.AGREEMENT,
        until=until,
    )
    for login, _ in plan.members:
        person = _somebody(login)
        if not AgreementSignature.objects.filter(agreement=agreement, person=person).exists():
            agreements.sign(by=person, agreement=agreement)
    approval = Approval.objects.filter(project=project, version=version).first() or approvals.approve(
        by=steward, project=project, version=version, purpose=plan.purpose, until=until
    )
    if use.revoked_because and approval.revoked_at is None:
        approvals.revoke(by=steward, approval=approval, reason=use.revoked_because)


def _somebody(login: str) -> Person:
    return Person.objects.with_roles().get(email=cast.BY_LOGIN[login].email)
