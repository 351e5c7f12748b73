"""Every role × every operation by the real policies: first that it is refused, then who gets it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from hub.api.scopes import Scope
from hub.api.v1 import api
from hub.ledger import publisher
from tests.api import Caller, token_of
from tests.integration.api.truth import TABLE
from tests.integration.api.undone import undone
from tests.integration.api.world import WHO, World

REFUSED = {401, 403, 404}


@cache
def scopes() -> dict[str, str | None]:
    """Return the scope of each operation, as the API describes itself."""
    paths = api.get_openapi_schema(path_prefix="/api/v1/")["paths"]
    return {one["operationId"]: one.get("x-scope") for path in paths.values() for one in path.values()}


def test_the_table_has_a_row_for_every_operation() -> None:
    assert {name.partition("?")[0] for name in TABLE} == set(scopes())


def test_every_operation_but_me_needs_a_scope() -> None:
    assert [name for name, scope in scopes().items() if scope is None] == ["me_me"]


@pytest.mark.parametrize("who", WHO)
def test_nobody_gets_what_is_beyond_their_role(who: str, world: World) -> None:
    through = {}
    for name, row in TABLE.items():
        if who not in row.may:
            answer = world.callers[who].call(*row.request(world), if_match="*")
            if answer.status_code not in REFUSED:
                through[name] = answer.status_code
            assert answer["Content-Type"] == "application/problem+json"
    assert through == {}


@contextmanager
def taken_back(published: Path) -> Iterator[None]:
    """Undo what is done and published meanwhile, so that each operation finds the same world."""
    kept = published.with_name("kept")
    shutil.copytree(published, kept)
    with undone():
        yield
    shutil.rmtree(published)
    kept.rename(published)


@pytest.mark.parametrize("who", WHO)
def test_who_may_gets_it(who: str, world: World) -> None:
    publisher.publish()
    otherwise = {}
    for name, row in TABLE.items():
        if who in row.may:
            with taken_back(publisher.folder()):
                answer = world.callers[who].call(*row.request(world), if_match="*")
                if answer.status_code != row.status:
                    otherwise[name] = answer.status_code, getattr(answer, "content", b"")[:500]
    assert otherwise == {}


def test_without_the_scope_nobody_gets_it(world: World) -> None:
    through = {}
    for name, row in TABLE.items():
        needed = scopes()[name.partition("?")[0]]
        if needed is None:
            continue
        others = [scope for scope in Scope if scope.value != needed]
        who = sorted(row.may)[0]
        answer = Caller(token_of(world.people[who], *others)).call(*row.request(world))
        if answer.status_code != 403 or needed not in answer.json()["detail"]:
            through[name] = answer.status_code
    assert through == {}
