"""Errors of identity. Each leaf names a situation and carries a stable `code`."""

from __future__ import annotations


class IdentityError(Exception):
    """Base of all errors that asking "who is this, and may they" can cause."""

    code = "identity"


class NotAuthenticated(IdentityError):
    """The credentials prove nobody. One message for all causes, so that nothing can be guessed."""

    code = "not_authenticated"


class TooManyAttempts(NotAuthenticated):
    """Too many wrong credentials for this login; `retry_after` says in how many seconds again."""

    code = "too_many_attempts"

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Zu viele Fehlversuche. Bitte in {retry_after:.0f} Sekunden erneut.")
        self.retry_after = retry_after


class NotPermitted(IdentityError):
    """The principal is known but none of its roles gives the permission."""

    code = "not_permitted"

    def __init__(self, permission: str) -> None:
        super().__init__(f"Ihre Rollen erlauben das nicht: {permission}")
        self.permission = permission


class PersonUnknown(IdentityError):
    """No person (or machine) of this tenant has that id."""

    code = "person_unknown"


class LoginTaken(IdentityError):
    """Another person of the tenant has this login, or had it: logins are not used twice."""

    code = "login_taken"


class PasswordTooWeak(IdentityError):
    """A new password that is too short or too long."""

    code = "password_too_weak"


class RoleUnknown(IdentityError):
    """A role or permission that the table in `identity/access.py` does not know."""

    code = "role_unknown"


class FourEyesRequired(IdentityError):
    """The same person proposed and confirms, or decides about themselves."""

    code = "four_eyes_required"


class BefugnisUnknown(IdentityError):
    """No Befugnis of this tenant has that id, or it is not in the state that the step needs."""

    code = "befugnis_unknown"


class BefugnisInvalid(IdentityError):
    """A proposed Befugnis that contradicts itself (limit below zero, end before start)."""

    code = "befugnis_invalid"


class NotADeputy(IdentityError):
    """No Vertretung in force lets the principal act for that person."""

    code = "not_a_deputy"


class DeputyInvalid(IdentityError):
    """A Vertretung that contradicts itself (for oneself, end before start)."""

    code = "deputy_invalid"
