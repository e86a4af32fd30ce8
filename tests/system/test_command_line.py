"""Every verb of the command line, as a program, from a folder that is not ours.

Exit codes: 0 all is well, 1 findings, 2 misuse, 3 the data is not in the state that it takes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from processes.house import Settings
from tests.system.people import INVOICES
from tests.system.topology import ROOT, Topology, command_line, environment_of

PACKAGE = ROOT / "processes" / "rechnungseingang"
MODELS = PACKAGE / "models"
SAMPLES = PACKAGE / "samples"
FORMS = sorted((PACKAGE / "forms").glob("*.form"))

TINY = """\
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
  <process id="tiny" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="sum"/>
    <scriptTask id="sum" scriptFormat="{language}" camunda:resultVariable="total">
      <script>net + vat</script>
    </scriptTask>
    <sequenceFlow id="f2" sourceRef="sum" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>
"""


USER = """\
<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="u" name="U" namespace="u">
  <import name="lib" namespace="l" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>
  <inputData id="i" name="day"><variable name="day" typeRef="date"/></inputData>
  <decision id="d" name="Next day"><variable name="Next day"/>
    <informationRequirement><requiredInput href="#i"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="l#k"/></knowledgeRequirement>
    <literalExpression>
      <text>{next: lib.after(day), amount: 1.10, wrong: 1 + "a"}</text>
    </literalExpression>
  </decision>
</definitions>
"""
LIBRARY = """\
<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="l" name="L" namespace="l">
  <businessKnowledgeModel id="k" name="after"><variable name="after"/>
    <encapsulatedLogic><formalParameter name="day" typeRef="date"/>
      <literalExpression><text>day + duration("P1D")</text></literalExpression>
    </encapsulatedLogic>
  </businessKnowledgeModel>
</definitions>
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def said(self) -> Any:
        return json.loads(self.out)


