"""Dates, times and durations: read, printed, compared and computed with (DMN 1.5 §10.3.2.3.4 ff.).

    days        the calendar, without a first or last year
    zones       offsets, named zones, the office's clock
    parts       values taken apart, and put together in the one type that fits
    reading     text in                 printing    text out
    arithmetic  sums, differences, multiples, order

A text that is no date (time, duration), or a result beyond the years -999999999 to 999999999,
is None, FEEL's null.
"""

from bpmn.feel.temporal.arithmetic import (
    DATES,
    LENGTHS,
    MOMENTS,
    TIMES,
    add_length,
    add_months,
    between,
    comparable,
    key,
    keys,
    lengthened,
    negative,
    order_keys,
    scaled,
    shortened,
    whole_months,
)
from bpmn.feel.temporal.parts import (
    Datelike,
    Datetimelike,
    Lengthlike,
    Timelike,
    clock_of,
    date_of,
    dated,
    day_number,
    magnitude,
    make_date,
    make_length,
    make_time,
    moment,
    months,
    number_of,
    second_of,
    seconds_of,
    time_of,
)
from bpmn.feel.temporal.printing import print_date, print_datetime, print_duration, print_time
from bpmn.feel.temporal.reading import (
    read_date,
    read_datetime,
    read_duration,
    read_literal,
    read_offset,
    read_time,
)
from bpmn.feel.temporal.zones import OFFICE_ZONE, local_now, offset_of, zone_name

__all__ = [
    "DATES",
    "LENGTHS",
    "MOMENTS",
    "OFFICE_ZONE",
    "TIMES",
    "Datelike",
    "Datetimelike",
    "Lengthlike",
    "Timelike",
    "add_length",
    "add_months",
    "between",
    "clock_of",
    "comparable",
    "date_of",
    "dated",
    "day_number",
    "key",
    "keys",
    "lengthened",
    "local_now",
    "magnitude",
    "make_date",
    "make_length",
    "make_time",
    "moment",
    "months",
    "negative",
    "number_of",
    "offset_of",
    "order_keys",
    "print_date",
    "print_datetime",
    "print_duration",
    "print_time",
    "read_date",
    "read_datetime",
    "read_duration",
    "read_literal",
    "read_offset",
    "read_time",
    "scaled",
    "second_of",
    "seconds_of",
    "shortened",
    "time_of",
    "whole_months",
    "zone_name",
]
