# SPDX-License-Identifier: MIT
"""What a model server can do in the middle of an answer (DESIGN.md A12): one clear message each."""
import json

from lib.ai_case import AFTER, ANSWER, CHAT, PREFIX, TEXT, TOKENS, AiCase
from fake_ollama.speech import encode

PARTIAL = "def add(a, b):\n    return a + b\n"


def frame(text):
    return encode({"model": "m", "created_at": "x", "done": False,
                   "message": {"role": "assistant", "content": text}})


# name -> what the reply does after its first tokens
BREAKS = {
    "reset": lambda reply: reply.reset(),
    "closed": lambda reply: reply.close(),
    "no final frame": lambda reply: reply.cut(),
    "garbage line": lambda reply: reply.raw(b'{"model": \x00\xff]]]\n').finish(),
    "html": lambda reply: reply.raw(b"<!doctype html><h1>502</h1>\n").cut(),
    "error object": lambda reply: reply.fail("llama runner process has terminated: signal: killed"),
    "nested error": lambda reply: reply.fail(json.dumps(
        {"error": {"code": 500, "message": "out of memory", "type": "server_error"}})),
    "no object": lambda reply: reply.raw(b"[1, 2, 3]\n").finish(),
    "half a line": lambda reply: reply.raw(b'{"message":{"content":"caf\xc3').close(),
    "a line of 10 GB": lambda reply: reply.flood(),
    "deep": lambda reply: reply.raw(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}\n").cut(),
}
REFUSALS = {
    "500": ("status", {"code": 500, "text": "model runner has unexpectedly stopped"}),
    "503": ("status", {"code": 503, "text": "server busy, please try again"}),
    "404": ("status", {"code": 404, "text": "model 'qwen2.5-coder:7b' not found"}),
    "401": ("unauthorized", {}), "html": ("html", {}), "garbage": ("garbage", {}),
    "reset": ("reset", {}), "redirect": ("redirect", {}), "empty": ("empty", {}),
    "half a character": ("half-utf8", {}), "deep": ("deep", {}), "endless": ("endless", {}),
    "long line": ("long-line", {}), "context": ("status", {"code": 400, "text":
                  "the request exceeds the available context size, try increasing it"}),
}


class MidStream(AiCase):
    def failed(self, client, identity, stream):
        """The end of a run that failed: one message with what to do. Returns that text."""
        if stream:
            end = client.outcome(identity)
            self.assertEqual("failed", end["outcome"])
            text = end["error"]["message"] + " " + end["error"]["remedy"]
        client.progress_done(PREFIX + identity)
        client.settle()
        shown = [m["params"]["message"] for m in client.inbox if m["method"] == "window/showMessage"]
        self.assertLessEqual(len(shown), 1, shown)
        if not stream:
            self.assertEqual(1, len(shown), client.report())
            text = shown[0]
        client.drop("window/showMessage")
        return text

    def test_the_file_stays_and_what_came_is_kept(self):
        for name, fault in BREAKS.items():
            for stream in (True, False):
                with self.subTest(fault=name, stream=stream):
                    fake, client, document, reply, identity = self.live(stream=stream)
                    reply.send(*TOKENS)
                    # A reset throws away what has not been read yet.
                    client.poll(lambda client=client: any(
                        run["tokens"] >= len(TOKENS)
                        for run in client.command("status")["active"]), "all tokens")
                    fault(reply)
                    text = self.failed(client, identity, stream)
                    self.assertNotIn("try: try", text)
                    self.assertNotIn("try: again", text)
                    self.assertNotRegex(text, "^again|[^y] again;")
                    for character in "\x00\x1b\ufffd":
                        self.assertNotIn(character, text)
                    self.assertEqual((TEXT, []), (document.text, client.applied))
                    if stream:
                        self.assertEqual(PARTIAL.strip(), client.outcome(identity)["text"].strip())
                        self.assertFalse(any(m["method"] == "window/showDocument"
                                             for m in client.inbox))
                    else:
                        self.assertIn("return a + b", self.shown_file(text))
                        client.drop("window/showDocument")
                    client.command("accept", {"id": identity})
                    client.wait(lambda document=document: document.steps, "the edit")
                    self.assertEqual(AFTER, document.text)
                    client.settle()
                    client.drop("window/showMessage")
                    self.end(client)
                    fake.stop()

    def test_what_an_error_says_is_passed_on(self):
        for name, words in (("error object", "signal: killed"), ("nested error", "out of memory")):
            with self.subTest(fault=name):
                fake, client, _, reply, identity = self.live()
                BREAKS[name](reply.send(*TOKENS))
                self.assertIn(words, self.failed(client, identity, True))
                self.end(client)
                fake.stop()

    def test_before_the_first_token(self):
        for name, (kind, options) in REFUSALS.items():
            with self.subTest(fault=name):
                fake, client = self.begin()
                fake.fault(CHAT, kind, **options)
                document = self.document(client)
                identity = client.ai("refactor", document.uri, document.range("# sum"))
                text = self.failed(client, identity, True)
                if name == "404":
                    self.assertIn("ollama pull qwen2.5-coder:7b", text)
                if name in ("500", "503"):
                    self.assertIn(options["text"], text)
                self.assertEqual((TEXT, []), (document.text, client.applied))
                self.refusal(client, -32803, "accept", {"id": identity})  # there is nothing to keep
                self.assertLessEqual(len(fake.requests(CHAT)), 2)
                self.end(client)
                fake.stop()

    def test_the_server_dies(self):
        fake, client, document, reply, identity = self.live()
        reply.send(*TOKENS)
        client.streamed(identity, "a + b")  # what was not read yet goes with the connection
        fake.refuse()
        text = self.failed(client, identity, True)
        self.assertTrue(text)
        self.assertEqual(TEXT, document.text)
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps, "the edit")
        self.assertEqual(AFTER, document.text)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_a_stall_costs_nothing_and_can_be_ended(self):
        fake, client, document, reply, identity = self.live()
        reply.send("def add(a, b):\n")
        client.streamed(identity, "def add")
        hover = client.request("textDocument/hover", {
            "textDocument": {"uri": document.uri}, "position": {"line": 0, "character": 0}}, limit=2)
        self.assertIsNone(hover)
        self.assertEqual("busy", client.command("status", limit=2)["state"])
        client.command("cancel", {"id": identity})
        self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        fake.wait_closed(CHAT)
        client.settle()
        self.end(client)

    def test_control_characters_of_a_server_reach_no_message(self):
        _, client, _, reply, identity = self.live()
        reply.send(*TOKENS).fail("bad \x1b[31mred\u202e\u200b end")
        text = self.failed(client, identity, True)
        for character in "\x1b\u202e\u200b":
            self.assertNotIn(character, text)
        self.end(client)

    def test_an_error_text_of_a_megabyte_is_cut(self):
        _, client, _, reply, identity = self.live()
        reply.send(*TOKENS).fail("x" * (1 << 20))
        self.assertLess(len(self.failed(client, identity, True)), 5000)
        self.end(client)

    def test_lengths(self):
        """Cut off by num_predict: never applied by itself, told how to get more, kept."""
        fake, client = self.begin()
        fake.say(*TOKENS, reason="length")
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span("def add", "return result"))
        end = client.outcome(identity)
        self.assertEqual("failed", end["outcome"])
        self.assertIn("ai.numPredict", end["error"]["remedy"])
        self.assertEqual(TEXT, document.text)
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps, "the edit")
        self.assertEqual(AFTER, document.text)
        fake.say("Some ", "words", reason="length")
        identity = client.ai("explain", document.uri, document.range("return 1"))
        self.assertEqual("shown", client.outcome(identity)["outcome"])
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_nothing_came(self):
        for tokens in ((), ("",), ("\n\n",), ("<think>", "only thought", "</think>"), ("```\n", "```"),
                       ("<|im_end|>",)):
            with self.subTest(tokens=tokens):
                fake, client = self.begin()
                fake.reply().send(*tokens).finish()
                document = self.document(client)
                identity = client.ai("refactor", document.uri, document.range("# sum"))
                self.failed(client, identity, True)
                self.assertEqual((TEXT, []), (document.text, client.applied))
                self.end(client)
                fake.stop()


