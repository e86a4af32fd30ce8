"""FEEL's built-in functions (DMN 1.5 §10.3.4), one module a subject."""

from bpmn.feel.builtins import contexts, conversion, lists, numbers, ranges, strings, times

REGISTERED = (contexts, conversion, lists, numbers, ranges, strings, times)
"""The modules whose functions stand in `registry.BUILTINS` once this package is imported."""
