# SPDX-License-Identifier: MIT
"""What the tests of inline completion share: a buffer with a cursor, and questions at it."""
from lib import positions
from lib.ai_case import AiCase
from lib.ai_client import Document
from lib.harness import uri_of

GENERATE = "/api/generate"
MODEL = "qwen2.5-coder:7b"
INVOKED, AUTOMATIC = 1, 2
CODE = "import os\n\n\ndef add(a, b):\n    return |\n\n\ndef other():\n    return 1\n"


class Buffer(Document):
    """An open document with a cursor: `|` in the text it is opened with."""

    def __init__(self, client, uri, text, language=""):
        self.cursor = text.index("|")
        super().__init__(client, uri, text.replace("|", "", 1), language)

    def _put(self, start, end, new):
        table = positions.lines(self.text)
        encoding = self.client.encoding
        event = {"range": {"start": positions.to_position(self.text, start, encoding, table),
                           "end": positions.to_position(self.text, end, encoding, table)}, "text": new}
        self.text = self.text[:start] + new + self.text[end:]
        self._tell([event])

    def type(self, new, closer=""):
        """Type at the cursor; `closer` is what the editor adds behind it by itself."""
        self._put(self.cursor, self.cursor, new + closer)
        self.cursor += len(new)

    def back(self, count=1):
        """Backspace."""
        self._put(self.cursor - count, self.cursor, "")
        self.cursor -= count

    def move(self, needle, offset=0):
        """Set the cursor `offset` characters into the first match."""
        self.cursor = self.text.index(needle) + offset

    def position(self):
        return positions.to_position(self.text, self.cursor, self.client.encoding)

    def ask(self, kind=AUTOMATIC, **context):
        """Start a request at the cursor; its id."""
        return self.client.start_request("textDocument/inlineCompletion", {
            "textDocument": {"uri": self.uri}, "position": self.position(),
            "context": dict({"triggerKind": kind}, **context)})

    def answer(self, identity):
        """The items of that request."""
        message = self.client.answer(identity)
        if "error" in message:
            raise AssertionError("%r\n%s" % (message["error"], self.client.report()))
        return message["result"]["items"]

    def complete(self, kind=AUTOMATIC, **context):
        """The items for the cursor as it is."""
        return self.answer(self.ask(kind, **context))

    def applied(self, item):
        """The text with that item taken."""
        return positions.apply_edits(self.text, [{"range": item["range"],
                                                  "newText": item["insertText"]}],
                                     self.client.encoding)

    def ghost(self, items):
        """What is shown behind the cursor, "" for nothing; all else must stay as it is."""
        if not items:
            return ""
        text = self.applied(items[0])
        before, after = self.text[:self.cursor], self.text[self.cursor:]
        if not text.startswith(before):
            raise AssertionError("what is before the cursor changed: %r" % items)
        for start in range(len(after) + 1):  # closers that the editor added may be replaced
            if text.endswith(after[start:]):
                return text[len(before):len(text) - len(after) + start]
        return text[len(before):]

    def shown(self, kind=AUTOMATIC, **context):
        return self.ghost(self.complete(kind, **context))


class InlineCase(AiCase):
    """Tests that ask for inline completions."""

    def inline(self, profile="vscode-11", pause=0, fake=None, models=None, ready=True, options=None,
               inline=None, **changes):
        """(fake, client): inline completion is on."""
        settings = {"inlineCompletion": dict({"enable": True, "debounceMs": pause}, **(inline or {}))}
        settings.update(options or {})
        return self.begin(profile, stream=False, options=settings, models=models, ready=ready,
                          fake=fake, **changes)

    def buffer(self, client, text=CODE, name="app.py", language="python"):
        return Buffer(client, uri_of(self.workspace / name), text, language)

    def typing(self, text=CODE, name="app.py", language="python", **changes):
        """(fake, client, buffer)."""
        fake, client = self.inline(**changes)
        return fake, client, self.buffer(client, text, name, language)

    def body(self, fake, nth=0):
        """What the nth request asked."""
        return fake.wait_for(GENERATE, nth + 1)[nth].json

    def count(self, fake):
        return len(fake.requests(GENERATE))

    def figures(self, client, model=MODEL):
        """The metrics of a model; {} if it was never asked."""
        for server in client.command("metrics")["servers"]:
            for row in server["models"]:
                if row["name"] == model:
                    return row
        return {}

    def closed(self, fake, count=1):
        """Wait until that many requests were left by us."""
        return fake.wait(lambda: [r for r in fake.requests(GENERATE) if r.closed_at][count - 1:],
                         "%d requests left" % count)

    def nothing(self, fake, buffer, kind=AUTOMATIC):
        """An empty list, and nobody was asked."""
        before = self.count(fake) if fake else 0
        self.assertEqual([], buffer.complete(kind))
        self.assertEqual(before, self.count(fake) if fake else 0)


__all__ = ["AUTOMATIC", "Buffer", "CODE", "GENERATE", "INVOKED", "InlineCase", "MODEL"]
