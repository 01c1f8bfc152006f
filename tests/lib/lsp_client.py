# SPDX-License-Identifier: MIT
"""An LSP client for tests: drives any stdio server, believes nothing.

Three ways to pace the bytes, same test for each (OLLAMA_LS_PACING):
  together   everything a test sends between two waits leaves in one write
  single     one write per message
  dribble    random splits down to one byte, from a printed seed (OLLAMA_LS_SEED)

`Client.finish` ends the session and asserts what must hold after every test: the exit code, each
request answered exactly once, every progress ended, no message nobody looked at, no sanitizer
report, no violation of the meta model or of the declared capabilities.
"""
import collections
import json
import os
import queue
import random
import re
import subprocess
import threading
import time

from lib import capabilities as caps
from lib import coverage, framing, metamodel
from lib.ai_client import AiCalls, Streams
from lib.shown import brief, no_duplicates, room

LIMIT = float(os.environ.get("OLLAMA_LS_LIMIT", "20"))
PACINGS = ("together", "single", "dribble")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|LeakSanitizer|\bAssertion\b.*failed")
STATUSES = ("experimental/serverStatus", "$/ollama-ls/status")  # may come at any time, unread
_validators = {}


class LspError(Exception):
    """An error response."""

    def __init__(self, error):
        super().__init__("%s: %s" % (error.get("code"), error.get("message")))
        self.code, self.message = error.get("code"), error.get("message")
        self.data = error.get("data")


def validator():
    """The shared validator, or None when no meta model is at hand."""
    path = metamodel.find_model()
    if path and path not in _validators:
        _validators[path] = metamodel.Validator(path)
    return _validators.get(path)


def _key(identity):
    """Ids 1 and "1" differ."""
    return type(identity).__name__, identity


