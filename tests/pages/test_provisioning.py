"""An admin looks after projects and people on pages: each change says first who is affected."""

from __future__ import annotations

import re

from django.core import mail
from playwright.sync_api import Page, expect

from hub.people.models import Person, Role, RoleAssignment
from hub.projects.models import Membership, NamedChecker, Project
from hub.workspaces.models import Session
from tests import portal
from tests.pages.conftest import House, problems


def admin() -> Person:
    return portal.person("ada", Role.ADMIN, second_factor=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_an_admin_provisions_a_project_from_an_empty_enclave(house: House) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    page = house.page(admin(), path="/projects/?all=1", javascript=False)
    press(page, "New project")
    page.get_by_label("Title").fill("Vowels of the north")
    page.get_by_label("Short name").fill("vowels")
    page.get_by_label("Purpose").fill("Speech research")
    page.get_by_label("First day").fill(portal.days(0).isoformat())
    page.get_by_label("Last day").fill(portal.days(90).isoformat())
    press(page, "Propose this project")
    expect(page.get_by_role("status")).to_contain_text("is proposed")
    assert Project.objects.get().purpose == "speech_research"

    page.get_by_role("link", name="Add a member").click()
    page.get_by_label("Name or e-mail").fill("ros")
    press(page, "Search")
    page.get_by_role("link", name="Add Rosa").click()
    press(page, "Add Rosa…")
    expect(page.get_by_role("heading", name="Who is affected")).to_be_visible()
    assert not Membership.objects.exists()
    press(page, "Add Rosa")
    assert Membership.objects.get().person == rosa

    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".affected")).to_contain_text("Rosa: may start sessions on approved data")
    press(page, "Open the project")
    assert Project.objects.get().state == "open"


def test_stopping_a_project_names_the_sessions_that_end(house: House) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=rosa)
    portal.approval(project, portal.version(), signed_by=rosa)
    portal.session(project, rosa)
    page = house.page(admin(), path="/projects/vowels/suspend/")
    assert problems(page) == []
    expect(page.locator(".affected")).to_contain_text("Rosa’s session in Vowels: ends within 5 seconds")
    assert not Project.objects.get().is_suspended
    press(page, "Suspend the project")
    assert page.get_by_label("Reason").evaluate("field => !field.checkValidity()")
    page.get_by_label("Reason").fill("An incident is looked into.")
    press(page, "Suspend the project")
    assert Project.objects.get().suspended_reason == "An incident is looked into."
    assert Session.objects.get().state == "running", "the lease ends it, not the page"


def test_settings_say_what_running_sessions_keep(house: House) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=rosa)
    portal.session(project, rosa)
    page = house.page(admin(), path="/projects/vowels/settings/", phone=True)
    assert problems(page) == []
    page.get_by_label("Memory, GiB").fill("4")
    page.get_by_label("Ends when idle for, minutes").fill("30")
    press(page, "Change the settings…")
    expect(page.locator(".affected")).to_contain_text("keeps its image, memory, processors")
    expect(page.locator(".affected")).to_contain_text("has the new idle time")
    expect(page.get_by_text("2 GiB → 4 GiB")).to_be_visible()
    expect(page.get_by_text("1 h → 30 min")).to_be_visible()
    assert problems(page) == []
    press(page, "Change the settings")
    project.refresh_from_db()
    assert (project.memory_bytes, project.idle_seconds) == (4 << 30, 1800)


