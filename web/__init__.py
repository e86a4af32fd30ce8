"""Pages for people: rendered by the server, usable without script and without a mouse."""
