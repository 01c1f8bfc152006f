# SPDX-License-Identifier: MIT
"""The LSP base protocol: Content-Length frames."""
import json


def frame(message, **dump):
    """The bytes of one message (a JSON value, or bytes that are sent as they are)."""
    body = message if isinstance(message, bytes) else json.dumps(message, **dump).encode("utf-8")
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_frame(stream):
    """The body of the next frame, or None at the end of the input.

    Strict on purpose: a server may send Content-Length and nothing else, because eglot looks for
    it in the first 100 bytes only (reference: LSP base protocol; jsonrpc.el of Emacs).
    """
    head = stream.readline()
    if not head:
        return None
    if not head.startswith(b"Content-Length: ") or not head.endswith(b"\r\n"):
        raise ValueError("bad header line %r" % head[:200])
    size = int(head[len(b"Content-Length: "):-2])
    blank = stream.readline()
    if blank != b"\r\n":
        raise ValueError("more than Content-Length in the header: %r" % blank[:200])
    body = stream.read(size)
    if len(body) != size:
        raise ValueError("the output ends inside a message of %d bytes" % size)
    return body
