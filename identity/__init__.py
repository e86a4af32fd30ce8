"""Who is asking, and what they may: persons, credentials, roles, Befugnisse, deputies."""
