from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bpmn.errors import ExpressionRefused
from bpmn.patterns import compile_pattern

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "\\w", "(?:ab)", "^", "$"])
REPEATED = st.builds(
    lambda atom, mark: atom + mark,
    ATOMS.filter(lambda atom: atom not in "^$"),
    st.sampled_from(["", "?", "*", "+", "{2}", "{0,2}", "{1,}", "{0}", "*?"]),
)
PATTERNS = st.recursive(
    st.lists(st.one_of(ATOMS, REPEATED), max_size=4).map("".join),
    lambda inner: st.builds(
        lambda left, right, mark: f"({left}|{right}){mark}",
        inner,
        inner,
        st.sampled_from(["", "?", "*", "{2}", "{1,3}"]),
    ),
    max_leaves=4,
)


@given(PATTERNS, st.text(alphabet="ab1c", max_size=8))
def test_a_pattern_finds_what_python_finds(pattern: str, text: str) -> None:
    reference = re.compile(pattern.replace("$", "\\Z"), re.ASCII)
    try:
        compiled = compile_pattern(pattern)
    except ExpressionRefused as error:
        assume("repeats too much" not in str(error))
        raise

    assert compiled.found_in(text) == bool(reference.search(text))


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "a*a*a*a*a*b", "(a?){30}a{30}"])
def test_no_text_makes_a_pattern_slow(pattern: str) -> None:
    begin = time.process_time()

    compile_pattern(pattern).found_in("a" * 2000 + "!")

    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[a", "*a", "a**", "(?=a)", "(?P<x>a)", r"\1", r"\p{L}", "a{3,1}"),
        *("(a{99}){99}", "(" * 100 + ")" * 100, "a" * 501, "[a-[b]]", "[z-a]", "a{", "\\"),
    ],
)
def test_what_is_beyond_the_subset_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionRefused):
        compile_pattern(pattern)
