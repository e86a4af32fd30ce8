"""What somebody calls a file is never a path, nor a trap for who saves it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eakte.file_names import LONGEST, file_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("rechnung.pdf", "rechnung.pdf"),
        ("Maß & Zahl (2).pdf", "Maß & Zahl (2).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\r.pdf", "r.pdf"),
        ("lmx\u202e.exe", "lmx.exe"),
        ("a\x00\r\nX: y.pdf", "aX_ y.pdf"),
        ("CON.xml", "_CON.xml"),
        ("com1", "_com1"),
        ("a.pdf. ", "a.pdf"),
        ("a?b*c|d.pdf", "a_b_c_d.pdf"),
        ("x" * 10_000 + ".pdf", "x" * (LONGEST - 4) + ".pdf"),
        ("..", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_no_path_and_can_be_kept_everywhere(given: str | None, kept: str | None) -> None:
    assert file_name(given) == kept


@given(st.text())
def test_a_name_that_was_made_harmless_stays_as_it_is(text: str) -> None:
    name = file_name(text)

    assert file_name(name) == name
    if name is not None:
        assert len(name.encode()) <= LONGEST
        assert not set('/\\<>:"|?*') & set(name)
        assert all(unicodedata.category(c)[0] != "C" for c in name)
