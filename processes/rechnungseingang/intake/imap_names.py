"""What folders of a mailbox are called: where a server wants new ones, and how names are written.

Some servers keep all folders of an account below INBOX ("INBOX.Erledigt"), and each has a delimiter
of its own. Both are asked, never guessed: NAMESPACE (RFC 2342) where the server has it, else LIST
(RFC 3501, section 6.3.8). Invariant: a name goes out quoted and in modified UTF-7 (section 5.1.3).
"""

from __future__ import annotations

import imaplib
import re
from base64 import b64encode
from dataclasses import dataclass

_PERSONAL = re.compile(rb'^\(\("((?:[^"\\]|\\.)*)" (?:"((?:[^"\\]|\\.))"|NIL)')
_LISTED = re.compile(rb'^\([^)]*\) (?:"((?:[^"\\]|\\.))"|NIL)', re.IGNORECASE)
_FOREIGN = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Names:
    """Before a new folder's name stands `prefix`; `delimiter` parts a folder from those below."""

    prefix: str = ""
    delimiter: str = "/"

    def new(self, name: str) -> str:
        """A folder of ours, as commands take it."""
        return written(self.prefix + name)

    def ways_to(self, stated: str) -> list[str]:
        """What a folder that somebody names with "/" may be called here, the likeliest first."""
        own = stated.replace("/", self.delimiter)
        inside = own if own.upper().startswith("INBOX") else self.prefix + own
        return [written(each) for each in dict.fromkeys((stated, own, inside))]


def names_of(server: imaplib.IMAP4) -> Names:
    """As the server says; a server that says nothing has no prefix."""
    if "NAMESPACE" in server.capabilities:
        state, data = server.namespace()
        found = _PERSONAL.match(_first(data)) if state == "OK" else None
        if found is not None:
            return Names(_plain(found[1]), _plain(found[2]) or "/")
    state, data = server.list('""', '""')
    found = _LISTED.match(_first(data)) if state == "OK" else None
    return Names("", _plain(found[1]) or "/") if found is not None else Names()


def below_inbox(names: Names) -> Names:
    """For a server that has no NAMESPACE, and makes no folder beside INBOX."""
    return Names(f"INBOX{names.delimiter}", names.delimiter)


def written(name: str) -> str:
    """Quoted, in modified UTF-7."""
    shifted = _FOREIGN.sub(_shifted, name.replace("&", "&-"))
    return '"' + shifted.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(run: re.Match[str]) -> str:
    coded = b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{coded}-"


def _first(data: object) -> bytes:
    found = data[0] if isinstance(data, list) and data else b""
    return found if isinstance(found, bytes) else b""


def _plain(quoted: bytes | None) -> str:
    return re.sub(rb"\\(.)", rb"\1", quoted or b"").decode("ascii", "replace")
