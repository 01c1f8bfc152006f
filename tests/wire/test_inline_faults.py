# SPDX-License-Identifier: MIT
"""What a model server can do to inline completion (DESIGN.md A12): empty lists, one status, recovery."""
import json
import time

from lib.inline_case import CODE, GENERATE, INVOKED, InlineCase
from fake_ollama.speech import encode
from wire.test_ai_faults import BREAKS, REFUSALS

REST = 5.0  # seconds without a request after a failure


def frame(text):
    return encode({"model": "m", "created_at": "x", "done": False, "response": text})


class FaultCase(InlineCase):
    def told(self, client, *words):
        """The one clear status; nothing else is said."""
        def status():
            found = client.command("status")
            return "no completions from" in found["message"] and found
        found = client.poll(status, "a status that says so")
        for word in words:
            self.assertIn(word, found["message"])
        self.assertLess(len(found["message"]), 900)
        for character in "\x00\x1b\u202e\ufffd":
            self.assertNotIn(character, found["message"])
        self.assertEqual("ok", found["state"])  # of the server, which answers
        self.assertEqual([], client.shown)
        return found

    def recovers(self, fake, client, buffer, limit=REST + 10):
        """After the server heals it works again by itself, and the status is as before."""
        fake.heal()
        fake.always(lambda body: ["a + b\n"])
        self.assertEqual("a + b", client.poll(lambda: buffer.shown(INVOKED), "a completion", limit))
        client.poll(lambda: "no completions" not in client.command("status")["message"], "all well")


class BeforeTheFirstToken(FaultCase):
    def refused(self, names):
        fake, client, buffer = self.typing(options={"status": True})
        for name in names:
            kind, options = REFUSALS[name]
            with self.subTest(fault=name):
                fake.fault(GENERATE, kind, **options)
                before = self.count(fake)
                client.poll(lambda: buffer.complete(INVOKED) or self.count(fake) > before, "a request",
                            REST + 10)
                self.assertEqual([], buffer.complete(INVOKED))
                words = [options["text"][:40]] if name in ("500", "503") else []
                self.told(client, *words)
                count = self.count(fake)
                self.assertLessEqual(count - before, 2)
                for _ in range(20):  # at rest: nothing is asked
                    self.assertEqual([], buffer.complete(INVOKED))
                self.assertEqual(count, self.count(fake))
                buffer.type("x")  # another place: nothing is known of it
                self.recovers(fake, client, buffer)
                buffer.type("y")
        self.end(client)

    def test_answers_of_a_status(self):
        self.refused(("500", "404", "401"))

    def test_answers_that_are_none(self):
        self.refused(("html", "empty", "half a character"))

    def test_answers_without_end(self):
        self.refused(("endless", "long line", "deep"))

    def test_connections(self):
        self.refused(("reset", "redirect", "503"))


class MidStream(FaultCase):
    def broken(self, names):
        fake, client, buffer = self.typing(options={"status": True})
        for name in names:
            with self.subTest(fault=name):
                reply = fake.reply()
                identity = buffer.ask(INVOKED)
                fake.wait(lambda reply=reply: reply.request, "the request")
                reply.send("alp", "ha")
                fake.wait(lambda reply=reply: reply.spoken == 2, "the tokens")
                BREAKS[name](reply)
                self.assertEqual([], buffer.answer(identity))
                self.told(client, *(["signal: killed"] if name == "error object" else []))
                buffer.type("x")
                self.recovers(fake, client, buffer)
                buffer.type("y")
        row = self.figures(client)
        self.assertEqual((len(names), 0), (row["errors"], row["cancelled"]))
        self.end(client)

    def test_connections(self):
        self.broken(("reset", "closed", "no final frame"))

    def test_lines(self):
        self.broken(("garbage line", "half a line", "no object"))

    def test_words(self):
        self.broken(("html", "error object", "nested error"))

    def test_sizes(self):
        self.broken(("a line of 10 GB", "deep"))

    def test_the_server_dies(self):
        """The status is that of the server; it comes back and so do completions."""
        fake, client, buffer = self.typing()
        reply = fake.reply()
        identity = buffer.ask(INVOKED)
        fake.wait_for(GENERATE)
        reply.send("alp")
        fake.wait(lambda: reply.spoken == 1, "the token")
        fake.refuse()
        self.assertEqual([], buffer.answer(identity))
        status = client.poll(lambda: client.command("status")["state"] == "unreachable"
                             and client.command("status"), "unreachable")
        self.assertNotIn("no completions", status["message"])
        self.assertEqual([], buffer.complete(INVOKED))
        self.assertEqual([], client.shown)
        fake.start()
        self.recovers(fake, client, buffer, 20)
        self.end(client)

    def test_a_stall_costs_nothing(self):
        fake, client, buffer = self.typing()
        fake.fault(GENERATE, "stall", count=1)
        identity = buffer.ask(INVOKED)
        fake.wait_for(GENERATE)
        hover = client.request("textDocument/hover", {
            "textDocument": {"uri": buffer.uri}, "position": {"line": 0, "character": 0}}, limit=2)
        self.assertIsNone(hover)
        self.assertEqual("ok", client.command("status", limit=2)["state"])
        buffer.move("return 1", 7)
        fake.always(lambda body: ["two\n"])
        self.assertEqual("two", buffer.shown(INVOKED))
        self.assertEqual([], buffer.answer(identity))
        self.closed(fake)
        self.end(client)

    def test_a_trickle(self):
        fake, client, buffer = self.typing()
        fake.fault(GENERATE, "trickle", count=1, seconds=0.001)
        fake.say("a + b\n")
        self.assertEqual("a + b", buffer.shown(INVOKED))
        self.end(client)

    def test_a_model_that_does_not_stop(self):
        """Whatever it says, it is closed once nothing more can be shown."""
        for token in ("word ", "x", "\n", "    \n", "\u0301", "(", "))))", "```\n", "<think>", "\ufeff"):
            with self.subTest(token=token):
                fake, client, buffer = self.typing("def add(a, b):\n    |\n")
                reply = fake.reply()
                identity = buffer.ask(INVOKED)
                fake.wait_for(GENERATE)
                reply.burst([token] * 20000)
                buffer.answer(identity)
                self.closed(fake)
                self.end(client)
                fake.stop()


