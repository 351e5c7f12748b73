"""Pages of one's own tokens, and the API's description to be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from hub.affected import Affected
from hub.api import tokens
from hub.api.door import PREFIX
from hub.api.forms import TokenForm
from hub.api.models import Token
from hub.api.scopes import MEANING, Scope
from hub.api.v1 import api
from hub.people import records
from hub.people.models import Role
from hub.people.signed_in import login_required, reader
from hub.places import places

PER_PAGE = 50
ORDERS = {
    "made": ("-made_at", "id"),
    "last used": ("-last_used_at", "id"),
    "ending": ("expires_at", "id"),
    "person": ("person__name", "name", "id"),
}


@login_required
@require_GET
def token_list(request: HttpRequest) -> HttpResponse:
    """List the reader's tokens, those that can be used first."""
    now = datetime.now(UTC)
    mine = Token.objects.filter(person=reader(request))
    context = {"usable": mine.usable(now), "over": mine.exclude(pk__in=mine.usable(now))[:20]}
    return render(request, "api/tokens.html", context)


@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth carries no types
@require_http_methods(["GET", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its text this once; who makes one has just proved who they are."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = tokens.make(
            by=reader(request),
            name=form.cleaned_data["name"],
            scopes=[Scope(scope) for scope in form.cleaned_data["scopes"]],
            days=form.cleaned_data["days"],
        )
        context = {"token": made.token, "text": made.text, "url": f"{places.portal_url}{PREFIX}me"}
        return render(request, "api/made.html", context)
    return render(request, "api/new.html", {"form": form})


@login_required
@require_GET
def all_tokens(request: HttpRequest) -> HttpResponse:
    """List everybody's tokens that can be used to those who may read about people; nobody sees a secret."""
    records.open_for(reader(request), "people")
    found = Token.objects.usable(datetime.now(UTC)).exclude(person=None).select_related("person")
    order = request.GET.get("order", "")
    found = found.order_by(*ORDERS.get(order, ORDERS["made"]))
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "order": order if order in ORDERS else "made",
        "orders": list(ORDERS),
        "manages": Role.ADMIN in request.roles,  # type: ignore[attr-defined]  # set by hub.people.standing
    }
    return render(request, "api/all_tokens.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def revoke_anybodys(request: HttpRequest, id: str) -> HttpResponse:
    """Ask whether somebody's token is really to be revoked, and revoke it."""
    by, token = reader(request), tokens.of_anybody(id=id)
    tokens.may_revoke(by=by, token=token)
    if request.method == "POST":
        tokens.revoke(by=by, token=token)
        messages.success(request, f"The token “{token.name}” is revoked; its next use is refused.")
        return redirect("api:all_tokens")
    assert token.person is not None
    context = {
        "heading": f"Revoke “{token.name}” of {token.person.name}?",
        "sentence": "It can’t be given back; its person can make another, as long as they may sign in.",
        "affected": [
            Affected(
                name=token.person.name,
                effect="loses it",
                url=reverse("people:person", args=[token.person.pk]),
            ),
            Affected(name="Scripts with this token", effect="are refused from now on", url=""),
        ],
        "action": "Revoke the token",
        "danger": True,
        "back": reverse("api:all_tokens"),
    }
    return render(request, "confirm.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def revoke_token(request: HttpRequest, id: str) -> HttpResponse:
    """Ask whether a token is really to be revoked, and revoke it."""
    token = tokens.of(person=reader(request), id=id)
    if request.method == "POST":
        tokens.revoke(by=reader(request), token=token)
        messages.success(request, f"The token “{token.name}” is revoked; its next use is refused.")
        return redirect("api:tokens")
    context = {
        "heading": f"Revoke “{token.name}”?",
        "sentence": "It can’t be given back; a script that still needs it gets a new one.",
        "affected": [Affected(name="Scripts with this token", effect="are refused from now on", url="")],
        "action": "Revoke the token",
        "danger": True,
        "back": reverse("api:tokens"),
    }
    return render(request, "confirm.html", context)


@login_required
@require_GET
def description(request: HttpRequest) -> HttpResponse:
    """Show the API's description as a page."""
    schema: dict[str, Any] = api.get_openapi_schema()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            shown = {"method": method.upper(), "path": path, "says": operation["description"]}
            shown["scope"] = operation.get("x-scope", "any token")
            shown["given"] = _given(operation, schema)
            groups.setdefault(operation["tags"][0], []).append(shown)
    scopes = [(scope.value, said) for scope, said in MEANING.items()]
    context = {"groups": groups, "scopes": scopes, "portal": places.portal_url, "title": schema["info"]}
    return render(request, "api/description.html", context)


def _given(operation: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Return the names that an operation takes: those of its address's query and of its body."""
    names = [f"?{one['name']}" for one in operation["parameters"] if one["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    shape = schema["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], body)
    needed = set(shape.get("required", ()))
    return names + [name if name in needed else f"{name} (optional)" for name in shape.get("properties", {})]
