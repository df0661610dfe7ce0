"""How the OpenAPI schema describes tokens, and which scope each operation needs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from acme_importer.rest.scopes import SCOPES, needed_scope


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "acme_importer.tokens.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        scopes = "\n".join(f"- `{scope}`: {what}." for scope, what in SCOPES.items())
        return {
            "type": "http",
            "scheme": "bearer",
            "description": f"`Authorization: Bearer KEY`; `Token KEY` is the same. The scopes of a token:\n\n{scopes}",
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """The scope of the operation, as OpenAPI 3.1 allows for schemes of any type."""
        scope = needed_scope(auto_schema.method, auto_schema.view)
        return {self.name: [scope] if scope else []}
