"""How a token moves. Pure: clock and ids come in as arguments, so a replay is exact."""
