"""Official mode: the rules as KoSIT publishes them, from the operator's own import."""
