"""Every role × every operation by the real policies: first that it is refused, then who gets it."""

from __future__ import annotations

import pytest

from hub.api.scopes import Scope
from hub.api.v1 import api
from hub.ledger import publisher
from tests.api import Caller, token_of
from tests.integration.api.truth import TABLE
from tests.integration.api.world import WHO, World

REFUSED = {401, 403, 404}
GRANTS = [(name, who) for name, row in TABLE.items() for who in WHO if who in row.may]


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


@pytest.mark.parametrize(("name", "who"), GRANTS, ids=[f"{name}-{who}" for name, who in GRANTS])
def test_who_may_gets_it(name: str, who: str, world: World) -> None:
    publisher.publish()
    row = TABLE[name]
    answer = world.callers[who].call(*row.request(world), if_match="*")
    assert answer.status_code == row.status, getattr(answer, "content", b"")[:500]


@pytest.mark.parametrize("name", [name for name in TABLE if name != "me_me"])
def test_without_the_scope_nobody_gets_it(name: str, world: World) -> None:
    row, needed = TABLE[name], scopes()[name.partition("?")[0]]
    others = [scope for scope in Scope if scope.value != needed]
    who = sorted(row.may)[0]
    answer = Caller(token_of(world.people[who], *others)).call(*row.request(world))
    assert answer.status_code == 403
    assert needed in answer.json()["detail"]
