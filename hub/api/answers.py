"""Answers: a shape as JSON, its edition as ETag, and lists in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpResponse
from ninja import Header, Query, Schema
from pydantic import BaseModel, ConfigDict, Field

from hub.api.problems import Stale, Unconditional

TYPE = "application/json; charset=utf-8"
Shape = TypeVar("Shape", bound=BaseModel)
Row = TypeVar("Row", bound=models.Model)


class Given(BaseModel):
    """What a caller sends: the fields that are named, and no other."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True)


class Listed(Shown, Generic[Shape]):
    """One page of a list."""

    items: list[Shape]
    page: int
    pages: int
    count: int


class Paging(Schema):
    """Which page of a list, and how long a page is."""

    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=100)


Pages = Annotated[Paging, Query()]
# The edition that a change was made from.
IfMatch = Annotated[str | None, Header(alias="If-Match")]


def shown(
    shape: BaseModel, *, status: HTTPStatus = HTTPStatus.OK, row: models.Model | None = None
) -> HttpResponse:
    """Answer with a shape; with a row its edition comes along, for a later If-Match."""
    response = HttpResponse(shape.model_dump_json(), status=status, content_type=TYPE)
    if row is not None:
        response.headers["ETag"] = etag(row)
    return response


def made(shape: BaseModel, *, row: models.Model | None = None) -> HttpResponse:
    """Answer with a shape that is new."""
    return shown(shape, status=HTTPStatus.CREATED, row=row)


def nothing() -> HttpResponse:
    """Answer that it is done, where there is nothing to show."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def listed(
    rows: models.QuerySet[Row], paging: Paging, shape: Callable[[Row], Shape] | Callable[[Any], Shape]
) -> HttpResponse:
    """Answer with one page of rows; a page beyond the last is empty."""
    paginator = Paginator(rows, paging.size)
    start = (paging.page - 1) * paging.size
    items: Iterable[Row] = rows[start : start + paging.size]
    return shown(
        Listed[Any](
            items=[shape(row) for row in items],
            page=paging.page,
            pages=paginator.num_pages,
            count=paginator.count,
        )
    )


def etag(row: models.Model) -> str:
    """Return a row's edition as an ETag."""
    return f'"{row.row_version}"'  # type: ignore[attr-defined]  # every row given here has one


def edition(row: models.Model, if_match: str | None) -> int:
    """Return the edition that an edit was made from, to be held to until it is made; one has to be named."""
    if if_match is None:
        raise Unconditional("Send the ETag that you read as If-Match, so that no other change gets lost.")
    require_edition(row, if_match)
    found: int = row.row_version  # type: ignore[attr-defined]  # every row given here has one
    return found


def require_edition(row: models.Model, if_match: str | None) -> None:
    """Refuse a change that was made from another edition than the present one."""
    if if_match is None:
        return
    if if_match.strip() != "*" and etag(row) not in {one.strip() for one in if_match.split(",")}:
        raise Stale(f"This was changed since you read it and is edition {etag(row)} now; read it again.")
