# SPDX-License-Identifier: MIT
"""The HTTP/1.1 half of the fake: sockets, keep-alive, faults, and a record of all that arrived."""
import dataclasses
import json
import select
import socket
import struct
import threading
import time
import typing

from fake_ollama import api
from fake_ollama.models import Model
from fake_ollama.speech import Speeches

REASONS = {200: "OK", 201: "Created", 301: "Moved Permanently", 307: "Temporary Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 500: "Internal Server Error", 503: "Service Unavailable"}

FAULTS = """
stall           read the request, never answer (until released or the client leaves)
slow            wait `seconds`, then answer as usual
trickle         answer as usual, one byte every `seconds`
reset           close with RST before any byte
reset-mid       send the head and half of the body, then RST
html            200 text/html, a login page
garbage         200 application/json, bytes that are no JSON
type            the usual body, as application/octet-stream
half-utf8       JSON that ends inside a multi-byte character
endless         200, a JSON array that never ends, as fast as the client reads
long-line       200 ndjson, one line of `size` bytes (default 10 GB) without a newline
deep            200, JSON nested 100,000 deep
truncate        a stream without its final frame
error-frame     a stream that fails in the middle with {"error": …}
status          `code` with {"error": `text`}
unauthorized    401 with a signin_url
redirect        307 to `location`
no-length       body until close, without Content-Length
empty           200 with an empty body
""".strip()
FAULT_NAMES = tuple(line.split()[0] for line in FAULTS.splitlines())


@dataclasses.dataclass
class Fault:
    """One misbehaviour, applied to `count` requests (None: all) whose path begins with `path`."""

    path: str
    kind: str
    count: typing.Optional[int] = None
    options: dict = dataclasses.field(default_factory=dict)
    release: threading.Event = dataclasses.field(default_factory=threading.Event)


@dataclasses.dataclass
class Request:
    """What arrived. `closed_at` is set when the client left before the answer was whole."""

    method: str
    path: str
    headers: dict
    body: bytes
    connection: int
    at: float
    closed_at: typing.Optional[float] = None
    finished_at: typing.Optional[float] = None

    @property
    def json(self):
        """The body as JSON; {} for none."""
        return json.loads(self.body) if self.body else {}


class Gone(Exception):
    """The client closed its side."""


class FakeOllama(Speeches):
    """The server. Start with `with`, or start() and stop()."""

    def __init__(self, models=(), port=0, host="127.0.0.1", version="0.33.0",
                 tags_have_capabilities=True, running=(), library=(), load_seconds=0.0,
                 frame_seconds=0.0):
        super().__init__()
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.models = [Model.of(m) for m in models]
        self.library = [Model.of(m) for m in library]  # what a pull can fetch
        self.loaded = {}                               # name -> (expires_at text, context)
        self.version = version
        self.tags_have_capabilities = tags_have_capabilities
        self.load_seconds, self.frame_seconds = load_seconds, frame_seconds
        self.host, self.port = host, port
        self.faults, self.log = [], []
        self.connections = 0
        self.open_connections = 0
        self.before_wait = lambda: None  # lets a test send what it has held back
        self.listener, self.stopping = None, False
        self.sockets = set()
        for name in running:
            self.load(name)

    # -- life ------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Listen; again on the same port after refuse()."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self.listener, self.stopping = listener, False
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self):
        """Stop listening and drop every connection."""
        self.stopping = True
        with self.lock:
            for fault in self.faults:
                fault.release.set()
            for connection in list(self.sockets):
                _shut(connection)
        if self.listener:
            _shut(self.listener)
            self.listener = None

    refuse = stop  # from now on connections are refused, until start()

    @property
    def url(self):
        """Base URL."""
        host = "[%s]" % self.host if ":" in self.host else self.host
        return "http://%s:%d" % (host, self.port)

    # -- the script ------------------------------------------------------------------------

    def fault(self, path, kind, count=None, **options):
        """Misbehave; the last fault set for a path wins. Returns it (release() ends a stall)."""
        if kind not in FAULT_NAMES:
            raise ValueError("no fault %r; there are: %s" % (kind, ", ".join(FAULT_NAMES)))
        fault = Fault(path, kind, count, options)
        with self.lock:
            self.faults.append(fault)
        return fault

    def heal(self):
        """Forget every fault."""
        with self.lock:
            for fault in self.faults:
                fault.release.set()
            self.faults = []

    def add(self, model):
        """Install a model behind the client's back."""
        with self.lock:
            self.models.append(Model.of(model))

    def remove(self, name):
        """Remove a model behind the client's back."""
        with self.lock:
            self.models = [m for m in self.models if not m.matches(name)]

    def find(self, name):
        """The installed model of that name, or None."""
        with self.lock:
            return next((m for m in self.models if m.matches(name)), None)

    def load(self, name, context=4096):
        """Show a model as running."""
        model = self.find(name)
        with self.lock:
            self.loaded[model.name] = ("2318-04-11T08:22:31.5+02:00", context)

    # -- the record ------------------------------------------------------------------------

    def requests(self, path=None, method=None):
        """What arrived so far, oldest first."""
        with self.lock:
            return [r for r in self.log if (path is None or r.path == path)
                    and (method is None or r.method == method)]

    def forget(self):
        """Empty the record."""
        with self.lock:
            self.log.clear()

    def wait_for(self, path, count=1, limit=15.0):
        """Wait until `count` requests to a path have arrived; returns them."""
        return self.wait(lambda: len(self.requests(path)) >= count and self.requests(path),
                         "%d × %s" % (count, path), limit)

    def wait_closed(self, path, limit=15.0):
        """Wait until a client left a request to that path unanswered; that request."""
        def left():
            return [r for r in self.requests(path) if r.closed_at]
        return self.wait(left, "a client leaving " + path, limit)[-1]

    def wait(self, condition, what, limit=15.0):
        """Wait for a condition on the record."""
        self.before_wait()
        deadline = time.monotonic() + limit
        with self.changed:
            while True:
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError("fake Ollama: no %s; it saw %s" % (
                        what, [(r.method, r.path) for r in self.log[-20:]]))
                self.changed.wait(left)

    # -- sockets ---------------------------------------------------------------------------

    def _accept(self, listener):
        while not self.stopping:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self.connections += 1
                self.open_connections += 1
                self.sockets.add(connection)
                number = self.connections
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        try:
            Connection(self, connection, number).run()
        except (Gone, OSError, ValueError):
            pass
        finally:
            _shut(connection)
            with self.changed:
                self.sockets.discard(connection)
                self.open_connections -= 1
                self.changed.notify_all()

    def take_fault(self, path):
        """The fault for this request, if any; counts it down."""
        with self.lock:
            for fault in reversed(self.faults):
                if path.startswith(fault.path):
                    if fault.count is not None:
                        fault.count -= 1
                        if fault.count <= 0:
                            self.faults.remove(fault)
                    return fault
        return None


