"""XPath's regular expressions in `matches`, `replace` and `split` (F&O §7.6)."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.errors import ExpressionFailed
from bpmn.feel import compile_feel
from bpmn.feel.regex import NotAPattern, compile_regex

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_matches = compile_feel("matches(input, pattern, flags)")
_replace = compile_feel("replace(input, pattern, replacement, flags)")
_split = compile_feel("split(input, pattern)")


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "value"),
    [
        ("abracadabra", "bra", "", True),
        ("abracadabra", "^a.*a$", "", True),
        ("abracadabra", "^bra", "", False),
        ("a\nb", "a.b", "", False),
        ("a\nb", "a.b", "s", True),
        ("a\nb", "^b$", "", False),
        ("a\nb", "^b$", "m", True),
        ("a\n", "^$", "m", False),
        ("HELLO", "hello", "i", True),
        ("Straße", "STRASSE", "i", False),
        ("Ä", "[a-zä]", "i", True),
        ("q", "[^Q]", "i", False),
        ("helloworld", "hello [ ]?world", "x", True),
        ("hello world", "hello[ ]world", "x", True),
        ("a.b", "a.b", "q", True),
        ("axb", "a.b", "q", False),
        ("A.B", "a.b", "qi", True),
        ("x", "[a-z-[aeiou]]", "", True),
        ("e", "[a-z-[aeiou]]", "", False),
        ("5", "[\\d-[0-4]]", "", True),
        ("b", "[^a-[b]]", "", False),
        ("-", "[-a]", "", True),
        ("-", "[a-]", "", True),
        ("]", "[\\]]", "", True),
        ("^", "[a^]", "", True),
        ("Ä", "^\\p{L}$", "", True),
        ("Ä", "\\p{Lu}", "", True),
        ("ä", "\\p{Lu}", "i", False),
        ("1", "\\P{L}", "", True),
        ("Ä", "\\p{IsBasicLatin}", "", False),
        ("Ä", "\\p{IsLatin-1Supplement}", "", True),
        ("Ω", "\\p{IsGreek}", "", True),
        ("٣", "^\\d$", "", True),
        ("_", "\\w", "", False),
        ("a-b", "^\\i\\c*$", "", True),
        ("1a", "^\\i", "", False),
        ("\u00a0", "\\s", "", False),
        ("ab" * 3, "^(ab){3}$", "", True),
        ("ab" * 3, "^(ab){4,}$", "", False),
        ("aaa", "^a{2,3}$", "", True),
        ("abab", "^(a|b)*?$", "", True),
        ("abcabc", "(abc)\\1", "", True),
        ("abcABC", "(abc)\\1", "i", True),
        ("abcabd", "(abc)\\1", "", False),
        ("aXbXa", "(.)X(.)X\\1", "", True),
        ("a0", "(a)\\10", "", False),
        ("aa0", "(a)\\10", "", True),
        ("", "", "", True),
        ("x", "", "", True),
        ("$", "\\$", "", True),
        ("a|b", "a\\|b", "", True),
        ("\t", "\\t", "", True),
        ("🐎🐎", "^.{2}$", "", True),
        ("abc", "(?:a)(b)", "", True),
    ],
)
def test_a_text_matches_a_pattern(text: str, pattern: str, flags: str, value: bool) -> None:
    variables = {"input": text, "pattern": pattern, "flags": flags}

    assert _matches(variables, NOW) is value


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[", "[]", "a]", "*a", "a**", "a{2,1}", "a{", "a{,2}", "}", "{1}", "(?k)"),
        *("(?=a)", "(?<x>a)", "\\", "\\q", "\\1", "(\\1)", "a\\1(b)", "\\p{Xx}", "\\p{IsNowhere}"),
        *("\\pL", "[z-a]", "[a[b]]", "[a-z-]x-[", "[\\d-z]x]", "\\u0041", "(a{99}){99}"),
        *("(" * 60 + ")" * 60, "a" * 3000),
    ],
)
def test_what_is_no_pattern_gives_null(pattern: str) -> None:
    assert _matches({"input": "a", "pattern": pattern, "flags": None}, NOW) is None


@pytest.mark.parametrize("flags", ["k", "g", "I", "i i"])
def test_what_are_no_flags_gives_null(flags: str) -> None:
    assert _matches({"input": "a", "pattern": "a", "flags": flags}, NOW) is None


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "flags", "value"),
    [
        ("abracadabra", "bra", "*", "", "a*cada*"),
        ("abracadabra", "a.*a", "*", "", "*"),
        ("abracadabra", "a.*?a", "*", "", "*c*bra"),
        ("abracadabra", "a", "", "", "brcdbr"),
        ("abracadabra", "a(.)", "a$1$1", "", "abbraccaddabbra"),
        ("AAAA", "A+", "b", "", "b"),
        ("AAAA", "A+?", "b", "", "bbbb"),
        ("darted", "^(.*?)d(.*)$", "$1c$2", "", "carted"),
        ("abc", "b", "[$0]", "", "a[b]c"),
        ("abc", "b", "\\$\\\\", "", "a$\\c"),
        ("abc", "(b)", "$12", "", "ab2c"),
        ("abc", "b", "$1", "", "ac"),
        ("abc", "(x)?b", "<$1>", "", "a<>c"),
        ("abc", "B", "x", "i", "axc"),
        ("a.c", ".", "$1", "q", "a$1c"),
        ("a\nb", "^", "x", "m", None),
        ("abc", "x*", "y", "", None),
        ("abc", "b", "$", "", None),
        ("abc", "b", "\\n", "", None),
        ("abc", "b", "x$x", "", None),
        ("abc", "(", "x", "", None),
    ],
)
def test_what_matches_is_replaced(
    text: str, pattern: str, replacement: str, flags: str, value: str | None
) -> None:
    variables = {"input": text, "pattern": pattern, "replacement": replacement, "flags": flags}

    assert _replace(variables, NOW) == value


@pytest.mark.parametrize(
    ("text", "pattern", "value"),
    [
        ("John Doe", "\\s", ["John", "Doe"]),
        ("a;b;c;;", ";", ["a", "b", "c", "", ""]),
        ("a, b,c", ",\\s*", ["a", "b", "c"]),
        ("abc", "x", ["abc"]),
        ("", ";", [""]),
        ("abc", "", None),
        ("abc", "x?", None),
        ("abc", "[", None),
    ],
)
def test_a_text_is_split_where_the_pattern_matches(
    text: str, pattern: str, value: list[str] | None
) -> None:
    assert _split({"input": text, "pattern": pattern}, NOW) == value


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "(?:ab)", "(a)", "^", "$"])
REPEATED = st.builds(
    lambda atom, mark: atom + mark,
    ATOMS.filter(lambda atom: atom not in "^$"),
    st.sampled_from(["", "?", "*", "+", "{2}", "{0,2}", "{1,}", "*?", "+?", "??"]),
)
PATTERNS = st.recursive(
    st.lists(st.one_of(ATOMS, REPEATED), max_size=4).map("".join),
    lambda inner: st.builds(
        lambda left, right, mark: f"(?:{left}|{right}){mark}",
        inner,
        inner,
        st.sampled_from(["", "?", "{2}", "{1,3}"]),
    ),
    max_leaves=4,
)


@given(PATTERNS, st.text(alphabet="ab1c", max_size=8))
def test_the_leftmost_match_is_the_one_that_python_finds(pattern: str, text: str) -> None:
    expected = re.compile(pattern.replace("$", "\\Z"), re.ASCII).search(text)

    found = compile_regex(pattern).search(text, 0, lambda _steps: None)

    assert (found and found[:2]) == (list(expected.span()) if expected else None)


@given(st.text(alphabet="ab()[]{}^-$*+?|\\.,0d p{L}x", max_size=12), st.text(max_size=6))
def test_any_text_is_a_pattern_or_none(pattern: str, text: str) -> None:
    try:
        regex = compile_regex(pattern)
    except NotAPattern:
        return

    assert regex.matches(text, lambda _steps: None) in (True, False)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "a*a*a*a*a*b", "(a?){30}a{30}b"])
def test_no_text_makes_a_pattern_slow(pattern: str) -> None:
    begin = time.process_time()

    _matches({"input": "a" * 2000 + "!", "pattern": pattern, "flags": ""}, NOW)

    assert time.process_time() - begin < 3


@pytest.mark.parametrize("pattern", ["(a*)*\\1b", "(a*)(a*)(a*)\\3\\2\\1b"])
def test_references_back_spend_steps_until_they_are_stopped(pattern: str) -> None:
    with pytest.raises(ExpressionFailed):
        _matches({"input": "a" * 5000, "pattern": pattern, "flags": ""}, NOW)
