"""What survives a restart: database, objects, ledger, keys, migrations."""
