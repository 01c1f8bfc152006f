# SPDX-License-Identifier: MIT
"""Inline completion (DESIGN.md A9): to whom, with which model, what is asked and what is shown."""
import copy

from lib import capabilities as caps
from lib.inline_case import CODE, GENERATE, INVOKED, InlineCase, MODEL

REMOTE = {"name": "coder:480b-cloud", "remote_host": "https://ollama.com:443",
          "remote_model": "coder:480b", "size": 384, "capabilities": ["completion", "insert"]}
SMALL = {"name": "qwen2.5-coder:1.5b", "size": 986000000}


class WhoAndWhen(InlineCase):
    def test_announced_to_those_who_declare_it(self):
        for name in caps.names():
            with self.subTest(profile=name):
                client = self.client(name)
                declared = caps.get(client.capabilities, "textDocument.inlineCompletion") is not None
                provider = client.result["capabilities"].get("inlineCompletionProvider")
                self.assertEqual({} if declared else None, provider)
                client.drop("window/showMessage")
                client.finish()

    def test_off_unless_it_is_wanted(self):
        for options in (None, {"inlineCompletion": {"enable": False}},
                        {"inlineCompletion": {"enable": True}, "ai": {"enable": False}},
                        {"inlineCompletion": {"model": MODEL}},
                        {"ai": {"model": {"autocomplete": MODEL}}}):
            with self.subTest(options=options):
                fake, client = self.begin(stream=False, options=options)
                self.nothing(fake, self.buffer(client))
                self.nothing(fake, self.buffer(client, name="b.py"), INVOKED)
                self.end(client)
                fake.stop()

    def test_select_model_switches_it_on(self):
        fake, client = self.begin(stream=False, models=[SMALL, MODEL])
        buffer = self.buffer(client)
        self.nothing(fake, buffer)
        client.command("selectModel", {"model": MODEL, "role": "autocomplete"})
        fake.say("a + b\n")
        self.assertEqual("a + b", buffer.shown(INVOKED))
        self.assertEqual(MODEL, self.body(fake)["model"])
        self.end(client)

    def test_settings_that_come_later(self):
        """By workspace/configuration, on and off again."""
        fake, client = self.begin(stream=False)
        buffer = self.buffer(client)
        self.nothing(fake, buffer)
        fake.always(lambda body: ["a + b\n"])
        for enable in (True, False):
            client.settings = {"ollama-ls": {"inlineCompletion": {"enable": enable}}}
            client.notify("workspace/didChangeConfiguration", {"settings": None})
            client.poll(lambda: bool(buffer.complete(INVOKED)) == enable, "enable=%s" % enable)
        self.end(client)

    def test_server_down(self):
        _, client = self.inline(fake=object(), ready=False)  # nobody listens at the default server
        buffer = self.buffer(client)
        for _ in range(3):
            self.nothing(None, buffer, INVOKED)
        client.poll(lambda: client.command("status")["state"] == "unreachable", "unreachable")
        self.nothing(None, buffer)
        self.assertEqual([], client.shown)
        self.end(client)

    def test_a_server_that_starts_later(self):
        """Nobody asks for it: a document without models, no status bar."""
        fake = self.fake(default=True)
        fake.refuse()
        _, client = self.inline(fake=fake, ready=False)
        buffer = self.buffer(client)
        self.assertEqual([], buffer.complete(INVOKED))
        client.poll(lambda: client.command("status")["state"] == "unreachable", "unreachable")
        fake.always(lambda body: ["a + b\n"])
        fake.start()
        client.poll(lambda: buffer.complete(INVOKED), "a completion")
        self.end(client)

    def test_the_first_keystroke_knows_the_server(self):
        """It is asked when the session begins, not when the first completion is wanted."""
        fake, client = self.inline(ready=False)
        fake.always(lambda body: ["a + b\n"])
        fake.wait_for("/api/tags")
        self.assertEqual("a + b", self.buffer(client).shown(INVOKED))
        self.end(client)

    def test_the_first_request_waits_for_the_list_of_models(self):
        fake, client = self.inline(ready=False)
        fake.always(lambda body: ["a + b\n"])
        self.assertEqual("a + b", self.buffer(client).shown(INVOKED))
        self.end(client)

    def test_the_first_request_waits_for_what_a_model_can(self):
        """A server of before 0.30: only /api/show tells the capabilities."""
        fake = self.fake([MODEL], tags_have_capabilities=False)
        _, client = self.inline(fake=fake)
        fake.always(lambda body: ["a + b\n"])
        self.assertEqual("a + b", self.buffer(client).shown(INVOKED))
        self.end(client)

    def test_the_first_request_behind_a_choice(self):
        """Nobody asked the server before: completion was off."""
        fake, client = self.begin(stream=False, ready=False)
        client.command("selectModel", {"model": MODEL, "role": "autocomplete"})
        fake.always(lambda body: ["a + b\n"])
        self.assertEqual("a + b", self.buffer(client).shown(INVOKED))
        self.end(client)

    def test_off_costs_no_contact(self):
        fake, client = self.begin(stream=False, ready=False)
        self.nothing(fake, self.buffer(client), INVOKED)
        client.settle()
        self.assertEqual([], fake.requests())
        self.end(client)

    def test_documents_that_are_not_ours_to_complete(self):
        fake, client = self.inline()
        fake.always(lambda body: ["x\n"])
        for uri in ("git:/a.py", "vscode-notebook-cell:/a.py"):
            client.open(uri, "x = \n", "python")
            result = client.request("textDocument/inlineCompletion", {
                "textDocument": {"uri": uri}, "position": {"line": 0, "character": 4},
                "context": {"triggerKind": INVOKED}})
            self.assertEqual([], result["items"])
        self.assertEqual(0, self.count(fake))
        self.end(client)


