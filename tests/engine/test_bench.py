"""The Bench: what it deploys, how a case is driven, and what its clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bpmn.errors import FormInvalid, ModelRefused
from engine.errors import CorrelationMismatch, Misused, NotFound
from engine.handlers import Done, Handlers, JobContext
from engine.testing import Bench, BpmnError, Retry
from tests.bpmn.drawing import between

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="d" targetNamespace="urn:test">
  <bpmn:message id="m" name="gebucht">
    <bpmn:extensionElements><camunda:properties>
      <camunda:property name="correlation_key" value="${nummer}"/>
    </camunda:properties></bpmn:extensionElements>
  </bpmn:message>
  <bpmn:message id="m2" name="eingang"/>
  <bpmn:error id="err" errorCode="unlesbar"/>
"""

ORDER = f"""{HEAD}
  <bpmn:process id="auftrag" isExecutable="true">
    <bpmn:startEvent id="start"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="lesen"/>
    <bpmn:serviceTask id="lesen" camunda:topic="read"/>
    <bpmn:boundaryEvent id="fehler" attachedToRef="lesen">
      <bpmn:errorEventDefinition errorRef="err"/>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="fehler" targetRef="klaeren"/>
    <bpmn:userTask id="klaeren"/>
    <bpmn:sequenceFlow id="f3" sourceRef="lesen" targetRef="pruefen"/>
    <bpmn:sequenceFlow id="f4" sourceRef="klaeren" targetRef="pruefen"/>
    <bpmn:userTask id="pruefen"/>
    <bpmn:boundaryEvent id="frist" attachedToRef="pruefen" cancelActivity="false">
      <bpmn:timerEventDefinition>
        <bpmn:timeCycle xsi:type="bpmn:tFormalExpression">R2/P1D</bpmn:timeCycle>
      </bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="f5" sourceRef="frist" targetRef="erinnert"/>
    <bpmn:endEvent id="erinnert"/>
    <bpmn:sequenceFlow id="f6" sourceRef="pruefen" targetRef="warten"/>
    <bpmn:intermediateCatchEvent id="warten">
      <bpmn:messageEventDefinition messageRef="m"/>
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f7" sourceRef="warten" targetRef="rechnen"/>
    <bpmn:scriptTask id="rechnen" scriptFormat="feel">
      <bpmn:script>brutto = betrag * 1.19</bpmn:script>
    </bpmn:scriptTask>
    <bpmn:sequenceFlow id="f8" sourceRef="rechnen" targetRef="ende"/>
    <bpmn:endEvent id="ende"/>
  </bpmn:process>
  <bpmn:process id="eingang" isExecutable="true">
    <bpmn:startEvent id="kommt"><bpmn:messageEventDefinition messageRef="m2"/></bpmn:startEvent>
    <bpmn:sequenceFlow id="g1" sourceRef="kommt" targetRef="sichten"/>
    <bpmn:userTask id="sichten"/>
  </bpmn:process>
</bpmn:definitions>""".encode()


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.deploy(ORDER)
    return bench


def test_a_case_runs_from_start_to_end(bench: Bench) -> None:
    bench.handle("read", lambda job: {"seen": job.objects.read(job.variables["object"]).decode()})
    case = bench.start("auftrag", object=bench.store(b"hello"), nummer=7, betrag=Decimal("100.00"))
    assert case.waits_at == ["lesen"]

    case.run_jobs()
    case.complete("pruefen", richtig=True)
    assert case.waits_at == ["warten"]
    bench.message("gebucht", key=7, beleg="B1")

    assert case.ended
    assert case.variables["brutto"] == Decimal("119.00")
    assert case.variables["seen"] == "hello"
    assert case.trace == ["start", "lesen", "pruefen", "warten", "rechnen", "ende"]
    assert case.incidents == case.children == []


def test_an_error_of_a_handler_goes_to_its_boundary_event(bench: Bench) -> None:
    def read(job: JobContext) -> None:
        raise BpmnError("unlesbar", variables={"why": "letter"})

    bench.handle("read", read)
    case = bench.start("auftrag")

    case.run_jobs()

    assert case.waits_at == ["klaeren"]
    assert case.variables == {"why": "letter"}


def test_an_error_can_be_thrown_by_the_test(bench: Bench) -> None:
    case = bench.start("auftrag")

    case.throw(BpmnError("unlesbar"), at="lesen")

    assert case.trace == ["start", "fehler"]


def test_each_timer_fires_at_its_own_time_when_the_clock_moves(bench: Bench) -> None:
    case = bench.start("auftrag")
    case.complete("lesen")
    begun = bench.now

    bench.advance(timedelta(days=1, hours=1))
    assert case.timers == {"frist": begun + timedelta(days=2)}
    bench.advance(timedelta(days=5))

    assert case.trace.count("erinnert") == 2
    assert case.timers == {}
    assert bench.now == begun + timedelta(days=6, hours=1)
    assert case.waits_at == ["pruefen"]


def test_a_message_reaches_the_case_with_its_key_only(bench: Bench) -> None:
    cases = [bench.start("auftrag", nummer=n, betrag=1) for n in (1, 2, 2)]
    for case in cases:
        case.complete("lesen")
        case.complete("pruefen")

    assert bench.message("gebucht", key=1) is cases[0]
    with pytest.raises(CorrelationMismatch):
        bench.message("gebucht", key=2)

    assert [case.ended for case in cases] == [True, False, False]


