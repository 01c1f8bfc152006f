# SPDX-License-Identifier: MIT
"""Typing during a run, edits that fail, results that wait: nothing is lost (DESIGN.md A8.4)."""
import re
import time

from lib.ai_case import AFTER, ANSWER, CHAT, FIRST, LAST, TARGET, TEXT, TOKENS, AiCase
from lib.lsp_client import SILENCE, LspError


class Rebase(AiCase):
    def typed(self, *changes, full=False, profile="vscode-11"):
        """Text after a run during which the user made these changes."""
        fake, client = self.begin(profile)
        reply = fake.reply()
        document = self.document(client, full=full)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        reply.send(*TOKENS[:4])
        client.streamed(identity, "def add")
        for change in changes:
            document.change(*change)
        # A client that sends no versions is only safe once the server has heard of the change.
        client.settle()
        reply.send(*TOKENS[4:]).finish()
        self.assertEqual("applied", client.outcome(identity)["outcome"], client.report())
        self.assertEqual(1, document.steps)
        self.end(client)
        fake.stop()
        return document.text

    def test_before_and_behind(self):
        before = ("import os\n", "import os\nimport sys\n")
        behind = ("return 1", "return 1 + 1")
        rows = (
            [[before]], [[behind]], [[before, behind]], [[behind, before]], [[before], [behind]],
            [[("import os\n", "")]], [[("\n\ndef add", "\n# new\n\ndef add")]],
            [[("import os\n", "\U0001f600 = 1\n"), ("\U0001f600", "import"), ("import", "imp")]],
        )
        for changes in rows:
            for profile in ("vscode-11", "nvim-0.12"):
                with self.subTest(changes=changes, profile=profile):
                    expected = AFTER
                    for change in changes:
                        for old, new in change:
                            expected = expected.replace(old, new, 1)
                    self.assertEqual(expected, self.typed(*changes, profile=profile))

    def test_with_the_full_text(self):
        for changes in ([[("import os\n", "import os\nimport sys\n")]], [[("return 1", "return 2")]]):
            with self.subTest(changes=changes):
                expected = AFTER.replace(*changes[0][0])
                self.assertEqual(expected, self.typed(*changes, full=True))

    def test_right_at_the_borders_is_outside(self):
        self.assertEqual(AFTER.replace("def add", "# x\ndef add"),
                         self.typed([("def add", "# x\ndef add")]))
        self.assertEqual(AFTER.replace("return a + b\n", "return a + b\n# y\n"),
                         self.typed([("return result\n", "return result\n# y\n")]))
        self.assertEqual(AFTER.replace("return a + b", "return a + b  # y"),
                         self.typed([("return result", "return result  # y")]))

    def test_right_behind_a_character_of_two_bytes(self):
        fake, client = self.begin()
        reply = fake.reply()
        document = self.document(client, TEXT.replace("return result", "return résulté"))
        identity = client.ai("refactor", document.uri, document.span(FIRST, "résulté"))
        reply.send(*TOKENS[:4])
        client.streamed(identity, "def add")
        document.change(("résulté", "résulté  # y"))
        reply.send(*TOKENS[4:]).finish()
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.assertIn("return a + b  # y\n", document.text)
        self.end(client)

    def test_changes_that_overtake_each_other(self):
        """Typed above the target, in Helix: put in order, and the range has followed."""
        fake, client = self.begin("helix")
        reply = fake.reply()
        document = self.document(client)
        client.ai("refactor", document.uri, document.span(FIRST, LAST))
        reply.send(*TOKENS[:4])
        client.poll(lambda: [a for a in client.command("status")["active"] if a["tokens"]], "tokens")
        for at, letter in ((1, "y"), (0, "x"), (4, "="), (2, " "), (3, "\n")):
            place = {"line": 0, "character": at}
            if letter == "=":  # what comes behind the line end that is still on its way
                place = {"line": 1, "character": 0}
            client.edit(document.uri, 2 + at, [{"range": {"start": place, "end": place}, "text": letter}])
        document.text, document.version = "xy \n=" + document.text, 6
        client.settle()
        reply.send(*TOKENS[4:]).finish()
        client.wait(lambda: document.steps, "the edit")
        self.assertEqual("xy \n=" + AFTER, document.text)
        self.end(client)

    def test_an_edit_and_its_undo_elsewhere(self):
        self.assertEqual(AFTER, self.typed([("import os\n", "")], [("\n\ndef add", "import os\n\n\ndef add")]))