def _shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


class Connection:
    """One client connection: reads requests, writes answers, notices when the client leaves."""

    def __init__(self, fake, connection, number):
        self.fake, self.socket, self.number = fake, connection, number
        self.buffer = b""
        self.request = None
        self.pace = None  # seconds per byte while a trickle fault applies
        self.media_type = None
        self.final_frame = True
        self.break_after = None
        self.collected = None  # bytes of a stream that becomes one object (stream: false)
        self.sent_head = False

    def run(self):
        while not self.fake.stopping and self._read_request():
            fault = self.fake.take_fault(self.request.path)
            self.pace = self.media_type = self.break_after = None
            self.final_frame, self.sent_head = True, False
            try:
                if fault is None or not self._misbehave(fault):
                    api.answer(self.fake, self)
            except (Gone, OSError):
                with self.fake.changed:
                    self.request.closed_at = time.monotonic()
                    self.fake.changed.notify_all()
                raise
            with self.fake.changed:
                self.request.finished_at = time.monotonic()
                self.fake.changed.notify_all()
            if self.request.headers.get("connection", "").lower() == "close":
                return

    # -- reading ---------------------------------------------------------------------------

    def _fill(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise Gone()
        self.buffer += piece

    def _read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.buffer and self.fake.stopping:
                return False
            self._fill()
            if len(self.buffer) > 1 << 20:
                raise Gone()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._read_body(headers)
        self.request = Request(method, path.split("?")[0], headers, body, self.number,
                               time.monotonic())
        with self.fake.changed:
            self.fake.log.append(self.request)
            self.fake.changed.notify_all()
        return True

    def _read_body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self._line(), 16)
                piece = self._exactly(size + 2)[:size]
                if not size:
                    return body
                body += piece
        return self._exactly(int(headers.get("content-length", "0")))

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _exactly(self, size):
        while len(self.buffer) < size:
            self._fill()
        piece, self.buffer = self.buffer[:size], self.buffer[size:]
        return piece

    # -- writing ---------------------------------------------------------------------------

    def gone(self):
        """True when the client has closed its side; never blocks."""
        readable, _, _ = select.select([self.socket], [], [], 0)
        if not readable:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def pause(self, seconds, release=None):
        """Wait, but notice a client that leaves; `release` ends the wait early."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.fake.stopping:
            if release is not None and release.is_set():
                return
            if self.gone():
                raise Gone()
            readable, _, _ = select.select([self.socket], [], [],
                                           min(0.01, max(0.0, deadline - time.monotonic())))
            if readable and not self.gone():
                time.sleep(0.005)  # a pipelined request waits; keep watching for the end
        if self.fake.stopping:
            raise Gone()

    def write(self, raw):
        if self.break_after is not None:
            if len(raw) > self.break_after:
                self.socket.sendall(raw[:self.break_after])
                self.reset()
            self.break_after -= len(raw)
        if self.pace is None:
            self.socket.sendall(raw)
            return
        for byte in raw:
            self.socket.sendall(bytes([byte]))
            self.pause(self.pace)

    def reset(self):
        """Close so that the client sees ECONNRESET."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        raise Gone()

    def head(self, status, media_type, *fields):
        lines = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Unknown"))]
        if media_type:
            lines.append("Content-Type: " + (self.media_type or media_type))
        lines += ["Date: Sat, 21 Nov 2026 10:00:00 GMT"] + list(fields)
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send(self, status, body, media_type="application/json; charset=utf-8", *fields):
        """One whole answer."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False).encode("utf-8")
        self.write(self.head(status, media_type, "Content-Length: %d" % len(body), *fields)
                   + (b"" if self.request.method == "HEAD" else body))

    def stream(self, frames):
        """An NDJSON stream, chunked; each frame may be (seconds to wait before it, frame)."""
        for frame in frames:
            if isinstance(frame, tuple):
                self.pause(frame[0])
                frame = frame[1]
            if not self.final_frame and (frame.get("done") or frame.get("status") == "success"):
                break
            self.chunk(json.dumps(frame, ensure_ascii=False).encode("utf-8") + b"\n")
        self.end_chunks()

    def chunk(self, raw):
        """Some bytes of a stream, in one chunk; the head goes before the first."""
        if self.collected is not None:
            self.collected += raw
            return
        if not self.sent_head:
            self.sent_head = True
            self.write(self.head(200, "application/x-ndjson", "Transfer-Encoding: chunked"))
        if self.gone():
            self.leave()
        if raw:
            self.write(b"%x\r\n%s\r\n" % (len(raw), raw))

    def end_chunks(self):
        if self.collected is None:
            self.chunk(b"")
            self.write(b"0\r\n\r\n")

    def collect(self, reply, name, wrap):
        """The whole reply as one object, for `stream: false`."""
        self.collected = b""
        reply.speak(self, name, wrap)
        frames = [json.loads(line) for line in self.collected.splitlines()]
        self.collected = None
        last = frames[-1]
        if "message" in last:
            last["message"]["content"] = "".join(f["message"]["content"] for f in frames)
        else:
            last["response"] = "".join(f["response"] for f in frames)
        self.send(200, last)

    def leave(self):
        """Give the connection up."""
        raise Gone()

    # -- faults ----------------------------------------------------------------------------

    def _misbehave(self, fault):
        """True when the fault was the whole answer."""
        return getattr(self, "_fault_" + fault.kind.replace("-", "_"))(fault)

    def _fault_stall(self, fault):
        self.pause(fault.options.get("seconds", 3600.0), fault.release)
        return False

    def _fault_slow(self, fault):
        self.pause(fault.options.get("seconds", 0.5), fault.release)
        return False

    def _fault_trickle(self, fault):
        self.pace = fault.options.get("seconds", 0.002)
        return False

    def _fault_reset(self, fault):
        self.reset()

    def _fault_reset_mid(self, fault):
        self.break_after = fault.options.get("after", 160)
        return False

    def _fault_html(self, fault):
        self.send(200, b"<!doctype html><title>Sign in</title><h1>Sign in to the Wi-Fi</h1>",
                  "text/html; charset=utf-8")
        return True

    def _fault_garbage(self, fault):
        self.send(200, b'{"models": [{"name": \x00\xff\xfe]]] not json',
                  "application/json; charset=utf-8")
        return True

    def _fault_type(self, fault):
        self.media_type = "application/octet-stream"
        return False

    def _fault_half_utf8(self, fault):
        self.send(200, b'{"models":[{"name":"caf\xc3')
        return True

    def _fault_no_length(self, fault):
        self.write(self.head(200, "application/json", "Connection: close") + b'{"version":"0.33.0"')
        raise Gone()

    def _fault_empty(self, fault):
        self.send(200, b"", "application/json")
        return True

    def _fault_deep(self, fault):
        self.send(200, b'{"models":' + b"[" * 100000 + b"]" * 100000 + b"}")
        return True

    def _flood(self, piece, size):
        left = size
        try:
            while left > 0 and not self.fake.stopping:
                self.socket.sendall(piece[:min(left, len(piece))])
                left -= len(piece)
        finally:
            self.socket.close()
        raise Gone()

    def _fault_endless(self, fault):
        self.write(self.head(200, "application/json", "Connection: close") + b'{"models":[')
        piece = b'{"name":"m:latest","model":"m:latest","size":1,"digest":"00"},' * 1000
        return self._flood(piece, fault.options.get("size", 10 << 30))

    def _fault_long_line(self, fault):
        self.write(self.head(200, "application/x-ndjson", "Connection: close") + b'{"status":"')
        return self._flood(b"x" * (1 << 20), fault.options.get("size", 10 << 30))

    def _fault_truncate(self, fault):
        self.final_frame = False
        return False

    def _fault_error_frame(self, fault):
        text = fault.options.get(
            "text", "an error was encountered while running the model: unexpected EOF")
        frames = [{"status": "pulling manifest"}] if "pull" in self.request.path else [
            {"model": "m", "created_at": "2026-11-21T09:00:00Z", "response": "a", "done": False}]
        self.stream(frames + [{"error": text}])
        return True

    def _fault_status(self, fault):
        code = fault.options.get("code", 500)
        text = fault.options.get("text", "something broke")
        self.send(code, {"error": text}, "application/json")
        return True

    def _fault_unauthorized(self, fault):
        self.send(401, {"error": "unauthorized",
                        "signin_url": "https://ollama.com/connect?name=h&key=QUJD"})
        return True

    def _fault_redirect(self, fault):
        location = fault.options.get("location", "/elsewhere" + self.request.path)
        self.send(fault.options.get("code", 307),
                  b'<a href="%s">Temporary Redirect</a>.\n' % location.encode(), "text/html",
                  "Location: " + location)
        return True
