# SPDX-License-Identifier: Apache-2.0
"""A name server and a web server that can be told to fail, each on an address of its own."""

import http.server
import socket
import struct
import threading


class Names:
    """Every name under .test has this address.  mode: good, dead (says nothing), servfail."""

    def __init__(self, at, address):
        self.mode, self.address = "good", address
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((at, 0))
        self.server = f"{at}:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(4096)
                if self.mode != "dead":
                    self.socket.sendto(self.answer(question), sender)
            except OSError:
                return

    def answer(self, question):
        """RFC 1035 4.1: the question as it came, and one A record when that was asked for."""
        end = 12
        while question[end]:
            end += question[end] + 1
        kind = struct.unpack_from("!H", question, end + 1)[0]
        asked = question[12:end + 5]
        if self.mode == "servfail":
            return question[:2] + struct.pack("!HHHHH", 0x8182, 1, 0, 0, 0) + asked
        found = kind == 1
        head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, found, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(self.address)
        return head + asked + (record if found else b"")

    def close(self):
        self.socket.close()


class Web:
    """Answers 204, or sends everybody to `portal`."""

    def __init__(self, at):
        self.portal = None
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                self.send_response(302 if web.portal else 204)
                if web.portal:
                    self.send_header("Location", web.portal)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((at, 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
