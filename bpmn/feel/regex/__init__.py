r"""Regular expressions as XPath has them (XQuery and XPath Functions and Operators §7.6).

XML Schema's (part 2, appendix F) with anchors, reluctant repetition, groups to refer back to and
the flags `s m i x q`. DMN takes them for `matches`, `replace` and `split`.

    blocks       names of Unicode's blocks
    characters   what a class or an escape accepts
    syntax       the tree, and the text read into it
    program      the tree as instructions
    matching     instructions run over a text

Invariant: a pattern without references back takes time linear in the text, for each match found;
with them, and in sum, it spends steps of the evaluation's budget.
"""

from bpmn.feel.regex.matching import Regex, compile_regex
from bpmn.feel.regex.syntax import NotAPattern

__all__ = ["NotAPattern", "Regex", "compile_regex"]