class Conflict(AiCase):
    def test_typing_inside_stops_it_and_nothing_is_lost(self):
        for profile, stream in (("vscode-11", True), ("vscode-11", False), ("nvim-0.7", False),
                                ("eglot-1.9", False)):
            with self.subTest(profile=profile, stream=stream):
                fake, client, document, reply, identity = self.live(profile=profile, stream=stream)
                reply.send(*TOKENS)
                fake.wait(lambda reply=reply: reply.spoken == len(TOKENS), "the tokens")
                client.poll(lambda client=client: [a for a in client.command("status")["active"]
                                                   if a["tokens"] == len(TOKENS)], "tokens")
                document.put("# sum", "# my own\n    ")
                fake.wait_closed(CHAT)
                if stream:
                    end = client.outcome(identity)
                    self.assertEqual(("conflict", ANSWER.strip()),
                                     (end["outcome"], end["text"].strip()))
                    client.settle()
                    client.drop("window/showMessage")
                else:
                    self.kept_file(client)
                self.assertEqual(0, document.steps)
                self.assertIsNone(client.command("accept", {"id": identity}))
                client.wait(lambda document=document: document.steps == 1, "the edit")
                self.assertEqual(AFTER, document.text)
                client.settle()
                client.drop("window/showMessage")
                self.refusal(client, -32803, "accept", {"id": identity})
                self.end(client)
                fake.stop()

    def test_what_is_not_kept_is_not_promised(self):
        """Of `explain`, and before any text came, there is nothing that could be accepted."""
        for action, tokens in (("explain", ["It adds.\n"]), ("refactor", [])):
            with self.subTest(action=action):
                fake, client = self.begin()
                reply = fake.reply()
                document = self.document(client)
                identity = client.ai(action, document.uri, document.span(FIRST, LAST))
                reply.send(*tokens)
                fake.wait_for(CHAT, 1)
                if tokens:
                    client.streamed(identity, "It adds.")
                document.put("# sum", "# my own\n    ")
                end = client.outcome(identity)
                self.assertEqual("conflict", end["outcome"])
                self.assertNotIn("accept", end["error"]["remedy"])
                self.assertNotIn("accept", self.message(client))
                self.refusal(client, -32803, "accept", {"id": identity})
                self.end(client)
                fake.stop()

    def kept_file(self, client):
        """Without the stream the text is shown, and one message says where it is."""
        text = self.shown_file(self.message(client))
        self.assertIn("return a + b", text)
        client.settle()
        shows = self.has(client, "window.showDocument.support")
        self.assertEqual(shows, any(m["method"] == "window/showDocument" for m in client.inbox))
        client.drop("window/showDocument")

    def test_each_kind_of_touch(self):
        rows = ([("result = a + b", "result = a * b")], [("def add(a", "def add2(a")],
                [("return result", "return resul")], [("# sum\n", "")],
                [("import os", "import sys"), ("# sum", "# product")],
                [("def add(a, b):\n    # sum", "def add(a, b):\n")],
                [(TEXT, TEXT.upper())], [("\n\ndef add(a, b):", "")], [("return result\n\n\ndef", "def")])
        for change in rows:
            with self.subTest(change=change):
                fake, client, document, reply, identity = self.live()
                reply.send(*TOKENS[:4])
                client.streamed(identity, "def add")  # so the request is at the server
                document.change(*change)
                expected = document.text
                self.assertEqual("conflict", client.outcome(identity)["outcome"])
                fake.wait_closed(CHAT)
                self.assertEqual((expected, 0), (document.text, document.steps))
                client.drop("window/showMessage")
                client.settle()
                client.drop("window/showMessage")
                self.end(client)
                fake.stop()

    def test_opened_again_without_a_close(self):
        """Against the protocol, but the text is another one from then on."""
        fake, client, document, reply, identity = self.live()
        reply.send(*TOKENS[:4])
        client.streamed(identity, "def add")
        text = "# short\n"
        client.open(document.uri, text, "python")
        document.text, document.version = text, 1
        self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        fake.wait_closed(CHAT)
        client.settle()
        self.assertEqual((text, []), (document.text, client.applied))
        self.end(client)

    def test_an_edit_of_another_document_is_no_conflict(self):
        _, client, document, reply, identity = self.live()
        other = self.document(client, name="other.py")
        reply.send(*TOKENS[:4])
        client.streamed(identity, "def add")
        other.change(("# sum", "# x"))
        reply.send(*TOKENS[4:]).finish()
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.assertEqual(AFTER, document.text)
        self.end(client)


