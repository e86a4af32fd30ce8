"""A small IMAP4rev1 server (RFC 3501, 4315, 6851) for one account, on this machine only.

It keeps mails as bytes by folder and UID, and speaks what Python's own client says: the mailbox is
tested through `imaplib`, over a socket.
"""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field
from itertools import count
from typing import Any

USER, PASSWORD = "rechnung@stadt", "geheim/1"
ARRIVED = b"02-Nov-2026 08:00:00 +0100"


@dataclass
class Post:
    """What lies in the account. `flags` holds the UIDs that are marked as deleted."""

    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    deleted: set[int] = field(default_factory=set)
    capabilities: str = "IMAP4rev1 MOVE UIDPLUS"
    prefix: str = ""
    """Folders are made only with this before their name."""
    delimiter: str = "/"
    dies_before: str | None = None
    """The connection breaks instead of doing this command."""
    _uids: Any = field(default_factory=lambda: count(7))

    def put(self, raw: bytes, folder: str = "INBOX") -> int:
        uid = next(self._uids)
        self.folders[folder][uid] = raw
        return int(uid)


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        self.post: Post = self.server.post  # type: ignore[attr-defined]
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            verb, _, more = rest.partition(" ")
            if verb == "UID":
                verb, _, more = more.partition(" ")
            if verb == self.post.dies_before:
                self.post.dies_before = None
                return
            self.say(f"{tag} {self.answer(verb.upper(), more)} done".encode())
            if verb == "LOGOUT":
                return

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def answer(self, verb: str, more: str) -> str:
        done: str = getattr(self, f"do_{verb.lower()}")(more)
        return done

    def do_capability(self, _: str) -> str:
        self.say(f"* CAPABILITY {self.post.capabilities}".encode())
        return "OK"

    def do_login(self, more: str) -> str:
        user, _, password = more.partition(" ")
        right = (user.strip('"'), password.strip('"')) == (USER, PASSWORD)
        return "OK" if right else "NO LOGIN failed"

    def do_namespace(self, _: str) -> str:
        self.say(f'* NAMESPACE (("{self.post.prefix}" "{self.post.delimiter}")) NIL NIL'.encode())
        return "OK"

    def do_list(self, _: str) -> str:
        self.say(f'* LIST (\\Noselect) "{self.post.delimiter}" ""'.encode())
        return "OK"

    def do_status(self, more: str) -> str:
        name = more.rpartition(" ")[0].strip('"')
        if name not in self.post.folders:
            return "NO no such folder"
        self.say(f"* STATUS {name} (MESSAGES 0)".encode())
        return "OK"

    def do_logout(self, _: str) -> str:
        self.say(b"* BYE")
        return "OK"

    def do_select(self, more: str) -> str:
        self.folder = more.strip('"')
        if self.folder not in self.post.folders:
            return "NO no such folder"
        self.say(f"* {len(self.post.folders[self.folder])} EXISTS".encode())
        return "OK [READ-WRITE]"

    def do_create(self, more: str) -> str:
        name = more.strip('"')
        if name in self.post.folders or not name.startswith(self.post.prefix):
            return "NO exists, or must not"
        self.post.folders[name] = {}
        return "OK"

    def do_search(self, _: str) -> str:
        uids = [str(uid) for uid in self.mails if uid not in self.post.deleted]
        self.say(f"* SEARCH {' '.join(uids)}".rstrip().encode())
        return "OK"

    def do_fetch(self, more: str) -> str:
        uid, _, what = more.partition(" ")
        raw = self.mails[int(uid)]
        if "BODY.PEEK[]" in what:
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw)
            self.say(b")")
        else:
            size = f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE ".encode()
            self.say(size + b'"' + ARRIVED + b'")')
        return "OK"

    def do_append(self, more: str) -> str:
        found = re.fullmatch(r'"?([^" ]+)"? .*\{(\d+)\}', more)
        assert found is not None
        self.say(b"+ go on")
        raw = self.rfile.read(int(found[2]))
        self.rfile.readline()
        self.post.put(raw, found[1])
        return "OK"

    def do_copy(self, more: str) -> str:
        uid, _, folder = more.partition(" ")
        self.post.put(self.mails[int(uid)], folder.strip('"'))
        return "OK"

    def do_move(self, more: str) -> str:
        self.do_copy(more)
        del self.mails[int(more.partition(" ")[0])]
        return "OK"

    def do_store(self, more: str) -> str:
        self.post.deleted.add(int(more.partition(" ")[0]))
        return "OK"

    def do_expunge(self, more: str) -> str:
        del self.mails[int(more)]
        return "OK"

    @property
    def mails(self) -> dict[int, bytes]:
        return self.post.folders[self.folder]


class ImapServer(socketserver.ThreadingTCPServer):
    """`with ImapServer(Post()) as server: … server.url`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, post: Post) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.post = post
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"imap://rechnung%40stadt:geheim%2F1@127.0.0.1:{self.server_address[1]}/INBOX"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
