# SPDX-License-Identifier: MIT
"""The AI half of the test client: running actions, their streams, and a document that lives.

`Document` is an open buffer of a real editor in small: it applies the server's edits, knows its
version, tells the server of each change, and counts what a user would have to undo.
"""
from lib import positions

PREFIX = "ollama-ls/"


class Streams:
    """Every $/ollama-ls/stream so far, by id, and what is wrong with them (DESIGN.md A8.3)."""

    def __init__(self):
        self.by_id = {}
        self.loose = set()  # ids whose deltas need not add up to the whole text

    def note(self, params):
        """Keep one notification; its violations."""
        identity = params.get("id")
        before = self.by_id.setdefault(identity, [])
        errors = ["stream %r: %s" % (identity, text) for text in self._wrong(params, before)]
        before.append(params)
        return errors

    def _wrong(self, params, before):
        kind = params.get("kind")
        if params.get("seq") != len(before):
            yield "seq %r where %d is due" % (params.get("seq"), len(before))
        if (kind == "begin") != (not before):
            yield "%s out of order" % kind
        if before and before[-1].get("kind") == "end":
            yield "goes on after its end"
        allowed = {"begin": {"uri", "range", "action", "output", "model"}, "delta": {"text"},
                   "thinking": {"text"}, "end": {"text", "outcome", "error"}}.get(kind, set())
        given = set(params) - {"id", "seq", "kind"}
        if given - allowed:
            yield "%s with %s" % (kind, ", ".join(sorted(given - allowed)))
        if allowed - given - {"error"}:
            yield "%s without %s" % (kind, ", ".join(sorted(allowed - given - {"error"})))
        if kind in ("delta", "thinking") and not params.get("text"):
            yield "an empty " + kind
        if kind == "end":
            yield from self._wrong_end(params, before)

    def _wrong_end(self, params, before):
        outcome = params.get("outcome")
        if (outcome == "failed") and "error" not in params:
            yield "failed without an error"
        if outcome == "applied" and "error" in params:
            yield "applied with an error"
        for member in ("message", "remedy"):
            if "error" in params and not params["error"].get(member):
                yield "an error without its " + member
        joined = "".join(p["text"] for p in before if p.get("kind") == "delta")
        if outcome == "applied" and params["id"] not in self.loose and joined != params.get("text"):
            yield "deltas %r do not add up to %r" % (joined[-200:], (params.get("text") or "")[-200:])

    def unfinished(self):
        return ["stream %r never ended" % identity for identity, seen in self.by_id.items()
                if seen[-1].get("kind") != "end"]


class AiCalls:
    """Mixed into Client."""

    def ai(self, action, uri, span, **more):
        """Start an action by command; its id (`id=None` leaves the choice to the server)."""
        if "id" not in more:
            self.runs = getattr(self, "runs", 0) + 1
            more["id"] = "run-%d" % self.runs
        if more["id"] is None:
            del more["id"]
        argument = dict({"action": action, "uri": uri, "range": span}, **more)
        if self.command("ai", argument) is not None:
            self.violations.append(".ai answers something")
        return more.get("id")

    def stream(self, identity, until=lambda seen: True, **rest):
        """The stream of a run, once until(list of notifications) holds."""
        return self.wait(lambda: self.streams.by_id.get(identity)
                         and until(self.streams.by_id[identity])
                         and list(self.streams.by_id[identity]), "the stream of %r" % identity,
                         **rest)

    def begun(self, identity):
        """The `begin` of a run."""
        return self.stream(identity)[0]

    def streamed(self, identity, text):
        """Wait until the deltas so far hold `text`; all of them joined."""
        def joined():
            seen = self.streams.by_id.get(identity, [])
            return "".join(p.get("text", "") for p in seen if p["kind"] == "delta")
        self.wait(lambda: text in joined(), "%r in the stream of %r" % (text, identity))
        return joined()

    def outcome(self, identity, **rest):
        """The `end` of a run; its outcome is in it."""
        return self.stream(identity, lambda seen: seen[-1]["kind"] == "end", **rest)[-1]

    def progress_like(self, wanted, identity=None):
        """Wait for a progress (of a run) whose texts, joined, satisfy wanted(text); its token."""
        def find():
            for token, values in self.progress.items():
                text = " ".join(v.get(m, "") for v in values for m in ("title", "message"))
                if (identity is None or token == PREFIX + identity) and wanted(text):
                    return token
            return None
        return self.wait(find, "a progress like that")


