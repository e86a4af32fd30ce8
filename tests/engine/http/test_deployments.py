"""What Modeler's Deploy button meets."""

from __future__ import annotations

from tests.bpmn.drawing import file, line
from tests.engine import engine_models as models
from tests.engine.http.conftest import Office

ONE_TASK = models.chain("one", models.user_task("t"))
OTHER = models.chain("one", models.user_task("t2"))
BROKEN = models.chain("broken", ("x", '<complexGateway id="x" gatewayDirection="Mixed"/>'))
MODELER = {"deployment-source": "Camunda Modeler", "enable-duplicate-filtering": "true"}


def test_modelers_sequence_checks_deploys_and_starts(office: Office) -> None:
    dora = office.desk("dora")

    connected = dora.get("/deployment", maxResults=0)
    version = dora.get("/version")
    deployed = office.upload([("one.bpmn", ONE_TASK)], {"deployment-name": "one", **MODELER})
    (definition,) = deployed["deployedProcessDefinitions"].values()
    started = dora.post(
        f"/process-definition/{definition['id']}/start", businessKey="b", variables={}
    )

    assert connected == []
    assert version["version"].startswith("7.")
    assert (deployed["name"], deployed["source"]) == ("one", "Camunda Modeler")
    assert (definition["key"], definition["version"], definition["resource"]) == (
        "one",
        1,
        "one.bpmn",
    )
    assert definition["deploymentId"] == deployed["id"]
    assert (started["businessKey"], started["definitionId"]) == ("b", definition["id"])


def test_the_same_file_again_makes_no_new_version(office: Office) -> None:
    first = office.upload([("one.bpmn", ONE_TASK)], {"deployment-name": "one", **MODELER})
    second = office.upload([("one.bpmn", ONE_TASK)], {"deployment-name": "one", **MODELER})
    third = office.upload([("one.bpmn", OTHER)], {"deployment-name": "one", **MODELER})

    listed = office.desk("dora").get(
        "/process-definition", key="one", sortBy="version", sortOrder="asc"
    )

    assert second["id"] == first["id"]
    assert second["deployedProcessDefinitions"] is None
    assert third["id"] != first["id"]
    assert [each["version"] for each in listed] == [1, 2]


def test_a_refusal_names_file_line_and_element_as_modeler_reads_them(office: Office) -> None:
    refused = office.upload([("broken.bpmn", BROKEN)], {"deployment-name": "x", **MODELER}, 400)

    (fault, *_) = refused["details"]["broken.bpmn"]["errors"]
    assert refused["type"] == "ParseException"
    assert refused["message"].startswith("ENGINE-09005 Could not parse BPMN process.")
    assert fault["mainElementId"] == "x"
    assert fault["elementIds"] == ["x"]
    assert fault["line"] == 3
    assert office.desk("dora").get("/deployment/count") == {"count": 0}


def test_a_refusal_names_all_elements_that_the_fault_lies_between(office: Office) -> None:
    into_start = file(
        '<bpmn:startEvent id="s"/><bpmn:task id="t"/><bpmn:endEvent id="e"/>'
        + line("s", "t", "e")
        + line("t", "s")
    )

    refused = office.upload([("x.bpmn", into_start.decode())], {"deployment-name": "x"}, 400)

    faults = refused["details"]["x.bpmn"]["errors"]
    assert [(fault["mainElementId"], fault["elementIds"]) for fault in faults] == [
        ("s", ["s", "t_s"]),
        ("t_s", ["t_s", "s", "t"]),
    ]


def test_a_clerk_may_not_deploy(office: Office) -> None:
    part = [("one.bpmn", ("one.bpmn", ONE_TASK))]

    refused = office.desk("anna").call("POST", "/deployment/create", 403, files=part)

    assert refused["type"] == "AuthorizationException"
    assert refused["missingAuthorizations"][0]["permissionName"] == "MODEL_DEPLOY"


def test_a_deployment_gives_its_files_back(office: Office) -> None:
    deployed = office.upload([("ordner/ä.bpmn", ONE_TASK)], {"deployment-name": "one"})
    dora = office.desk("dora")

    (resource,) = dora.get(f"/deployment/{deployed['id']}/resources")
    path = f"/engine-rest/deployment/{deployed['id']}/resources/{resource['id']}/data"
    data = dora.http.get(path)

    assert resource["name"] == "ordner/ä.bpmn"
    assert dora.get(f"/deployment/{deployed['id']}/resources/{resource['id']}") == resource
    assert data.content == ONE_TASK
    assert data.headers["content-disposition"].startswith("attachment")


def test_a_definition_is_read_by_id_and_by_key(office: Office) -> None:
    office.deploy(ONE_TASK)
    dora = office.desk("dora")

    by_key = dora.get("/process-definition/key/one")
    by_id = dora.get(f"/process-definition/{by_key['id']}")
    source = dora.get("/process-definition/key/one/xml")

    assert by_id == by_key
    assert source == {"id": by_key["id"], "bpmn20Xml": ONE_TASK.decode()}
    assert dora.get("/process-definition/key/two", 404)["type"] == "InvalidRequestException"