class WhileParsing(AiCase):
    """A document that is hard to parse takes several turns until its tree is there."""

    def hard(self, first, last, new, action="refactor", **more):
        """An action, and in the same write a change of whole lines: its tree cannot be there yet."""
        fake, client = self.begin(pacing="together")
        fake.always(lambda body: TOKENS)
        document = self.document(client, TEXT + "\n\nx = " + "a.b[c](d){" * 2900 + "\n")
        argument = {"action": action, "uri": document.uri, "id": "hard",
                    "range": document.span(FIRST, LAST), **more}
        lines = document.text.split("\n")
        document.text, document.version = "\n".join(lines[:first] + new + lines[last:]), 2
        client.start_request("workspace/executeCommand",
                             {"command": "ollama-ls.ai", "arguments": [argument]})
        client.edit(document.uri, 2, [{
            "range": {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}},
            "text": "".join(line + "\n" for line in new)}])
        return fake, client, document

    def test_an_edit_of_the_selection_stops_it(self):
        fake, client, document = self.hard(1, 8, [])
        end = client.outcome("hard")
        self.assertEqual("conflict", end["outcome"])
        self.assertIn("again", end["error"]["remedy"])
        client.settle()
        self.assertEqual(([], 0), (fake.requests(CHAT), document.steps))
        client.drop("window/showMessage")
        self.end(client)

    def test_diagnostics_follow_an_edit_elsewhere(self):
        place = {"start": {"line": 5, "character": 4}, "end": {"line": 5, "character": 10}}
        fake, client, _ = self.hard(0, 1, ["# one", "# two", "import os"], "fix", diagnostics=[
            {"range": place, "message": "something is wrong", "source": "linter"}])
        self.assertEqual("applied", client.outcome("hard")["outcome"])
        prompt = self.prompt(self.chat(fake))
        found = re.search(r"line (\d+), .*something is wrong\n +the line: (.*)", prompt)
        # By the text that the prompt is made of: the one after the edit, unless the parse won.
        self.assertIn(found.groups(), [("8", "result = a + b"), ("6", "result = a + b")])
        self.end(client)


