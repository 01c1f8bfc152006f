# SPDX-License-Identifier: MIT
"""The edit of an AI action as each client takes it, the stream, and the progress (DESIGN.md A8)."""
import re

from lib.ai_case import (AFTER, ANSWER, CHAT, FIRST, LAST, PREFIX, TARGET, TEXT, TOKENS, AiCase)
from lib.capabilities import get

PROFILES = ("bare", "eglot-1.9", "nvim-0.7", "nvim-0.12", "vscode-11", "helix")


class Profiles(AiCase):
    """The same action for six clients: the right edit, and nothing that was not declared."""

    def run_in(self, profile, stream):
        fake, client, document, span = self.scene(*TOKENS, profile=profile, stream=stream)
        action = self.named(self.listed(client, document.uri, span), "refactor")
        self.assertIsNone(self.execute(client, action))
        if not self.has(client, "workspace.applyEdit"):
            self.shown_instead(client, document, stream)
        else:
            client.wait(lambda: document.steps, "the edit")
            self.assertEqual(AFTER, document.text)
            self.assertEqual(1, document.steps, "more than one undo step")
            self.assertEqual(1, len(client.applied))
            self.shape(client, document)
            if self.has(client, "window.workDoneProgress"):
                client.progress_done()
            else:
                self.message(client)
        self.end(client)
        self.assertEqual(stream, bool(client.streams.by_id))
        fake.stop()

    def shape(self, client, document):
        params = client.applied[0]
        edit = params["edit"]
        if self.has(client, "workspace.workspaceEdit.documentChanges"):
            self.assertEqual({"documentChanges"}, set(edit))
            named = edit["documentChanges"][0]["textDocument"]
            self.assertEqual({"uri": document.uri, "version": 1}, named)
        else:
            self.assertEqual({"changes"}, set(edit))
        touched = {e["range"]["start"]["line"] for e in document.edits}
        self.assertLessEqual(touched, set(range(4, 8)), "lines that stayed are touched")
        self.assertTrue(params.get("label", "x"))

    def shown_instead(self, client, document, stream):
        if stream:
            client.wait(client.streams.by_id.values, "a stream")
            identity = next(iter(client.streams.by_id))
            self.assertEqual("shown", client.outcome(identity)["outcome"])
            self.assertIn("return a + b", client.outcome(identity)["text"])
            client.settle()
            client.drop("window/showMessage")
        else:
            self.assertEqual(ANSWER.strip(), self.shown_file(self.message(client)).strip())
        self.assertEqual(TEXT, document.text)

    def test_bare(self):
        self.run_in("bare", False)
        self.run_in("bare", True)

    def test_eglot_1_9(self):
        self.run_in("eglot-1.9", False)
        self.run_in("eglot-1.9", True)

    def test_neovim_0_7(self):
        self.run_in("nvim-0.7", False)
        self.run_in("nvim-0.7", True)

    def test_neovim_0_12(self):
        self.run_in("nvim-0.12", False)
        self.run_in("nvim-0.12", True)

    def test_vscode(self):
        self.run_in("vscode-11", False)
        self.run_in("vscode-11", True)

    def test_helix(self):
        self.run_in("helix", False)
        self.run_in("helix", True)


class Streaming(AiCase):
    def test_tokens_arrive_one_by_one(self):
        _, client, document, reply, identity = self.live()
        begin = client.begun(identity)
        self.assertEqual((document.uri, "refactor", "qwen2.5-coder:7b"),
                         (begin["uri"], begin["action"], begin["model"]))
        self.assertEqual(TARGET, document.cut(begin["range"]))
        text = "def add(a, b):\n    total = a + b\n    print(total)\n    return total"
        said = ""
        for token in re.findall(r"\s*\S+", text):
            reply.send(token)
            said += token
            # A line may be held back until it is known to be code; no longer than it is written.
            whole = said.rsplit("\n", 1)[0] if "\n" in said else ""
            if whole:
                client.streamed(identity, whole)
        reply.finish()
        end = client.outcome(identity)
        self.assertEqual(("applied", text), (end["outcome"], end["text"]))
        self.assertEqual(TEXT.replace(TARGET, text), document.text)
        self.end(client)

    def test_thinking_is_kept_apart(self):
        fake, client = self.begin(models=["qwen3:8b"])
        fake.say("<think>by tag </think>", *TOKENS, thinking=["by ", "field"])
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        thought = "".join(p["text"] for p in client.stream(identity) if p["kind"] == "thinking")
        self.assertIn("by field", thought)
        self.assertIn("by tag", thought)
        self.assertEqual(AFTER, document.text)
        self.end(client)

    def test_fences_chatter_and_special_tokens_stay_out(self):
        for tokens in (("```python\n",) + TOKENS + ("```\n",),
                       ("Here is the refactored code:\n\n", "```python\n") + TOKENS
                       + ("```\n\n", "I removed the variable."),
                       TOKENS + ("<|im_end|>",), TOKENS + ("<|endoft", "ext|>"),
                       ("``", "`py\n") + TOKENS + ("`", "``")):
            with self.subTest(tokens=tokens):
                fake, client, document, span = self.scene(*tokens)
                identity = client.ai("refactor", document.uri, span)
                self.assertEqual("applied", client.outcome(identity)["outcome"])
                self.assertEqual(AFTER, document.text)
                self.end(client)
                fake.stop()

    def test_an_id_of_our_own(self):
        _, client, document, span = self.scene(*TOKENS)
        client.ai("refactor", document.uri, span, id=None)
        client.wait(client.streams.by_id.values, "a stream")
        identity = next(iter(client.streams.by_id))
        self.assertTrue(identity)
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        client.progress_done(PREFIX + identity)
        self.end(client)

    def test_an_answer_that_changes_nothing(self):
        _, client, document, span = self.scene(TARGET)
        identity = client.ai("refactor", document.uri, span)
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.assertEqual([], client.applied)
        client.drop("window/showMessage")
        self.end(client)

    def test_without_the_option_no_stream(self):
        for options in ({"stream": "yes"}, {"stream": False}, None):
            _, client, document, span = self.scene(*TOKENS, stream=False, options=options)
            client.ai("refactor", document.uri, span)
            client.wait(lambda document=document: document.steps, "the edit")
            self.end(client)
            self.assertEqual({}, client.streams.by_id)