class Document:
    """A buffer in the editor."""

    def __init__(self, client, uri, text, language="", full=False):
        self.client, self.uri, self.text, self.version = client, uri, text, 1
        self.full = full       # full text with every change
        self.steps = 0         # edits by the server that were applied
        self.edits = []        # their TextEdits
        self.refusals = []     # functions that are asked before the next edits: True refuses
        client.open(uri, text, language)
        client.answers["workspace/applyEdit"] = self._asked
        client.documents = getattr(client, "documents", {})
        client.documents[uri] = self

    # -- the user --------------------------------------------------------------------------

    def change(self, *changes):
        """One didChange: (old text, new text) pairs in order, each replacing its first match.

        As an editor does: what both begin and end with is not part of the change.
        """
        events = []
        for old, new in changes:
            at = self.text.index(old)
            while old and new and old[0] == new[0]:
                old, new, at = old[1:], new[1:], at + 1
            while old and new and old[-1] == new[-1]:
                old, new = old[:-1], new[:-1]
            table = positions.lines(self.text)
            encoding = self.client.encoding
            events.append({"range": {
                "start": positions.to_position(self.text, at, encoding, table),
                "end": positions.to_position(self.text, at + len(old), encoding, table)},
                "text": new})
            self.text = self.text[:at] + new + self.text[at + len(old):]
        self._tell(events)

    def put(self, where, new):
        """Type `new` in front of the first match of `where`."""
        self.change((where, new + where))

    def _tell(self, events):
        self.version += 1
        self.client.edit(self.uri, self.version, self.text if self.full else events)

    def range(self, needle, nth=0):
        return positions.range_of(self.text, needle, self.client.encoding, nth)

    def span(self, first, last):
        """From the first match of one text to the end of the other's match behind it."""
        start = self.text.index(first)
        end = self.text.index(last, start) + len(last)
        encoding = self.client.encoding
        return {"start": positions.to_position(self.text, start, encoding),
                "end": positions.to_position(self.text, end, encoding)}

    def cut(self, span):
        return positions.cut(self.text, span, self.client.encoding)

    # -- the editor ------------------------------------------------------------------------

    def _asked(self, params):
        """workspace/applyEdit, on the reader's thread."""
        edit, by_uri = params["edit"], {}
        for uri, edits in (edit.get("changes") or {}).items():
            by_uri[uri] = (None, edits)
        for change in edit.get("documentChanges") or []:
            by_uri[change["textDocument"]["uri"]] = (change["textDocument"]["version"],
                                                     change["edits"])
        if len(by_uri) != 1:
            self.client.violations.append("an edit of %d documents" % len(by_uri))
        (uri, (version, edits)), = by_uri.items()
        document = self.client.documents.get(uri)
        if document is None:
            self.client.violations.append("an edit of %s, which is not open" % uri)
            return {"applied": False}
        return document.apply(version, edits)

    def apply(self, version, edits):
        if self.refusals and self.refusals.pop(0)():
            return {"applied": False, "failureReason": "no"}
        if version is not None and version != self.version:
            return {"applied": False, "failureReason": "stale version"}
        self.text = positions.apply_edits(self.text, edits, self.client.encoding)
        self.steps += 1
        self.edits += edits
        ordered = sorted(edits, key=lambda e: (e["range"]["start"]["line"],
                                               e["range"]["start"]["character"]), reverse=True)
        self._tell([{"range": e["range"], "text": e["newText"]} for e in ordered])
        return {"applied": True}
