"""A unit of work: the instances that one command locks, and what happened to them.

Invariant: what a unit changed leaves it together: rows, state, one ledger entry an instance, in
one batch whose guard is the ledger's key. An instance is locked before its state is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bpmn.graph import UserTask
from bpmn.values import Variables
from engine import record
from engine.acts import Begun
from engine.errors import DefinitionSuspended, InstanceSuspended, Misused, NotFound, TooLarge
from engine.handlers import InstanceChange
from engine.ids import new_id, split_id
from engine.instance import Caller, Instance
from engine.instance_rows import (
    ACTIVE,
    END,
    INSERT,
    INSERT_OF_NEWEST,
    LOCK,
    MOVE,
    MOVE_AND_SET,
    NOTE,
)
from engine.limits import LARGEST_ENTRY, LARGEST_INSTANCE, check_facts, check_names
from engine.machine import facts
from engine.machine.errors import InstanceEnded
from engine.machine.facts import Fact
from engine.machine.machine import advance
from engine.machine.state import State, decode, encode, encode_variables, new_state
from engine.machine.triggers import AnyTrigger, Cancel, Migrate, Start, VariablesSet
from engine.projection import Projection
from engine.results import Definition
from identity.principal import Principal
from storage.chain import GENESIS
from storage.database import Row, Transaction
from storage.ledger import INSERT_ENTRY, seal

if TYPE_CHECKING:
    from engine.engine import Engine

GONE = b"{}"
"""The variables of an instance that has ended: its ledger has them, see `instance_queries`."""

_NOBODY = (None, None, None)
_VARIABLE_FACTS = (facts.VariableSet, facts.VariableRemoved)


Consequence = Callable[["Unit"], None]
"""One thing that a step sets off, see `engine.consequences`."""


class Unit:
    """What a command's handler works with. Handlers change instances only through it."""

    def __init__(
        self, engine: Engine, tx: Transaction, principal: Principal, *, supposing: bool = False
    ) -> None:
        self.engine = engine
        self.tx = tx
        self.principal = principal
        self.projection = Projection(self)
        self._instances: dict[str, Instance] = {}
        # What steps have set off and is still to be done, and what the last of it set off itself.
        self.following: deque[Consequence] = deque()
        self.fresh: list[Consequence] = []
        self.follows = False
        self.followed = 0
        """Steps that messages and signals have set off."""
        self.begun = 0
        """Instances that calls have begun."""
        self.reports = 0
        self.listening: list[tuple[Instance, facts.Subscribed]] = []
        """Who began to listen: their rows are not written yet."""
        self._deliveries: dict[str, None] = {}
        self.supposing = supposing
        self.supposed: set[str] = set()
        """Definitions taken for the newest without asking: then the commit checks it."""
        self.unchecked = False
        """Whether the commit checks that a definition is not suspended."""

    # --- getting hold of an instance ---

    def lock(self, instance_id: str) -> Instance:
        """Raises NotFound."""
        held = self._instances.get(instance_id)
        if held is not None:
            return held
        row = self.tx.first(LOCK, {"tenant": self.tx.tenant, "id": instance_id})
        if row is None:
            raise NotFound("instance", instance_id)
        return self.adopt(row)

    def lock_row(self, statement: Any, local: str) -> Row | None:
        """The row with this local id, its instance locked with it; None if there is none."""
        parts = split_id(local)
        if parts is None:
            return None
        keys = {"tenant": self.tx.tenant, "id": local, "instance_id": parts[0]}
        return self.tx.first(statement, keys)

    def adopt(self, row: Row) -> Instance:
        """An instance that a statement has locked which selected `LOCKED`."""
        held = self._instances.get(row.i_id)
        if held is not None:
            return held
        self._refuse_shared(row.i_id)
        definition = self.engine.models.definition(self.tx, row.i_definition_id)
        graph = self.engine.models.graph(self.tx, definition)
        if row.i_state is None:
            state = State(counter=1, ended="ended")
        else:
            state = decode(row.i_state, row.i_variables)
        instance = Instance(
            id=row.i_id,
            definition=definition,
            graph=graph,
            business_key=row.i_business_key,
            started_at=row.i_started_at,
            state=state,
            seq=row.i_seq,
            head=row.i_head,
            scopes=tuple(state.variables),
            suspended=row.i_suspended,
        )
        if row.i_parent_id is not None:
            instance.caller = Caller(row.i_parent_id, row.i_parent_call, row.i_root_id)
        self._instances[instance.id] = instance
        return instance

    def holds(self, instance_id: str) -> Instance | None:
        """The instance, if this unit has it already."""
        return self._instances.get(instance_id)

    def held(self) -> list[Instance]:
        return list(self._instances.values())

    def _refuse_shared(self, instance_id: str) -> None:
        """Two that change one state in memory would lose one change."""
        for other in self.tx.inside:
            if other is not self and isinstance(other, Unit) and instance_id in other._instances:
                raise Misused(f"instance {instance_id} is being changed by the command around this")

    def newest_process(self, key: str) -> Definition | None:
        """Who may run the command again takes the version last seen, and saves a round trip."""
        models = self.engine.models
        known = models.last_newest(self.tx.tenant, "process", key) if self.supposing else None
        if known is None:
            return models.newest(self.tx, "process", key)
        self.supposed.add(known.id)
        return known

    def active(self, definition: Definition) -> bool:
        """Whether anything may start from it. Who may run the command again asks at commit."""
        if self.supposing:
            return True
        keys = {"tenant": self.tx.tenant, "id": definition.id}
        return bool(self.tx.scalar(ACTIVE, keys))

    def begin(
        self,
        definition: Definition,
        variables: Variables,
        *,
        wires: dict[str, str] | None = None,
        business_key: str | None = None,
        node: str | None = None,
        kind: str = "instance.started",
        caller: Caller | None = None,
        above: list[str] | None = None,
    ) -> Instance:
        """Create an instance and move its first token."""
        trigger = Start(
            variables=variables,
            wire=wires or {},
            node=node,
            business_key=business_key,
            initiator=self.principal.id,
            called=caller is not None,
        )
        return self.begin_with(definition, trigger, kind, caller=caller, above=above)

    def begin_with(
        self,
        definition: Definition,
        trigger: Start,
        kind: str,
        *,
        caller: Caller | None = None,
        above: list[str] | None = None,
        restarted: str | None = None,
        reason: str | None = None,
    ) -> Instance:
        """`begin` with a trigger that says more. Raises DefinitionSuspended."""
        check_names(business_key=trigger.business_key)
        if not self.active(definition):
            raise DefinitionSuspended(definition.id)
        self.unchecked = self.unchecked or self.supposing
        graph = self.engine.models.graph(self.tx, definition)
        instance = Instance(
            id=new_id(self.tx.now),
            definition=definition,
            graph=graph,
            business_key=trigger.business_key,
            started_at=self.tx.now,
            state=new_state(graph),
            seq=0,
            head=GENESIS,
            new=True,
            caller=caller,
            above=above,
        )
        self._instances[instance.id] = instance
        parent, call = (caller.instance_id, caller.call) if caller else (None, None)
        begun = Begun(
            definition.id,
            definition.key,
            definition.version,
            trigger.business_key,
            parent=parent,
            call=call,
            restarted=restarted,
            reason=reason or None,
        )
        self.note(instance, kind, begun)
        self.advance(instance, trigger, kind)
        self.engine.participants.instance_started(self.tx, self.change(instance, None))
        return instance

    # --- what happens to it ---

    def advance(self, instance: Instance, trigger: AnyTrigger, kind: str) -> list[Fact]:
        """Move the instance, and do what that sets off."""
        if instance.state.ended is not None:
            raise InstanceEnded(f"instance {instance.id} has ended")
        if instance.suspended:
            self._refuse_suspended(instance, trigger)
        instance.state, happened = advance(
            instance.graph,
            instance.state,
            trigger,
            self.tx.now,
            self.engine.decider(self, instance),
            about=instance.about,
        )
        instance.stepped = True
        instance.kind = instance.kind or kind
        instance.facts.extend(happened)
        self.engine.follow(self, instance, happened)
        return list(happened)

    def _refuse_suspended(self, instance: Instance, trigger: AnyTrigger) -> None:
        """No token of a suspended instance moves; it may be corrected, migrated, and ended."""
        if isinstance(trigger, Cancel | Migrate):
            return
        if isinstance(trigger, VariablesSet):
            waits = instance.state.waits.values()
            if not any(wait.kind == "condition" for wait in waits):
                return
        raise InstanceSuspended(instance.id)

    def note(self, instance: Instance, kind: str, *happened: Fact) -> None:
        """Record what the engine itself did."""
        instance.kind = instance.kind or kind
        instance.facts.extend(happened)

    def change(self, instance: Instance, how: str | None) -> InstanceChange:
        return InstanceChange(
            instance_id=instance.id,
            process_id=instance.definition.key,
            definition_id=instance.definition.id,
            business_key=instance.business_key,
            how=how,
            by=self.principal,
            at=self.tx.now,
        )

    def form_of(self, instance: Instance, opened: facts.TaskOpened) -> str | None:
        """The exact form a task is opened with; None for a key that is no form of ours."""
        action = instance.graph.nodes[opened.node].action
        if opened.form is None or not isinstance(action, UserTask):
            return None
        found = self.engine.models.bound(
            self.tx,
            "form",
            opened.form,
            action.form_binding,
            action.form_version,
            instance.definition.deployment_id,
        )
        return found.id if found else None

    def add(self, statement: Any, row: dict[str, Any]) -> None:
        """Queue a row change of the engine's own, to be sent with everything else."""
        self.projection.add(statement, row)

    def deliver(self, instance_id: str) -> None:
        """Let the instance take what is in its inbox once this is durable."""
        if not self._deliveries:
            tenant, engine, deliveries = self.tx.tenant, self.engine, self._deliveries
            self.tx.after_commit(lambda: engine.deliver(tenant, deliveries))
        self._deliveries[instance_id] = None

    # --- leaving ---

    def finish(self) -> None:
        """Queue everything; the transaction's opener commits it, in the same round trip."""
        for instance in self._instances.values():
            if instance.facts:
                self._write(instance)
        self.projection.send(self.tx.batch())
        if self.projection.wakes:
            self.tx.after_commit(self.engine.wake)

    def _write(self, instance: Instance) -> None:
        if not instance.kind:
            raise Misused(f"facts without a command for {instance.id}")
        check_facts(instance.facts)
        self.projection.apply(instance, instance.facts)
        lasting, values = record.encode(instance.facts)
        size = len(lasting) + len(values or b"")
        if size > LARGEST_ENTRY:
            raise TooLarge("what this command records", size, LARGEST_ENTRY)
        sealed = seal(
            instance.id,
            instance.seq + 1,
            instance.head,
            self.tx.now,
            self.principal.id,
            self.principal.on_behalf_of,
            instance.kind,
            lasting,
            values,
            tenant=self.tx.tenant,
        )
        instance.seq, instance.head = instance.seq + 1, sealed.head
        ended = next((f for f in reversed(instance.facts) if isinstance(f, facts.Ended)), None)
        if instance.new:
            self._insert(instance, ended)
        else:
            self._update(instance, ended)
        self.add(INSERT_ENTRY, sealed.row)
        instance.facts = []
        instance.kind = ""
        if ended is not None:
            self.engine.participants.instance_ended(self.tx, self.change(instance, ended.how))

    def _insert(self, instance: Instance, ended: facts.Ended | None) -> None:
        statement = INSERT_OF_NEWEST if instance.definition.id in self.supposed else INSERT
        parent_id, parent_call, root_id = instance.caller or _NOBODY
        self.add(
            statement,
            {
                "of_tenant": self.tx.tenant,
                "of_definition": instance.definition.id,
                "tenant": self.tx.tenant,
                "id": instance.id,
                "process_id": instance.definition.key,
                "business_key": instance.business_key,
                "started_at": instance.started_at,
                "started_by": self.principal.id,
                "ended_at": self.tx.now if ended else None,
                "how": ended.how if ended else None,
                "end_node": ended.end if ended else None,
                "state": None if ended else encode(instance.state),
                "variables": GONE if ended else _variables(instance.state),
                "parent_id": parent_id,
                "parent_call": parent_call,
                "root_id": root_id,
                "suspended": False,
                "seq": instance.seq,
                "head": instance.head,
            },
        )
        instance.new = False

    def _update(self, instance: Instance, ended: facts.Ended | None) -> None:
        row: dict[str, Any] = {
            "of_tenant": self.tx.tenant,
            "of_id": instance.id,
            "seq": instance.seq,
            "head": instance.head,
        }
        if ended is not None:
            row |= {"ended_at": self.tx.now, "how": ended.how, "end_node": ended.end}
            row |= {"state": None, "variables": GONE}
            self.add(END, row)
        elif not instance.stepped:
            self.add(NOTE, row)
        elif _variables_changed(instance):
            variables = _variables(instance.state)
            self.add(MOVE_AND_SET, row | {"state": encode(instance.state), "variables": variables})
        else:
            self.add(MOVE, row | {"state": encode(instance.state)})


def _variables_changed(instance: Instance) -> bool:
    if any(isinstance(fact, _VARIABLE_FACTS) for fact in instance.facts):
        return True
    return tuple(instance.state.variables) != instance.scopes


def _variables(state: State) -> bytes:
    encoded = encode_variables(state)
    if len(encoded) > LARGEST_INSTANCE:
        raise TooLarge("the variables of the instance", len(encoded), LARGEST_INSTANCE)
    return encoded
