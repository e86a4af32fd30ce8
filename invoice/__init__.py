"""Bytes in, a typed invoice of EN 16931 and findings out. No database, no network."""
