# SPDX-License-Identifier: MIT
"""Requests about a Modelfile: completion, symbols, folding, tokens, formatting, lenses."""
from lib import capabilities, positions
from lib.harness import LspCase

SAMPLE = '''# a base model
# and its options
FROM llama3.2:3b
PARAMETER num_ctx 4096
PARAMETER stop "<|end|>"
SYSTEM """
You are 😀 brief.
# no comment
"""
MESSAGE user hello
TEMPLATE """{{ .System }}
{{ .Prompt }}"""
'''


class Completion(LspCase):
    def items(self, client, name, before, after=""):
        """Completion items between two texts."""
        uri = self.open(client, name, before + after)
        result = client.request("textDocument/completion", {
            "textDocument": {"uri": uri},
            "position": positions.to_position(before + after, len(before), client.encoding)})
        client.close(uri)
        client.looked_at.add(uri)
        return result["items"] if isinstance(result, dict) else result or []

    def labels(self, client, before, after=""):
        return [i["label"] for i in self.items(client, "Modelfile", before, after)]

    def test_each_place_offers_its_own(self):
        self.fake()
        client = self.client("full")
        rows = (
            ("", "", ["FROM", "PARAMETER", "SYSTEM"], ["num_ctx"]),
            ("FROM x\nPAR", "", ["PARAMETER", "PARSER"], ["FROM"]),
            ("FROM x\nPARAMETER ", "", ["num_ctx", "temperature", "stop"], ["FROM", "mirostat"]),
            ("FROM x\nPARAMETER temp", "", ["temperature"], ["num_ctx"]),
            ("FROM x\nMESSAGE ", "", ["system", "user", "assistant"], ["num_ctx"]),
            ("FROM x\nTEMPLATE \"\"\"{{ ", " }}\"\"\"", [".System", ".Prompt", "if", "range"], ["FROM"]),
            ("FROM x\nTEMPLATE \"\"\"{{ .Sys", " }}\"\"\"", [".System"], ["range", "FROM"]),
            ("FROM x\nTEMPLATE \"\"\"{{ $.Sys", " }}\"\"\"", [".System"], [".Role"]),
            ("FROM x\nTEMPLATE \"\"\"{{ $m.", " }}\"\"\"", [".Role", ".Content"], [".Suffix", "if"]),
            ("FROM x\nPARSER ", "", ["qwen3-coder", "harmony"], ["gemma4-small"]),
            ("FROM x\nRENDERER gem", "", ["gemma4-small"], ["harmony"]),
            ("FROM x\nPARAMETER num_ctx ", "", ["4096", "131072"], ["num_ctx"]),
            ("FROM x\nSYSTEM hello ", "", [], ["FROM"]),
            ("# FR", "", [], ["FROM"]),
        )
        for before, after, wanted, unwanted in rows:
            with self.subTest(before=before):
                labels = self.labels(client, before, after)
                for label in wanted:
                    self.assertIn(label, labels)
                for label in unwanted:
                    self.assertNotIn(label, labels)
                if not wanted:
                    self.assertEqual([], labels)
        client.finish()

    def test_context_sizes_stop_at_what_the_model_has(self):
        self.fake([{"name": "small:1b", "context_length": 8192}])
        client = self.client("full")
        uri = self.open(client, "x/Modelfile", "FROM small:1b\nPARAMETER num_ctx 9999999\n")
        self.expect(client, uri, "context-too-large")
        labels = self.labels(client, "FROM small:1b\nPARAMETER num_ctx ")
        self.assertIn("8192", labels)
        self.assertNotIn("16384", labels)
        client.looked_at.add(uri)
        client.finish()

    def test_models_behind_from(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        self.assertIn("llama3.2:3b", self.labels(client, "FROM "))
        self.assertIn("llama3.2:3b", self.labels(client, "FROM lla", "\n"))
        client.finish()

    def test_snippets_only_where_they_are_known(self):
        for profile, wanted in (("full", 2), ("eglot-1.9", None)):
            client = self.client(profile)
            items = {i["label"]: i for i in self.items(client, "Modelfile", "FROM x\nSYS")}
            self.assertEqual(wanted, items["SYSTEM"].get("insertTextFormat"))
            text = items["SYSTEM"]["textEdit"]["newText"]
            self.assertEqual("$0" in text, wanted == 2)
            items = {i["label"]: i for i in self.items(client, "Modelfile", "FROM x\nSYS", " more\n")}
            self.assertEqual("SYSTEM", items["SYSTEM"]["textEdit"]["newText"])
            client.drop("window/showMessage")
            client.finish()


class Structure(LspCase):
    def ask(self, client, method, text, name="Modelfile", **params):
        uri = self.open(client, name, text)
        result = client.request("textDocument/" + method, dict(params, textDocument={"uri": uri}))
        client.close(uri)
        client.looked_at.add(uri)
        return result

    def test_symbols_in_both_shapes(self):
        wanted = ["FROM llama3.2:3b", "PARAMETER num_ctx", "PARAMETER stop", "SYSTEM", "MESSAGE user",
                  "TEMPLATE"]
        for profile in ("full", "bare", "helix"):
            client = self.client(profile)
            symbols = self.ask(client, "documentSymbol", SAMPLE)
            self.assertEqual(wanted, [s["name"] for s in symbols])
            self.assertEqual(profile == "full", "selectionRange" in symbols[0])
            env = self.ask(client, "documentSymbol", "A=1\nOLLAMA_MODEL=llama3.2:3b\n", ".env")
            self.assertEqual(["llama3.2:3b"], [s["name"] for s in env])
            client.drop("window/showMessage")
            client.finish()

    def test_folding(self):
        client = self.client("full")
        found = self.ask(client, "foldingRange", SAMPLE)
        self.assertEqual([(5, 8, None), (10, 11, None), (0, 1, "comment")],
                         [(r["startLine"], r["endLine"], r.get("kind")) for r in found])
        self.assertEqual([], self.ask(client, "foldingRange", "A=1\n", ".env"))
        client.finish()

    def tokens(self, client, result, text):
        """Tokens as (line, text, type) by the announced legend."""
        legend = client.result["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"]
        line = character = 0
        found = []
        data = result["data"]
        for i in range(0, len(data), 5):
            line, character = (line + data[i], data[i + 1] if data[i] else character + data[i + 1])
            span = {"start": {"line": line, "character": character},
                    "end": {"line": line, "character": character + data[i + 2]}}
            found.append((line, positions.cut(text, span, client.encoding), legend[data[i + 3]]))
        return found

    def test_tokens(self):
        for name in capabilities.names():
            client = self.client(name)
            if "semanticTokensProvider" not in client.result["capabilities"]:
                client.drop("window/showMessage")
                client.finish()
                continue
            found = self.tokens(client, self.ask(client, "semanticTokens/full", SAMPLE), SAMPLE)
            for row in ((0, "# a base model", "comment"), (2, "FROM", "keyword"),
                        (2, "llama3.2:3b", "class"), (3, "num_ctx", "parameter"), (3, "4096", "number"),
                        (4, '"<|end|>"', "string"), (6, "You are 😀 brief.", "string"),
                        (7, "# no comment", "string"), (9, "user", "enumMember"),
                        (11, '{{ .Prompt }}"""', "string")):
                self.assertIn(row, found)
            part = self.ask(client, "semanticTokens/range", SAMPLE,
                            range=self.range_of(client, SAMPLE, "num_ctx 4096"))
            self.assertEqual([(3, "num_ctx", "parameter"), (3, "4096", "number")],
                             self.tokens(client, part, SAMPLE))
            client.drop("window/showMessage")
            client.finish()

    def test_formatting(self):
        rows = (
            ("from   llama3  \n\tparameter\tnum_ctx   4096\n  # note  \n",
             "FROM llama3\nPARAMETER num_ctx 4096\n# note\n"),
            (SAMPLE, SAMPLE),
            ("FROM x\nSYSTEM \"\"\"\n  keep  \n\tthis  \n\"\"\"  \n",
             "FROM x\nSYSTEM \"\"\"\n  keep  \n\tthis  \n\"\"\"\n"),
            ("from x\r\nsystem  a  b \r\n", "FROM x\r\nSYSTEM a  b\r\n"),
            ("nonsense  x\n from x\n", "nonsense  x\n from x\n"),  # at fault: left alone
            ("from x\nmessage user   hi ", "FROM x\nMESSAGE user hi"),
        )
        client = self.client("full")
        for before, after in rows:
            with self.subTest(before=before):
                edits = self.ask(client, "formatting", before,
                                 options={"tabSize": 4, "insertSpaces": True})
                self.assertEqual(after, positions.apply_edits(before, edits, client.encoding))
        edits = self.ask(client, "formatting", "from x",
                         options={"tabSize": 4, "insertSpaces": True, "insertFinalNewline": True})
        self.assertEqual("FROM x\n", positions.apply_edits("from x", edits, client.encoding))
        self.assertEqual([], self.ask(client, "formatting", "A =  1 \n", ".env",
                                      options={"tabSize": 4, "insertSpaces": True}))
        client.finish()

    def test_lenses_say_what_is_there(self):
        fake = self.fake(running=["llama3.2:3b"])
        client = self.client("full")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        for model, wanted in (("llama3.2:3b", ("status", "unload")), ("gemma3:4b", ("status", "load")),
                              ("mistral:7b", ("pull",)), ("hf.co/a/b", ()), ("./x.gguf", ())):
            lenses = self.ask(client, "codeLens", "FROM %s\n" % model)
            self.assertEqual(["ollama-ls." + verb for verb in ("create",) + wanted],
                             [lens["command"]["command"] for lens in lenses], model)
        lens = self.ask(client, "codeLens", "FROM gemma3:4b\n")[2]["command"]
        client.request("workspace/executeCommand",
                       {"command": lens["command"], "arguments": lens["arguments"]})
        fake.wait(lambda: "gemma3:4b" in fake.loaded, "a loaded model")
        client.settle()
        client.drop("window/showMessage")
        client.finish()