def test_a_message_that_comes_early_is_kept_for_an_hour(bench: Bench) -> None:
    case, late = bench.start("auftrag", nummer=1, betrag=1), bench.start("auftrag", nummer=2)
    for each in (case, late):
        each.complete("lesen")
    bench.message("gebucht", key=1)
    bench.message("gebucht", key=2)

    case.complete("pruefen")
    bench.advance(timedelta(hours=2))
    late.complete("pruefen")

    assert case.ended
    assert late.waits_at == ["warten"]


def test_a_message_start_event_begins_a_case(bench: Bench) -> None:
    case = bench.message("eingang", absender="x")

    assert case is bench.cases[0]
    assert case.waits_at == ["sichten"]
    assert case.variables == {"absender": "x"}


def test_a_failing_handler_is_tried_again_and_ends_in_an_incident(bench: Bench) -> None:
    def read(job: JobContext) -> None:
        raise OSError(f"attempt {job.attempt}")

    bench.handle("read", read)
    case = bench.start("auftrag")

    for _ in range(5):
        case.run_jobs()
        bench.advance(timedelta(days=1))

    assert [str(error) for error in case.failures] == ["attempt 1", "attempt 2", "attempt 3"]
    assert [(each.node, each.kind) for each in case.incidents] == [("lesen", "failed_job")]
    assert case.waits_at == ["lesen"]


def test_a_handler_may_wait_without_using_an_attempt(bench: Bench) -> None:
    looks: list[int] = []

    def read(job: JobContext) -> Done:
        looks.append(job.attempt)
        if len(looks) < 4:
            raise Retry(timedelta(minutes=5))
        return Done({"ok": True})

    package = Handlers()
    package.add("read", read)
    bench.use(package)
    case = bench.start("auftrag")

    for _ in range(4):
        bench.run_jobs()
        bench.advance(timedelta(minutes=5))

    assert looks == [1, 1, 1, 1]
    assert case.variables == {"ok": True}


def test_misuse_says_what_is_open_or_missing(bench: Bench) -> None:
    case = bench.start("auftrag")

    with pytest.raises(NotFound, match="lesen"):
        case.complete("pruefen")
    with pytest.raises(NotFound):
        bench.start("unbekannt")
    with pytest.raises(Misused, match="read"):
        case.run_jobs()


def test_a_refused_model_names_its_findings() -> None:
    with pytest.raises(ModelRefused) as refused:
        Bench().deploy(ORDER.replace(b'targetRef="klaeren"', b'targetRef="nirgends"'))

    assert refused.value.findings


def test_ids_and_times_are_the_same_in_every_run() -> None:
    def run() -> list[object]:
        bench = Bench(now=datetime(2026, 3, 1, tzinfo=UTC))
        bench.deploy(ORDER)
        seen: list[object] = []
        bench.handle("read", lambda job: seen.append((job.id, job.now)))
        bench.start("auftrag").run_jobs()
        return [*seen, bench.cases[0].facts]

    assert run() == run()


TIMED = f"""{HEAD}
  <bpmn:process id="nachts" isExecutable="true">
    <bpmn:startEvent id="um_zwei"><bpmn:timerEventDefinition>
      <bpmn:timeCycle xsi:type="bpmn:tFormalExpression">0 2 * * *</bpmn:timeCycle>
    </bpmn:timerEventDefinition></bpmn:startEvent>
    <bpmn:sequenceFlow id="f" sourceRef="um_zwei" targetRef="lauf"/>
    <bpmn:scriptTask id="lauf" scriptFormat="feel" camunda:asyncBefore="true">
      <bpmn:script>n = 1</bpmn:script>
    </bpmn:scriptTask>
  </bpmn:process>
</bpmn:definitions>""".encode()


def test_a_timer_start_event_begins_cases_as_the_clock_moves() -> None:
    bench = Bench()
    bench.deploy(TIMED)

    bench.advance(timedelta(days=3))
    assert [case.waits_at for case in bench.cases] == [["lauf"]] * 3
    bench.run_jobs()

    assert all(case.ended for case in bench.cases)


FORM = b"""{"type": "default", "id": "pruefform", "components": [
  {"type": "number", "key": "betrag", "label": "Betrag", "validate": {"required": true}}]}"""


def test_a_form_checks_what_is_submitted() -> None:
    bench = Bench()
    model = (
        HEAD
        + """<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s"/>
      <bpmn:sequenceFlow id="f" sourceRef="s" targetRef="u"/>
      <bpmn:userTask id="u" camunda:formRef="pruefform"/></bpmn:process></bpmn:definitions>"""
    )
    bench.deploy(model.encode(), FORM)
    case = bench.start("p")

    with pytest.raises(FormInvalid):
        case.submit("u")
    case.submit("u", betrag=12)

    assert case.variables == {"betrag": 12}


def test_a_later_handler_of_a_topic_takes_the_place_of_an_earlier_one(bench: Bench) -> None:
    bench.handle("read", lambda job: {"by": "first"})
    bench.handle("read", lambda job: {"by": "second"})
    case = bench.start("auftrag")

    case.run_jobs()

    assert case.variables == {"by": "second"}


def test_a_process_that_names_feel_by_its_dmn_address_is_a_process() -> None:
    script = (
        '<bpmn:scriptTask id="t" scriptFormat="https://www.omg.org/spec/DMN/20230324/FEEL/">'
        "<bpmn:script>x = 1 + 1</bpmn:script></bpmn:scriptTask>"
    )
    bench = Bench()

    bench.deploy(between(script))

    assert bench.start("p").variables == {"x": 2}
