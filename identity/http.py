"""Who asks over HTTP: Basic, Bearer or the browser's session cookie, resolved to a principal.

Invariant: a request without a valid credential gets no principal, hence no route behind
`principal_of` runs. A session cookie alone never changes state: that takes its CSRF token too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import Request

from identity.errors import NotAuthenticated
from identity.principal import Principal

if TYPE_CHECKING:
    from identity.authentication import Authenticator

SESSION_COOKIE = "amtsgang_session"
PrincipalOf = Callable[[Request], Principal]


def principal_of(authenticator: Authenticator) -> PrincipalOf:
    """A FastAPI dependency that gives the caller's principal or raises `NotAuthenticated`."""

    def resolve(request: Request) -> Principal:
        header = request.headers.get("authorization", "")
        scheme, _, credential = header.partition(" ")
        match scheme.lower():
            case "basic":
                login, password = _basic(credential)
                return authenticator.password(login, password)
            case "bearer":
                return authenticator.token(credential.strip())
        raise NotAuthenticated("Anmeldung erforderlich")

    return resolve


def _basic(credential: str) -> tuple[str, str]:
    """RFC 7617; UTF-8."""
    try:
        text = base64.b64decode(credential, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotAuthenticated("Der Authorization-Kopf ist nicht lesbar") from error
    login, separator, password = text.partition(":")
    if not separator:
        raise NotAuthenticated("Der Authorization-Kopf ist nicht lesbar")
    return login, password