def test_statistics_count_what_runs_of_each_version(office: Office) -> None:
    office.deploy(ONE_TASK)
    office.start("one")
    office.start("one")

    (found,) = office.desk("olga").get("/process-definition/statistics")

    assert (found["instances"], found["failedJobs"], found["incidents"]) == (2, 0, [])
    assert found["definition"]["key"] == "one"


def test_a_deployment_is_withdrawn_with_what_runs_only_on_cascade(office: Office) -> None:
    deployed = office.deploy(ONE_TASK)
    office.start("one")
    olga = office.desk("olga")

    refused = olga.delete(f"/deployment/{deployed['id']}", 500)
    olga.delete(f"/deployment/{deployed['id']}?cascade=true")

    assert refused["type"] == "ProcessEngineException"
    assert olga.get("/process-instance/count") == {"count": 0}
    assert olga.get("/deployment") == []


def _rule(number: int, test: str, who: str) -> str:
    tested = f'<inputEntry id="e{number}"><text>{test}</text></inputEntry>'
    given = f'<outputEntry id="o{number}"><text>"{who}"</text></outputEntry>'
    return f'<rule id="r{number}">{tested}{given}</rule>'


DECISIONS = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="test">
 <decision id="limit" name="Limit"><decisionTable id="t" hitPolicy="FIRST">
  <input id="i"><inputExpression id="ie" typeRef="number">
   <text>amount</text></inputExpression></input>
  <output id="o" name="who" typeRef="string"/>
  {_rule(1, "&lt; 100", "clerk")}
  {_rule(2, "", "lead")}
 </decisionTable></decision></definitions>""".encode()


def test_a_decision_is_listed_and_evaluated(office: Office) -> None:
    office.upload([("limit.dmn", DECISIONS)], {"deployment-name": "limit"})
    dora = office.desk("dora")

    (listed,) = dora.get("/decision-definition", latestVersion="true")
    amount = {"amount": {"value": 250, "type": "Integer"}}
    outcome = dora.post("/decision-definition/key/limit/evaluate", variables=amount)

    assert (listed["key"], listed["name"], listed["version"]) == ("limit", "Limit", 1)
    assert outcome == [{"who": {"type": "String", "value": "lead", "valueInfo": {}}}]
    assert dora.get("/decision-definition/key/limit/xml")["dmnXml"] == DECISIONS.decode()


def test_an_evaluation_is_explained_in_the_history(office: Office) -> None:
    office.upload([("limit.dmn", DECISIONS)], {"deployment-name": "limit"})
    dora, anna, ben = office.desk("dora"), office.desk("anna"), office.desk("ben")
    (listed,) = dora.get("/decision-definition", key="limit")
    amount = {"amount": {"value": 50, "type": "Integer"}}
    anna.post(f"/decision-definition/{listed['id']}/evaluate", variables=amount)
    dora.post("/decision-definition/key/limit/evaluate", variables=amount)

    by_anna = dora.get("/history/decision-instance", userId="anna", decisionDefinitionKey="limit")
    identity = by_anna[0]["id"]
    told = anna.get(
        f"/history/decision-instance/{identity}", includeInputs="true", includeOutputs="true"
    )

    assert [each["inputs"] for each in by_anna] == [[]]
    assert anna.get("/history/decision-instance/count") == {"count": 1}
    assert dora.get("/history/decision-instance/count") == {"count": 2}
    assert told["decisionDefinitionId"] == listed["id"]
    assert [(each["clauseName"], each["value"]) for each in told["inputs"]] == [("amount", 50)]
    assert [
        (each["variableName"], each["ruleId"], each["ruleOrder"], each["value"])
        for each in told["outputs"]
    ] == [("who", "r1", 1, "clerk")]
    assert told["decisions"][0]["tables"][0]["hitPolicy"] == "FIRST"
    assert ben.get(f"/history/decision-instance/{identity}", 404)["type"]


def test_an_evaluation_at_fault_is_an_error(office: Office) -> None:
    twice = DECISIONS.replace(b"FIRST", b"UNIQUE")
    office.upload([("limit.dmn", twice)], {"deployment-name": "limit"})
    amount = {"amount": {"value": 50, "type": "Integer"}}

    failed = office.desk("dora").post(
        "/decision-definition/key/limit/evaluate", 500, variables=amount
    )

    assert "UNIQUE" in failed["message"]


def test_a_refused_decision_names_its_file_and_element(office: Office) -> None:
    broken = DECISIONS.replace(b"amount", b"amount +")

    refused = office.upload([("limit.dmn", broken)], {"deployment-name": "x"}, 400)

    (fault,) = refused["details"]["limit.dmn"]["errors"]
    assert (fault["mainElementId"], fault["line"]) == ("ie", 5)
