"""Scripts of script tasks and global script tasks: FEEL, in one expression or line by line."""

from __future__ import annotations

from lxml import etree

from bpmn.context import Context
from bpmn.errors import ExpressionRefused
from bpmn.expressions import expression, feel_script, says_feel
from bpmn.graph import Computation
from bpmn.model import local, text_of
from bpmn.suggestions import suggested_feel


def refuse_language(
    context: Context, element: etree._Element, language: str, script: etree._Element | None = None
) -> None:
    """Refused by name, with the FEEL to write where the script is one of the commonest."""
    named = f'scriptFormat="{language}" is' if language else "A script without format is"
    instead = suggested_feel(text_of(script))
    hint = f" Here: {instead}" if instead else " Write lines of: name = expression."
    context.refuse(
        "script-language", element, f'{named} not executed; write scriptFormat="feel".{hint}'
    )


def script_of(
    context: Context,
    element: etree._Element,
    script: etree._Element | None,
    variable: str | None = None,
) -> Computation:
    """What the script of `element` computes; with a variable it is one expression.

    Without a script the task acts as an abstract one (BPMN 2.0 §10.3.3, Script Task).
    """
    if script is None and variable is None:
        return Computation(())
    format_ = "scriptLanguage" if local(element) == "globalScriptTask" else "scriptFormat"
    language = (element.get(format_) or "").strip()
    if not says_feel(language):
        refuse_language(context, element, language, script)
    if script is None or not text_of(script):
        context.refuse("script-missing", element, "The script is empty.")
    line = context.line(script)
    # The text as it stands: positions and lines of faults count from the tag.
    text = "".join(map(str, script.itertext()))
    try:
        if variable is None:
            return Computation(tuple(feel_script(text, line)))
        return Computation(((variable, expression(text, "feel", line)),))
    except ExpressionRefused as error:
        context.refuse_expression(script, text, error, line)
        return Computation(())
