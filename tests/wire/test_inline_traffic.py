# SPDX-License-Identifier: MIT
"""What a keystroke costs (DESIGN.md A9): pauses, one request in flight, sockets that close, the cache."""
import os
import time

from lib.harness import program
from lib.inline_case import AUTOMATIC, CODE, GENERATE, INVOKED, InlineCase

LOOSE = "asan" in program() or "tsan" in program() or bool(os.environ.get("OLLAMA_LS_LOOSE"))
# The gate of 50 ms is for a quiet machine (tests/bench); a test machine runs other things too.
CLOSED_WITHIN = 0.5 if LOOSE else 0.25
LONG = 5000  # ms: a pause that is over in no test
LOADING = 1.1  # s: who is silent for so long loads


class Pauses(InlineCase):
    def test_several_keystrokes_cost_one_request(self):
        fake, client, buffer = self.typing(pause=300)
        fake.say("+ b\n")
        asked = []
        for character in "a ":
            buffer.type(character)
            asked.append(buffer.ask())
        items = [buffer.answer(identity) for identity in asked]
        self.assertEqual([[], "+ b"], [items[0], buffer.ghost(items[1])])
        self.assertEqual(1, self.count(fake))
        self.assertTrue(self.body(fake)["prompt"].endswith("return a "))
        self.end(client)

    def test_the_pause_is_kept(self):
        fake, client, buffer = self.typing(pause=300)
        fake.say("a + b\n")
        begun = time.monotonic()
        identity = buffer.ask()
        self.flush()
        request, = fake.wait_for(GENERATE)
        self.assertGreater(request.at - begun, 0.28)
        buffer.answer(identity)
        self.end(client)

    def test_who_invokes_it_does_not_wait(self):
        fake, client, buffer = self.typing(pause=LONG)
        fake.say("a + b\n")
        waiting = buffer.ask(AUTOMATIC)
        self.assertEqual("a + b", buffer.shown(INVOKED))
        self.assertEqual([], buffer.answer(waiting))
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def test_cancelled_in_the_pause(self):
        fake, client, buffer = self.typing(pause=200)
        identity = buffer.ask()
        client.cancel(identity)
        self.assertEqual(-32800, client.answer(identity)["error"]["code"])
        fake.say("a + b\n")
        other = self.buffer(client, CODE.replace("add", "sum"), "b.py")
        self.assertEqual("a + b", other.shown())  # its pause was over later
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def test_two_documents(self):
        """Each has its own pause and its own request."""
        fake, client, first = self.typing(pause=100)
        second = self.buffer(client, CODE.replace("add", "sum"), "b.py")
        fake.always(lambda body: [body["prompt"].rsplit("def ", 1)[1][:3] + "\n"])
        asked = [(second, second.ask()), (first, first.ask())]
        self.assertEqual(["sum", "add"], [b.ghost(b.answer(i)) for b, i in asked])
        self.assertEqual(2, self.count(fake))
        self.end(client)

    def test_two_documents_in_flight(self):
        """One that is superseded in one document does not end that of the other."""
        fake, client, first = self.typing()
        second = self.buffer(client, CODE.replace("add", "sum"), "b.py")
        reply = fake.reply()
        asked = first.ask(INVOKED)
        fake.wait_for(GENERATE)
        reply.send("a ")
        other = second.ask(INVOKED)  # queued: the fake answers one at a time
        fake.wait_for(GENERATE, 2)
        second.move("import os")
        fake.say("\n")
        third = second.ask(INVOKED)
        self.assertEqual([], second.answer(other))
        reply.send("+ b\n")
        self.assertEqual("a + b", first.ghost(first.answer(asked)))
        self.assertEqual([], second.answer(third))
        self.end(client)


