# SPDX-License-Identifier: MIT
"""Completion, hover, code actions: what they offer, and what they never do."""
import json

from lib import capabilities, positions
from lib.harness import LspCase
from lib.lsp_client import LspError

CONTINUE = """name: local
version: 1.0.0
schema: v1
models:
  - name: chat
    provider: ollama
    model: %s
"""


class Completion(LspCase):
    def items(self, client, uri, text, needle, offset=None):
        offset = len(needle) if offset is None else offset
        result = client.request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": self.at(client, text, needle, offset)})
        return (result["items"], result) if isinstance(result, dict) else (result or [], {})

    def ready(self, client):
        """Wait until the server knows the models."""
        uri = self.open(client, "ready.env", "OLLAMA_MODEL=zzz-not-there\n")
        self.expect(client, uri, "unknown-model")
        client.close(uri)

    def test_installed_models_come_first_in_every_profile(self):
        self.fake(running=["qwen2.5-coder:7b"])
        for name in capabilities.names():
            with self.subTest(profile=name):
                client = self.client(name)
                self.ready(client)
                text = "OLLAMA_MODEL=\n"
                uri = self.open(client, ".env", text)
                items, _ = self.items(client, uri, text, "OLLAMA_MODEL=")
                labels = [i["label"] for i in sorted(items, key=lambda i: i.get("sortText", i["label"]))]
                installed = [n for n in labels[:5]]
                self.assertIn("llama3.2:3b", installed)
                self.assertEqual("qwen2.5-coder:7b", labels[0])
                self.assertLessEqual(len(items), 200)
                client.finish()

    def test_accepting_an_item_gives_the_installed_name(self):
        self.fake()
        rows = (
            (".env", "OLLAMA_MODEL=lla\n", "=lla", "OLLAMA_MODEL=llama3.2:3b\n"),
            (".env", "OLLAMA_MODEL=llama3.2:\n", "llama3.2:", "OLLAMA_MODEL=llama3.2:3b\n"),
            (".env", 'OLLAMA_MODEL="lla"\n', "lla", 'OLLAMA_MODEL="llama3.2:3b"\n'),
            ("config.yaml", CONTINUE % "lla", "model: lla", CONTINUE % "llama3.2:3b"),
            ("Modelfile", "FROM lla\n", "FROM lla", "FROM llama3.2:3b\n"),
            ("run.sh", "#!/bin/sh\nollama run lla\n", "run lla", "#!/bin/sh\nollama run llama3.2:3b\n"),
            (".aider.conf.yml", "model: ollama_chat/lla\n", "/lla",
             "model: ollama_chat/llama3.2:3b\n"),
        )
        for profile in ("bare", "nvim-0.7", "full"):
            client = self.client(profile)
            self.ready(client)
            for name, text, needle, expected in rows:
                with self.subTest(profile=profile, text=text):
                    uri = self.open(client, name, text)
                    items, _ = self.items(client, uri, text, needle)
                    self.assertEqual(expected, self.accept(client, text, items, needle))
                    client.close(uri)
            client.drop("window/showMessage")
            client.looked_at.update(client.published)
            client.finish()

    def accept(self, client, text, items, needle):
        """The text after the item whose new text names llama3.2:3b was accepted."""
        for item in items:
            edit = item.get("textEdit")
            if edit and edit["newText"].rstrip("\"'").endswith("llama3.2:3b"):
                span = edit.get("range") or edit["replace"]
                typed = positions.cut(text, {"start": span["start"], "end": self.at(
                    client, text, needle, len(needle))}, client.encoding)
                filter_text = item.get("filterText", item["label"])
                self.assertTrue(filter_text.startswith(typed), (typed, item))
                return positions.apply_edits(text, [{"range": span, "newText": edit["newText"]}],
                                             client.encoding)
        raise AssertionError("no item for llama3.2:3b: %r" % ([i["label"] for i in items],))

    def test_a_cut_list_is_incomplete_and_bounded(self):
        self.fake(["m%04d:latest" % i for i in range(1000)])
        client = self.client("full")
        self.ready(client)
        text = "OLLAMA_MODEL=\n"
        uri = self.open(client, ".env", text)
        items, result = self.items(client, uri, text, "OLLAMA_MODEL=")
        self.assertEqual(200, len(items))
        self.assertTrue(result["isIncomplete"])
        text = "OLLAMA_MODEL=m09\n"
        client.edit(uri, 2, text)
        items, result = self.items(client, uri, text, "=m09")
        installed = [i["label"] for i in items if i["label"].startswith("m09")]
        self.assertEqual(100, len(installed))
        client.looked_at.add(uri)
        client.finish()

    def test_resolve_adds_documentation(self):
        self.fake()
        client = self.client("full")
        self.ready(client)
        text = "OLLAMA_MODEL=\n"
        uri = self.open(client, ".env", text)
        items, _ = self.items(client, uri, text, "OLLAMA_MODEL=")
        item = next(i for i in items if i["label"] == "llama3.2:3b")
        resolved = client.request("completionItem/resolve", item)
        self.assertIn("documentation", resolved)
        self.assertEqual({k: item[k] for k in ("label", "textEdit", "sortText") if k in item},
                         {k: resolved[k] for k in ("label", "textEdit", "sortText") if k in item})
        client.finish()

    def test_resolve_believes_no_client(self):
        client = self.client("full")
        for data in (None, 5, "x", [], {"v": 99}, {"v": 1, "name": 5}, {"name": "x" * 5000},
                     {"v": 1, "name": "../..", "host": "http://evil.example"}):
            item = {"label": "anything"}
            if data is not None:
                item["data"] = data
            answer = client.answer(client.start_request("completionItem/resolve", item))
            self.assertIn(answer.get("error", {}).get("code"), (None, -32602))
        client.finish()

    def test_library_models_offer_to_pull(self):
        self.fake()
        client = self.client("full")
        self.ready(client)
        text = "OLLAMA_MODEL=mistral-ne\n"
        uri = self.open(client, ".env", text)
        items, _ = self.items(client, uri, text, "mistral-ne")
        found = [i for i in items if i["label"].startswith("mistral-nemo")]
        self.assertTrue(found, [i["label"] for i in items])
        command = found[0]["command"]
        self.assertEqual("ollama-ls.pull", command["command"])
        self.assertTrue(command["arguments"][0]["ask"])
        client.looked_at.add(uri)
        client.finish()

    def test_hosts_and_numbers_are_offered_where_nothing_is_written_yet(self):
        fake = self.fake()
        address = fake.url.partition("://")[2]
        client = self.client("full")
        self.ready(client)
        rows = (
            (".env", "OLLAMA_BASE_URL=|\n", fake.url),
            (".env", "LLM_CHAT_API_URL=ollama://llama3.2:3b@|\n", address),
            (".env", "OLLAMA_NUM_PARALLEL=|\n", "1"),
            ("a.yaml", "llm:\n  provider: ollama\n  base_url: |\n  model: gemma3:4b\n", fake.url),
            ("a.json", '{"provider": "ollama", "base_url": "|", "model": "gemma3:4b"}', fake.url),
            ("a.json", '{"provider": "ollama", "model": "gemma3:4b", "num_ctx": |}', "4096"),
            ("a.yaml", "provider: ollama\nmodel: gemma3:4b\nnum_ctx: |\n", "4096"),
            (".aider.conf.yml", "model: |\n", "ollama_chat/llama3.2:3b"),
            ("config.yaml", CONTINUE % "|", "llama3.2:3b"),
        )
        for name, marked, wanted in rows:
            with self.subTest(name=name, text=marked):
                text = marked.replace("|", "")
                uri = self.open(client, name, text)
                result = client.request("textDocument/completion", {
                    "textDocument": {"uri": uri},
                    "position": positions.to_position(text, marked.index("|"), client.encoding)})
                self.assertIn(wanted, [i["textEdit"]["newText"] for i in (result or {"items": []})
                                       ["items"]])
                self.assertEqual([], client.diagnostics(uri))
                client.close(uri)
        client.drop("window/showMessage")
        client.finish()

    def test_models_of_a_server_that_went_are_marked_stale(self):
        fake = self.fake()
        client = self.client("full")
        self.ready(client)
        fake.refuse()
        client.command("refresh")
        client.poll(lambda: client.command("status")["state"] == "unreachable", "unreachable")
        text = "OLLAMA_MODEL=llama3.2:\n"
        uri = self.open(client, ".env", text)
        items, _ = self.items(client, uri, text, "llama3.2:")
        self.assertIn("stale", next(i for i in items if i["label"] == "llama3.2:3b")["detail"])
        client.drop("window/showMessage")
        client.finish()

    def test_nothing_is_offered_elsewhere(self):
        self.fake()
        client = self.client("full")
        self.ready(client)
        for name, text in (("main.c", "int x;\n"), ("plain.yaml", "a: b\n"), (".env", "PORT=\n")):
            uri = self.open(client, name, text)
            items, _ = self.items(client, uri, text, text.rstrip("\n"))
            self.assertFalse([i for i in items if "llama" in i["label"]], name)
            client.close(uri)
        client.finish()


