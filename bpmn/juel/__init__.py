"""JUEL as Camunda 7's models use it: `${…}`, `#{…}`, and texts with such parts in them.

Expression Language 2.2, on variables: no beans and no classes. A variable that is not there is an
error, as in Camunda. What a model may call stands in three tables; all else is refused by name
when deployed, with the FEEL to write instead where there is one.

    parser      the grammar              closures    what operators do
    methods     on texts, lists, maps, numbers, moments
    spin        `S(…)` and `JSON(…)`     execution   what is known of the execution
    coercion    one kind of value as another         hints       the FEEL to write instead
"""

from bpmn.juel.parser import compile_juel

__all__ = ["compile_juel"]