class InFlight(InlineCase):
    def flying(self, *tokens, text=CODE, **changes):
        """(fake, client, buffer, reply, id): a request whose first tokens have come."""
        fake, client, buffer = self.typing(text, **changes)
        reply = fake.reply()
        identity = buffer.ask(INVOKED)
        fake.wait_for(GENERATE)
        reply.send(*tokens)
        fake.wait(lambda: reply.spoken == len(tokens), "the tokens")
        for _ in range(2):  # they lie at the server's socket: it has read them when it has turned once more
            client.settle()
        return fake, client, buffer, reply, identity

    def gone(self, fake, stop):
        """Run stop(); the model server must see the connection closed soon after."""
        fake.before_wait = lambda: None
        begun = time.monotonic()
        stop()
        self.flush()
        request = fake.wait_closed(GENERATE)
        self.assertLess(request.closed_at - begun, CLOSED_WITHIN)
        fake.before_wait = self.flush

    def test_superseded(self):
        fake, client, buffer, _, identity = self.flying("a ")
        buffer.move("return 1", 7)
        fake.say("2\n")
        self.gone(fake, lambda: client.settle() if buffer.ask(INVOKED) else None)
        self.assertEqual([], buffer.answer(identity))
        self.assertEqual(2, len(fake.wait_for(GENERATE, 2)))
        self.end(client)

    def test_superseded_by_typing_something_else(self):
        fake, client, buffer, _, identity = self.flying("alpha", " + ")
        buffer.type("b")
        fake.say("eta\n")
        second = buffer.ask(INVOKED)
        self.closed(fake)
        self.assertEqual([], buffer.answer(identity))
        self.assertEqual("eta", buffer.ghost(buffer.answer(second)))
        self.end(client)

    def test_an_edit_elsewhere(self):
        """The text around the place is another one: asked anew."""
        fake, client, buffer, _, identity = self.flying("a ")
        buffer.change(("import os", "import sys"))
        buffer.cursor += 1
        fake.say("a * b\n")
        self.assertEqual("a * b", buffer.shown(INVOKED))
        self.assertEqual([], buffer.answer(identity))
        self.end(client)

    def test_an_edit_without_a_new_request(self):
        """The answer is about the text as it was asked for, wherever the document went."""
        _, client, buffer, reply, identity = self.flying("a ")
        buffer.change(("import os", "import sys\nimport re"))
        reply.send("+ b\n")
        item, = buffer.answer(identity)
        self.assertEqual({"line": 4, "character": 11}, item["range"]["end"])
        self.end(client)

    def test_cancelled(self):
        fake, client, buffer, _, identity = self.flying("a ")
        self.gone(fake, lambda: client.cancel(identity))
        self.assertEqual(-32800, client.answer(identity)["error"]["code"])
        client.poll(lambda: self.figures(client).get("cancelled") == 1, "a cancelled one")
        fake.say("a + b\n")
        self.assertEqual("a + b", buffer.shown(INVOKED))
        self.end(client)

    def test_cancelled_while_the_model_is_silent(self):
        fake, client, _, _, identity = self.flying()
        self.gone(fake, lambda: client.cancel(identity))
        self.assertEqual(-32800, client.answer(identity)["error"]["code"])
        self.end(client)

    def test_cancelled_while_the_model_loads(self):
        fake, client, buffer = self.typing()
        fake.hold_loading()
        identity = buffer.ask(INVOKED)
        fake.wait_for(GENERATE)
        self.gone(fake, lambda: client.cancel(identity))
        self.assertEqual(-32800, client.answer(identity)["error"]["code"])
        self.end(client)

    def test_the_document_is_closed(self):
        fake, client, buffer, _, identity = self.flying("a ")
        self.gone(fake, lambda: client.close(buffer.uri))
        message = client.answer(identity)
        self.assertTrue(message.get("result", {}).get("items") == []
                        or message["error"]["code"] == -32800, message)
        self.end(client)

    def test_shutdown(self):
        fake, client, _, _, identity = self.flying("a ")
        self.gone(fake, lambda: client.start_request("shutdown"))
        client.answer(identity)
        client.notify("exit")
        client.finish(shutdown=False)

    def test_shutdown_in_the_pause(self):
        fake, client, buffer = self.typing(pause=LONG)
        identity = buffer.ask()
        client.request("shutdown")
        client.answer(identity)
        client.notify("exit")
        client.finish(shutdown=False)
        self.assertEqual(0, self.count(fake))

    def test_end_of_input(self):
        fake, client, _, _, identity = self.flying("a ")
        self.gone(fake, client.close_stdin)
        client.ended()
        client.requests.pop(next(k for k in client.requests if k[1] == identity))
        client.finish(code=1, shutdown=False)

    def test_exit_alone(self):
        fake, client, _, _, identity = self.flying("a ")
        self.gone(fake, lambda: client.notify("exit"))
        client.ended()
        client.requests.pop(next(k for k in client.requests if k[1] == identity), None)
        client.finish(code=1, shutdown=False)

    def test_enough_closes_the_socket(self):
        """One line: what the model says behind it is not waited for."""
        fake, client, buffer, reply, identity = self.flying("a + b", "\n")
        self.assertEqual("a + b", buffer.ghost(buffer.answer(identity)))
        self.closed(fake)
        self.assertEqual(2, reply.spoken)
        client.poll(lambda: self.figures(client).get("requests") == 1, "the figures")
        row = self.figures(client)
        self.assertEqual((0, 0), (row["errors"], row["cancelled"]))
        self.end(client)

    def test_the_end_of_a_block_closes_the_socket(self):
        text = "int add(int a, int b) {\n    |\n}\n"
        fake, client, buffer = self.typing(text, "a.c", "c")
        reply = fake.reply()
        identity = buffer.ask(INVOKED)
        fake.wait_for(GENERATE)
        reply.send("int c = a;\n", "    return c;\n", "}\n", "\nint other(void) {\n", "    return")
        self.assertEqual("int c = a;\n    return c;", buffer.ghost(buffer.answer(identity)))
        self.closed(fake)
        self.end(client)

    def test_many_documents_at_once(self):
        fake, client = self.inline()
        buffers = [self.buffer(client, CODE, "f%d.py" % n) for n in range(8)]
        fake.reply()
        asked = [(b, b.ask(INVOKED)) for b in buffers]
        fake.wait_for(GENERATE, 8)
        for buffer, identity in asked:
            client.close(buffer.uri)
            client.answer(identity)
        self.closed(fake, 8)
        self.end(client)

    # -- riding ----------------------------------------------------------------------------

    def test_typing_what_it_is_about_to_say(self):
        fake, client, buffer, reply, identity = self.flying("al", "pha")
        asked = [identity]
        for character in "alpha":
            buffer.type(character)
            asked.append(buffer.ask())
        client.settle()
        reply.send(" + beta\n")
        items = [buffer.answer(one) for one in asked]
        self.assertEqual([[]] * 5, items[:5])
        self.assertEqual(" + beta", buffer.ghost(items[5]))
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def loading(self):
        """As flying, with a model that has been silent for so long that it must be loading."""
        flying = self.flying()
        time.sleep(LOADING)
        return flying

    def test_superseded_while_the_model_is_silent(self):
        fake, client, buffer, _, identity = self.flying()
        buffer.type("al")
        fake.say("pha\n")
        second = []
        self.gone(fake, lambda: second.append(buffer.ask(INVOKED)))
        self.assertEqual([], buffer.answer(identity))
        self.assertEqual("pha", buffer.ghost(buffer.answer(second[0])))
        self.assertTrue(self.body(fake, 1)["prompt"].endswith("return al"))
        self.end(client)

    def test_asking_again_at_a_silent_model(self):
        """At the same place: the one that is under way is as good."""
        fake, client, buffer, reply, identity = self.flying()
        second = buffer.ask(INVOKED)
        self.assertEqual([], buffer.answer(identity))
        reply.send("alpha\n")
        self.assertEqual("alpha", buffer.ghost(buffer.answer(second)))
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def test_typing_ahead_of_a_loading_model(self):
        fake, client, buffer, reply, identity = self.loading()
        buffer.type("al")
        second = buffer.ask()
        self.assertEqual([], buffer.answer(identity))
        reply.send("alpha", " + beta\n")
        self.assertEqual("pha + beta", buffer.ghost(buffer.answer(second)))
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def test_a_silent_model_that_says_something_else(self):
        """The request that waited is asked for its own place, not answered with nothing."""
        fake, client, buffer, reply, _ = self.loading()
        buffer.type("be")
        second = buffer.ask()
        fake.say("ta\n")
        client.settle()
        reply.send("alpha")
        self.closed(fake)
        self.assertEqual("ta", buffer.ghost(buffer.answer(second)))
        self.assertEqual(2, self.count(fake))
        self.assertTrue(self.body(fake, 1)["prompt"].endswith("return be"))
        self.end(client)

    def test_a_silent_model_that_says_something_else_at_once(self):
        """The same where its first word is its last one."""
        for tokens in (("alpha\n",), ("\n",), ()):
            with self.subTest(tokens=tokens):
                fake, client, buffer, reply, _ = self.loading()
                buffer.type("be")
                second = buffer.ask()
                client.settle()
                fake.say("ta\n")
                reply.send(*tokens).finish()
                self.assertEqual("ta", buffer.ghost(buffer.answer(second)))
                self.assertEqual(2, self.count(fake))
                self.end(client)
                fake.stop()

    def test_cancelling_the_one_that_rides(self):
        fake, client, buffer, _, identity = self.flying("alpha")
        buffer.type("al")
        second = buffer.ask()
        self.assertEqual([], buffer.answer(identity))
        self.gone(fake, lambda: client.cancel(second))
        self.assertEqual(-32800, client.answer(second)["error"]["code"])
        self.end(client)

    def test_cancelling_one_that_was_asked_anew(self):
        fake, client, buffer, reply, _ = self.loading()
        buffer.type("be")
        second = buffer.ask()
        client.settle()
        fake.reply()
        reply.send("alpha")
        fake.wait_for(GENERATE, 2)
        client.cancel(second)
        self.assertEqual(-32800, client.answer(second)["error"]["code"])
        self.closed(fake, 2)
        self.end(client)

    def test_deleting_is_no_riding(self):
        fake, client, buffer, _, identity = self.flying("alpha", text=CODE.replace("|", "a|"))
        buffer.back()
        fake.say("b\n")
        self.assertEqual("b", buffer.shown(INVOKED))
        self.assertEqual([], buffer.answer(identity))
        self.closed(fake)
        self.end(client)