class Texts(AiCase):
    """The edit lands right in every kind of text."""

    def change(self, text, span, tokens, name="app.py", language="python", action="refactor",
               profile="vscode-11"):
        fake, client = self.begin(profile)
        fake.say(*tokens)
        document = self.document(client, text, name, language)
        identity = client.ai(action, document.uri, span(document))
        end = client.outcome(identity)
        self.assertEqual("applied", end["outcome"], client.report())
        self.end(client)
        fake.stop()
        return document, client.begun(identity)

    def test_crlf(self):
        text = TEXT.replace("\n", "\r\n")
        document, _ = self.change(text, lambda d: d.span(FIRST, LAST), TOKENS)
        self.assertEqual(AFTER.replace("\n", "\r\n"), document.text)

    def test_tabs(self):
        text = "package a\n\nfunc Add(a, b int) int {\n\tresult := a + b\n\treturn result\n}\n"
        document, _ = self.change(
            text, lambda d: d.span("func", "result\n}"), ["func Add(a, b int) int {\n",
                                                          "    return a + b\n", "}\n"],
            "a.go", "go")
        self.assertEqual("package a\n\nfunc Add(a, b int) int {\n\treturn a + b\n}\n", document.text)

    def test_the_indentation_of_the_place(self):
        text = "class A:\n    def add(self, a, b):\n        r = a + b\n        return r\n\n    x = 1\n"
        after = "class A:\n    def add(self, a, b):\n        return a + b\n\n    x = 1\n"
        for tokens in (("def add(self, a, b):\n", "    return a + b\n"),
                       ("    def add(self, a, b):\n", "        return a + b\n")):
            with self.subTest(tokens=tokens):
                document, _ = self.change(text, lambda d: d.span("def add", "return r"), tokens)
                self.assertEqual(after, document.text)

    def test_units_of_positions(self):
        """Surrogate pairs before, in and behind the target, in every encoding."""
        text = 'const s = "\U0001f600\U0001f600"; let v = f("\U0001f680", 1); // \U0001f600 \u00e9\nlet w;\n'
        for profile in ("vscode-11", "nvim-0.12", "helix"):
            with self.subTest(profile=profile):
                document, begin = self.change(
                    text, lambda d: d.range('let v = f("\U0001f680", 1);'),
                    ['let v = f("', '\U0001f6f8', '", 2);'], "a.js", "javascript", profile=profile)
                self.assertEqual(text.replace('f("\U0001f680", 1)', 'f("\U0001f6f8", 2)'), document.text)
                self.assertEqual(0, begin["range"]["start"]["line"])

    def test_a_selection_inside_nodes_grows(self):
        document, begin = self.change(
            TEXT, lambda d: d.span("esult = a", "a +"), ["result = sum((a, b))"])
        self.assertIn(begin["range"], ({"start": {"line": 5, "character": 4},
                                        "end": {"line": 5, "character": 18}},))
        self.assertEqual(TEXT.replace("result = a + b", "result = sum((a, b))"), document.text)

    def test_whole_nodes_are_replaced_exactly(self):
        document, begin = self.change(TEXT, lambda d: d.range("a + b"), ["sum((a, b))"])
        self.assertEqual(TEXT.replace("a + b", "sum((a, b))"), document.text)
        self.assertEqual({"line": 5, "character": 13}, begin["range"]["start"])

    def test_no_newline_at_the_end_of_the_file(self):
        document, _ = self.change("x = 1\ny = 2", lambda d: d.range("y = 2"), ["y = 3\n"])
        self.assertEqual("x = 1\ny = 3", document.text)

    def test_an_insertion(self):
        document, _ = self.change(TEXT, lambda d: d.span(FIRST, LAST),
                                  ["def test_add():\n", "    assert add(1, 2) == 3\n"], action="tests")
        self.assertIn(TARGET, document.text)
        self.assertIn("    assert add(1, 2) == 3\n", document.text)
        self.assertEqual(TEXT.count("\ndef other"), document.text.count("\ndef other"))

    def test_a_completion_that_repeats_the_file(self):
        """The function up to the cursor once more, then the lines behind it."""
        text = ("function total(items) {\n  let sum = 0;\n  \n}\n\n"
                "export default total;\n")
        place = {"line": 2, "character": 2}
        body = "for (const item of items) {\n    sum += item.price;\n  }\n  return sum;"
        answer = text.replace("let sum = 0;\n  ", "let sum = 0;\n  " + body)
        document, begin = self.change(
            text, lambda d: {"start": place, "end": place},
            ["```javascript\n"] + re.findall(r"\s*\S+", answer) + ["\n```"], "a.js", "javascript",
            action="complete")
        self.assertEqual(answer, document.text)
        self.assertEqual({"start": place, "end": place}, begin["range"])

    def test_plain_text_and_config(self):
        text = "one\n\ntwo\nthree\n\nfour\n"
        document, _ = self.change(text, lambda d: d.span("two", "three"), ["2\n3\n"], "a.txt",
                                  "plaintext")
        self.assertEqual("one\n\n2\n3\n\nfour\n", document.text)

    def test_a_document_of_four_megabytes(self):
        filler = "".join("value_%d = %d  # padding to make this line long\n" % (i, i)
                         for i in range(43000))
        text = filler + TEXT + filler
        self.assertGreater(len(text), 4_000_000)
        document, _ = self.change(text, lambda d: d.span(FIRST, LAST), TOKENS)
        self.assertEqual(filler + AFTER + filler, document.text)

    def test_an_answer_of_ten_thousand_tokens(self):
        fake, client = self.begin()
        lines = ["    value_%d = %d\n" % (i, i) for i in range(2000)]
        tokens = [t for line in lines for t in (line[:4], line[4:9], line[9:12], line[12:15], line[15:])]
        self.assertEqual(10000, len(tokens))
        fake.reply().burst(["def add(a, b):\n"] + tokens + ["    return a + b\n"]).finish()
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.assertEqual(AFTER.replace("    return a + b", "".join(lines) + "    return a + b"),
                         document.text)
        self.end(client)


