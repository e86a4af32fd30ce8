"""How a token moves. Pure: clock and ids come in as arguments, so a replay is exact.

Read `triggers` (what comes from outside), `machine` (the tables), `steps` (a token at a node),
then the file of the subject. Activities: `activities`, `loops`, `calls`, `adhoc`, `quantities`,
`listeners`, `variables` (mappings, data). Events: `events` (throwing), `listening` and `catching`,
then signals, conditions, propagation (errors, escalations), compensation, transactions,
subprocesses. Gateways: `gateways`, `joins`, inclusive, complexgates, eventgates.
What a graph makes it ask: `shape`.
"""