class Models(InlineCase):
    def asked(self, fake, client, name="app.py"):
        """The model that is used, or None."""
        before = self.count(fake)
        fake.always(lambda body: ["a + b\n"])
        items = self.buffer(client, name=name).complete(INVOKED)
        self.assertEqual(bool(items), self.count(fake) > before)
        return fake.requests(GENERATE)[before].json["model"] if items else None

    def used(self, models, inline=None, options=None, running=()):
        fake = self.fake(models, running=running)
        _, client = self.inline(fake=fake, inline=inline, options=options)
        model = self.asked(fake, client)
        self.end(client)
        fake.stop()
        return model

    def test_none_that_can_insert(self):
        self.assertIsNone(self.used(["llama3.2:3b", "gemma3:4b", "nomic-embed-text"]))
        self.assertIsNone(self.used([]))

    def test_a_named_one_that_cannot_insert_is_not_replaced(self):
        self.assertIsNone(self.used(["llama3.2:3b", MODEL], {"model": "llama3.2:3b"}))
        self.assertIsNone(self.used(["llama3.2:3b", MODEL],
                                    options={"ai": {"model": {"autocomplete": "llama3.2:3b"}}}))
        self.assertIsNone(self.used([MODEL], {"model": "not-there:1b"}))

    def test_the_order(self):
        self.assertEqual(SMALL["name"], self.used([MODEL, SMALL, "llama3.2:3b"]))
        self.assertEqual(MODEL, self.used([MODEL, SMALL], running=[MODEL]))
        self.assertEqual(MODEL, self.used([MODEL, SMALL], {"model": MODEL}))
        role = {"ai": {"model": {"autocomplete": MODEL}}}
        self.assertEqual(MODEL, self.used([MODEL, SMALL], options=role))
        self.assertEqual(SMALL["name"], self.used([MODEL, SMALL], {"model": SMALL["name"]}, role))

    def test_remote_models_only_when_named(self):
        self.assertIsNone(self.used([REMOTE]))
        self.assertIsNone(self.used([REMOTE], running=[REMOTE["name"]]))
        self.assertEqual(MODEL, self.used([REMOTE, MODEL], running=[REMOTE["name"]]))
        fake, client = self.inline(models=[REMOTE, MODEL], inline={"model": REMOTE["name"]})
        client.poll(lambda: self.asked(fake, client) == REMOTE["name"], "the named one")
        self.end(client)

    def test_a_repository_cannot_name_one(self):
        self.write(".ollama-ls.json", '{"inlineCompletion": {"enable": true, "model": "%s"}}'
                   % REMOTE["name"])
        fake, client = self.begin(stream=False, models=[REMOTE, MODEL])
        client.drop("window/showMessage")
        self.assertEqual(MODEL, self.asked(fake, client))
        self.end(client)

    def test_older_servers_do_not_list_capabilities(self):
        fake = self.fake([MODEL, "llama3.2:3b"], tags_have_capabilities=False)
        _, client = self.inline(fake=fake)
        client.poll(lambda: self.asked(fake, client), "the capabilities")
        self.assertEqual(MODEL, fake.requests(GENERATE)[0].json["model"])
        self.end(client)

    def test_a_file_does_not_name_the_server(self):
        """Text goes to the server of the settings, whatever host the file is about."""
        other = self.fake(default=False)
        fake, client = self.inline()
        fake.say("llama3.2:3b\n")
        text = "OLLAMA_HOST=%s\nOLLAMA_MODEL=|\n" % other.url
        buffer = self.buffer(client, text, ".env", "dotenv")
        client.command("trustHost", {"host": other.url, "uri": buffer.uri})
        self.assertEqual("llama3.2:3b", buffer.shown(INVOKED))
        self.assertEqual(0, self.count(other))
        client.looked_at.add(buffer.uri)
        self.end(client)