class FailedApply(AiCase):
    def test_a_refusal_shows_the_result_and_keeps_it(self):
        for profile, stream in (("vscode-11", True), ("vscode-11", False), ("nvim-0.7", False),
                                ("helix", False)):
            with self.subTest(profile=profile, stream=stream):
                fake, client, document, span = self.scene(*TOKENS, profile=profile, stream=stream)
                document.refusals = [lambda: True]
                identity = client.ai("refactor", document.uri, span)
                if stream:
                    self.assertEqual("shown", client.outcome(identity)["outcome"])
                    client.settle()
                    client.drop("window/showMessage")
                else:
                    self.assertIn("return a + b", self.shown_file(self.message(client)))
                    client.settle()
                    client.drop("window/showDocument")
                self.assertEqual((TEXT, 1), (document.text, len(client.applied)))
                client.command("accept", {"id": identity})
                client.wait(lambda document=document: document.steps, "the edit")
                self.assertEqual(AFTER, document.text)
                client.settle()
                client.drop("window/showMessage")
                self.end(client)
                fake.stop()

    def test_the_session_ends_while_a_result_is_being_accepted(self):
        """The edit was refused, and its second try is due."""
        fake, client, document, span = self.scene(*TOKENS)
        identity = client.ai("refactor", document.uri, span, review=True)
        self.assertEqual("review", client.outcome(identity)["outcome"])
        document.refusals = [lambda: True]
        client.command("accept", {"id": identity})
        client.wait(lambda: client.applied, "the edit")
        self.end(client)  # exit code 0, and no second end of the stream
        fake.stop()

    def test_an_error_is_a_refusal(self):
        """eglot answers −32603 to a stale version; nothing is applied."""
        fake, client, document, span = self.scene(*TOKENS)
        real = client.answers["workspace/applyEdit"]
        client.answers["workspace/applyEdit"] = lambda p: LspError({"code": -32603, "message": "no"})
        identity = client.ai("refactor", document.uri, span)
        self.assertEqual("shown", client.outcome(identity)["outcome"])
        client.answers["workspace/applyEdit"] = real
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps, "the edit")
        self.assertEqual(AFTER, document.text)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)
        fake.stop()

    def test_a_stale_version_is_tried_again(self):
        for profile in ("vscode-11", "eglot-1.9"):
            with self.subTest(profile=profile):
                fake, client, document, span = self.scene(*TOKENS, profile=profile)

                def typing():
                    document.change(("import os\n", "import os\nimport sys\n"))
                    return True
                document.refusals = [typing]
                identity = client.ai("refactor", document.uri, span)
                self.assertEqual("applied", client.outcome(identity)["outcome"], client.report())
                self.assertEqual(AFTER.replace("os\n", "os\nimport sys\n", 1), document.text)
                self.assertEqual((1, 2), (document.steps, len(client.applied)))
                client.settle()
                client.drop("window/showMessage")
                self.end(client)
                fake.stop()

    def test_but_not_over_what_was_typed_inside(self):
        fake, client, document, span = self.scene(*TOKENS)

        def typing():
            document.put("# sum", "# mine ")
            return True
        document.refusals = [typing]
        identity = client.ai("refactor", document.uri, span)
        self.assertIn(client.outcome(identity)["outcome"], ("conflict", "shown"))
        self.assertEqual((0, 1), (document.steps, len(client.applied)))
        self.assertIn("# mine", document.text)
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps, "the edit")
        self.assertEqual(AFTER, document.text)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)
        fake.stop()

    def test_nor_where_the_place_was_removed(self):
        fake, client, document, span = self.scene(*TOKENS)

        def removal():
            document.change(("\n\ndef add(a, b):\n    # sum\n    result = a + b\n    return result\n", ""))
            return True
        document.refusals = [removal]
        identity = client.ai("refactor", document.uri, span)
        self.assertEqual("shown", client.outcome(identity)["outcome"])
        message = self.refusal(client, -32803, "accept", {"id": identity})
        self.assertIn("gone", message)
        self.assertIn("return a + b", self.shown_file(message))
        self.assertEqual((0, 1), (document.steps, len(client.applied)))
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_a_client_that_never_agrees_is_not_asked_for_ever(self):
        _, client, document, span = self.scene(*TOKENS)

        def typing():
            document.change(("import os\n", "import os\n# more\n"))
            return True
        document.refusals = [typing] * 100
        identity = client.ai("refactor", document.uri, span)
        self.assertEqual("shown", client.outcome(identity)["outcome"])
        self.assertLessEqual(len(client.applied), 10)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)