def amtsgang(data: Path, *arguments: str | Path, given: str = "", **more: str) -> Ended:
    """Run a verb with `data` as the data folder, in a folder beside it."""
    elsewhere = data.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    ended = subprocess.run(
        command_line(*map(str, arguments)),
        cwd=elsewhere,
        env=environment_of(Settings(data=data)) | more,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def data(furnished_embedded: Path, tmp_path: Path) -> Path:
    """A house without an invoice."""
    return shutil.copytree(furnished_embedded, tmp_path / "var")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.bpmn"
    path.write_text(TINY.format(language="feel"))
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.bpmn"
    path.write_text(TINY.format(language="groovy"))
    return path


# --- without a house ---


def test_help_names_every_verb(tmp_path: Path) -> None:
    shown = amtsgang(tmp_path / "var", "--help")

    assert shown.code == 0
    for verb in (
        "demo", "serve", "worker", "migrate", "doctor", "check", "deploy", "run", "decide",
        "feel", "invoice", "verify", "export", "user",
    ):  # fmt: skip
        assert f" {verb} " in shown.out


def test_an_unknown_verb_is_misuse(tmp_path: Path) -> None:
    assert amtsgang(tmp_path / "var", "frobnicate").code == 2


def test_check_says_what_deployment_would(tmp_path: Path, tiny: Path, broken: Path) -> None:
    sound = amtsgang(tmp_path / "var", "check", tiny, MODELS / "befugnis.dmn", *FORMS, "--json")
    refused = amtsgang(tmp_path / "var", "check", tiny, broken, "--json")
    missing = amtsgang(tmp_path / "var", "check", tmp_path / "none.bpmn")

    assert sound.code == 0
    assert [f for f in sound.said if f["severity"] == "error"] == []
    assert refused.code == 1
    (error,) = [f for f in refused.said if f["severity"] == "error"]
    assert set(error) == {"file", "line", "element", "rule", "severity", "message", "related"}
    assert (error["file"], error["line"], error["element"]) == (str(broken), 6, "sum")
    assert missing.code == 2


def test_check_takes_a_file_whose_name_is_no_text(tmp_path: Path, broken: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff.bpmn")
    odd.write_bytes(broken.read_bytes())

    refused = amtsgang(tmp_path / "var", "check", odd, "--json")

    assert refused.code == 1
    assert {Path(f["file"]).name for f in refused.said} == {"\\xff.bpmn"}


def test_check_of_a_folder_is_misuse(tmp_path: Path) -> None:
    assert amtsgang(tmp_path / "var", "check", tmp_path, "--json").code == 2


def test_run_goes_on_until_it_waits(tmp_path: Path, tiny: Path, broken: Path) -> None:
    variables = '{"net": 100.10, "vat": 19.02}'

    ran = amtsgang(tmp_path / "var", "run", tiny, "--variables", variables, "--json")
    refused = amtsgang(tmp_path / "var", "run", broken, "--json")
    misused = amtsgang(tmp_path / "var", "run", tiny, "--variables", "[1]")

    assert ran.code == 0
    assert set(ran.said) == {
        "process", "ended", "outcome", "waits_at", "trace", "variables", "incidents", "called",
    }  # fmt: skip
    assert ran.said["trace"] == ["start", "sum", "end"]
    assert '"total": 119.12' in ran.out
    assert (refused.code, refused.said[0]["element"]) == (1, "sum")
    assert misused.code == 2


def test_run_shows_what_was_called_and_what_went_wrong(tmp_path: Path) -> None:
    model = tmp_path / "calls.bpmn"
    model.write_text(
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"'
        ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn">'
        '<process id="outer" isExecutable="true"><startEvent id="s"/>'
        '<callActivity id="call" calledElement="inner" camunda:asyncBefore="true"/>'
        '<sequenceFlow id="f" sourceRef="s" targetRef="call"/></process>'
        '<process id="inner" isExecutable="true"><startEvent id="is"/>'
        '<userTask id="work"/><serviceTask id="broken" camunda:expression="${nothing.at.all}"/>'
        '<sequenceFlow id="g" sourceRef="is" targetRef="work"/>'
        '<sequenceFlow id="h" sourceRef="is" targetRef="broken"/></process></definitions>'
    )

    ran = amtsgang(tmp_path / "var", "run", model)
    unknown = amtsgang(tmp_path / "var", "run", model, "--process", "nowhere")

    assert ran.code == 1
    assert (ran.said["process"], ran.said["waits_at"]) == ("outer", ["call"])
    (inner,) = ran.said["called"]
    assert (inner["process"], inner["waits_at"]) == ("inner", ["work"])
    assert [each["node"] for each in inner["incidents"]] == ["broken"]
    assert unknown.code == 2


def test_decide_evaluates_a_decision(tmp_path: Path) -> None:
    table = MODELS / "anordnungsart.dmn"

    decided = amtsgang(
        tmp_path / "var", "decide", table, "--decision", "anordnungsart", "--context",
        '{"type_code": "380", "payment_means": "58", "amount_due": 100.00}', "--json",
    )  # fmt: skip
    unknown = amtsgang(tmp_path / "var", "decide", table, "--decision", "nothing")

    assert decided.code == 0, decided.err
    assert set(decided.said) == {
        "result", "decisions", "matched", "warnings", "inputs", "outputs", "explanation",
    }  # fmt: skip
    assert decided.said["outputs"] == [{"anordnungsart": "auszahlung"}]
    assert decided.said["result"] == "auszahlung"
    assert decided.said["decisions"] == {"Art der Anordnung": "auszahlung"}
    assert unknown.code == 2


def test_answers_never_have_exponents(tmp_path: Path) -> None:
    big = amtsgang(tmp_path / "var", "feel", "[10 ** 30, 1 / 10 ** 10, {a: -1.50, b: 10 ** -7}]")
    same = amtsgang(tmp_path / "var", "feel", "2.5 * 10 ** 20", "--json")

    assert big.out.split() == [
        "[", "1000000000000000000000000000000,", "0.0000000001,",
        "{", '"a":', "-1.50,", '"b":', "0.0000001", "}", "]",
    ]  # fmt: skip
    assert same.said["value"] == 250_000_000_000_000_000_000


def test_decide_takes_models_that_import_each_other(tmp_path: Path) -> None:
    user, library = tmp_path / "user.dmn", tmp_path / "library.dmn"
    user.write_text(USER)
    library.write_text(LIBRARY)
    context = ("--context", '{"day": "2026-01-02"}', "--json")

    for decision in ("d", "Next day"):
        one = amtsgang(tmp_path / "var", "decide", library, user, "--decision", decision, *context)
        assert one.said["result"] == {"next": "2026-01-03", "amount": 1.10, "wrong": None}
        assert [warning["element"] for warning in one.said["warnings"]] == ["d"]
    every = amtsgang(tmp_path / "var", "decide", user, library, *context)
    plain = amtsgang(tmp_path / "var", "decide", user, library, "--context", '{"day": null}')
    alone = amtsgang(tmp_path / "var", "decide", user, "--json")

    assert (one.code, every.code, plain.code, alone.code) == (0, 0, 0, 1)
    assert "1.10" in one.out
    assert every.said["decisions"]["Next day"] == one.said["result"]
    assert plain.out.startswith("Next day: {")
    assert [(f["rule"], f["line"]) for f in alone.said if f["severity"] == "error"] == [
        ("import-missing", 2)
    ]


def test_decide_says_what_would_not_end(tmp_path: Path) -> None:
    model = tmp_path / "endless.dmn"
    model.write_text(LIBRARY.replace("day + duration", "after(day) + duration"))

    endless = amtsgang(
        tmp_path / "var", "decide", model, "--decision", "k", "--context", '{"day": "2026-01-02"}'
    )

    assert endless.code == 1
    assert "deeply" in endless.err


@pytest.mark.parametrize(
    ("expression", "code", "printed"),
    [
        ("a + 0.1", 0, "0.3"),
        ("[1, 2, 3][item > 1]", 0, "[2,3]"),
        ('date("2026-02-28") + duration("P1D")', 0, '"2026-03-01"'),
        ("a +", 1, ""),
    ],
)
def test_feel_evaluates_an_expression(
    tmp_path: Path, expression: str, code: int, printed: str
) -> None:
    shown = amtsgang(tmp_path / "var", "feel", expression, "--context", '{"a": 0.2}')

    assert shown.code == code
    assert "".join(shown.out.split()) == printed


def test_feel_tells_type_and_why_a_null_arose(tmp_path: Path) -> None:
    value = amtsgang(tmp_path / "var", "feel", '[@"P1D", (> 1)]', "--json")
    null = amtsgang(tmp_path / "var", "feel", '1 + "a"', "--json")

    assert value.said == {"value": ["P1D", "(1..)"], "type": "list<Any>", "warnings": []}
    assert null.said == {
        "value": None,
        "type": "Null",
        "warnings": [{"position": 1, "text": "number + string has no value"}],
    }


def test_feel_tries_the_tests_of_a_cell(tmp_path: Path) -> None:
    passed = amtsgang(tmp_path / "var", "feel", "> limit", "--unary", "--input", "7",
                      "--context", '{"limit": 5}')  # fmt: skip
    faulty = amtsgang(tmp_path / "var", "feel", "> ", "--unary", "--input", "7")

    assert passed.said is True
    assert faulty.code == 1


def test_invoice_check_gives_verdict_and_findings(tmp_path: Path) -> None:
    valid, faulty, none = (
        SAMPLES / name
        for name in ("01_tiefbau_ubl.xml", "05_regelbruch_ubl.xml", "08_keine_rechnung.xml")
    )

    good = amtsgang(tmp_path / "var", "invoice", "check", valid, "--json")
    bad = amtsgang(tmp_path / "var", "invoice", "check", valid, faulty, none, "--json")

    assert good.code == 0
    assert bad.code == 1
    assert [each["file"] for each in bad.said] == [str(valid), str(faulty), str(none)]
    assert {"file", "verdict", "profile", "findings"} <= set(bad.said[0])
    findings = bad.said[1]["findings"]
    keys = {"rule", "severity", "class", "place", "line", "text", "hint"}
    assert all(keys <= set(each) for each in findings)
    assert "BR-CO-15" in {each["rule"] for each in findings}


def test_a_file_without_an_end_is_refused_by_its_size(tmp_path: Path) -> None:
    for verb in ("check", "show"):
        done = amtsgang(tmp_path / "var", "invoice", verb, Path("/dev/zero"))

        assert done.code == 1
        assert "größer als" in done.out + done.err


def test_what_a_stranger_writes_gives_a_terminal_no_orders(tmp_path: Path) -> None:
    sent = tmp_path / "r\x1b[31m\nannehmbar.xml"
    text = (SAMPLES / "01_tiefbau_ubl.xml").read_text(encoding="utf-8")
    sent.write_text(text.replace("EUR", "\u009b31m\u202e"), encoding="utf-8")

    done = amtsgang(tmp_path / "var", "invoice", "check", sent)

    assert "annehmbar.xml: beanstandet" in done.out
    assert not {"\x1b", "\u009b", "\u202e"} & set(done.out)


def test_invoice_show_prints_the_invoice(tmp_path: Path) -> None:
    shown = amtsgang(tmp_path / "var", "invoice", "show", SAMPLES / "02_jugendamt_cii.xml")
    none = amtsgang(tmp_path / "var", "invoice", "show", SAMPLES / "08_keine_rechnung.xml")

    assert shown.code == 0
    assert "KR-2026-0219" in shown.out
    assert none.code == 1


# --- with a house ---


def test_migrate_makes_a_house_that_doctor_finds_sound(tmp_path: Path) -> None:
    data = tmp_path / "var"
    before = amtsgang(data, "doctor", "--json")
    unready = amtsgang(data, "verify", "--json")

    first = amtsgang(data, "migrate", "--json")
    again = amtsgang(data, "migrate", "--json")

    after = amtsgang(data, "doctor", "--json")
    assert (before.code, unready.code) == (1, 3)
    assert (first.code, again.code) == (0, 0)
    assert first.said["applied"]
    assert again.said == {"applied": []}
    assert after.code == 0
    assert all(set(each) == {"subject", "state", "text"} for each in after.said)


def test_deploy_deploys_all_or_nothing(data: Path, tiny: Path, broken: Path) -> None:
    refused = amtsgang(data, "deploy", tiny, broken, "--json")
    first = amtsgang(data, "deploy", tiny, "--json")
    again = amtsgang(data, "deploy", tiny, "--json")

    assert (refused.code, refused.said[0]["element"]) == (1, "sum")
    assert (first.code, again.code) == (0, 0)
    (definition,) = first.said["definitions"]
    assert (definition["kind"], definition["key"], definition["version"]) == ("process", "tiny", 1)
    assert again.said["unchanged"] is True


def test_users_are_added_listed_and_given_tokens(data: Path) -> None:
    added = amtsgang(
        data, "user", "add", "nina.neu", "--name", "Nina Neu", "--role", "clerk", "--json",
        given="ein-langes-Passwort\n",
    )  # fmt: skip
    twice = amtsgang(data, "user", "add", "nina.neu", given="ein-langes-Passwort\n")
    wrong = amtsgang(data, "user", "add", "x.y", "--role", "king", "--machine")
    machine = amtsgang(data, "user", "add", "erp", "--role", "submitter", "--machine", "--json")
    token = amtsgang(data, "user", "token", "erp", "--scope", "invoice.submit", "--json")
    nobody = amtsgang(data, "user", "token", "nobody")
    listed = amtsgang(data, "user", "list", "--json")

    assert (added.code, machine.code, token.code, listed.code) == (0, 0, 0, 0)
    assert (twice.code, wrong.code, nobody.code) == (2, 2, 2)
    assert token.said["token"].startswith("amtsgang_")
    assert {"nina.neu", "erp"} <= {each["login"] for each in listed.said}


def test_verify_tells_whole_from_unknown(data: Path) -> None:
    with sqlite3.connect(data / "amtsgang.sqlite") as database:
        (stream,) = database.execute("SELECT stream FROM ledger_entry LIMIT 1").fetchone()
    database.close()

    everything = amtsgang(data, "verify", "--json")
    one = amtsgang(data, "verify", stream, "--json")
    none = amtsgang(data, "verify", "no-such-stream", "--json")

    assert (everything.code, one.code, none.code) == (0, 0, 3)
    assert set(everything.said) == {
        "whole", "streams", "entries", "checkpoints", "blobs", "unanchored", "faults",
        "fingerprint",
    }  # fmt: skip
    assert one.said["streams"] == 1


def test_export_of_an_unknown_akte_is_a_finding(data: Path) -> None:
    assert amtsgang(data, "export", "no-such-akte", "--json").code == 1


def test_a_worker_without_a_broker_is_misuse(data: Path) -> None:
    assert amtsgang(data, "worker").code == 2


def test_serve_needs_a_migrated_database(tmp_path: Path) -> None:
    assert amtsgang(tmp_path / "var", "serve").code == 3


def test_serve_answers_refuses_a_second_and_ends_when_asked(embedded: Topology) -> None:
    embedded.start(1)
    (api,) = embedded.apis
    data = embedded.house.settings.data

    second = amtsgang(data, "serve", "--port", "1")
    nobody = httpx.get(f"{api.url}{INVOICES}")
    assert api.running is not None
    api.running.send_signal(signal.SIGTERM)
    code = api.running.wait(20)

    assert second.code == 3
    assert api.url in second.err
    assert nobody.status_code == 401
    assert nobody.headers["content-type"] == "application/problem+json"
    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in api.log.read_text()


@pytest.mark.timeout(150)
def test_the_demo_plays_itself_from_any_folder(tmp_path: Path) -> None:
    data = tmp_path / "var"
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a letter").touch()

    played = amtsgang(data, "demo", "--auto", "--data", data / "demo")
    refused = amtsgang(data, "demo", "--auto", "--data", kept)

    assert played.code == 0, played.out + played.err
    assert "08_keine_rechnung.xml" in played.out
    assert refused.code == 3
    assert (kept / "a letter").exists()