class Hover(LspCase):
    def hover(self, client, uri, text, needle):
        result = client.request("textDocument/hover", {
            "textDocument": {"uri": uri}, "position": self.at(client, text, needle, 1)})
        if result is None:
            return ""
        contents = result["contents"]
        if isinstance(contents, str):
            return contents
        # What the reader sees: a backslash in markdown only keeps the next character plain.
        return contents["value"].replace("\\", "")

    def test_a_model_card(self):
        self.fake(running=["llama3.2:3b"])
        for profile in ("full", "bare", "nvim-0.7"):
            client = self.client(profile)
            text = "OLLAMA_MODEL=llama3.2:3b\nOLLAMA_CHAT_MODEL=zzz-unknown\nA=1\n"
            uri = self.open(client, ".env", text)
            self.expect(client, uri, "unknown-model")
            card = self.hover(client, uri, text, "llama3.2:3b")
            for word in ("3.2B", "Q4_K_M"):
                self.assertIn(word, card)
            self.assertEqual("", self.hover(client, uri, text, "A=1"))
            client.finish()

    def test_markup_from_a_server_is_escaped(self):
        self.fake([{"name": "evil:latest", "family": "[x](http://evil) <img src=x> `a` **b**",
                    "quantization": "\x1b[31m\u202eQ4\u200b"}])
        client = self.client("full")
        text = "OLLAMA_MODEL=evil\n"
        uri = self.open(client, ".env", text)
        client.command("refresh")
        result = client.poll(lambda: client.request("textDocument/hover", {
            "textDocument": {"uri": uri}, "position": self.at(client, text, "=evil", 2)}), "a hover")
        card = result["contents"]["value"]
        self.assertNotRegex(card, r"(?<!\\)\]\(http://evil\)")
        self.assertNotRegex(card, r"(?<!\\)<img src=x>")
        for character in "\x1b\u202e\u200b":
            self.assertNotIn(character, card)
        client.finish()

    def test_variables_and_parameters(self):
        client = self.client("full")
        text = "OLLAMA_KEEP_ALIVE=5m\n"
        uri = self.open(client, ".env", text)
        self.assertIn("OLLAMA_KEEP_ALIVE", self.hover(client, uri, text, "OLLAMA_KEEP_ALIVE"))
        text = "FROM llama3.2:3b\nPARAMETER num_ctx 4096\n"
        uri = self.open(client, "Modelfile", text)
        self.assertIn("num_ctx", self.hover(client, uri, text, "num_ctx"))
        client.looked_at.update(client.published)
        client.drop("window/showMessage")
        client.finish()

    def test_remote_models_say_so(self):
        self.fake([{"name": "gpt-oss:120b-cloud", "remote_host": "https://ollama.com:443",
                    "remote_model": "gpt-oss:120b"}])
        client = self.client("full")
        text = "OLLAMA_MODEL=gpt-oss:120b-cloud\nOLLAMA_CHAT_MODEL=zzz-unknown\n"
        uri = self.open(client, ".env", text)
        self.expect(client, uri, "unknown-model")
        self.assertIn("remote: text leaves this machine",
                      self.hover(client, uri, text, "gpt-oss:120b-cloud"))
        client.finish()


