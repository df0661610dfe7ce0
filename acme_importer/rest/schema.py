"""What all operations of the OpenAPI schema have in common: their errors, and complete responses. Knows no resource.

Clients are generated from the schema: an error it does not describe is a response they cannot read, and a field it does
not require is one they have to check for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

ERRORS: Schema = {
    "Error": {
        "type": "object",
        "description": "Why the request was refused.",
        "properties": {"detail": {"type": "string", "description": "A sentence for people."}},
        "required": ["detail"],
    },
    "Invalid": {
        "type": "object",
        "description": (
            "What is wrong with the request: the name of each field or parameter with a list of sentences, "
            "`non_field_errors` for what concerns several, or `detail` for a body that cannot be read."
        ),
        "additionalProperties": {},
    },
}
DESCRIPTIONS = {
    "400": "The request is invalid.",
    "401": "There is no valid token or session.",
    "403": "The user does not have the permission for this, or the token not the scope.",
    "404": "It does not exist, or the list has no such page.",
    "429": "There were too many requests; Retry-After says when the next one is taken.",
    "415": "The Content-Type is none of those listed here.",
}
PAGING = {"page", "page_size"}


def describe_errors(result: Schema, **_: Any) -> Schema:
    """Add to each operation the errors it can respond with, and to each error the schema of its body."""
    result["components"]["schemas"].update(ERRORS)
    for path, operations in result["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            for status in _statuses(path, operation):
                responses.setdefault(status, {"description": DESCRIPTIONS[status]})
            for status, response in responses.items():
                if status >= "400":
                    name = "Invalid" if status == "400" else "Error"
                    response["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
            operation["responses"] = dict(sorted(responses.items()))
    return result


def _statuses(path: str, operation: Schema) -> Iterator[str]:
    """The errors that REST framework itself responds with."""
    yield from ("401", "403", "429")
    parameters = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
    if "requestBody" in operation:
        yield from ("400", "415")
    if parameters - PAGING:
        yield "400"
    if "{" in path or parameters & PAGING:
        yield "404"


def require_what_responses_always_have(result: Schema, **_: Any) -> Schema:
    """Mark every field of a response as required: those that a request may omit are in each response, too."""
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        # With COMPONENT_SPLIT_REQUEST requests have schemas of their own, named so.
        if not name.endswith("Request") and "properties" in schema:
            schema["required"] = sorted(schema["properties"])
    return result
