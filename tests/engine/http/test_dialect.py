from __future__ import annotations

from decimal import Decimal

import pytest

from bpmn.values import Value
from bpmn.wide import WideDate, WideDatetime, WideDuration, WideTime
from engine.http.dialect import write_variable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (WideDate(12026, 1, 2), "12026-01-02"),
        (WideTime(1, 2, Decimal("3.0000001")), "01:02:03.0000001"),
        (WideDatetime(-5, 1, 2, 3, 4, 5), "-0005-01-02T03:04:05"),
        (WideDuration(Decimal("0.0000001")), "PT0.0000001S"),
    ],
)
def test_a_value_beyond_python_is_written_as_text(value: Value, text: str) -> None:
    assert write_variable(value) == {"type": "String", "value": text, "valueInfo": {}}
