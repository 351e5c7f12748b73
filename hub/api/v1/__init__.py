"""Version 1 of the API: one module a noun, each operation with the scope it needs."""

from __future__ import annotations

from hub.api.description import Described
from hub.api.v1 import (
    access,
    arrivals,
    bring_ins,
    datasets,
    ledger,
    me,
    member_requests,
    people,
    projects,
    requests,
    reviewing,
    sessions,
    submissions,
)

api = Described(
    title="Parlatory",
    version="1",
    description=(
        "What the portal’s pages do, for scripts. Show a token as “Authorization: Bearer …”: it has the "
        "rights of its person, narrowed to its scopes. Errors are problem+json, each with a sentence."
    ),
)
for module in (
    me,
    people,
    arrivals,
    projects,
    member_requests,
    reviewing,
    access,
    requests,
    datasets,
    sessions,
    bring_ins,
    submissions,
    ledger,
):
    api.add_router("", module.router)