class Progress(AiCase):
    def test_loading(self):
        fake, client = self.begin(options={"status": True})
        gate = fake.hold_loading()
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        client.progress_like(lambda text: "loading" in text.lower(), identity)
        status = client.poll(lambda: [s for s in [client.command("status")]
                                      if s["state"] == "loading"], "loading")[0]
        self.assertEqual([{"id": identity, "kind": "refactor", "model": "qwen2.5-coder:7b",
                           "tokens": 0}], status["active"])
        client.take("$/ollama-ls/status", lambda p: p["state"] == "loading")
        fake.say(*TOKENS)
        gate.set()
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        client.take("$/ollama-ls/status", lambda p: p["state"] == "ok" and not p["active"])
        client.progress_done(PREFIX + identity)
        self.end(client)

    def test_queued(self):
        fake = self.fake()
        leave = fake.occupy("qwen2.5-coder:7b", 32768)
        _, client = self.begin(fake=fake)
        fake.say(*TOKENS)
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        token = client.progress_like(lambda text: "queued" in text.lower(), identity)
        self.assertNotIn("loading", str(client.progress[token]).lower())
        leave()
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.end(client)

    def test_tokens_and_their_speed(self):
        _, client, document, reply, identity = self.live(stream=False)
        token = PREFIX + identity
        begin = client.wait(lambda: client.progress.get(token), "progress")[0]
        self.assertTrue(begin["cancellable"])
        client.progress_like(lambda text: "qwen2.5-coder:7b" in text, identity)
        reply.send(*["def add(a, b):\n"] + ["    x\n"] * 20)
        client.progress_like(lambda text: re.search(r"\b21 tok.*\btok(ens)?/s", text), identity)
        active = client.command("status")["active"]
        self.assertEqual([{"id": identity, "kind": "refactor", "model": "qwen2.5-coder:7b",
                           "tokens": 21}], active)
        reply.finish()
        values = client.progress_done(token)
        self.assertNotIn("percentage", values[0])
        times = [at for at, arrow, m in client.transcript if arrow == "<--"
                 and m.get("method") == "$/progress" and m["params"]["value"]["kind"] == "report"]
        self.assertLessEqual(len(times), 2 + (times[-1] - times[0]) / 0.1)
        client.wait(lambda: document.steps, "the edit")
        self.end(client)

    def test_progress_only_where_declared(self):
        fake, client, document, span = self.scene(*TOKENS, profile="eglot-1.9", stream=False)
        client.ai("refactor", document.uri, span)
        self.assertIn("efactor", self.message(client))
        self.assertEqual(AFTER, document.text)
        self.assertEqual({}, client.progress)
        self.assertEqual(1, len(fake.requests(CHAT)))
        self.end(client)

    def test_the_label_of_the_edit(self):
        _, client, document, span = self.scene(*TOKENS)
        client.outcome(client.ai("refactor", document.uri, span))
        self.assertTrue(get(client.applied[0], "label"))
        self.end(client)