class Client(AiCalls):
    """One server process and everything said to it and by it."""

    def __init__(self, command, env=None, cwd=None, profile="vscode-11", pacing=None, seed=None,
                 capabilities=None, options=None):
        self.words = [str(word) for word in command]
        self.profile_name = profile
        self.profile = caps.load(profile)
        if capabilities is not None:
            self.profile["capabilities"] = capabilities
        self.capabilities = self.profile["capabilities"]
        self.options = options
        self.conformance = caps.Conformance(self.capabilities, options)
        self.pacing = pacing or os.environ.get("OLLAMA_LS_PACING", "single")
        self.seed = seed if seed is not None else int(os.environ.get("OLLAMA_LS_SEED", "0") or 0)
        if not self.seed:
            self.seed = random.SystemRandom().randrange(1, 2 ** 31)
        self.random = random.Random(self.seed)
        self.transcript, self.violations = [], []
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, cwd=cwd, env=env,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.writing = threading.Lock()
        self.outgoing = b""
        self.next_id = 1
        self.requests = {}          # key -> {"method", "params", "answers": [message]}
        self.null_answers = []      # responses with id null
        self.inbox = collections.deque()  # calls by the server no handler has taken
        self.published = {}         # uri -> last publishDiagnostics params
        self.publish_count = collections.Counter()
        self.looked_at = set()
        self.refreshes = collections.Counter()
        self.tokens = {}            # progress token -> None or method of a partial result
        self.progress = {}          # token -> list of values
        self.registrations = {}     # id -> registration
        self.settings = {}          # answers to workspace/configuration, by section
        self.answers = {}           # server request method -> function(params) -> result
        self.applied = []           # workspace/applyEdit params
        self.streams = Streams()    # $/ollama-ls/stream by id
        self.shown = []             # window/showMessage params
        self.asked = []             # window/showMessageRequest params
        self.logged = []            # window/logMessage params
        self.result = None          # InitializeResult
        self.stderr = b""
        self.eof = False
        self._threads = [threading.Thread(target=self._read, daemon=True),
                         threading.Thread(target=self._drain, daemon=True),
                         threading.Thread(target=self._writer, daemon=True)]
        self._queue = queue.Queue()
        for thread in self._threads:
            thread.start()

    # -- sending ---------------------------------------------------------------------------

    def send(self, message):
        """Queue one message (a dictionary, or bytes taken as a whole frame)."""
        raw = message if isinstance(message, bytes) else framing.frame(message)
        with self.lock:
            self._note("-->", message)
            if self.pacing == "together":
                self.outgoing += raw
                return
        self._put(raw)

    def flush(self):
        """Let everything held back by pacing go."""
        with self.lock:
            raw, self.outgoing = self.outgoing, b""
        if raw:
            self._put(raw)

    def _put(self, raw):
        if self.pacing != "dribble" or len(raw) > 200000:
            self._queue.put(raw)
            return
        at = 0
        while at < len(raw):
            size = self.random.choice((1, 1, 2, 3, 7, 19, 100, 1000))
            self._queue.put(raw[at:at + size])
            at += size

    def _writer(self):
        stream = self.process.stdin
        while True:
            piece = self._queue.get()
            try:
                if piece is None:
                    stream.close()
                    return
                view = memoryview(piece)
                while view:
                    view = view[stream.write(view):]
            except (BrokenPipeError, ValueError):
                return
            finally:
                self._queue.task_done()

    def close_stdin(self):
        """End of input, after everything queued."""
        self.flush()
        self._queue.put(None)

    def start_request(self, method, params=None, identity=None, **members):
        """Send a request, return its id."""
        with self.lock:
            if identity is None:
                identity, self.next_id = self.next_id, self.next_id + 1
            if _key(identity) in self.requests:
                raise AssertionError("id %r used twice by the test" % (identity,))
            self.requests[_key(identity)] = {"method": method, "params": params, "answers": []}
            if isinstance(params, dict):
                if params.get("workDoneToken") is not None:
                    self.tokens[params["workDoneToken"]] = None
                if params.get("partialResultToken") is not None:
                    self.tokens[params["partialResultToken"]] = method
        message = {"jsonrpc": "2.0", "id": identity, "method": method}
        if params is not None:
            message["params"] = params
        message.update(members)
        self.send(message)
        return identity

    def expect_answer(self, identity, method=None, params=None):
        """Announce the id of a request that the test sends as raw bytes."""
        with self.lock:
            self.requests[_key(identity)] = {"method": method, "params": params, "answers": []}

    def answer(self, identity, limit=LIMIT):
        """Wait for the response to a request; the whole message."""
        entry = self.requests[_key(identity)]
        self.wait(lambda: entry["answers"], "the answer to %s (id %r)" % (entry["method"], identity),
                  limit)
        return entry["answers"][0]

    def request(self, method, params=None, limit=LIMIT):
        """Send a request and return its result; LspError for an error response."""
        message = self.answer(self.start_request(method, params), limit)
        if "error" in message:
            raise LspError(message["error"])
        return message["result"]

    def notify(self, method, params=None):
        """Send a notification."""
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)

    def cancel(self, identity):
        """$/cancelRequest."""
        self.notify("$/cancelRequest", {"id": identity})

    # -- receiving -------------------------------------------------------------------------

    def _read(self):
        try:
            while True:
                body = framing.read_frame(self._stdout())
                if body is None:
                    break
                self._take(json.loads(body.decode("utf-8"), object_pairs_hook=no_duplicates))
        except Exception as error:  # whatever it is, the test must hear of it
            with self.lock:
                self.violations.append("output: %s: %s" % (type(error).__name__, error))
        with self.changed:
            self.eof = True
            self.changed.notify_all()

    def _stdout(self):
        if not hasattr(self, "_buffered"):
            self._buffered = os.fdopen(os.dup(self.process.stdout.fileno()), "rb", 1 << 16)
        return self._buffered

    def _drain(self):
        while True:
            piece = self.process.stderr.read(65536)
            if not piece:
                return
            with self.lock:
                self.stderr = (self.stderr + piece)[-4_000_000:]

    def _take(self, message):
        replies = []
        with self.changed:
            self._note("<--", message)
            check = validator()
            if check:
                self.violations += check.check(message, self._method_of, self.tokens)
            if "method" in message:
                self.violations += self.conformance.call(message)
                self._early(message)
                self._call(message, replies)
            else:
                self._response(message)
            self.changed.notify_all()
        for reply in replies:
            self.send(dict(reply, jsonrpc="2.0"))
        if replies:
            self.flush()

    def _method_of(self, identity):
        entry = self.requests.get(_key(identity))
        return entry["method"] if entry else None

    def _early(self, message):
        """Before the InitializeResult only messages to the user may leave the server."""
        allowed = ("window/showMessage", "window/logMessage", "telemetry/event",
                   "window/showMessageRequest", "$/progress")
        if self.result is None and message["method"] not in allowed:
            self.violations.append("%s before the answer to initialize" % message["method"])

    def _response(self, message):
        identity = message.get("id")
        if identity is None:
            self.null_answers.append(message)
            return
        entry = self.requests.get(_key(identity))
        if entry is None:
            self.violations.append("answer to an id never sent: %r" % (identity,))
            return
        entry["answers"].append(message)
        if len(entry["answers"]) > 1:
            self.violations.append("second answer to id %r" % (identity,))
        if "result" in message:
            if entry["method"] == "initialize":
                self.result = message["result"]
            self.violations += self.conformance.result(entry["method"], message["result"],
                                                       entry["params"])

    def _call(self, message, replies):
        method, params = message["method"], message.get("params") or {}
        if "id" in message:
            replies.append(self._reply(message["id"], method, params))
        elif method == "textDocument/publishDiagnostics":
            self.published[params["uri"]] = params
            self.publish_count[params["uri"]] += 1
        elif method == "$/progress":
            self._progress(params)
        elif method == "$/ollama-ls/stream":
            self.violations += self.streams.note(params)
        elif method == "window/logMessage":
            self.logged.append(params)
        elif method == "window/showMessage":
            self.shown.append(params)
            self.inbox.append(message)
        else:
            self.inbox.append(message)

    def _progress(self, params):
        values = self.progress.setdefault(params["token"], [])
        value = params["value"]
        if self.tokens.get(params["token"], "") is None:
            kind = value.get("kind")
            if (kind == "begin") != (not values):
                self.violations.append("progress %r: %s out of order" % (params["token"], kind))
            if values and values[-1].get("kind") == "end":
                self.violations.append("progress %r goes on after its end" % (params["token"],))
            seen = [v["percentage"] for v in values if "percentage" in v]
            if "percentage" in value and seen and value["percentage"] < seen[-1]:
                self.violations.append("progress %r: percentage falls" % (params["token"],))
        values.append(value)

    def _reply(self, identity, method, params):
        def result(value):
            return {"id": identity, "result": value}

        if method in self.answers:
            answer = self.answers[method](params)
            if isinstance(answer, LspError):
                return {"id": identity, "error": {"code": answer.code, "message": answer.message}}
            if method == "workspace/applyEdit":
                self.applied.append(params)
            return result(answer)
        if method == "workspace/configuration":
            return result([self._setting(item) for item in params.get("items", [])])
        if method == "client/registerCapability":
            for registration in params["registrations"]:
                if registration["id"] in self.registrations:
                    self.violations.append("registration id used twice")
                self.registrations[registration["id"]] = registration
            return result(None)
        if method == "client/unregisterCapability":
            for gone in params["unregisterations"]:
                self.registrations.pop(gone["id"], None)
            return result(None)
        if method == "window/workDoneProgress/create":
            if params["token"] in self.tokens:
                self.violations.append("progress token %r used twice" % (params["token"],))
            if not isinstance(params["token"], str):
                self.violations.append("progress token is no string")
            self.tokens[params["token"]] = None
            return result(None)
        if method == "window/showMessageRequest":
            self.asked.append(params)
            self.inbox.append({"method": method, "params": params})
            return result(None)
        if method == "workspace/applyEdit":
            self.applied.append(params)
            self.inbox.append({"method": method, "params": params})
            return result({"applied": True})
        if method == "window/showDocument":
            self.inbox.append({"method": method, "params": params})
            return result({"success": True})
        if method.endswith("/refresh"):
            self.refreshes[method] += 1
            return result(None)
        if method == "workspace/workspaceFolders":
            return result(None)
        self.inbox.append({"method": method, "params": params})
        return {"id": identity, "error": {"code": -32601, "message": "not in this test client"}}

    def _setting(self, item):
        value = self.settings
        section = item.get("section")
        if not section:
            return value or None
        for part in [section] if section in value else section.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    # -- waiting ---------------------------------------------------------------------------

    def wait(self, condition, what, limit=LIMIT):
        """Wait until condition() holds; returns its value. Fails with the transcript."""
        self.flush()
        deadline = time.monotonic() + limit
        with self.changed:
            while True:
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0 or self.eof:
                    raise AssertionError("%s waiting for %s\n%s" % (
                        "output ended" if self.eof else "%.0f s passed" % limit, what,
                        self.report()))
                self.changed.wait(left)

    def poll(self, ask, what, limit=LIMIT):
        """Ask again and again until the answer is true; for what no message announces."""
        deadline = time.monotonic() + limit
        while True:
            self.flush()
            value = ask()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError("%.0f s passed asking for %s\n%s" % (limit, what, self.report()))
            with self.changed:
                self.changed.wait(0.02)

    def take(self, method, where=lambda params: True, limit=LIMIT):
        """Wait for a server call of that method and take it out of the inbox."""
        def find():
            for message in self.inbox:
                if message["method"] == method and where(message.get("params")):
                    self.inbox.remove(message)
                    return [message.get("params")]
            return None
        return self.wait(find, method, limit)[0]

    def drop(self, method):
        """Forget inbox messages of that method: the test does not care how many there are."""
        with self.lock:
            self.inbox = collections.deque(m for m in self.inbox if m["method"] != method)

    def settle(self):
        """Return once the server has handled everything sent so far (an ordered round trip)."""
        identity = self.start_request("$/ollama-ls/test-barrier")
        message = self.answer(identity)
        if message.get("error", {}).get("code") != -32601:
            raise AssertionError("an unknown $/ request must give -32601: %r" % (message,))

    def ended(self, limit=LIMIT):
        """Wait for the process to end by itself; the exit code."""
        self.flush()
        try:
            code = self.process.wait(limit)
            self._threads[0].join(limit)  # everything it wrote has been read
            return code
        except subprocess.TimeoutExpired:
            raise AssertionError("the server still runs after %.0f s\n%s"
                                 % (limit, self.report())) from None

    # -- documents and features ------------------------------------------------------------

    def initialize(self, folders=(), **changes):
        """initialize + initialized; returns the InitializeResult."""
        params = {"processId": os.getpid(), "capabilities": self.capabilities,
                  "rootUri": folders[0]["uri"] if folders else None,
                  "workspaceFolders": list(folders) or None}
        if self.profile.get("clientInfo"):
            params["clientInfo"] = self.profile["clientInfo"]
        if self.options is not None:
            params["initializationOptions"] = self.options
        params.update(changes)
        result = self.request("initialize", params)
        self.notify("initialized", {})
        return result

    @property
    def encoding(self):
        """The negotiated position encoding."""
        return ((self.result or {}).get("capabilities") or {}).get("positionEncoding", "utf-16")

    @property
    def pulling(self):
        """True where this session pulls diagnostics."""
        return "diagnosticProvider" in ((self.result or {}).get("capabilities") or {})

    def open(self, uri, text, language="", version=1):
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": language, "version": version, "text": text}})

    def edit(self, uri, version, changes):
        """didChange; changes is a string (whole text) or a list of change events."""
        if isinstance(changes, str):
            changes = [{"text": changes}]
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": changes})

    def close(self, uri):
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def diagnostics(self, uri, until=None, limit=LIMIT):
        """The findings of a document, pushed or pulled, once until(list) holds.

        Without `until`: those that describe the document as it is now with what is known now.
        """
        self.looked_at.add(uri)
        if self.pulling:
            return self._pull(uri, until, limit)
        if until is None or until([]):
            # Nothing published yet means nothing found, so let the server get there first: two
            # round trips, because findings may be sent when the loop is idle.
            self.settle()
            self.settle()
        if until is None:
            return self.published.get(uri, {"diagnostics": []})["diagnostics"]
        return self.wait(lambda: self._published_like(uri, until), "diagnostics of %s" % uri,
                         limit)[0]

    def _published_like(self, uri, until):
        found = self.published.get(uri, {"diagnostics": []})
        return [found["diagnostics"]] if until(found["diagnostics"]) else None

    def _pull(self, uri, until, limit):
        deadline = time.monotonic() + limit
        while True:
            with self.lock:
                seen = self.refreshes["workspace/diagnostic/refresh"]
            report = self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            items = report.get("items", [])
            if until is None or until(items):
                return items
            self.wait(lambda: self.refreshes["workspace/diagnostic/refresh"] > seen,
                      "a diagnostic refresh after %r" % (items,), deadline - time.monotonic())

    def command(self, verb, *arguments, limit=LIMIT):
        """workspace/executeCommand of ollama-ls.VERB."""
        return self.request("workspace/executeCommand",
                            {"command": "ollama-ls." + verb, "arguments": list(arguments)}, limit)

    def progress_done(self, token=None, limit=LIMIT):
        """Wait until the progress with that token (or any one) has ended; its values."""
        def find():
            for name, values in self.progress.items():
                if (token is None or name == token) and values and values[-1].get("kind") == "end":
                    return values
            return None
        return self.wait(find, "the end of progress %r" % (token,), limit)

    # -- the end ---------------------------------------------------------------------------

    def finish(self, code=0, shutdown=True, strict=True):
        """End the session by protocol and assert all of the above."""
        if self.process.poll() is None and shutdown:
            self.request("shutdown")
            self.notify("exit")
        self.close_stdin()
        actual = self.ended()
        for thread in self._threads[:2]:
            thread.join(LIMIT)
        coverage.note(self)
        problems = self.problems(strict)
        if actual != code:
            problems.insert(0, "exit code %s, not %s" % (actual, code))
        if problems:
            raise AssertionError("%s\n%s" % ("\n".join(problems), self.report()))

    def problems(self, strict=True):
        """What is wrong with the session so far."""
        with self.lock:
            found = list(dict.fromkeys(self.violations))
            for entry in self.requests.values():
                if not entry["answers"]:
                    found.append("%s was never answered" % entry["method"])
            for token, values in self.progress.items():
                if self.tokens.get(token, "") is None and values[-1].get("kind") != "end":
                    found.append("progress %r never ended" % (token,))
            found += self.streams.unfinished()
            if SANITIZER.search(self.stderr.decode("utf-8", "replace")):
                found.append("the sanitizers complain")
            if strict:
                found += ["unread message %s" % brief(m) for m in self.inbox
                          if m["method"] not in STATUSES]
                found += ["unread answer with id null %s" % brief(m) for m in self.null_answers]
                found += ["findings nobody looked at in %s" % uri
                          for uri, last in self.published.items()
                          if last["diagnostics"] and uri not in self.looked_at]
                found += ["logged as error: %s" % p["message"] for p in self.logged if p["type"] == 1]
        return found

    def kill(self):
        """For tearDown: leave no process behind, whatever happened."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._queue.put(None)
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()

    def _note(self, arrow, message):
        self.transcript.append((time.monotonic() - self.started, arrow, message))

    def report(self):
        """The transcript, for a failure."""
        with self.lock:
            lines = ["%s  profile=%s pacing=%s seed=%d" % (
                " ".join(self.words), self.profile_name, self.pacing, self.seed)]
            lines += ["violation: " + text for text in dict.fromkeys(self.violations)]
            for at, arrow, message in self.transcript[-80:]:
                lines.append("%8.3f %s %s" % (at, arrow, brief(message, room(message))))
            text = self.stderr.decode("utf-8", "replace")
            if text.strip():
                lines.append("stderr: " + text[-6000:])
        return "\n".join(lines)
