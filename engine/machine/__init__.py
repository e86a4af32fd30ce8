"""How a token moves. Pure: clock and ids come in as arguments, so a replay is exact.

Read `triggers` (what comes from outside), `machine` (the tables), `steps` (a token at a node),
then the file of the subject: activities, gateways, events, scopes, variables, waits, time.
"""
