# SPDX-License-Identifier: MIT
"""Each way to stop an AI action closes the stream, seen from the model server (DESIGN.md A8.5).

The gate of 50 ms is measured by tests/bench/relay.py on a quiet machine; here a test machine under
sanitizers has half a second.
"""
import time

from lib.ai_case import CHAT, PREFIX, TEXT, AiCase
from lib.lsp_client import LspError

CLOSED_WITHIN = 0.5


class Sources(AiCase):
    def running(self, **changes):
        """A run whose first tokens have come."""
        fake, client, document, reply, identity = self.live(**changes)
        reply.send("def add(a, b):\n", "    return")
        fake.wait(lambda: reply.spoken == 2, "two tokens")
        if client.options and client.options.get("stream"):
            client.streamed(identity, "def add")
        return fake, client, document, identity

    def closed(self, fake, stop):
        """Run stop(); the model server must see the connection closed soon after."""
        fake.before_wait = lambda: None
        begun = time.monotonic()
        stop()
        self.flush()
        request = fake.wait_closed(CHAT)
        self.assertLess(request.closed_at - begun, CLOSED_WITHIN)

    def cancelled(self, client, document, identity, outcome="cancelled"):
        """Nothing applied, nothing said, the progress over."""
        end = client.outcome(identity)
        self.assertEqual(outcome, end["outcome"])
        if outcome == "cancelled":
            self.assertNotIn("error", end)
        if self.has(client, "window.workDoneProgress"):
            client.progress_done(PREFIX + identity)
        client.settle()
        if outcome == "cancelled":
            self.assertEqual([], client.shown)
        client.drop("window/showMessage")
        self.assertEqual(0, document.steps)
        self.assertEqual([], client.command("status")["active"])
        client.poll(lambda: client.command("status")["state"] == "ok", "state ok")

    def test_the_progress(self):
        fake, client, document, identity = self.running()
        self.closed(fake, lambda: client.notify("window/workDoneProgress/cancel",
                                                {"token": PREFIX + identity}))
        self.cancelled(client, document, identity)
        self.end(client)

    def test_the_command_with_an_id(self):
        fake, client, document, identity = self.running()
        self.closed(fake, lambda: client.start_request("workspace/executeCommand", {
            "command": "ollama-ls.cancel", "arguments": [{"id": identity}]}))
        self.cancelled(client, document, identity)
        self.end(client)

    def test_the_command_with_the_progress_token(self):
        fake, client, document, identity = self.running()
        self.closed(fake, lambda: client.start_request("workspace/executeCommand", {
            "command": "ollama-ls.cancel", "arguments": [{"id": PREFIX + identity}]}))
        self.cancelled(client, document, identity)
        self.end(client)

    def test_the_command_without_an_id(self):
        fake, client, document, identity = self.running(profile="eglot-1.9")
        self.closed(fake, lambda: client.start_request("workspace/executeCommand", {
            "command": "ollama-ls.cancel", "arguments": []}))
        self.cancelled(client, document, identity)
        self.end(client)

    def test_the_command_with_another_id_stops_nothing(self):
        fake, client, document, identity = self.running()
        try:
            client.command("cancel", {"id": "another"})
        except LspError as error:
            self.assertIn(error.code, (-32602, -32803))
        client.settle()
        self.assertIsNone(fake.requests(CHAT)[0].closed_at)
        client.command("cancel", {"id": identity})
        self.cancelled(client, document, identity)
        self.end(client)

    def test_close_of_the_document(self):
        fake, client, document, identity = self.running()
        self.closed(fake, lambda: client.close(document.uri))
        self.cancelled(client, document, identity)
        self.end(client)

    def test_shutdown(self):
        fake, client, document, identity = self.running()
        self.closed(fake, lambda: client.start_request("shutdown"))
        self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        client.progress_done(PREFIX + identity)
        client.notify("exit")
        self.assertEqual((TEXT, []), (document.text, client.shown))
        client.finish(shutdown=False)

    def test_end_of_input(self):
        fake, client, document, _ = self.running()
        self.closed(fake, client.close_stdin)
        client.ended()
        client.progress.clear()  # nobody is there to be told that it ended
        client.streams.by_id.clear()
        self.assertEqual(TEXT, document.text)
        client.drop("window/showMessage")
        client.finish(code=1, shutdown=False)

    def test_an_edit_inside(self):
        fake, client, document, identity = self.running()
        self.closed(fake, lambda: document.put("# sum", "# x "))
        self.cancelled(client, document, identity, "conflict")
        self.end(client)

    def test_while_the_model_loads(self):
        fake, client = self.begin()
        fake.hold_loading()
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.range("# sum"))
        fake.wait_for(CHAT)
        client.progress_like(lambda text: "loading" in text.lower(), identity)
        self.closed(fake, lambda: client.notify("window/workDoneProgress/cancel",
                                                {"token": PREFIX + identity}))
        self.cancelled(client, document, identity)
        self.end(client)

    def test_while_queued(self):
        fake = self.fake()
        leave = fake.occupy("qwen2.5-coder:7b", 32768)
        _, client = self.begin(fake=fake)
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.range("# sum"))
        fake.wait_for(CHAT)
        self.closed(fake, lambda: client.notify("window/workDoneProgress/cancel",
                                                {"token": PREFIX + identity}))
        self.cancelled(client, document, identity)
        leave()
        self.end(client)

    def test_before_the_request_is_sent(self):
        """While the server is still asked what runs."""
        fake, client = self.begin()
        fake.fault("/api/ps", "stall")
        fake.fault("/api/show", "stall")
        fake.always(lambda body: ["x = 1"])
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.range("result = a + b"))
        client.command("cancel", {"id": identity})
        client.wait(lambda: identity not in client.streams.by_id
                    or client.streams.by_id[identity][-1]["kind"] == "end", "its end")
        client.progress_done(PREFIX + identity)
        client.settle()
        self.assertEqual([], fake.requests(CHAT))
        self.assertEqual((0, []), (document.steps, client.shown))
        self.end(client)

    def test_the_slot_is_free_for_the_next(self):
        fake, client, document, identity = self.running()
        fake.say("def add(a, b):\n    return a + b\n")
        client.command("cancel", {"id": identity})
        second = client.ai("refactor", document.uri, document.span("def add", "return result"))
        self.assertEqual("applied", client.outcome(second)["outcome"])
        self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        client.settle()
        self.end(client)

    def test_many_at_once(self):
        """The command without an id stops all of them, in every file."""
        fake, client = self.begin()
        documents = [self.document(client, name="f%d.py" % n) for n in range(5)]
        reply = fake.reply()
        ids = [client.ai("refactor", d.uri, d.range("# sum")) for d in documents]
        reply.send("# total\n")
        fake.wait_for(CHAT, 5)
        client.command("cancel", {})
        for identity in ids:
            self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        fake.wait(lambda: len([r for r in fake.requests(CHAT) if r.closed_at]) == 5, "five closed")
        client.settle()
        self.assertEqual([], client.shown)
        self.end(client)

    def test_a_run_that_is_over(self):
        fake, client, document, span = self.scene("def add(a, b):\n    return a + b\n")
        identity = client.ai("refactor", document.uri, span)
        client.outcome(identity)
        client.notify("window/workDoneProgress/cancel", {"token": PREFIX + identity})
        try:
            client.command("cancel", {"id": identity})
        except LspError as error:
            self.assertIn(error.code, (-32602, -32803))
        self.end(client)
        fake.stop()
