"""Runs models: commands in, one transaction each, facts out."""