def test_who_reviews_is_chosen_after_seeing_who_is_affected(house: House) -> None:
    project = portal.project(member=portal.person("rosa", Role.RESEARCHER))
    for name in ("chloe", "carl", "cem"):
        portal.person(name, Role.OUTPUT_CHECKER)
    page = house.page(admin(), path="/projects/vowels/", phone=True)
    page.get_by_role("link", name="Who reviews its outputs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who reviews the outputs of Vowels")
    assert problems(page) == []
    page.get_by_label("Chloe").check()
    press(page, "Change the reviewers…")
    expect(page.get_by_text("only 1 checker would be named")).to_be_visible()
    page.get_by_label("Carl").check()
    press(page, "Change the reviewers…")
    expect(page.locator(".affected")).to_contain_text("Cem: can no longer see or review its outputs")
    expect(page.locator(".affected")).to_contain_text("Vowels: gets 0 of the 2 checkers")
    expect(page.get_by_text("any checker from outside → Carl, Chloe")).to_be_visible()
    assert problems(page) == []
    assert not NamedChecker.objects.exists()
    press(page, "Change the reviewers")
    expect(page.get_by_role("status")).to_contain_text("is changed")
    expect(page.get_by_text("2 approvals by Carl, Chloe")).to_be_visible()
    assert NamedChecker.objects.filter(project=project).count() == 2
    # Neither has the course yet.
    expect(page.get_by_text("of 2 named checkers none can review today")).to_be_visible()
    assert problems(page) == []


def test_somebody_invited_sets_their_password_once_and_signs_in(house: House, settings: object) -> None:
    portal.institution()
    page = house.page(admin(), path="/provisioning/people/invite/")
    assert problems(page) == []
    page.get_by_label("Name", exact=True).fill("New <b>Person</b>")
    page.get_by_label("E-mail").fill("new@north.example")
    page.get_by_label("Institution").select_option(label="Northern University")
    page.get_by_label("researcher").check()
    press(page, "Invite")
    expect(page.get_by_role("status")).to_contain_text("is invited")
    link = re.search(r"/invitation/[\w-]+/", mail.outbox[-1].body)
    assert link is not None and link[0] not in page.content()

    nobody = page.context.browser.new_context().new_page()
    nobody.goto(house.url + link[0])
    assert nobody.url == house.url + "/invitation/"
    assert problems(nobody) == []
    nobody.get_by_label("Password", exact=True).fill("a staple for a horse")
    nobody.get_by_label("The same again").fill("a staple for a horse")
    press(nobody, "Set my password")
    expect(nobody.get_by_text("Your password is set")).to_be_visible()
    made = Person.objects.get(email="new@north.example")
    assert made.check_password("a staple for a horse") and made.roles_on(portal.days(0)) == {Role.RESEARCHER}
    nobody.goto(house.url + link[0])
    expect(nobody.get_by_text("not valid any more")).to_be_visible()
    nobody.context.close()


def test_every_page_of_provisioning_keeps_nobody_out(house: House) -> None:
    who = admin()
    rosa = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=rosa)
    number = Membership.objects.get().pk
    assert RoleAssignment.objects.filter(person=rosa).exists()
    for path in (
        "/people/",
        f"/people/{rosa.id}/",
        f"/people/{rosa.id}/edit/",
        f"/people/{rosa.id}/roles/",
        f"/people/{rosa.id}/roles/researcher/end/",
        f"/people/{rosa.id}/suspend/",
        f"/people/{rosa.id}/close/",
        f"/people/{rosa.id}/training/",
        f"/people/{rosa.id}/invitations/send/",
        "/provisioning/training/",
        "/provisioning/institutions/",
        "/provisioning/institutions/new/",
        "/provisioning/institutions/north/",
        "/provisioning/projects/new/",
        f"/projects/{project.slug}/",
        f"/projects/{project.slug}/edit/",
        f"/projects/{project.slug}/close/",
        f"/projects/{project.slug}/members/add/?q=zzz",
        f"/projects/{project.slug}/members/{number}/",
        f"/projects/{project.slug}/members/{number}/end/",
        "/images/",
    ):
        page = house.page(who, path=path)
        assert page.get_by_role("heading", level=1).count() == 1, path
        assert page.locator("button[type=submit]:not(.quiet):not(.danger)").count() <= 1, path
        assert problems(page) == []
        page.context.close()