class Fixes(LspCase):
    ROWS = (
        (".env", "OLLAMA_MODEL=meta-llama/Llama-3.1-8B-Instruct\n", "foreign-model-id",
         "OLLAMA_MODEL=llama3.1:8b\n"),
        (".env", "OLLAMA_MODEL=lama3.2:3b\n", "unknown-model", "OLLAMA_MODEL=llama3.2:3b\n"),
        (".env", 'OLLAMA_MODEL="qwen2.5-codr:7b" # note\n', "unknown-model",
         'OLLAMA_MODEL="qwen2.5-coder:7b" # note\n'),
        ("config.yaml", CONTINUE % "lama3.2:3b", "unknown-model", CONTINUE % "llama3.2:3b"),
        ("app.json", '{"provider": "ollama", "model": "lama3.2:3b"}', "unknown-model",
         '{"provider": "ollama", "model": "llama3.2:3b"}'),
        ("app.toml", '[llm]\nprovider = "ollama"\nmodel = "lama3.2:3b"\n', "unknown-model",
         '[llm]\nprovider = "ollama"\nmodel = "llama3.2:3b"\n'),
        ("Modelfile", "FROM lama3.2:3b\n", "unknown-model", "FROM llama3.2:3b\n"),
        ("run.sh", "#!/bin/sh\nollama run lama3.2:3b\n", "unknown-model",
         "#!/bin/sh\nollama run llama3.2:3b\n"),
    )

    def test_a_wrong_model_is_found_fixed_and_silent_in_every_format(self):
        self.fake()
        for profile in ("vscode-11", "nvim-0.7", "eglot-1.9", "helix"):
            client = self.client(profile)
            for name, text, code, expected in self.ROWS:
                with self.subTest(profile=profile, name=name, text=text):
                    uri = self.open(client, name, text)
                    found = self.expect(client, uri, code)
                    fixed = self.fixed(client, uri, text, found, expected)
                    client.edit(uri, 2, fixed)
                    self.expect(client, uri)
                    client.close(uri)
            client.drop("window/showMessage")
            client.finish()

    def fixed(self, client, uri, text, found, expected):
        actions = self.actions(client, uri, found)
        results = []
        for action in actions:
            if "edit" in action or "data" in action:
                results.append(self.apply(client, uri, text, action))
            if results and results[-1] == expected:
                return expected
        raise AssertionError("no action gives %r; they are %r" % (
            expected, [(a.get("title"), a.get("edit")) for a in actions]))

    def test_pull_is_offered_and_is_a_command(self):
        self.fake()
        client = self.client("vscode-11")
        text = "OLLAMA_MODEL=gemma3:12b\n"
        uri = self.open(client, ".env", text)
        found = self.expect(client, uri, "model-not-installed")
        pulls = [a for a in self.actions(client, uri, found)
                 if (a.get("command") or {}).get("command") == "ollama-ls.pull"]
        self.assertEqual(1, len(pulls))
        self.assertTrue(pulls[0]["isPreferred"])
        self.assertEqual("gemma3:12b", pulls[0]["command"]["arguments"][0]["model"])
        client.finish()

    def test_pull_from_elsewhere_is_never_preferred(self):
        self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", "OLLAMA_MODEL=registry.example.com/ns/model:1\n")
        found = self.expect(client, uri, "model-not-installed")
        for action in self.actions(client, uri, found):
            if "pull" in json.dumps(action.get("command") or {}):
                self.assertFalse(action.get("isPreferred"))
        client.finish()

    def test_only_is_respected(self):
        self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", "OLLAMA_MODEL=lama3.2:3b\n")
        found = self.expect(client, uri, "unknown-model")
        self.assertTrue(self.actions(client, uri, found, only=("quickfix",)))
        self.assertTrue(client.request("textDocument/codeAction", {
            "textDocument": {"uri": uri}, "range": found[0]["range"],
            "context": {"diagnostics": found, "only": []}}))
        self.assertEqual([], self.actions(client, uri, found, only=("source.organizeImports",)))
        client.finish()

    def test_actions_do_not_believe_the_diagnostics_sent_back(self):
        self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", "OLLAMA_MODEL=lama3.2:3b\n")
        found = self.expect(client, uri, "unknown-model")
        forged = json.loads(json.dumps(found))
        forged[0]["data"] = {"v": 1, "code": "unknown-model", "name": "evil",
                             "host": "http://192.0.2.1:11434"}
        forged[0]["range"]["end"]["character"] = 900000
        text = json.dumps(self.actions(client, uri, forged, rng=found[0]["range"]))
        self.assertNotIn("evil", text)
        self.assertNotIn("192.0.2.1", text)
        for weird in ([], [{"range": found[0]["range"], "message": "other server"}],
                      [{"range": found[0]["range"], "message": "", "data": 5, "code": 7}]):
            self.actions(client, uri, weird, rng=found[0]["range"])
        client.finish()

    def test_a_fix_is_idempotent_and_silent(self):
        self.fake()
        client = self.client("vscode-11")
        text = "OLLAMA_HOST=http://localhost\nOLLAMA_MODEL=ollama/llama3.2:3b\n"
        uri = self.open(client, ".env", text)
        version = 1
        for _ in range(5):
            found = client.diagnostics(uri)
            fixes = [a for f in found for a in self.actions(client, uri, [f], rng=f["range"])
                     if a.get("isPreferred") and ("edit" in a or "data" in a)]
            if not fixes:
                break
            text = self.apply(client, uri, text, fixes[0])
            version += 1
            client.edit(uri, version, text)
        else:
            self.fail("the preferred fixes never end: " + text)
        client.finish()

    def test_ignore_in_this_workspace_silences_it(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-mine\n", on_disk=True)
        found = self.expect(client, uri, "unknown-model")
        ignore = [a for a in self.actions(client, uri, found) if "gnore" in a["title"]]
        self.assertEqual(1, len(ignore), client.report())
        if "command" in ignore[0]:
            client.request("workspace/executeCommand", {
                "command": ignore[0]["command"]["command"],
                "arguments": ignore[0]["command"].get("arguments", [])})
        else:
            self.write_edit(client, ignore[0])
        self.expect(client, uri)
        settings = json.loads((self.workspace / ".ollama-ls.json").read_text())
        self.assertEqual(["zzz-mine"], settings["ignoreModels"])
        client.finish()

    def write_edit(self, client, action):
        """Do what an editor does with an edit of a file that may not exist."""
        path = self.workspace / ".ollama-ls.json"
        target = "file://%s" % path
        edit = action["edit"]
        text = path.read_text() if path.exists() else ""
        edits = list((edit.get("changes") or {}).get(target, []))
        for change in edit.get("documentChanges") or []:
            if "edits" in change:
                self.assertEqual(target, change["textDocument"]["uri"])
                edits += change["edits"]
        path.write_text(positions.apply_edits(text, edits, client.encoding))
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": target, "type": 1}]})


class Arguments(LspCase):
    def test_positions_past_the_end_are_no_crash(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", "OLLAMA_MODEL=llama3.2:3b\n")
        for line, character in ((0, 2 ** 31 - 1), (2 ** 31 - 1, 0), (1, 5), (0, 13)):
            place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
            client.request("textDocument/hover", place)
            client.request("textDocument/completion", place)
        with self.assertRaises(LspError) as caught:
            client.request("textDocument/hover", {"textDocument": {"uri": uri},
                                                  "position": {"line": -1, "character": 0}})
        self.assertEqual(-32602, caught.exception.code)
        client.finish()

    def test_an_unopened_document(self):
        client = self.client("full")
        for method in ("textDocument/hover", "textDocument/completion"):
            message = client.answer(client.start_request(method, {
                "textDocument": {"uri": "file:///nowhere"}, "position": {"line": 0, "character": 0}}))
            self.assertIn(message.get("error", {}).get("code"), (None, -32602), method)
        client.finish()


class SmallRequests(LspCase):
    TEXT = "# both name the same\nOLLAMA_MODEL=llama3.2:3b\nOLLAMA_CHAT_MODEL=llama3.2:3b\n"

    def ready(self):
        self.fake(running=["llama3.2:3b"])
        client = self.client("full")
        uri = self.open(client, ".env", self.TEXT + "OLLAMA_CODE_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        return client, uri

    def announced(self, client, provider):
        if client.result["capabilities"].get(provider) in (None, False):
            self.skipTest("%s is not announced" % provider)

    def test_document_links_lead_to_the_library(self):
        client, uri = self.ready()
        self.announced(client, "documentLinkProvider")
        links = client.request("textDocument/documentLink", {"textDocument": {"uri": uri}})
        found = {l["target"]: l["range"] for l in links if "target" in l}
        target = "https://ollama.com/library/llama3.2:3b"
        self.assertIn(target, found)
        self.assertIn("llama3.2:3b", [positions.cut(self.TEXT, r, client.encoding)
                                      for r in found.values()])
        client.finish()

    def test_inlay_hints_tell_what_the_model_is(self):
        client, uri = self.ready()
        self.announced(client, "inlayHintProvider")
        hints = client.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": {
            "start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 99}}})
        self.assertEqual(1, len(hints))
        self.assertEqual(self.at(client, self.TEXT, "llama3.2:3b", 11), hints[0]["position"])
        label = hints[0]["label"]
        text = label if isinstance(label, str) else "".join(part["value"] for part in label)
        for word in ("3.2B", "Q4_K_M", "2.0 GB", "128K", "loaded"):
            self.assertIn(word, text)
        client.finish()

    def test_highlights_mark_every_use_of_the_same_model(self):
        client, uri = self.ready()
        self.announced(client, "documentHighlightProvider")
        marks = client.request("textDocument/documentHighlight", {
            "textDocument": {"uri": uri}, "position": self.at(client, self.TEXT, "llama3.2:3b", 3)})
        self.assertEqual([1, 2], sorted(m["range"]["start"]["line"] for m in marks))
        client.finish()

    def test_they_answer_for_documents_without_models_too(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, "plain.yaml", "a: b\n")
        place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 1}}
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        for method, params in (("textDocument/documentLink", {"textDocument": {"uri": uri}}),
                               ("textDocument/inlayHint", {"textDocument": {"uri": uri},
                                                           "range": span}),
                               ("textDocument/documentHighlight", place)):
            self.assertFalse(client.request(method, params), method)
        client.finish()