class Cache(InlineCase):
    def known(self, *tokens, text=CODE, **changes):
        """(fake, client, buffer): a suggestion is shown; from now on asking fails the test."""
        fake, client, buffer = self.typing(text, pause=LONG, **changes)
        fake.say(*tokens)
        self.assertTrue(buffer.complete(INVOKED))
        return fake, client, buffer

    def test_typing_into_the_suggestion(self):
        fake, client, buffer = self.known("alpha + beta\n")
        rest = "alpha + beta"
        while len(rest) > 1:
            buffer.type(rest[0])
            rest = rest[1:]
            self.assertEqual(rest, buffer.shown())
        self.assertEqual(1, self.count(fake))
        self.assertEqual(11, self.figures(client)["cacheHits"])
        while len(rest) < len("alpha + beta"):
            buffer.back()
            rest = "alpha + beta"[-len(rest) - 1:]
            self.assertEqual(rest, buffer.shown())
        self.assertEqual(1, self.count(fake))
        self.assertEqual(22, self.figures(client)["cacheHits"])
        self.end(client)

    def test_a_block_line_by_line(self):
        fake, client, buffer = self.known("total = a + b\n", "    return total\n\n\n",
                                          text="def add(a, b):\n    |\n\n\nx = 1\n")
        buffer.type("total = a + b\n    ")
        self.assertEqual("return total", buffer.shown())
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def test_a_bracket_that_the_editor_closes(self):
        fake, client, buffer = self.known("len(a)\n")
        buffer.type("len(", closer=")")
        self.assertEqual(buffer.text.replace("len()", "len(a)"),
                         buffer.applied(buffer.complete()[0]))
        self.assertEqual(1, self.count(fake))
        self.end(client)

    def test_typed_to_its_end_it_is_asked_anew(self):
        fake, client, buffer = self.known("alpha")
        buffer.type("alpha")
        fake.say(" + beta\n")
        self.assertEqual(" + beta", buffer.shown(INVOKED))
        self.assertEqual(2, self.count(fake))
        self.end(client)

    def test_something_else_is_asked_anew(self):
        fake, client, buffer = self.known("alpha\n")
        buffer.type("b")
        fake.say("eta\n")
        self.assertEqual("eta", buffer.shown(INVOKED))
        buffer.back()
        self.assertEqual("alpha", buffer.shown())
        self.end(client)

    def test_another_model_has_its_own(self):
        models = ["qwen2.5-coder:7b", {"name": "qwen2.5-coder:1.5b", "size": 10}]
        fake, client, buffer = self.known("alpha\n", models=models)
        client.command("selectModel", {"model": "qwen2.5-coder:7b", "role": "autocomplete"})
        fake.say("beta\n")
        self.assertEqual("beta", buffer.shown(INVOKED))
        self.end(client)

    def test_another_document_has_its_own(self):
        fake, client, _ = self.known("alpha\n")
        fake.say("beta\n")
        self.assertEqual("beta", self.buffer(client, name="b.py").shown(INVOKED))
        self.end(client)


