# SPDX-License-Identifier: MIT
"""A model name as a symbol: definition, references, rename, workspace symbols, .workspaceModels."""
import os

from lib import capabilities, positions
from lib.harness import LspCase, path_of, uri_of
from lib.lsp_client import LspError

AIDER = "model: ollama_chat/llama3.2\n"
CONTINUE = """name: local
version: 1.0.0
schema: v1
models:
  - name: chat
    provider: ollama
    model: "llama3.2:latest"
"""


class Symbols(LspCase):
    def workspace_files(self):
        """Three spellings of one model and another one, on disk."""
        self.write(".env", "OLLAMA_MODEL=llama3.2\nOLLAMA_EMBED_MODEL=nomic-embed-text\n")
        self.write("a/.aider.conf.yml", AIDER)
        self.write("b/config.yaml", CONTINUE)
        self.write("run.sh", "#!/bin/sh\nollama create llama3.2 -f Modelfile\nollama pull mistral:7b\n"
                             "ollama run mistral:7b\n")
        self.write(".gitignore", "ignored/\n")
        self.write("ignored/.env", "OLLAMA_MODEL=llama3.2\n")

    def at_model(self, uri, text, needle, client):
        return {"textDocument": {"uri": uri}, "position": self.at(client, text, needle, 1)}

    def places(self, locations, texts=None):
        """(path below the workspace, text at the range) of locations."""
        found = []
        for place in locations:
            path = path_of(place["uri"])
            text = (texts or {}).get(place["uri"]) or open(path, encoding="utf-8").read()
            found.append((os.path.relpath(path, self.workspace),
                          positions.cut(text, place["range"], self.encoding)))
        return sorted(found)

    def start(self, profile="full", **options):
        client = self.client(profile, **options)
        self.encoding = client.encoding
        return client

    def test_references_everywhere_and_the_open_buffer_wins(self):
        self.workspace_files()
        for name in ("full", "vscode-11", "nvim-0.7", "bare"):
            client = self.start(name)
            text = "# héllo 😀\nOLLAMA_MODEL=LLAMA3.2:latest\n"
            uri = self.open(client, ".env", text)
            ask = self.at_model(uri, text, "LLAMA3", client)
            found = client.request("textDocument/references",
                                   dict(ask, context={"includeDeclaration": True}))
            self.assertEqual([(".env", "LLAMA3.2:latest"), ("a/.aider.conf.yml", "llama3.2"),
                              ("b/config.yaml", "llama3.2:latest"), ("run.sh", "llama3.2")],
                             self.places(found, {uri: text}))
            found = client.request("textDocument/references",
                                   dict(ask, context={"includeDeclaration": False}))
            self.assertNotIn("run.sh", [p for p, _ in self.places(found, {uri: text})])
            self.assertIsNone(client.request("textDocument/references", {
                "textDocument": {"uri": uri}, "position": {"line": 0, "character": 1},
                "context": {"includeDeclaration": True}}))
            client.looked_at.add(uri)
            client.drop("window/showMessage")
            client.finish()

    def test_definition_is_where_it_is_made_or_installed(self):
        self.workspace_files()
        client = self.start()
        text = "OLLAMA_MODEL=llama3.2\nOLLAMA_CHAT_MODEL=mistral:7b\nOLLAMA_EMBED_MODEL=nomic-embed-text\n"
        uri = self.open(client, ".env", text)
        for needle, wanted in (("llama3.2", [("run.sh", "llama3.2")]),
                               ("mistral", [("run.sh", "mistral:7b")]),
                               ("nomic", [(".env", "nomic-embed-text")])):
            found = client.request("textDocument/definition", self.at_model(uri, text, needle, client))
            self.assertEqual(wanted, self.places(found, {uri: text}))
        file = self.open(client, "Modelfile", "FROM ./weights/x.gguf\n")
        place = client.request("textDocument/definition", {
            "textDocument": {"uri": file}, "position": {"line": 0, "character": 8}})
        self.assertEqual(uri_of(self.workspace / "weights/x.gguf"), place["uri"])
        client.looked_at.update((uri, file))
        client.finish()

    def renamed(self, client, edit):
        """Texts after a workspace edit over files on disk, by path."""
        changes = dict(edit.get("changes") or {})
        for change in edit.get("documentChanges") or []:
            changes[change["textDocument"]["uri"]] = change["edits"]
        return {os.path.relpath(path_of(uri), self.workspace): positions.apply_edits(
            open(path_of(uri), encoding="utf-8").read(), edits, client.encoding)
            for uri, edits in changes.items()}

    def test_rename_keeps_prefixes_and_quotes(self):
        self.workspace_files()
        for name in capabilities.names():
            client = self.start(name)
            text = (self.workspace / ".env").read_text()
            uri = self.open(client, ".env", text)
            ask = self.at_model(uri, text, "llama3.2", client)
            if isinstance(client.result["capabilities"]["renameProvider"], dict):
                prepared = client.request("textDocument/prepareRename", ask)
                self.assertEqual("llama3.2", prepared["placeholder"])
                self.assertIsNone(client.request("textDocument/prepareRename", {
                    "textDocument": {"uri": uri}, "position": {"line": 0, "character": 1}}))
            edit = client.request("textDocument/rename", dict(ask, newName="qwen3:8b"))
            declared = client.capabilities.get("workspace", {}).get("workspaceEdit", {})
            self.assertEqual("documentChanges" in declared, "documentChanges" in edit)
            for change in edit.get("documentChanges", []):
                document = change["textDocument"]
                self.assertEqual(1 if document["uri"] == uri else None, document["version"])
            self.assertEqual({
                ".env": text.replace("llama3.2", "qwen3:8b"),
                "a/.aider.conf.yml": "model: ollama_chat/qwen3:8b\n",
                "b/config.yaml": CONTINUE.replace("llama3.2:latest", "qwen3:8b"),
                "run.sh": (self.workspace / "run.sh").read_text().replace("llama3.2", "qwen3:8b"),
            }, self.renamed(client, edit))
            client.looked_at.add(uri)
            client.drop("window/showMessage")
            client.finish()

    def test_rename_reads_the_disk_anew(self):
        self.workspace_files()
        client = self.start()
        text = (self.workspace / ".env").read_text()
        uri = self.open(client, ".env", text)
        ask = self.at_model(uri, text, "llama3.2", client)
        client.request("textDocument/references", dict(ask, context={"includeDeclaration": True}))
        self.write("a/.aider.conf.yml", "# moved\n" + AIDER)
        edit = client.request("textDocument/rename", dict(ask, newName="x"))
        self.assertEqual("# moved\nmodel: ollama_chat/x\n",
                         self.renamed(client, edit)["a/.aider.conf.yml"])
        client.looked_at.add(uri)
        client.finish()

    def test_rename_refuses_what_is_no_name(self):
        client = self.start()
        text = "A=1\nOLLAMA_MODEL=llama3.2\n"
        uri = self.open(client, ".env", text)
        for needle, name, code in (("llama3.2", "a b", -32602), ("llama3.2", "", -32602),
                                   ("llama3.2", "x" * 600, -32602), ("A=1", "x", -32803)):
            with self.assertRaises(LspError) as caught:
                client.request("textDocument/rename",
                               dict(self.at_model(uri, text, needle, client), newName=name))
            self.assertEqual(code, caught.exception.code)
        client.looked_at.add(uri)
        client.finish()

    def test_workspace_symbols_and_models(self):
        self.workspace_files()
        client = self.start()
        found = client.request("workspace/symbol", {"query": "mstrl"})
        self.assertEqual(["mistral:7b", "mistral:7b"], [s["name"] for s in found])
        self.assertEqual(7, len(client.request("workspace/symbol", {"query": ""})))
        self.assertEqual([], client.request("workspace/symbol", {"query": "zzz"}))
        models = client.command("workspaceModels")
        self.assertFalse(models["truncated"])
        self.assertEqual({"llama3.2:latest": 4, "mistral:7b": 2, "nomic-embed-text:latest": 1},
                         {m["name"]: len(m["uses"]) for m in models["models"]})
        client.finish()

    def test_without_a_folder_open_documents_count(self):
        self.workspace_files()
        client = self.start(folders=[])
        uri = self.open(client, ".env", "OLLAMA_MODEL=phi3\n")
        found = client.request("workspace/symbol", {"query": ""})
        self.assertEqual([uri], [s["location"]["uri"] for s in found])
        client.looked_at.add(uri)
        client.finish()

    def test_a_big_workspace_blocks_nothing_and_can_be_left(self):
        for i in range(3000):
            self.write("d%d/f%d.yaml" % (i % 50, i), "model: ollama/llama3.2\n# ollama\n")
        client = self.start()
        waiting = client.start_request("workspace/symbol", {"query": ""})
        client.cancel(waiting)
        answer = client.answer(waiting)
        self.assertIn(answer.get("error", {}).get("code"), (-32800, None))
        self.assertEqual(1000, len(client.request("workspace/symbol", {"query": ""})))
        late = client.start_request("workspace/symbol", {"query": "l"})
        client.request("shutdown")
        self.assertIn("id", client.answer(late))
        client.notify("exit")
        client.finish(shutdown=False)
