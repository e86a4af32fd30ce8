"""Persons, roles, Befugnisse and deputies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.access import PERMISSIONS, ROLES, permits, require
from identity.authentication import Authenticator
from identity.befugnisse import (
    befugnis_for,
    befugnisse,
    confirm_befugnis,
    propose_befugnis,
    reject_befugnis,
    revoke_befugnis,
)
from identity.deputies import act_for, deputies_of, end_deputy, represented_by, set_deputy
from identity.errors import (
    BefugnisInvalid,
    BefugnisUnknown,
    DeputyInvalid,
    FourEyesRequired,
    LoginTaken,
    NotADeputy,
    NotPermitted,
    PasswordTooWeak,
    PersonUnknown,
    RoleUnknown,
)
from identity.persons import (
    add_person,
    deactivate_person,
    display_names,
    find_by_login,
    members,
    person_by_id,
    principal_of,
    rename_person,
    set_memberships,
)
from identity.principal import Principal, system_principal
from storage.ledger import entries

SYSTEM = system_principal("default")
TODAY = date(2026, 3, 2)


@pytest.fixture
def people(database) -> dict[str, Principal]:
    with database.begin() as tx:
        ids = {
            name: add_person(
                tx,
                login=name,
                display_name=f"{name.title()} Muster",
                password=None,
                roles=roles,
                units=["kaemmerei"],
                groups=groups,
            )
            for name, roles, groups in [
                ("lead", ["lead"], []),
                ("second", ["lead"], []),
                ("clerk", ["clerk"], ["rechnerisch"]),
                ("absent", ["clerk", "lead", "datenschutz"], ["anordnung"]),
            ]
        }
        return {name: principal_of(tx, person) for name, person in ids.items()}


def test_ids_are_random_and_names_stand_in_the_erasable_part_only(database, people) -> None:
    with database.reading() as tx:
        (added,) = entries(tx, people["clerk"].id)

    assert people["clerk"].id.startswith("u_")
    assert b"Muster" not in added.facts
    assert b"Muster" in added.values


def test_a_login_is_given_once_whatever_its_case(database, people) -> None:
    with database.begin() as tx:
        deactivate_person(tx, SYSTEM, people["clerk"].id)
        with pytest.raises(LoginTaken):
            add_person(tx, login=" CLERK", display_name="x", password=None)


def test_a_short_password_and_an_unknown_role_are_refused(database) -> None:
    with database.begin() as tx:
        with pytest.raises(PasswordTooWeak):
            add_person(tx, login="a", display_name="A", password="kurz")
        with pytest.raises(RoleUnknown):
            add_person(tx, login="a", display_name="A", password=None, roles=["boss"])


def test_memberships_are_replaced_and_recorded(database, people) -> None:
    person = people["clerk"].id
    with database.begin() as tx:
        set_memberships(tx, SYSTEM, person, groups=["buchhaltung"])
        found = person_by_id(tx, person)
        told = [entry.kind for entry in entries(tx, person)]
        in_group = members(tx, "group", "buchhaltung")

    assert found.groups == {"buchhaltung"}
    assert found.roles == {"clerk"}
    assert told == ["person.added", "person.memberships_changed"]
    assert in_group == [person]


def test_display_names_leave_out_whom_nobody_knows(database, people) -> None:
    with database.begin() as tx:
        rename_person(tx, SYSTEM, people["clerk"].id, "Berta Beispiel")
        names = display_names(tx, [people["clerk"].id, "u_unknown", "system"])

    assert names == {people["clerk"].id: "Berta Beispiel", "system": "System"}


def test_a_deactivated_person_is_no_principal_but_stays_known(database, people) -> None:
    with database.begin() as tx:
        deactivate_person(tx, SYSTEM, people["clerk"].id)
        with pytest.raises(PersonUnknown):
            principal_of(tx, people["clerk"].id)
        found = find_by_login(tx, "Clerk")

    assert found is not None
    assert not found.active


def test_only_who_manages_persons_changes_them(database, people) -> None:
    with database.begin() as tx:
        for change in (
            lambda: set_memberships(tx, people["lead"], people["clerk"].id, roles=["lead"]),
            lambda: rename_person(tx, people["lead"], people["clerk"].id, "x"),
            lambda: deactivate_person(tx, people["lead"], people["clerk"].id),
        ):
            with pytest.raises(NotPermitted):
                change()


@given(
    roles=st.frozensets(st.sampled_from(sorted(ROLES))),
    scopes=st.frozensets(st.sampled_from([*sorted(PERMISSIONS), "akte.*", "*"])),
    permission=st.sampled_from(sorted(PERMISSIONS)),
)
def test_a_permission_needs_a_role_and_scopes_only_narrow(roles, scopes, permission) -> None:
    narrow = Principal("u", "default", "u", "person", roles=roles, scopes=scopes)
    wide = Principal("u", "default", "u", "person", roles=roles)

    assert permits(wide, permission) == any(permission in ROLES[role] for role in roles)
    assert not permits(narrow, permission) or permits(wide, permission)
    if permits(narrow, permission):
        assert scopes & {permission, f"{permission.partition('.')[0]}.*", "*"}


def test_nobody_without_a_role_may_do_anything() -> None:
    nobody = Principal("u", "default", "u", "person", groups=frozenset({"lead"}))

    assert not any(permits(nobody, permission) for permission in PERMISSIONS)
    with pytest.raises(NotPermitted):
        require(nobody, "akte.read")


def propose(tx, people, **more):
    given = {
        "person": people["clerk"].id,
        "kind": "anordnung",
        "valid_from": date(2026, 1, 1),
        "limit": Decimal("5000.00"),
        **more,
    }
    return propose_befugnis(tx, people["lead"], **given)


def test_a_befugnis_counts_only_after_four_eyes(database, people) -> None:
    clerk = people["clerk"].id
    with database.begin() as tx:
        proposed = propose(tx, people)
        before = befugnis_for(tx, clerk, "anordnung", "tiefbau", Decimal(10), TODAY)
        with pytest.raises(FourEyesRequired):
            confirm_befugnis(tx, people["lead"], proposed.id)
        confirmed = confirm_befugnis(tx, people["second"], proposed.id)
        after = befugnis_for(tx, clerk, "anordnung", "tiefbau", Decimal(10), TODAY)
        told = [entry.kind for entry in entries(tx, clerk)]

    assert before is None
    assert after == confirmed
    assert (confirmed.appointed_by, confirmed.confirmed_by) == (
        people["lead"].id,
        people["second"].id,
    )
    assert told[1:] == ["befugnis.proposed", "befugnis.confirmed"]


def test_nobody_decides_about_the_own_befugnis_not_even_through_a_deputy(database, people) -> None:
    with database.begin() as tx:
        with pytest.raises(FourEyesRequired):
            propose(tx, people, person=people["lead"].id)
        proposed = propose(tx, people, person=people["absent"].id)
        with pytest.raises(FourEyesRequired):
            confirm_befugnis(tx, people["second"].acting_for(people["absent"].id), proposed.id)
        with pytest.raises(FourEyesRequired):
            confirm_befugnis(tx, people["second"].acting_for(people["lead"].id), proposed.id)


@pytest.mark.parametrize(
    ("change", "asked", "suffices"),
    [
        ({}, {"amount": Decimal("5000.00")}, True),
        ({}, {"amount": Decimal("5000.001")}, False),
        ({}, {"amount": Decimal("-5000.01")}, False),
        ({"limit": None}, {"amount": Decimal(10**9)}, True),
        ({"unit": "tiefbau"}, {"unit": "tiefbau"}, True),
        ({"unit": "tiefbau"}, {"unit": "jugendamt"}, False),
        ({"budget": "54100"}, {"budget": "54100"}, True),
        ({"budget": "54100"}, {}, False),
        ({"valid_from": date(2026, 3, 3)}, {}, False),
        ({"valid_to": date(2026, 3, 1)}, {}, False),
        ({"valid_to": date(2026, 3, 2)}, {}, True),
        ({"kind": "sachlich"}, {}, False),
    ],
)
def test_a_befugnis_suffices_for_its_kind_unit_budget_amount_and_time(
    database, people, change, asked, suffices
) -> None:
    question = {"unit": "tiefbau", "amount": Decimal(100), "budget": None, **asked}
    with database.begin() as tx:
        confirm_befugnis(tx, people["second"], propose(tx, people, **change).id)
        found = befugnis_for(tx, people["clerk"].id, "anordnung", on=TODAY, **question)

    assert (found is not None) == suffices


def test_of_several_befugnisse_the_narrowest_is_cited(database, people) -> None:
    with database.begin() as tx:
        ids = [
            confirm_befugnis(tx, people["second"], propose(tx, people, limit=limit).id).id
            for limit in (None, Decimal(1000), Decimal(500), Decimal(50))
        ]
        found = befugnis_for(tx, people["clerk"].id, "anordnung", "x", Decimal(100), TODAY)

    assert found is not None
    assert found.id == ids[2]


def test_a_rejected_or_revoked_befugnis_suffices_for_nothing(database, people) -> None:
    with database.begin() as tx:
        rejected = reject_befugnis(tx, people["second"], propose(tx, people).id)
        confirmed = confirm_befugnis(tx, people["second"], propose(tx, people).id)
        revoked = revoke_befugnis(tx, people["lead"], confirmed.id, "Amtswechsel")
        with pytest.raises(BefugnisUnknown):
            confirm_befugnis(tx, people["second"], revoked.id)
        found = befugnis_for(tx, people["clerk"].id, "anordnung", "x", Decimal(1), TODAY)
        listed = befugnisse(tx, people["clerk"], person=people["clerk"].id)
        with pytest.raises(NotPermitted):
            befugnisse(tx, people["clerk"])

    assert found is None
    assert {each.state for each in listed} == {rejected.state, revoked.state}


def test_a_befugnis_that_contradicts_itself_is_refused(database, people) -> None:
    with database.begin() as tx:
        for wrong in (
            {"limit": Decimal(-1)},
            {"limit": Decimal("0.001")},
            {"valid_to": date(2025, 1, 1)},
            {"kind": "alles"},
        ):
            with pytest.raises(BefugnisInvalid):
                propose(tx, people, **wrong)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.decimals(0, 10**6, places=2), amount=st.decimals(-(10**6), 10**6, places=4))
def test_the_limit_is_exact_to_the_last_digit(database, people, limit, amount) -> None:
    with database.begin() as tx:
        proposed = propose(tx, people, limit=limit, unit=f"u{limit}")
        confirm_befugnis(tx, people["second"], proposed.id)
        found = befugnis_for(tx, people["clerk"].id, "anordnung", f"u{limit}", amount, TODAY)
        revoke_befugnis(tx, people["lead"], proposed.id, "weiter")

    assert (found is not None) == (abs(amount) <= limit)


def stand_in(tx, people, *, days=5):
    today = tx.now.date()
    return set_deputy(
        tx,
        people["absent"],
        person=people["absent"].id,
        deputy=people["clerk"].id,
        valid_from=today - timedelta(days=1),
        valid_to=today + timedelta(days=days),
    )


def test_a_deputy_keeps_the_own_identity_and_gets_the_desk_s_rights(database, people) -> None:
    with database.begin() as tx:
        row = stand_in(tx, people)
        acting = act_for(tx, people["clerk"], people["absent"].id)
        standing = represented_by(tx, people["clerk"])
        deputies = deputies_of(tx, people["absent"].id)

    assert (acting.id, acting.on_behalf_of) == (people["clerk"].id, people["absent"].id)
    assert acting.groups == {"rechnerisch", "anordnung"}
    assert acting.roles == {"clerk", "lead"}
    assert standing == deputies == [row]


def test_without_a_vertretung_in_force_nobody_acts_for_another(database, people) -> None:
    with database.begin() as tx:
        with pytest.raises(NotADeputy):
            act_for(tx, people["clerk"], people["absent"].id)
        row = stand_in(tx, people, days=1)
        later = datetime.now(UTC) + timedelta(days=3)
        with pytest.raises(NotADeputy):
            act_for(tx, people["clerk"], people["absent"].id, later)
        with pytest.raises(NotADeputy):
            act_for(tx, people["lead"].acting_for(people["clerk"].id), people["absent"].id)
        end_deputy(tx, people["absent"], row.id)
        with pytest.raises(NotADeputy):
            act_for(tx, people["clerk"], people["absent"].id)


def test_who_names_a_deputy_for_another_must_be_allowed_to(database, people) -> None:
    today = {"valid_from": TODAY, "valid_to": TODAY}
    clerk, absent = people["clerk"].id, people["absent"].id
    with database.begin() as tx:
        with pytest.raises(NotPermitted):
            set_deputy(tx, people["clerk"], person=absent, deputy=clerk, **today)
        set_deputy(tx, people["lead"], person=absent, deputy=clerk, **today)
        with pytest.raises(DeputyInvalid):
            set_deputy(tx, people["lead"], person=absent, deputy=absent, **today)


def test_a_session_that_represents_somebody_is_recorded_and_ends_with_the_vertretung(
    database, people
) -> None:
    authenticator = Authenticator(database)
    with database.begin() as tx:
        add_person(tx, login="x", display_name="X", password="zehn zeichen", roles=["clerk"])
        deputy = find_by_login(tx, "x")
        row = set_deputy(
            tx,
            people["lead"],
            person=people["absent"].id,
            deputy=deputy.id,
            valid_from=tx.now.date() - timedelta(days=1),
            valid_to=tx.now.date() + timedelta(days=1),
        )
    cookie, _ = authenticator.open_session("x", "zehn zeichen")

    acting = authenticator.represent(cookie, people["absent"].id)
    with database.begin() as tx:
        last = list(entries(tx, people["absent"].id))[-1]
        end_deputy(tx, people["lead"], row.id)
    after = authenticator.session(cookie)

    assert acting.principal.on_behalf_of == people["absent"].id
    assert (last.kind, last.actor, last.on_behalf_of) == (
        "vertretung.taken",
        deputy.id,
        people["absent"].id,
    )
    assert after.principal.on_behalf_of is None
