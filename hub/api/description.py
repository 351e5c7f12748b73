"""The API's own description as OpenAPI: every operation's scope, and the problems it may answer with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic import BaseModel

from hub.api import problems
from hub.api.caller import Bearer
from hub.api.reading import StrictJson

COMMON = (400, 401, 403, 404, 409, 422, 429, 503)
WITH_BODY = (413,)
WITH_EDITION = (412, 428)


class Problem(BaseModel):
    """An error, as RFC 9457 has it; `detail` is a sentence for whoever reads it."""

    title: str
    status: int
    detail: str
    reasons: list[str]


class Described(NinjaAPI):
    """Ninja's API with our problems, our reading of JSON, and no page of foreign scripts."""

    def __init__(self, **more: Any) -> None:
        """Take what the title page of a description says."""
        super().__init__(docs_url=None, urls_namespace="api-v1", parser=StrictJson(), **more)
        problems.install(self)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return noun and verb, as people_suspend."""
        return f"{operation.view_func.__module__.rpartition('.')[2]}_{operation.view_func.__name__}"

    def get_openapi_schema(self, **more: Any) -> OpenAPISchema:
        """Return the description, each operation with its scope and its problems."""
        schema = super().get_openapi_schema(**more)
        schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        scopes = {
            (method.lower(), self.get_openapi_operation_id(operation)): auth.scope
            for router in self._get_bound_routers()
            for view in router.path_operations.values()
            for operation in view.operations
            for method in operation.methods
            for auth in operation.auth_callbacks
            if isinstance(auth, Bearer)
        }
        for path in schema["paths"].values():
            for method, operation in path.items():
                _complete(operation, scopes.get((method, operation["operationId"])))
        return schema


def _complete(operation: dict[str, Any], scope: Any) -> None:
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
    statuses = (
        *COMMON,
        *(WITH_BODY if "requestBody" in operation else ()),
        *(WITH_EDITION if "If-Match" in headers else ()),
    )
    for status in statuses:
        operation["responses"][status] = {
            "description": problems.TITLES[HTTPStatus(status)],
            "content": {problems.TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if scope is not None:
        operation["x-scope"] = scope.value
        operation["security"] = [{"Bearer": [scope.value]}]
