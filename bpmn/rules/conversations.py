"""Conversations (BPMN 2.0.2, 9.5) and correlation (8.4.2)."""

from __future__ import annotations

from collections import Counter

from bpmn.model import reference
from bpmn.rules.drawing import (
    Drawing,
    kind_of,
    named_parts,
    parts,
    references,
    source_of,
    target_of,
)
from bpmn.rules.rule import Breaches, rule

_NODES = ("conversation", "subConversation", "callConversation")


@rule("conversation-participants", "9.5", "A conversation is held by at least two participants.")
def conversations_have_participants(drawing: Drawing) -> Breaches:
    linked = Counter(
        end
        for link in drawing.all("conversationLink")
        for end in (source_of(link), target_of(link))
    )
    for node in drawing.all(*_NODES):
        named = references(node, "participantRef")
        if len(set(named)) < 2 and linked[node.get("id", "")] < 2:
            yield node, "A conversation needs two participants at least."


@rule(
    "conversation-link",
    "9.5.6",
    "A conversation link has a conversation at one end and who takes part in it at the other.",
)
def links_join_conversations(drawing: Drawing) -> Breaches:
    for link in drawing.all("conversationLink"):
        ends = [drawing.referred(link, name) for name in ("sourceRef", "targetRef")]
        found = [kind_of(end) in _NODES for end in ends if end is not None]
        if len(found) == 2 and found[0] == found[1]:
            text = "two conversations" if found[0] else "no conversation"
            yield link, f"This link joins {text}."


@rule("global-conversation", "9.5", "A global conversation has no conversations in it.")
def global_conversations_are_flat(drawing: Drawing) -> Breaches:
    for element in drawing.all("globalConversation"):
        for inner in named_parts(element, *_NODES):
            yield inner, "A global conversation holds messages only."


@rule(
    "message-flow-association",
    "9.4",
    "A message flow association ties message flows of two collaborations.",
)
def message_flows_are_tied_across(drawing: Drawing) -> Breaches:
    for element in drawing.all("messageFlowAssociation"):
        inner = drawing.referred(element, "innerMessageFlowRef")
        outer = drawing.referred(element, "outerMessageFlowRef")
        if inner is None or outer is None or drawing.top_of(inner) is not drawing.top_of(outer):
            continue
        text = f'"{inner.get("id")}" and "{outer.get("id")}" stand in one collaboration.'
        yield element, text, inner, outer


@rule(
    "correlation-key-empty",
    "8.4.2",
    "A correlation key has properties to compare.",
    warns=True,
)
def keys_have_properties(drawing: Drawing) -> Breaches:
    for key in drawing.all("correlationKey"):
        if not references(key, "correlationPropertyRef"):
            yield key, "This key compares nothing."


@rule(
    "correlation-incomplete",
    "8.4.2",
    "A correlation subscription binds every property of its key.",
)
def subscriptions_bind_the_whole_key(drawing: Drawing) -> Breaches:
    for subscription in drawing.all("correlationSubscription"):
        key = drawing.referred(subscription, "correlationKeyRef")
        if key is None or kind_of(key) != "correlationKey":
            continue
        bound = {
            reference(binding.get("correlationPropertyRef"))
            for binding in parts(subscription)
            if kind_of(binding) == "correlationPropertyBinding"
        }
        for name in references(key, "correlationPropertyRef"):
            if name not in bound:
                yield subscription, f'The property "{name}" of the key is not bound.'


@rule(
    "correlation-binding-foreign",
    "8.4.2",
    "A correlation subscription binds properties of its key only, each once.",
)
def subscriptions_bind_their_key_only(drawing: Drawing) -> Breaches:
    for subscription in drawing.all("correlationSubscription"):
        key = drawing.referred(subscription, "correlationKeyRef")
        if key is None or kind_of(key) != "correlationKey":
            continue
        properties = set(references(key, "correlationPropertyRef"))
        seen = set()
        for binding in named_parts(subscription, "correlationPropertyBinding"):
            name = reference(binding.get("correlationPropertyRef"))
            if name not in properties:
                yield binding, f'"{name}" is no property of the key "{key.get("id")}".'
            elif name in seen:
                yield binding, f'"{name}" is bound already.'
            seen.add(name)


@rule(
    "correlation-retrieval-twice",
    "8.4.2",
    "A correlation property says once for a message how it is read from it.",
)
def properties_are_read_one_way(drawing: Drawing) -> Breaches:
    for element in drawing.all("correlationProperty"):
        seen = set()
        for retrieval in named_parts(element, "correlationPropertyRetrievalExpression"):
            message = reference(retrieval.get("messageRef"))
            if message in seen:
                yield retrieval, f'How to read it from "{message}" is said already.'
            seen.add(message)
