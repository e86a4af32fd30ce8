"""`zeebe:calledElement`: which process is called, and whether variables pass unasked."""

from __future__ import annotations

from bpmn.context import Context
from bpmn.dialects.dialect import Element
from bpmn.dialects.zeebe.words import fixed, flag, given, items, said, word
from bpmn.graph import Binding, Call, Passed

_BINDINGS: dict[str, Binding] = {
    "latest": "latest", "deployment": "deployment", "versionTag": "versionTag",
}  # fmt: skip


def binding(
    context: Context, holder: Element | None, default: Binding
) -> tuple[Binding, int | str | None]:
    """`bindingType` with its `versionTag`: which version is meant."""
    text = given(holder, "bindingType")
    if holder is None or text is None:
        return default, None
    kind = _BINDINGS.get(text)
    if kind is None:
        context.report.error(
            "binding", holder, f'bindingType="{text}" is none of {", ".join(_BINDINGS)}.'
        )
        return default, None
    if kind != "versionTag":
        return kind, None
    tag = fixed(context, holder, "versionTag", "bindingType")
    if tag is None:
        context.report.error("binding", holder, "The binding wants a versionTag.")
    return kind, tag


def call(context: Context, element: Element) -> Call | None:
    holder = word(element, "calledElement")
    if holder is None:
        return None
    reference = said(context, holder, "processId")
    if reference is None:
        context.refuse("called-missing", holder, "Nothing says which process is called.")
    kind, version = binding(context, holder, "latest")
    mapping = word(element, "ioMapping")
    maps_out = mapping is not None and bool(items(mapping, "output"))
    ins = flag(holder, "propagateAllParentVariables", default=True)
    outs = flag(holder, "propagateAllChildVariables", default=True)
    # What is not passed unasked comes from, or goes into, the call's own scope only.
    returned = Passed(None, None, local=maps_out)
    return Call(
        reference=reference,
        binding=kind,
        version=version,
        inputs=(Passed(None, None, local=not ins),),
        outputs=(returned,) if outs or maps_out else (),
    )