class Request(InlineCase):
    def sent(self, text, name="app.py", language="python", answer=("x",), models=None, others=()):
        fake, client = self.inline(models=models)
        fake.say(*answer)
        for other, content in others:
            self.buffer(client, content + "|", other)
        self.buffer(client, text, name, language).complete(INVOKED)
        body = self.body(fake)
        self.end(client)
        fake.stop()
        return body

    def test_the_body(self):
        body = self.sent(CODE)
        self.assertEqual(MODEL, body["model"])
        self.assertTrue(body["prompt"].endswith("def add(a, b):\n    return "), body["prompt"])
        self.assertIn("app.py", body["prompt"].split("\n")[0])
        self.assertEqual("\n\n\ndef other():\n    return 1\n", body["suffix"])
        self.assertIs(True, body["stream"])
        self.assertFalse({"raw", "template", "system", "messages"} & set(body), body)
        options = body["options"]
        self.assertEqual({"num_ctx", "num_predict", "temperature", "stop"}, set(options))
        self.assertEqual((0, 80), (options["temperature"], options["num_predict"]))
        self.assertEqual("\n", options["stop"][0])
        self.assertIn("<|endoftext|>", options["stop"])
        self.assertTrue(all(options["stop"]))
        self.assertGreaterEqual(options["num_ctx"], 2048)

    def test_a_block(self):
        body = self.sent("def add(a, b):\n    |\n", answer=("return a + b\n",))
        self.assertEqual(320, body["options"]["num_predict"])
        self.assertNotIn("\n", body["options"]["stop"])

    def test_neither_side_is_ever_empty(self):
        """An empty prompt would only load the model, an empty suffix would start a chat."""
        for text in ("|", "|x = 1\n", "x = |", "|\n", "\n|", "|\r\n", "   |", "\ufeff|"):
            for name, language in (("app.py", "python"), ("notes.md", "markdown"),
                                   ("a.json", "json"), ("a.txt", "")):
                with self.subTest(text=text, name=name):
                    body = self.sent(text, name, language)
                    self.assertTrue(body["prompt"])
                    self.assertTrue(body["suffix"])

    def test_num_ctx_is_the_same_for_the_same_model(self):
        """Another one would load it anew."""
        fake, client = self.inline()
        fake.always(lambda body: ["x"])
        texts = (CODE, "x = |", "def f():\n    |\n", "# " + "word " * 8000 + "\nx = |\n")
        for number, text in enumerate(texts):
            self.buffer(client, text, "f%d.py" % number).complete(INVOKED)
            client.command("refresh")
            client.settle()
        sizes = [r.json["options"]["num_ctx"] for r in fake.requests(GENERATE)]
        self.assertEqual(len(texts), len(sizes))
        self.assertEqual(1, len(set(sizes)), sizes)
        self.assertEqual(1, len(fake.loads), fake.loads)
        self.end(client)

    def test_the_context_of_a_running_model_is_kept(self):
        fake = self.fake()
        fake.load(MODEL, 16384)
        fake.say("x")
        _, client = self.inline(fake=fake)
        self.buffer(client).complete(INVOKED)
        self.assertEqual(16384, self.body(fake)["options"]["num_ctx"])
        self.assertEqual([], fake.loads)
        self.end(client)

    def test_long_documents_fit_the_budget(self):
        line = "value_%06d = compute(alpha, beta)  # the quick brown fox\n"
        before = "".join(line % n for n in range(4000))
        after = "".join(line % n for n in range(5000, 9000))
        for context, tokens in ((32768, 2048), (2048, 2048), (1024, 1024)):
            with self.subTest(context=context):
                body = self.sent(before + "last = |\n" + after, models=[
                    {"name": MODEL, "context_length": context}])
                options = body["options"]
                self.assertLessEqual(options["num_ctx"], max(context, 2048))
                self.assertTrue(body["prompt"].endswith("\nlast = "), body["prompt"][-200:])
                first = body["prompt"].split("\n")[1]  # behind the file's name: a whole line
                self.assertIn(first + "\n", before)
                self.assertTrue(("last = " + body["suffix"]) in ("last = \n" + after)
                                or body["suffix"] in "\n" + after)
                # A token has three bytes at the least in such text.
                room = min(tokens, options["num_ctx"] - 320)
                self.assertLess(len(body["prompt"]) + len(body["suffix"]), room * 5)
                self.assertLess(len(body["suffix"]), len(body["prompt"]))

    def test_one_line_of_a_megabyte(self):
        body = self.sent("x = [" + "1234, " * 170000 + "|" + "5678, " * 170000 + "]\n")
        self.assertLess(len(body["prompt"]) + len(body["suffix"]), 20000)
        self.assertTrue(body["prompt"].endswith("1234, "))
        self.assertTrue(body["suffix"].startswith("5678, "))

    def test_carriage_returns_and_invalid_characters(self):
        body = self.sent("a = 1\r\nb = '\u0000\u202e'\r\nc = |\r\nd = 2\r\n")
        self.assertNotIn("\r", body["prompt"] + body["suffix"])
        self.assertNotIn("\u0000", body["prompt"])
        self.assertEqual("\nd = 2\n", body["suffix"])

    def test_tokens_of_models_in_the_text(self):
        body = self.sent("a = '<|fim_middle|>'\nb = |\nc = '<|fim_prefix|>'\n")
        self.assertNotIn("<|fim", body["prompt"] + body["suffix"])

    NEIGHBOUR = "def compute_total(invoice, discount):\n    return invoice.amount - discount\n"

    def test_neighbours_of_the_same_language(self):
        text = "from billing import compute_total\n\n\ninvoice, discount = load()\nprint(|)\n"
        body = self.sent(text, others=[("billing.py", self.NEIGHBOUR)])
        self.assertIn("# From billing.py:\n# def compute_total(invoice, discount):\n", body["prompt"])
        self.assertLess(body["prompt"].index("billing.py"), body["prompt"].index("app.py"))

    def test_of_many_neighbours_the_last_used(self):
        """Eight are looked at. One that was opened long ago, and was just edited or asked about, is among them."""
        for use in (lambda client, uri: client.edit(uri, 2, self.NEIGHBOUR + "\n"),
                    lambda client, uri: client.request("textDocument/hover", {
                        "textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}),
                    None):
            with self.subTest(use=use):
                fake, client = self.inline()
                billing = self.open(client, "billing.py", self.NEIGHBOUR)
                for number in range(12):
                    self.open(client, "other%d.py" % number, "x%d = %d\n" % (number, number))
                if use:
                    use(client, billing)
                buffer = self.buffer(client, "from billing import compute_total\n\n\n"
                                     "invoice, discount = load()\nprint(|)\n")
                fake.say("discount\n")
                buffer.complete()
                self.assertEqual(bool(use), "# From billing.py:" in self.body(fake)["prompt"])
                self.end(client)
                fake.stop()

    def test_what_is_no_neighbour(self):
        text = "from billing import compute_total\n\n\ninvoice, discount = load()\nprint(|)\n"
        for name in ("billing.js", ".env", ".env.local", "billing.txt"):
            with self.subTest(name=name):
                body = self.sent(text, others=[(name, self.NEIGHBOUR)])
                self.assertNotIn("From ", body["prompt"])

    def test_secrets_see_no_others_and_are_seen_by_none(self):
        secret = "API_TOKEN=sk-12345\nOLLAMA_TIMEOUT=30\n"
        body = self.sent("API_TOKEN=other\nOLLAMA_TIMEOUT=|\n", ".env", "dotenv",
                         others=[(".env.production", secret)])
        self.assertNotIn("sk-12345", body["prompt"])
        body = self.sent("API_TOKEN=1\nOLLAMA_TIMEOUT=|\n", "run.sh", "shellscript",
                         others=[(".env.production", secret)])
        self.assertNotIn("sk-12345", body["prompt"])


class Shown(InlineCase):
    def test_a_line(self):
        fake, client, buffer = self.typing()
        fake.say("a + b", "\n")
        item, = buffer.complete()
        self.assertEqual(CODE.replace("|", "a + b"), buffer.applied(item))
        self.end(client)

    def test_the_word_being_typed_is_replaced(self):
        fake, client, buffer = self.typing("total = su|\n")
        fake.say("m(values)\n")
        item, = buffer.complete()
        self.assertEqual("sum(values)", item["insertText"])
        self.assertEqual("su", buffer.cut(item["range"]))
        self.end(client)

    def test_a_block_on_one_line_of_range(self):
        fake, client, buffer = self.typing("def add(a, b):\n    |\n\n\ndef other():\n    return 1\n")
        fake.say("total = a + b\n", "    return total\n", "\n\ndef third():\n", "    pass\n")
        self.assertEqual("total = a + b\n    return total", buffer.shown())
        self.end(client)

    def test_nothing_worth_showing(self):
        for tokens in ((), ("",), ("\n",), ("   ",), ("<|endoftext|>",), ("\x00",)):
            with self.subTest(tokens=tokens):
                fake, client, buffer = self.typing()
                fake.say(*tokens)
                self.assertEqual([], buffer.complete())
                self.assertEqual([], buffer.complete())  # known
                self.assertEqual(1, self.count(fake))
                self.end(client)
                fake.stop()

    def test_cut_off_at_its_length(self):
        fake, client, buffer = self.typing()
        fake.say("a + result_of_a_very_lo", reason="length")
        self.assertNotIn("lo", buffer.shown())
        self.end(client)

    def test_encodings(self):
        line = "s = '\U0001f600\u00e9\u4e16' + na|\n"
        for encoding, units in (("utf-8", 9), ("utf-16", 4), ("utf-32", 3)):
            with self.subTest(encoding=encoding):
                declared = copy.deepcopy(caps.load("vscode-11")["capabilities"])
                declared.setdefault("general", {})["positionEncodings"] = [encoding]
                fake, client = self.inline(capabilities=declared)
                self.assertEqual(encoding, client.encoding)
                fake.say("me + '\U0001f601'\n")
                buffer = self.buffer(client, "# \U0001f600\r\n" + line)
                item, = buffer.complete()
                self.assertEqual("name + '\U0001f601'", item["insertText"])
                self.assertEqual({"line": 1, "character": 9 + units},
                                 item["range"]["start"])
                self.assertEqual(buffer.position(), item["range"]["end"])
                self.end(client)
                fake.stop()

    def test_inside_a_surrogate_pair(self):
        fake, client, buffer = self.typing("x = '\U0001f600|'\n")
        fake.say("a\n")
        identity = client.start_request("textDocument/inlineCompletion", {
            "textDocument": {"uri": buffer.uri}, "position": {"line": 0, "character": 6},
            "context": {"triggerKind": INVOKED}})
        self.assertIn("result", client.answer(identity))
        client.violations.clear()  # the position is none: an item can only be beside it
        client.settle()
        self.end(client)

    def test_positions_beyond_the_text(self):
        fake, client, buffer = self.typing("x = 1|")
        fake.always(lambda body: ["\n"])
        for line, character in ((0, 1000), (7, 0), (2 ** 31 - 1, 2 ** 31 - 1)):
            result = client.request("textDocument/inlineCompletion", {
                "textDocument": {"uri": buffer.uri},
                "position": {"line": line, "character": character},
                "context": {"triggerKind": INVOKED}})
            self.assertEqual([], result["items"])
        self.end(client)

    def test_line_ends(self):
        for eol in ("\n", "\r\n"):
            with self.subTest(eol=eol):
                text = "def add(a, b):\n    |\n\n\nx = 1\n".replace("\n", eol)
                fake, client, buffer = self.typing(text)
                fake.say("c = a\n", "    return c\n", "\n\ny = 2\n")
                self.assertEqual("c = a" + eol + "    return c", buffer.shown())
                self.end(client)
                fake.stop()

    def test_what_stands_behind_stays(self):
        fake, client, buffer = self.typing("print(|, end='')\n")
        fake.say("total, end='')\n")
        self.assertEqual("print(total, end='')\n", buffer.applied(buffer.complete()[0]))
        self.end(client)

    def selected(self, buffer, needle, text):
        return {"selectedCompletionInfo": {"range": buffer.range(needle), "text": text}}

    def test_the_selected_item(self):
        fake, client, buffer = self.typing("import os\nos.pa|\n")
        fake.say(".join(a, b)\n")
        info = {"selectedCompletionInfo": {"range": {"start": {"line": 1, "character": 3},
                                                     "end": {"line": 1, "character": 5}},
                                           "text": "path"}}
        item, = buffer.complete(**info)
        self.assertTrue(self.body(fake)["prompt"].endswith("\nos.path"))
        self.assertEqual("path.join(a, b)", item["insertText"])
        self.assertEqual(info["selectedCompletionInfo"]["range"], item["range"])
        # Without it, and with another one, it is another place.
        fake.say("ss\n")
        self.assertEqual("os.pass\n", buffer.applied(buffer.complete()[0])[10:])
        self.assertEqual(2, self.count(fake))
        self.assertEqual("path.join(a, b)", buffer.complete(**info)[0]["insertText"])
        self.assertEqual(2, self.count(fake))
        self.end(client)

    def test_selected_items_that_cannot_be_meant(self):
        fake, client, buffer = self.typing("import os\nos.pa|\n")
        fake.always(lambda body: ["th\n"])
        at = {"line": 1, "character": 3}
        for info in ({}, {"range": {"start": at, "end": at}}, {"text": "path"}, "path", [], 7, None,
                     {"range": {"start": {"line": 0, "character": 0}, "end": buffer.position()},
                      "text": "x"},
                     {"range": {"start": at, "end": buffer.position()}, "text": "p" * 100000},
                     {"range": {"start": at, "end": buffer.position()}, "text": "two\nlines"}):
            with self.subTest(info=str(info)[:80]):
                self.assertEqual("th", buffer.shown(selectedCompletionInfo=info))
        self.end(client)

    def test_params_that_are_none(self):
        fake, client, buffer = self.typing()
        fake.always(lambda body: ["a + b\n"])
        place = {"textDocument": {"uri": buffer.uri}, "position": buffer.position()}
        for context in (None, [], {}, {"triggerKind": "x"}, {"triggerKind": 99}):
            result = client.request("textDocument/inlineCompletion", dict(place, context=context))
            self.assertEqual("a + b", buffer.ghost(result["items"]))
        for params in ({"textDocument": {"uri": buffer.uri}},
                       dict(place, position={"line": "x"}), dict(place, position=[])):
            answer = client.answer(client.start_request("textDocument/inlineCompletion", params))
            self.assertEqual(-32602, answer.get("error", {}).get("code"), answer)
        client.violations.clear()
        self.end(client)

    def test_acceptance_is_counted(self):
        fake, client, buffer = self.typing()
        fake.say("a + b\n")
        command = buffer.complete()[0]["command"]
        self.assertEqual(0, self.figures(client)["accepted"])
        for wanted in (1, 2):
            client.request("workspace/executeCommand", {
                "command": command["command"], "arguments": command["arguments"]})
            self.assertEqual(wanted, self.figures(client)["accepted"])
        self.refusal(client, -32602, "inlineAccepted", {})
        self.refusal(client, -32602, "inlineAccepted", {"model": "x" * 5000, "host": "y"})
        client.command("inlineAccepted", {"model": "made-up", "host": "http://nobody"})
        names = [m["name"] for s in client.command("metrics")["servers"] for m in s["models"]]
        self.assertEqual([MODEL], names)
        self.end(client)
