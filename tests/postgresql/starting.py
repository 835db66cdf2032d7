"""A server that starts: it refuses each connection as PostgreSQL does then. Prints its port.

It is a process of its own, as the driver holds Python's lock while it asks whether a server is there.
"""

from __future__ import annotations

import socketserver

WISH_FOR_TLS = (80877103).to_bytes(4, "big")


class Starting(socketserver.BaseRequestHandler):
    """Answers the first messages of a connection."""

    def handle(self) -> None:
        # These messages have a length, and no kind.
        while len(length := self.request.recv(4)) == 4:
            if self.request.recv(int.from_bytes(length, "big") - 4).startswith(WISH_FOR_TLS):
                self.request.sendall(b"N")
                continue
            fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
            self.request.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
            return


if __name__ == "__main__":
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Starting) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