class Review(AiCase):
    def waiting(self, *tokens, options=None, profile="vscode-11", stream=True, **more):
        fake, client, document, span = self.scene(*tokens, options=options, profile=profile,
                                                  stream=stream)
        identity = client.ai("refactor", document.uri, span, **more)
        if stream:
            self.assertEqual("review", client.outcome(identity)["outcome"])
        else:
            self.message(client)
        client.settle()
        client.drop("window/showMessage")
        client.drop("window/showDocument")
        self.assertEqual((TEXT, 0), (document.text, document.steps))
        return fake, client, document, identity

    def offers(self, client, document, span, kind=2):
        found = self.listed(client, document.uri, span, kind=kind)
        return [self.commands(found, verb) for verb in ("accept", "reject")]

    def test_accept(self):
        for profile, stream in (("vscode-11", True), ("eglot-1.9", False), ("nvim-0.7", False)):
            with self.subTest(profile=profile):
                fake, client, document, identity = self.waiting(
                    *TOKENS, review=True, profile=profile, stream=stream)
                (accept,), (reject,) = self.offers(client, document, document.range("# sum"))
                self.assertEqual(("quickfix", "quickfix"), (accept["kind"], reject["kind"]))
                document.change(("import os\n", "import os\nimport sys\n"))  # meanwhile, elsewhere
                self.execute(client, accept)
                client.wait(lambda document=document: document.steps == 1, "the edit")
                self.assertEqual(AFTER.replace("os\n", "os\nimport sys\n", 1), document.text)
                client.settle()
                client.drop("window/showMessage")
                self.assertEqual([[], []], self.offers(client, document, document.range("a + b")))
                self.end(client)
                fake.stop()

    def test_the_session_ends_while_the_editor_thinks_about_it(self):
        for way in ("shutdown", "end of input"):
            with self.subTest(way=way):
                fake, client, document, identity = self.waiting(*TOKENS, review=True)
                client.answers["workspace/applyEdit"] = lambda params: SILENCE
                client.command("accept", {"id": identity})
                client.wait(lambda client=client: client.applied, "the edit")
                if way == "shutdown":
                    self.end(client)
                else:
                    client.close_stdin()
                    client.ended()
                    client.finish(code=1, shutdown=False)
                self.assertEqual(TEXT, document.text)
                fake.stop()

    def test_accepted_again_before_the_first_edit_was_answered(self):
        """Closed and opened in between: the late refusal of the first is not that of the second."""
        _, client, document, identity = self.waiting(*TOKENS, review=True)
        client.answers["workspace/applyEdit"] = lambda params: SILENCE
        client.command("accept", {"id": identity})
        client.wait(lambda: client.applied, "the edit")
        first = client.last_request["workspace/applyEdit"]
        client.close(document.uri)
        document = self.document(client)
        client.answers["workspace/applyEdit"] = lambda params: SILENCE
        client.command("accept", {"id": identity})
        client.wait(lambda: len(client.applied) == 2, "the second edit")
        second = client.last_request["workspace/applyEdit"]
        client.send({"jsonrpc": "2.0", "id": first, "result": {"applied": False}})
        client.settle()
        time.sleep(1.2)  # longer than a refused edit waits for the change that explains it
        self.refusal(client, -32803, "accept", {"id": identity})  # it is at work
        client.send({"jsonrpc": "2.0", "id": second, "result": {"applied": True}})
        client.settle()
        self.assertEqual(([], 2), (client.shown, len(client.applied)))
        self.refusal(client, -32803, "reject", {"id": identity})
        self.end(client)

    def test_reject(self):
        fake, client, document, identity = self.waiting(*TOKENS, review=True)
        _, (reject,) = self.offers(client, document, document.range("# sum"))
        self.execute(client, reject)
        client.settle()
        self.assertEqual([[], []], self.offers(client, document, document.range("# sum")))
        self.refusal(client, -32803, "accept", {"id": identity})
        self.refusal(client, -32803, "reject", {"id": identity})
        self.assertEqual((TEXT, []), (document.text, client.applied))
        client.drop("window/showMessage")
        self.end(client)
        fake.stop()

    def test_offered_over_the_range_only(self):
        _, client, document, identity = self.waiting(*TOKENS, review=True)
        for kind in (1, 2):
            self.assertEqual([[], []], self.offers(client, document, document.range("return 1"), kind))
            accept, reject = self.offers(client, document, document.span(FIRST, LAST), kind)
            self.assertEqual((1, 1), (len(accept), len(reject)))
        other = self.document(client, name="other.py")
        self.assertEqual([[], []], self.offers(client, other, other.range("# sum")))
        self.end(client)

    def test_by_setting(self):
        _, client, document, identity = self.waiting(*TOKENS, options={"ai": {"review": True}})
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps, "the edit")
        self.assertEqual(AFTER, document.text)
        client.drop("window/showMessage")
        self.end(client)

    def test_hidden_characters_always_wait(self):
        """Bidi, zero-width and control characters that were not there before."""
        for character in ("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\x07", "\x1b[31m", "\u00ad"):
            with self.subTest(character=character):
                fake, client, document, identity = self.waiting(
                    "def add(a, b):\n", "    return a + b  # %s x\n" % character)
                client.command("accept", {"id": identity})
                client.wait(lambda document=document: document.steps, "the edit")
                self.assertIn(character, document.text)
                client.settle()
                client.drop("window/showMessage")
                self.end(client)
                fake.stop()

    def test_hidden_characters_that_were_there_already(self):
        fake, client = self.begin()
        document = self.document(client, TEXT.replace("# sum", "# \u202e sum"))
        fake.say("def add(a, b):\n    # \u202e sum\n    return a + b\n")
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.end(client)

    def test_accept_after_an_edit_inside_replaces_what_is_there_now(self):
        _, client, document, identity = self.waiting(*TOKENS, review=True)
        document.put("# sum", "# typed meanwhile ")
        client.settle()
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps == 1, "one edit")
        self.assertEqual(AFTER, document.text)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_accept_when_the_document_is_closed(self):
        """Not lost, not applied elsewhere: the refusal says why, and the text can still be had."""
        _, client, document, identity = self.waiting(*TOKENS, review=True)
        client.close(document.uri)
        client.settle()
        self.refusal(client, -32803, "accept", {"id": identity})
        self.assertEqual([], client.applied)
        client.drop("window/showMessage")
        self.end(client)

    def test_a_replacement_all_over_a_large_file_takes_no_longer(self):
        """Each change has to be told to what waits there; the text is still made once."""
        _, client, document, identity = self.waiting(*TOKENS, review=True)
        line, count = "x = 1  # a line of some length, as usual\n", 16000
        document.change(("return 1\n", "return 1\n" + line * 20000))
        other = self.document(client, document.text, "other.py")
        client.settle()

        def took(which):
            begun = time.monotonic()
            which.version += 1
            client.edit(which.uri, which.version, changes)
            client.settle()
            return time.monotonic() - begun
        changes = [{"range": {"start": {"line": 12 + i, "character": 0},
                              "end": {"line": 12 + i, "character": 1}}, "text": "y"}
                   for i in range(count)]
        self.assertLess(took(document), 3 * took(other) + 0.3)
        document.text = document.text.replace("x = 1", "y = 1", count)
        client.command("accept", {"id": identity})
        client.wait(lambda: document.steps == 1, "the edit")
        self.assertIn("return a + b\n", document.text)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_a_new_action_over_a_waiting_result(self):
        fake, client, document, first = self.waiting(*TOKENS, review=True)
        fake.say(*TOKENS)
        second = client.ai("simplify", document.uri, document.span(FIRST, LAST))
        self.assertEqual("applied", client.outcome(second)["outcome"])
        self.assertEqual(AFTER, document.text)
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_many_waiting_results_are_bounded(self):
        fake, client = self.begin(options={"ai": {"review": True}})
        fake.always(lambda body: [ANSWER])
        document = self.document(client)
        for _ in range(70):
            identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
            self.assertEqual("review", client.outcome(identity)["outcome"])
        client.command("accept", {"id": identity})  # the newest is never the one that is dropped
        client.wait(lambda: document.steps, "the edit")
        client.drop("window/showMessage")
        self.end(client)


class Silent(AiCase):
    def test_a_target_is_only_ever_its_own_range(self):
        """Whatever the model answers, text outside of the target stays."""
        answers = ("import os\n\n\n" + ANSWER + "\n\ndef other():\n    return 7\n", "x", "\n\n\n\n",
                   "```\n```", TEXT, "\ufeff" + ANSWER, "}" * 50)
        for answer in answers:
            with self.subTest(answer=answer):
                fake, client, document, span = self.scene(answer)
                client.streams.loose.add("run-1")
                client.outcome(client.ai("refactor", document.uri, span))
                self.assertTrue(document.text.startswith(TEXT[:TEXT.index(TARGET)]))
                self.assertTrue(document.text.endswith(TEXT[TEXT.index(TARGET) + len(TARGET):]))
                client.settle()
                client.drop("window/showMessage")
                client.drop("window/showDocument")
                self.end(client)
                fake.stop()


