"""Who proves to be whom: passwords, tokens, sessions, and what guessing costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from identity import cache
from identity.authentication import Authenticator
from identity.backoff import FREE_FAILURES, record_failure, wait_of
from identity.errors import NotAuthenticated, NotPermitted, RoleUnknown, TooManyAttempts
from identity.persons import (
    add_machine,
    add_person,
    deactivate_person,
    principal_of,
    set_memberships,
    set_password,
)
from identity.principal import system_principal
from identity.sessions import find_session
from identity.tables import api_token, session
from identity.tokens import issue_token, revoke_token, tokens_of

SYSTEM = system_principal("default")
PASSWORD = "richtig pferd batterie"


@pytest.fixture
def anna(database) -> str:
    with database.begin() as tx:
        return add_person(
            tx,
            login="Anna",
            display_name="Anna Beispiel",
            password=PASSWORD,
            groups=["rechnerisch"],
            roles=["clerk"],
            units=["kaemmerei"],
        )


def test_the_right_password_gives_the_person_with_groups_roles_and_units(database, anna) -> None:
    principal = Authenticator(database).password(" anna ", PASSWORD)

    assert (principal.id, principal.name, principal.kind) == (anna, "anna", "person")
    assert principal.groups == {"rechnerisch"}
    assert principal.roles == {"clerk"}
    assert principal.units == {"kaemmerei"}


@pytest.mark.parametrize(
    ("login", "password"), [("anna", "falsch falsch"), ("niemand", PASSWORD), ("anna", "x" * 5000)]
)
def test_wrong_credentials_of_any_kind_get_the_same_answer(database, anna, login, password) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        Authenticator(database).password(login, password)

    assert str(refused.value) == "Anmeldename oder Passwort stimmt nicht."


def test_a_verified_password_is_not_hashed_again_within_a_minute(
    database, anna, monkeypatch
) -> None:
    authenticator = Authenticator(database)
    first = authenticator.password("anna", PASSWORD)
    hashed = []
    monkeypatch.setattr("identity.authentication.password_matches", lambda *_: hashed.append(1))

    again = authenticator.password("anna", PASSWORD)

    assert again == first
    assert hashed == []


def test_a_change_of_the_person_drops_what_was_verified(database, anna) -> None:
    authenticator = Authenticator(database)
    authenticator.password("anna", PASSWORD)

    with database.begin() as tx:
        set_memberships(tx, SYSTEM, anna, roles=["clerk", "lead"])

    assert authenticator.password("anna", PASSWORD).roles == {"clerk", "lead"}


def test_a_change_by_another_process_is_seen_when_the_row_is_compared(
    database, anna, monkeypatch
) -> None:
    authenticator = Authenticator(database)
    authenticator.password("anna", PASSWORD)
    monkeypatch.setattr("identity.persons.forget", lambda *_: None)
    monkeypatch.setattr(cache, "RECHECK", 0.0)

    with database.begin() as tx:
        deactivate_person(tx, SYSTEM, anna)

    with pytest.raises(NotAuthenticated):
        authenticator.password("anna", PASSWORD)


def test_a_new_password_ends_the_old_one_and_all_sessions(database, anna) -> None:
    authenticator = Authenticator(database)
    cookie, _ = authenticator.open_session("anna", PASSWORD)

    with database.begin() as tx:
        set_password(tx, principal_of(tx, anna), anna, "ganz anderes wort")

    with pytest.raises(NotAuthenticated):
        authenticator.password("anna", PASSWORD)
    with pytest.raises(NotAuthenticated):
        authenticator.session(cookie)
    assert authenticator.password("anna", "ganz anderes wort").id == anna


def test_guessing_must_wait_longer_each_time_for_known_and_unknown_logins(database, anna) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    waits = {}
    for login in ("anna", "niemand"):
        waits[login] = []
        for _ in range(FREE_FAILURES + 12):
            with database.begin(now=now) as tx:
                record_failure(tx, login)
                waits[login].append(wait_of(tx, login, now))

    assert waits["anna"] == waits["niemand"]
    assert waits["anna"][:7] == [0, 0, 0, 0, 1, 2, 4]
    assert waits["anna"][-1] == 900


def test_a_blocked_login_is_refused_even_with_the_right_password(database, anna) -> None:
    authenticator = Authenticator(database)
    with database.begin() as tx:
        for _ in range(FREE_FAILURES + 6):
            record_failure(tx, "anna")

    with pytest.raises(TooManyAttempts) as refused:
        authenticator.password("anna", PASSWORD)

    assert refused.value.retry_after > 0


def test_a_right_password_forgets_the_failures(database, anna) -> None:
    authenticator = Authenticator(database)
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            authenticator.password("anna", "falsch falsch")

    authenticator.password("anna", PASSWORD)

    with database.begin() as tx:
        record_failure(tx, "anna")
        assert wait_of(tx, "anna", tx.now) == 0


def test_a_token_gives_its_owner_narrowed_to_its_scopes_and_is_stored_as_a_hash(database) -> None:
    with database.begin() as tx:
        machine = add_machine(
            tx, login="fibu", display_name="Finanzverfahren", roles=["submitter", "booking"]
        )
        text, token = issue_token(
            tx, SYSTEM, machine, label="Schnittstelle", scopes=["invoice.submit"]
        )

    principal = Authenticator(database).token(text)

    assert text.startswith("amtsgang_")
    assert (principal.id, principal.kind) == (machine, "machine")
    assert principal.scopes == {"invoice.submit"}
    with database.reading() as tx:
        row = tx.first(select(api_token))
        assert text.encode() not in repr(row).encode()
        assert tokens_of(tx, SYSTEM, machine) == [token]


@pytest.mark.parametrize("how", ["revoked", "expired", "unknown", "deactivated"])
def test_a_token_that_ended_proves_nothing(database, how) -> None:
    authenticator = Authenticator(database)
    lifetime = timedelta(days=-1) if how == "expired" else timedelta(days=1)
    with database.begin() as tx:
        machine = add_machine(tx, login="fibu", display_name="F", roles=["submitter"])
        text, token = issue_token(tx, SYSTEM, machine, label="S", lifetime=lifetime)
    if how in {"revoked", "deactivated"}:
        authenticator.token(text)
        with database.begin() as tx:
            if how == "revoked":
                revoke_token(tx, SYSTEM, token.id)
            else:
                deactivate_person(tx, SYSTEM, machine)

    with pytest.raises(NotAuthenticated):
        authenticator.token(text + "x" if how == "unknown" else text)


def test_a_token_s_scope_must_exist(database, anna) -> None:
    with database.begin() as tx, pytest.raises(RoleUnknown):
        issue_token(tx, SYSTEM, anna, label="S", scopes=["everything"])


def test_a_clerk_issues_no_tokens(database, anna) -> None:
    with database.begin() as tx, pytest.raises(NotPermitted):
        issue_token(tx, principal_of(tx, anna), anna, label="S")


def test_a_session_is_found_by_its_cookie_until_it_is_closed(database, anna) -> None:
    authenticator = Authenticator(database)
    cookie, opened = authenticator.open_session("anna", PASSWORD)

    found = authenticator.session(cookie)
    authenticator.close_session(cookie)

    assert found.principal.id == opened.own.id == anna
    with pytest.raises(NotAuthenticated):
        authenticator.session(cookie)


def test_the_cookie_itself_is_not_stored(database, anna) -> None:
    cookie, _ = Authenticator(database).open_session("anna", PASSWORD)

    with database.reading() as tx:
        assert cookie.encode() not in repr(tx.first(select(session))).encode()


def test_an_idle_session_ends_after_an_hour_a_used_one_after_ten(database, anna) -> None:
    cookie, opened = Authenticator(database).open_session("anna", PASSWORD)
    now = opened.expires_at - timedelta(hours=1)

    with database.reading() as tx:
        still = find_session(tx, cookie, now + timedelta(minutes=59))
        with pytest.raises(NotAuthenticated):
            find_session(tx, cookie, now + timedelta(minutes=61))

    assert still.stale


def test_a_csrf_token_holds_for_its_own_session_only(database, anna) -> None:
    authenticator = Authenticator(database)
    _, mine = authenticator.open_session("anna", PASSWORD)
    _, other = authenticator.open_session("anna", PASSWORD)

    assert mine.csrf_valid(mine.csrf_token())
    assert mine.csrf_token() != mine.csrf_token()
    assert not other.csrf_valid(mine.csrf_token())
    assert not mine.csrf_valid("")
    assert not mine.csrf_valid("ä.ö")


def test_a_principal_of_another_tenant_is_not_found(database, anna) -> None:
    with pytest.raises(NotAuthenticated):
        Authenticator(database, "nachbarstadt").password("anna", PASSWORD)