class Load(InlineCase):
    KEYS = 1000

    def resident(self, client):
        with open("/proc/%d/status" % client.process.pid, encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def overlapping(self, fake):
        """The most requests that were open at once, beside those that we left just before."""
        events = []
        for request in fake.requests(GENERATE):
            end = request.closed_at or request.finished_at or time.monotonic()
            # The fake sees a connection close a moment after it did.
            events += [(request.at, 1), (max(request.at, end - CLOSED_WITHIN), -1)]
        most = now = 0
        for _, step in sorted(events, key=lambda event: (event[0], event[1])):
            now += step
            most = max(most, now)
        return most

    def type_fast(self, pause):
        fake, client, buffer = self.typing(pause=pause)
        fake.always(lambda body: ["some ", "thing ", "else\n"])
        fake.frame_seconds = 0.002
        asked, early = [], 0
        for number in range(self.KEYS):
            buffer.type("abcdefghij"[number % 10] if number % 40 else "\n    ")
            asked.append(buffer.ask())
            if number % 50 == 49:
                client.settle()  # as fast as the server reads, not faster
            if number == 200:
                early = self.resident(client)
        for identity in asked:
            buffer.answer(identity)
        growth = self.resident(client) - early
        self.assertLessEqual(self.overlapping(fake), 1)
        if not LOOSE:
            self.assertLess(growth, 2048, "KiB more after %d keystrokes" % self.KEYS)
        fake.say("the end\n")
        self.assertTrue(buffer.complete(INVOKED))
        count = self.count(fake)
        self.end(client)
        return count

    def test_a_thousand_keystrokes(self):
        self.assertLess(self.type_fast(150), 50)

    def test_a_thousand_keystrokes_without_a_pause(self):
        self.assertLessEqual(self.type_fast(0), self.KEYS + 1)

    def test_a_thousand_requests_that_are_cancelled(self):
        fake, client, buffer = self.typing()
        fake.always(lambda body: ["a"] * 50)
        fake.frame_seconds = 0.01
        for _ in range(self.KEYS):
            buffer.type("x")
            client.cancel(buffer.ask(INVOKED))
        client.settle()
        codes = {entry["answers"][0].get("error", {}).get("code")
                 for entry in client.requests.values()
                 if entry["method"] == "textDocument/inlineCompletion"}
        self.assertLessEqual(codes, {-32800, None})
        fake.wait(lambda: all(r.closed_at or r.finished_at for r in fake.requests(GENERATE)),
                  "every socket closed")
        self.end(client)
