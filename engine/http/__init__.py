"""Camunda 7's REST interface over the engine, so that its clients run unchanged.

Sources: the public REST reference of Camunda Platform 7.24 and what its clients send.
`dialect` is the language (variables, dates, errors), `call` one request, the others its resources.
"""
