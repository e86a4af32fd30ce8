"""`/process-instance/{id}/activity-instances`: where the tokens are, scope within scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bpmn.graph import Graph, MultiInstance
from engine import queries
from engine.errors import NotFound
from engine.http.call import Answer, Call
from engine.http.dialect import JsonObject
from engine.http.instances import activity_type
from engine.views import IncidentView, InstanceView, Token


def show(call: Call) -> Answer:
    """Tokens that wait before or after their activity (asyncBefore, asyncAfter) are Camunda's
    transition instances; the host of a multi-instance activity is its body."""
    instance = call.path["id"]
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, instance)
        if view.ended_at is not None:
            raise NotFound("process instance", instance)
        tokens = queries.tokens(tx, call.principal, instance)
        graph = call.engine.graph(tx, view.definition_id)
        query = queries.IncidentQuery(instance_id=instance, limit=1000)
        faults = queries.incidents(tx, call.principal, query)
    return _Tree(view, graph, tokens, faults).top()


class _Tree:
    def __init__(
        self,
        view: InstanceView,
        graph: Graph,
        tokens: Sequence[Token],
        faults: Sequence[IncidentView],
    ) -> None:
        self.view = view
        self.graph = graph
        self.by_id: Mapping[int, Token] = {token.id: token for token in tokens}
        self.inside: dict[int, list[Token]] = {}
        self.faults: dict[int, list[IncidentView]] = {}
        for token in tokens:
            self.inside.setdefault(token.scope, []).append(token)
        for fault in faults:
            self.faults.setdefault(fault.token, []).append(fault)

    def top(self) -> JsonObject:
        view = self.view
        name = self.graph.name or view.process_id
        found = self._shape(view.id, view.definition_id, "processDefinition", name, view.id, None)
        return found | self._children(0, view.id)

    def _children(self, scope: int, parent: str) -> JsonObject:
        within = self.inside.get(scope, [])
        return {
            "childActivityInstances": [
                self._activity(each, parent) for each in within if not self._is_between(each)
            ],
            "childTransitionInstances": [
                self._transition(each, parent) for each in within if self._is_between(each)
            ],
        }

    def _is_between(self, token: Token) -> bool:
        return any(kind == "continuation" for kind, _ in token.waits_for)

    def _activity(self, token: Token, parent: str) -> JsonObject:
        node = self.graph.nodes[token.node]
        execution = f"{self.view.id}-{token.id}"
        own = f"{node.id}:{execution}"
        shown_id, kind = node.id, activity_type(node)
        if isinstance(node.loop, MultiInstance) and not self._is_instance(token):
            shown_id, kind = f"{node.id}#multiInstanceBody", "multiInstanceBody"
        found = self._shape(own, shown_id, kind, node.name or node.id, execution, parent)
        return found | self._faults_of(token) | self._children(token.id, own)

    def _is_instance(self, token: Token) -> bool:
        host = self.by_id.get(token.scope)
        return host is not None and host.node == token.node

    def _transition(self, token: Token, parent: str) -> JsonObject:
        node = self.graph.nodes[token.node]
        execution = f"{self.view.id}-{token.id}"
        return {
            "id": f"{node.id}:{execution}",
            "parentActivityInstanceId": parent,
            "activityId": node.id,
            "activityName": node.name or node.id,
            "activityType": activity_type(node),
            "processInstanceId": self.view.id,
            "processDefinitionId": self.view.definition_id,
            "executionId": execution,
            **self._faults_of(token),
        }

    def _faults_of(self, token: Token) -> JsonObject:
        faults = self.faults.get(token.id, [])
        return {
            "incidentIds": [each.id for each in faults],
            "incidents": [{"id": each.id, "activityId": each.node} for each in faults],
        }

    def _shape(  # noqa: PLR0917 the fields of an activity instance
        self, own: str, node: str, kind: str, name: str, execution: str, parent: str | None
    ) -> JsonObject:
        return {
            "id": own,
            "parentActivityInstanceId": parent,
            "activityId": node,
            "activityName": name,
            "activityType": kind,
            "processInstanceId": self.view.id,
            "processDefinitionId": self.view.definition_id,
            "childActivityInstances": [],
            "childTransitionInstances": [],
            "executionIds": [execution],
            "incidentIds": [],
            "incidents": [],
        }