class Bytes(AiCase):
    """Odd but good streams: the same edit."""

    def applied(self, speak, after=AFTER):
        fake, client, document, reply, identity = self.live()
        speak(reply)
        self.assertEqual("applied", client.outcome(identity)["outcome"], client.report())
        self.assertEqual(after, document.text)
        self.end(client)
        fake.stop()

    def test_characters_split_between_chunks(self):
        line = frame("    return '\u00e9\u4e16\U0001f600'")
        first = frame("def add(a, b):\n")

        def speak(reply):
            reply.raw(first)
            for at in range(len(line)):
                reply.raw(line[at:at + 1])
            reply.finish()
        self.applied(speak, AFTER.replace("a + b", "'\u00e9\u4e16\U0001f600'"))

    def test_escapes(self):
        raw = frame("return a if a < b else '\u4e16\U0001f600'").decode().encode(
            "ascii", "backslashreplace").replace(b"\\U0001f600", b"\\ud83d\\ude00")
        self.applied(lambda r: r.send("def add(a, b):\n    ").raw(raw).finish(),
                     AFTER.replace("return a + b", "return a if a < b else '\u4e16\U0001f600'"))

    def test_everything_in_one_segment(self):
        self.applied(lambda r: r.raw(b"".join(map(frame, TOKENS))).finish())

    def test_blank_lines_and_carriage_returns(self):
        self.applied(lambda r: r.raw(b"\n\r\n").send(*TOKENS).raw(b"\r\n\n").finish())

    def test_unknown_members_and_words(self):
        self.applied(lambda r: r.raw(encode({
            "model": "m", "message": {"role": "assistant", "content": ANSWER, "x": [1]},
            "done": False, "logprobs": [], "more": {"a": None}})).finish("weird", context=[1] * 5000))

    def test_no_reason_and_no_figures(self):
        self.applied(lambda r: r.send(*TOKENS).raw(encode({"done": True})).cut())

    def test_text_in_the_final_frame(self):
        self.applied(lambda r: r.send(*TOKENS[:-2]).raw(encode({
            "message": {"role": "assistant", "content": " a + b\n"}, "done": True,
            "done_reason": "stop"})).cut())

    def test_null_members(self):
        self.applied(lambda r: r.raw(encode({"message": None, "done": False})).raw(encode(
            {"message": {"role": "assistant", "content": None, "thinking": None}, "done": None}))
            .send(*TOKENS).finish())

    def test_frames_after_the_end_are_not_read(self):
        self.applied(lambda r: r.send(*TOKENS).raw(encode({"done": True, "done_reason": "stop"}))
                     .send("garbage after the end").cut())

    def test_lone_surrogates_and_null_characters(self):
        """No character that a document could not hold."""
        fake, client, document, reply, identity = self.live()
        reply.send("def add(a, b):\n    return 'x").raw(
            b'{"message":{"content":"\\ud800\\u0000y\'"},"done":false}\n').finish()
        end = client.outcome(identity)
        self.assertIn(end["outcome"], ("applied", "review", "failed"))
        end["text"].encode("utf-8")  # no surrogate came through
        document.text.encode("utf-8")
        client.settle()
        client.drop("window/showMessage")
        self.end(client)
        fake.stop()
