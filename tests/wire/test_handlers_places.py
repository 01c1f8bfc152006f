# SPDX-License-Identifier: MIT
"""Completion keeps, or makes, what the format wants around a name."""
from lib import positions
from lib.harness import LspCase

CONTINUE = """name: x
version: 1.0.0
schema: v1
models:
  - name: c
    provider: ollama
    model:%s
"""
# A "|" marks the cursor. The line after the item for llama3.2:3b was accepted.
ROWS = (
    ("config.yaml", CONTINUE % "|", "    model: llama3.2:3b"),
    ("config.yaml", CONTINUE % " |", "    model: llama3.2:3b"),
    ("config.yaml", CONTINUE % ' "|"', '    model: "llama3.2:3b"'),
    ("x.json", '{"provider": "ollama", "model": |}', '{"provider": "ollama", "model": "llama3.2:3b"}'),
    ("x.json", '{"provider": "ollama", "model": "|"}', '{"provider": "ollama", "model": "llama3.2:3b"}'),
    ("opencode.json", '{"$schema": "x", "model": "ollama/lla|"}',
     '{"$schema": "x", "model": "ollama/llama3.2:3b"}'),
    ("config.toml", 'model_provider = "ollama"\nmodel = |\n', 'model = "llama3.2:3b"'),
    ("config.toml", 'model_provider = "ollama"\nmodel = "lla|"\n', 'model = "llama3.2:3b"'),
    (".aider.conf.yml", "model: ollama/|\n", "model: ollama_chat/llama3.2:3b"),
    (".env", "LLM_CHAT_API_URL=ollama://|\n", "LLM_CHAT_API_URL=ollama://llama3.2:3b"),
    (".env", "OLLAMA_MODEL='|'\n", "OLLAMA_MODEL='llama3.2:3b'"),
    ("run.sh", "ollama run llama3.2:|\n", "ollama run llama3.2:3b"),
    ("README.md", "```sh\nollama run lla|\n```\n", "ollama run llama3.2:3b"),
    ("Modelfile", "FROM llama3.2|\nPARAMETER num_ctx 4096\n", "FROM llama3.2:3b"),
)


class Places(LspCase):
    def test_the_line_is_right_after_accepting(self):
        self.fake()
        for profile in ("full", "nvim-0.7"):
            client = self.client(profile)
            ready = self.open(client, "ready.env", "OLLAMA_MODEL=zzz-unknown\n")
            self.expect(client, ready, "unknown-model")
            for name, marked, wanted in ROWS:
                with self.subTest(profile=profile, text=marked):
                    at = marked.index("|")
                    text = marked.replace("|", "", 1)
                    uri = self.open(client, name, text)
                    place = positions.to_position(text, at, client.encoding)
                    result = client.request("textDocument/completion", {
                        "textDocument": {"uri": uri}, "position": place})
                    item = next(i for i in result["items"] if i["label"] == "llama3.2:3b")
                    edit = item["textEdit"]
                    span = edit.get("range") or edit["insert"]
                    after = positions.apply_edits(text, [{"range": span, "newText": edit["newText"]}],
                                                  client.encoding)
                    self.assertEqual(wanted, after.split("\n")[place["line"]])
                    client.close(uri)
                    client.looked_at.add(uri)
            client.looked_at.add(ready)
            client.drop("window/showMessage")
            client.finish()

    def test_variables_in_capitals_only_where_other_words_stand(self):
        client = self.client("full")
        for name, text, wanted in (("app.yaml", "# ollama\nmodel: oll", False), (".env", "oll", True),
                                   ("docker-compose.yml", "services:\n  a:\n    environment:\n      OLL",
                                    True)):
            uri = self.open(client, name, text)
            result = client.request("textDocument/completion", {
                "textDocument": {"uri": uri},
                "position": positions.to_position(text, len(text), client.encoding)})
            labels = [i["label"] for i in (result or {"items": []})["items"]]
            self.assertEqual(wanted, "OLLAMA_KEEP_ALIVE" in labels, name)
            client.looked_at.add(uri)
        client.finish()
