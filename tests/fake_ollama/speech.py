# SPDX-License-Identifier: MIT
"""What a fake model says to a chat or generate request: scripted at once, or token by token.

    fake.say("def f():\\n", "    pass\\n")         the next request gets this, whole
    fake.say("…", thinking=["hm"], reason="length")
    reply = fake.reply()                          the next request waits for the test:
    reply.send("tok"); reply.finish()             …  token by token
    fake.always(lambda body: ["text"])            every request without a script of its own

One request at a time is answered per model, as Ollama does by default: others wait with no byte on
the wire. A reply may break off in every way that a real server was seen to.
"""
import json
import os
import queue
import select
import threading

CREATED = "2026-11-21T09:00:00.123456789Z"
GO_ESCAPES = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"))


def encode(frame):
    """One line as Go writes it: `<`, `>` and `&` never stand for themselves."""
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    for plain, escaped in GO_ESCAPES:
        text = text.replace(plain, escaped)
    return text.encode("utf-8", "surrogatepass") + b"\n"


class Reply:
    """The script of one answer; steps may be added while it is being spoken (any thread)."""

    def __init__(self, fake):
        self.fake = fake
        self.steps = queue.SimpleQueue()
        self.wake, self.bell = os.pipe()
        self.lock = threading.Lock()
        self.spoken = 0          # tokens of text and thinking so far
        self.request = None      # the request it answers, once it has arrived
        self.pace = 0.0          # seconds before each step

    def _add(self, kind, *values):
        self.steps.put((kind,) + values)
        with self.lock:
            if self.bell is not None:
                os.write(self.bell, b".")
        return self

    # -- what it says ----------------------------------------------------------------------

    def send(self, *texts, cuts=()):
        """Tokens of text, a frame each; `cuts`: where the bytes of a frame are split in chunks."""
        for text in texts:
            self._add("text", text, tuple(cuts))
        return self

    def think(self, *texts):
        """Tokens of thinking, in their own field."""
        for text in texts:
            self._add("thinking", text)
        return self

    def burst(self, texts):
        """Many tokens of text in one write."""
        return self._add("burst", list(texts))

    def raw(self, data):
        """Bytes as they are, in a chunk of their own."""
        return self._add("raw", data)

    # -- how it ends -----------------------------------------------------------------------

    def finish(self, reason="stop", **metrics):
        """A good end; reason None leaves done_reason out."""
        return self._add("finish", reason, metrics)

    def fail(self, text="an error was encountered while running the model: unexpected EOF"):
        """An error object in the middle of the stream."""
        return self.raw(encode({"error": text})).cut()

    def cut(self):
        """The stream ends in good order, but without its final frame."""
        return self._add("cut")

    def close(self):
        """The connection is closed, without the end of the chunked body."""
        return self._add("close")

    def reset(self):
        """RST."""
        return self._add("reset")

    def flood(self, size=10 << 30):
        """One line that does not end."""
        return self._add("flood", size)

    # -- speaking (the connection's thread) ------------------------------------------------

    def _next(self, link):
        while True:
            readable, _, _ = select.select([link.socket, self.wake], [], [])
            if self.wake in readable:
                os.read(self.wake, 1)
                if self.pace:
                    link.pause(self.pace)
                return self.steps.get()
            if link.gone():
                link.leave()
            link.pause(0.005)  # a pipelined request: keep watching

    def speak(self, link, name, wrap):
        """Answer link.request; returns at the end of a whole answer, raises at a broken one."""
        try:
            while True:
                step = self._next(link)
                if getattr(self, "_" + step[0])(link, name, wrap, *step[1:]):
                    return
        finally:
            with self.lock:
                os.close(self.wake)
                os.close(self.bell)
                self.bell = None

    def _count(self, tokens):
        with self.fake.changed:
            self.spoken += tokens
            self.fake.changed.notify_all()

    def _frame(self, link, name, wrap, text, field="text", cuts=()):
        self._count(1)
        body = {"model": name, "created_at": CREATED}
        body.update(wrap(text, field))
        raw = encode(dict(body, done=False))
        for start, end in zip((0,) + cuts, cuts + (len(raw),)):
            link.chunk(raw[start:end])

    def _text(self, link, name, wrap, text, cuts):
        self._frame(link, name, wrap, text, "text", cuts)

    def _thinking(self, link, name, wrap, text):
        self._frame(link, name, wrap, text, "thinking")

    def _burst(self, link, name, wrap, texts):
        self._count(len(texts))
        head = {"model": name, "created_at": CREATED}
        link.chunk(b"".join(encode(dict(head, **wrap(t, "text"), done=False)) for t in texts))

    def _raw(self, link, name, wrap, data):
        link.chunk(data)

    def _finish(self, link, name, wrap, reason, metrics):
        last = dict({"model": name, "created_at": CREATED}, **wrap("", "text"), done=True)
        if reason:
            last["done_reason"] = reason
        last.update({"total_duration": 259154901, "load_duration": 1200000,
                     "prompt_eval_count": 14, "prompt_eval_duration": 394000,
                     "eval_count": self.spoken, "eval_duration": 20000000 * max(1, self.spoken)})
        last.update(metrics)
        if link.final_frame:
            link.chunk(encode(last))
        link.end_chunks()
        return True

    def _cut(self, link, name, wrap):
        link.end_chunks()
        return True

    def _close(self, link, name, wrap):
        link.leave()

    def _reset(self, link, name, wrap):
        link.reset()

    def _flood(self, link, name, wrap, size):
        piece = b"x" * (1 << 20)
        link.chunk(b'{"model":"m","message":{"role":"assistant","content":"')
        for _ in range(size // len(piece)):
            link.chunk(piece)


class Speeches:
    """The part of the fake server that knows what its models say next."""

    def __init__(self):
        self.queued = []            # replies for the next requests, oldest first
        self.speaker = None         # body -> list of texts, or a Reply
        self.busy = {}              # model name -> who holds its one slot
        self.loading_gate = None    # threading.Event while loads are held back
        self.loads = []             # (model, context) of every load, oldest first

    def reply(self, pace=0.0):
        """The answer to the next chat or generate request that has no script yet."""
        reply = Reply(self)
        reply.pace = pace
        with self.lock:
            self.queued.append(reply)
        return reply

    def say(self, *texts, thinking=(), reason="stop", pace=0.0, **metrics):
        """A whole answer for the next request."""
        return self.reply(pace).think(*thinking).send(*texts).finish(reason, **metrics)

    def always(self, speaker):
        """Answers requests that have no script: speaker(body) gives texts."""
        self.speaker = speaker

    def next_reply(self, request, body, model):
        """The reply to this request."""
        with self.changed:
            if self.queued:
                reply = self.queued.pop(0)
            else:
                reply = Reply(self)
                reply.pace = self.frame_seconds
                reply.send(*(self.speaker(body) if self.speaker else model.says)).finish()
            reply.request = request
            self.changed.notify_all()
            return reply

    # -- slots and loading -----------------------------------------------------------------

    def occupy(self, name, context=4096):
        """Somebody else's request runs on that model; returns what ends it."""
        model = self.find(name)
        self.load(name, context)
        with self.changed:
            self.busy[model.name] = "somebody"

        def leave():
            with self.changed:
                self.busy.pop(model.name, None)
                self.changed.notify_all()
        return leave

    def take_slot(self, link, model):
        """Wait for the model's slot, unless the client leaves."""
        while True:
            with self.lock:
                if model.name not in self.busy:
                    self.busy[model.name] = link
                    return
            link.pause(0.01)

    def leave_slot(self, link, model):
        with self.changed:
            if self.busy.get(model.name) is link:
                del self.busy[model.name]
                self.changed.notify_all()

    def hold_loading(self):
        """From now on models stay on their way into memory until the returned event is set."""
        self.loading_gate = threading.Event()
        return self.loading_gate

    def ensure_loaded(self, link, model, context, expires):
        """Load the model, or load it anew for another context, as the real server does.

        `context` None keeps what runs. Returns nothing; raises when the client leaves meanwhile.
        """
        with self.lock:
            running = self.loaded.get(model.name)
        wanted = min(context, model.context_length) if context else None
        if running and wanted in (None, running[1]):
            return
        wanted = wanted or 4096
        with self.lock:
            self.loaded.pop(model.name, None)
        if self.loading_gate is not None:
            link.pause(3600.0, self.loading_gate)
        elif self.load_seconds:
            link.pause(self.load_seconds)
        with self.changed:
            self.loaded[model.name] = (expires, wanted)
            self.loads.append((model.name, wanted))
            self.changed.notify_all()
