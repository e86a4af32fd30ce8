"""Schema changes as explicit operations: they do not follow when the tables of today change."""