class Notified(FaultCase):
    def test_both_notifications(self):
        fake, client = self.inline("full", options={"status": True})
        buffer = self.buffer(client)
        client.drop("$/ollama-ls/status")
        client.drop("experimental/serverStatus")
        fake.fault(GENERATE, "status", code=500, text="out of memory")
        self.assertEqual([], buffer.complete(INVOKED))
        said = client.take("$/ollama-ls/status", lambda p: "out of memory" in p["message"])
        self.assertEqual("ok", said["state"])
        said = client.take("experimental/serverStatus", lambda p: "out of memory" in p["message"])
        self.assertEqual("warning", said["health"])
        fake.heal()
        fake.always(lambda body: ["a + b\n"])
        client.poll(lambda: buffer.complete(INVOKED), "a completion", REST + 10)
        client.take("$/ollama-ls/status", lambda p: "out of memory" not in p["message"])
        client.take("experimental/serverStatus", lambda p: p["health"] == "ok")
        self.end(client)

    def test_once(self):
        """Many failures, one news."""
        fake, client = self.inline(options={"status": True})
        fake.fault(GENERATE, "status", code=500, text="out of memory")
        buffers = [self.buffer(client, name="f%d.py" % n) for n in range(5)]
        for buffer, identity in [(b, b.ask(INVOKED)) for b in buffers]:
            self.assertEqual([], buffer.answer(identity))
        client.take("$/ollama-ls/status", lambda p: "out of memory" in p["message"])
        client.settle()
        time.sleep(0.4)  # a second one would be due after 250 ms
        later = [m for m in client.inbox if m["method"] == "$/ollama-ls/status"
                 and "out of memory" in m["params"]["message"]]
        # What the server tells besides may change in between (a model is loaded), not the trouble.
        self.assertLessEqual(len(later), 1, json.dumps(later))
        self.end(client)

    def test_it_is_forgotten_when_switched_off(self):
        fake, client, buffer = self.typing()
        fake.fault(GENERATE, "status", code=500, text="out of memory")
        self.assertEqual([], buffer.complete(INVOKED))
        self.told(client, "out of memory")
        client.settings = {"ollama-ls": {"inlineCompletion": {"enable": False}}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        client.poll(lambda: buffer.complete(INVOKED) == [] and "memory" not in
                    client.command("status")["message"], "no trouble")
        self.end(client)


class Bytes(InlineCase):
    """Odd but good streams: the same completion."""

    def same(self, speak, wanted="a + b"):
        fake, client, buffer = self.typing()
        reply = fake.reply()
        identity = buffer.ask(INVOKED)
        fake.wait_for(GENERATE)
        speak(reply)
        self.assertEqual(wanted, buffer.ghost(buffer.answer(identity)))
        self.end(client)
        fake.stop()

    def test_characters_split_between_chunks(self):
        line = frame("'\u00e9\u4e16\U0001f600'\n")

        def speak(reply):
            for at in range(len(line)):
                reply.raw(line[at:at + 1])
            reply.finish()
        self.same(speak, "'\u00e9\u4e16\U0001f600'")

    def test_everything_in_one_segment(self):
        self.same(lambda r: r.raw(b"".join(map(frame, ("a", " +", " b", "\n", "c")))).finish())

    def test_unknown_and_null_members(self):
        self.same(lambda r: r.raw(encode({"response": None, "thinking": None, "done": None}))
                  .raw(b"\n\r\n").raw(encode({"response": "a + b", "x": [1], "done": False}))
                  .finish("weird", context=[1] * 5000))

    def test_no_reason_and_no_figures(self):
        self.same(lambda r: r.send("a + b").raw(encode({"done": True})).cut())

    def test_thinking_is_not_shown(self):
        self.same(lambda r: r.think("hm", "so").send("a + b").finish())

    def test_lone_surrogates_and_null_characters(self):
        fake, client, buffer = self.typing(CODE)
        fake.reply().raw(b'{"response":"a\\ud800\\u0000b\\n","done":false}\n').finish()
        for item in buffer.complete(INVOKED):
            item["insertText"].encode("utf-8")
            self.assertNotIn("\x00", item["insertText"])
        self.end(client)
