# SPDX-License-Identifier: MIT
"""ollama-ls.create: from an open Modelfile to a model, over Ollama's API."""
import hashlib
import json
import os

from lib.harness import LspCase, uri_of
from lib.lsp_client import LspError

WEIGHTS = b"GGUF\x03\0\0\0" + bytes(range(256)) * 300


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class CreateCase(LspCase):
    def modelfile(self, client, text, name="Modelfile.fast", **rest):
        return self.open(client, name, text, "modelfile", **rest)

    def create(self, client, uri, **rest):
        return client.command("create", dict(rest, uri=uri))

    def refused(self, client, code, uri, **rest):
        with self.assertRaises(LspError) as caught:
            self.create(client, uri, **rest)
        self.assertEqual(code, caught.exception.code, caught.exception.message)
        return caught.exception.message

    def done(self, client):
        client.drop("window/showMessage")
        client.looked_at.update(client.published)
        client.finish()

    def agree(self, client):
        """From now on every question is answered with its first button. The list of questions."""
        asked = []

        def answer(params):
            asked.append(params["message"])
            return params["actions"][0]
        client.answers["window/showMessageRequest"] = answer
        return asked

    def body(self, fake):
        return fake.requests("/api/create")[-1].json


class Create(CreateCase):
    def test_from_a_model(self):
        fake = self.fake(frame_seconds=0.05)
        client = self.client("vscode-11")
        uri = self.modelfile(client, "FROM llama3.2:3b\nPARAMETER temperature 0.7\nPARAMETER num_ctx 4096\n"
                             'PARAMETER stop "<|a|>"\nPARAMETER stop b\nSYSTEM """Be\nbrief."""\n'
                             "MESSAGE user hi\nMESSAGE assistant hello\nLICENSE MIT\n"
                             'TEMPLATE """{{ .System }} {{ .Prompt }}"""\n')
        self.assertIsNone(self.create(client, uri))
        values = client.progress_done()
        self.assertEqual("Creating fast", values[0]["title"])
        self.assertTrue(values[0]["cancellable"])
        self.assertEqual("fast is created", values[-1]["message"])
        self.assertEqual({
            "model": "fast", "from": "llama3.2:3b", "stream": True, "system": "Be\nbrief.",
            "template": "{{ .System }} {{ .Prompt }}", "license": ["MIT"],
            "parameters": {"temperature": 0.7, "num_ctx": 4096, "stop": ["<|a|>", "b"]},
            "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}],
        }, self.body(fake))
        self.assertEqual([], [r for r in fake.requests() if "blobs" in r.path])
        self.assertIsNotNone(fake.find("fast"))
        self.done(client)

    def test_the_buffer_beats_the_disk(self):
        fake = self.fake()
        client = self.client("vscode-11")
        self.write("Modelfile", "FROM gemma3:4b\n")
        uri = self.modelfile(client, "FROM llama3.2:3b\n", "Modelfile")
        self.create(client, uri)
        client.progress_done()
        self.assertEqual({"model": "workspace", "from": "llama3.2:3b", "stream": True}, self.body(fake))
        self.done(client)

    def test_a_file_is_uploaded_once(self):
        fake = self.fake(frame_seconds=0.15)  # longer than reports are held back
        client = self.client("vscode-11")
        self.write("weights/tiny.gguf", WEIGHTS)
        self.write("lora.gguf", WEIGHTS + b"lora")
        uri = self.modelfile(client, "FROM ./weights/tiny.gguf\nADAPTER lora.gguf\n")
        self.create(client, uri)
        values = client.progress_done()
        percents = [v["percentage"] for v in values if "percentage" in v]
        self.assertEqual(sorted(percents), percents)
        self.assertGreaterEqual(percents[-1], 90)
        self.assertEqual({"tiny.gguf": digest(WEIGHTS)}, self.body(fake)["files"])
        self.assertEqual({"lora.gguf": digest(WEIGHTS + b"lora")}, self.body(fake)["adapters"])
        self.assertNotIn("from", self.body(fake))
        self.assertEqual({digest(WEIGHTS): WEIGHTS, digest(WEIGHTS + b"lora"): WEIGHTS + b"lora"}, fake.blobs)
        asked = self.agree(client)
        client.progress.clear()
        fake.forget()
        self.create(client, uri)
        client.wait(lambda: client.progress, "progress")
        client.progress_done()
        self.assertIn("replaces", asked[0])
        blobs = [r.method for r in fake.requests() if "blobs" in r.path]
        self.assertEqual(["HEAD", "HEAD"], blobs)
        self.done(client)

    def test_a_folder_of_safetensors(self):
        fake = self.fake()
        client = self.client("vscode-11")
        files = {"model-00001-of-00002.safetensors": b"\0one", "model-00002-of-00002.safetensors": b"\0two",
                 "config.json": b"{}", "tokenizer.model": b"\0\1tok", "1_Pooling/config.json": b'{"a":1}',
                 "README.md": b"no", "pytorch_model.bin": b"PK\3\4no", ".git/x": b"no"}
        for name, data in files.items():
            self.write("hub/" + name, data)
        uri = self.modelfile(client, "FROM ./hub\n")
        self.create(client, uri)
        client.progress_done()
        wanted = {name: digest(data) for name, data in files.items()
                  if not name.startswith(("README", "pytorch", ".git"))}
        self.assertEqual(wanted, self.body(fake)["files"])
        self.done(client)

    def test_findings_and_lenses_follow(self):
        fake = self.fake()
        client = self.client("full")
        other = self.open(client, ".env", "OLLAMA_MODEL=fast\n")
        self.expect(client, other, "unknown-model")
        uri = self.modelfile(client, "FROM llama3.2:3b\n", "sub/fast.Modelfile")
        ask = {"textDocument": {"uri": uri}}
        lenses = client.request("textDocument/codeLens", ask)
        titles = [lens["command"]["title"] for lens in lenses]
        self.assertEqual("Create fast", titles[0])
        self.assertNotIn("Run fast", titles)
        self.assertEqual([{"uri": uri, "model": "fast"}], lenses[0]["command"]["arguments"])
        self.assertEqual({"line": 0, "character": 0}, lenses[0]["range"]["start"])
        before = client.refreshes["workspace/codeLens/refresh"]
        client.request("workspace/executeCommand", {
            "command": lenses[0]["command"]["command"], "arguments": lenses[0]["command"]["arguments"]})
        client.progress_done()
        self.expect(client, other)
        client.wait(lambda: client.refreshes["workspace/codeLens/refresh"] > before, "a refresh")
        lenses = client.request("textDocument/codeLens", ask)
        run = [lens["command"] for lens in lenses if lens["command"]["title"] == "Run fast"][0]
        self.assertEqual(("ollama-ls.load", [{"model": "fast"}]), (run["command"], run["arguments"]))
        client.request("workspace/executeCommand", {"command": run["command"], "arguments": run["arguments"]})
        fake.wait(lambda: "fast:latest" in fake.loaded, "a loaded model")
        client.settle()
        self.done(client)

    def test_a_base_that_is_missing_is_pulled_by_the_server(self):
        self.fake(library=["gemma3:12b"], frame_seconds=0.02)
        client = self.client("vscode-11")
        uri = self.modelfile(client, "FROM gemma3:12b\n")
        self.create(client, uri)
        values = client.progress_done()
        self.assertTrue(any("GB of" in v.get("message", "") for v in values), values)
        self.done(client)


class Asking(CreateCase):
    """Who is asked what, and that nothing is sent before."""

    def outside(self, client):
        path = self.write("elsewhere/big.gguf", WEIGHTS, self.home)
        return path, self.modelfile(client, "FROM %s\n" % path)

    def test_files_from_outside(self):
        fake = self.fake()
        client = self.client("vscode-11")
        path, uri = self.outside(client)
        self.assertIsNone(self.create(client, uri))
        asked = client.take("window/showMessageRequest")
        self.assertIn("%s (76 kB)" % path, asked["message"])
        self.assertEqual(["Create", "Cancel"], [a["title"] for a in asked["actions"]])
        client.settle()
        self.assertEqual([], [r for r in fake.requests() if r.method == "POST" and "show" not in r.path])
        asked = self.agree(client)
        self.create(client, uri)
        client.progress_done()
        self.assertEqual(1, len(asked))
        self.assertEqual({"big.gguf": digest(WEIGHTS)}, self.body(fake)["files"])
        self.done(client)

    def test_a_link_out_of_the_workspace_is_outside(self):
        self.fake()
        client = self.client("vscode-11")
        path = self.write("elsewhere/big.gguf", WEIGHTS, self.home)
        os.symlink(path, self.workspace / "here.gguf")
        uri = self.modelfile(client, "FROM ./here.gguf\n")
        self.create(client, uri)
        self.assertIn(str(path), client.take("window/showMessageRequest")["message"])
        client.settle()
        self.done(client)

    def test_a_link_out_of_a_folder_is_refused(self):
        fake = self.fake()
        client = self.client("vscode-11")
        self.write("hub/model.safetensors", b"\0")
        os.symlink(self.write("secret.json", "{}", self.home), self.workspace / "hub" / "config.json")
        uri = self.modelfile(client, "FROM ./hub\n")
        self.assertIn("leads out of its folder", self.refused(client, -32803, uri))
        self.assertEqual([], fake.requests("/api/create"))
        self.done(client)

    def test_a_workspace_below_a_link_is_the_workspace(self):
        fake = self.fake()
        os.symlink(self.workspace, self.home / "link")
        client = self.client("vscode-11", folders=[{"uri": uri_of(self.home / "link"), "name": "w"}])
        self.write("tiny.gguf", WEIGHTS)
        uri = uri_of(self.home / "link" / "Modelfile")
        client.open(uri, "FROM ./tiny.gguf\n", "modelfile")
        self.create(client, uri)
        client.progress_done()
        self.assertEqual("link", self.body(fake)["model"])
        self.done(client)

    def test_replacing(self):
        fake = self.fake(["llama3.2:3b", "fast"])
        client = self.client("vscode-11")
        uri = self.modelfile(client, "FROM llama3.2:3b\n")
        self.create(client, uri)
        self.assertIn("replaces", client.take("window/showMessageRequest")["message"])
        client.settle()
        self.assertEqual([], fake.requests("/api/create"))
        # One that was made behind our back a moment ago counts too.
        fake.add("new:1b")
        self.create(client, uri, model="NEW:1B")
        self.assertIn("replaces", client.take("window/showMessageRequest")["message"])
        client.settle()
        self.done(client)

    def test_a_machine_that_is_not_this_one(self):
        fake = self.fake()
        # What is loopback is never decided by looking a name up: this counts as elsewhere.
        client = self.client("vscode-11", env=self.environment(OLLAMA_HOST="http://0x7f.1:%d" % fake.port))
        self.write("tiny.gguf", WEIGHTS)
        uri = self.modelfile(client, "FROM ./tiny.gguf\n")
        self.create(client, uri)
        asked = client.take("window/showMessageRequest")["message"]
        self.assertIn("text is sent to that machine", asked)
        self.assertIn("%s (76 kB)" % (self.workspace / "tiny.gguf"), asked)
        client.settle()
        plain = self.modelfile(client, "FROM llama3.2:3b\n", "Modelfile.plain")
        self.create(client, plain)
        self.assertIn("plain", client.take("window/showMessageRequest")["message"])
        client.settle()
        self.assertEqual([], [r for r in fake.requests() if "blobs" in r.path or "create" in r.path])
        self.agree(client)
        self.create(client, uri)
        client.progress_done()
        self.assertEqual({"tiny.gguf": digest(WEIGHTS)}, self.body(fake)["files"])
        self.done(client)

    def test_another_registry(self):
        fake = self.fake(library=["hf.co/org/repo:Q4_K_M"])
        client = self.client("vscode-11")
        uri = self.modelfile(client, "FROM hf.co/org/repo:Q4_K_M\n")
        self.create(client, uri)
        self.assertIn("hf.co", client.take("window/showMessageRequest")["message"])
        client.settle()
        self.assertEqual([], fake.requests("/api/create"))
        self.done(client)

    def test_who_cannot_be_asked_gets_the_command_line(self):
        fake = self.fake()
        client = self.client("bare")
        path, _ = self.outside(client)
        uri = self.modelfile(client, "FROM %s\n" % path, "it's/Modelfile")
        text = self.refused(client, -32803, uri, model="Mine:1b")
        self.assertTrue(text.endswith("ollama create Mine:1b -f '%s/it'\\''s/Modelfile'" % self.workspace), text)
        self.assertEqual([], fake.requests("/api/create"))
        self.done(client)


class Refusals(CreateCase):
    def test_what_is_no_modelfile(self):
        self.fake()
        client = self.client("vscode-11")
        env = self.open(client, ".env", "A=1\n")
        uri = self.modelfile(client, "FROM llama3.2:3b\n")
        for argument in ({}, {"uri": 1}, {"uri": env}, {"uri": uri_of(self.workspace / "Modelfile")},
                         {"uri": uri, "model": 1}, {"uri": uri, "model": ""}, {"uri": uri, "model": "a b"},
                         {"uri": uri, "model": "x:cloud"}, {"uri": uri, "model": "x:1b-cloud"},
                         {"uri": uri, "host": 1}):
            with self.assertRaises(LspError) as caught:
                client.command("create", argument)
            self.assertEqual(-32602, caught.exception.code, argument)
        self.done(client)

    def test_the_first_mistake_is_named(self):
        fake = self.fake()
        client = self.client("vscode-11")
        for text, wanted in (("FROM x\nPARAMETER num_ctx abc\nPARAMETER zzz 1\n", "line 2: num_ctx"),
                             ("FROM x\n\nMESSAGE tool hi\n", "line 3"), ("SYSTEM x\n", "FROM"),
                             ("FROM x\nADAPTER ./nope.gguf\n", "nope.gguf"),
                             ("FROM ./nope.gguf\n", "nope.gguf"), ("FROM a b\n", "line 1")):
            with self.subTest(text=text):
                uri = self.modelfile(client, text)
                self.assertIn(wanted, self.refused(client, -32803, uri))
                client.close(uri)
        self.write("empty/readme", "x")
        uri = self.modelfile(client, "FROM ./empty\n")
        self.assertIn("weights", self.refused(client, -32803, uri))
        self.assertEqual([], fake.requests("/api/create"))
        self.done(client)

    def test_silenced_mistakes_are_mistakes(self):
        self.fake()
        client = self.client("vscode-11", settings={"severity": {
            "modelfile-invalid-parameter": "off", "modelfile-missing-file": "off"}})
        for text in ("FROM x\nPARAMETER num_ctx abc\n", "FROM x\nADAPTER ./nope.gguf\n"):
            uri = self.modelfile(client, text)
            self.refused(client, -32803, uri)
            client.close(uri)
        self.done(client)

    def test_text_goes_to_servers_of_the_settings_only(self):
        self.fake()
        other = self.fake(default=False)
        client = self.client("vscode-11")
        uri = self.modelfile(client, "FROM llama3.2:3b\n")
        self.assertIn("not trusted", self.refused(client, -32803, uri, host="http://192.0.2.7:11434"))
        client.command("trustHost", {"host": other.url})
        self.assertIn("no text of documents", self.refused(client, -32803, uri, host=other.url))
        self.assertEqual([], other.requests("/api/create"))
        self.done(client)

    def test_a_named_server(self):
        self.fake()
        other = self.fake(default=False)
        client = self.client("vscode-11", options={"servers": [{"name": "gpu", "url": other.url}]})
        uri = self.modelfile(client, "FROM llama3.2:3b\n")
        self.create(client, uri, host=other.url)
        client.progress_done()
        self.assertEqual(1, len(other.requests("/api/create")))
        self.done(client)

    def test_a_server_that_is_down(self):
        fake = self.fake()
        fake.refuse()
        client = self.client("vscode-11")
        uri = self.modelfile(client, "FROM llama3.2:3b\n")
        self.assertIn("ollama serve", self.refused(client, -32803, uri))
        self.done(client)


class Running(CreateCase):
    def uploading(self, **options):
        fake = self.fake(**options)
        client = self.client("vscode-11")
        self.write("tiny.gguf", WEIGHTS * 40)
        return fake, client, self.modelfile(client, "FROM ./tiny.gguf\n")

    def stop(self, client):
        token = client.wait(lambda: next(iter(client.progress), None), "progress")
        self.assertRegex(token, r"^ollama-ls/")
        client.notify("window/workDoneProgress/cancel", {"token": token})
        return token

    def test_cancel_closes_the_stream(self):
        for path in ("/api/blobs/", "/api/create"):
            with self.subTest(path=path):
                fake, client, uri = self.uploading()
                fake.fault(path, "stall")
                self.create(client, uri)
                blob = "/api/blobs/" + digest(WEIGHTS * 40)
                fake.wait_for(blob if "blobs" in path else path)
                token = self.stop(client)
                fake.wait_closed(blob if "blobs" in path else path)
                self.assertIn("cancelled", client.progress_done(token)[-1]["message"])
                self.assertIsNone(fake.find("fast"))
                self.done(client)

    def test_cancel_while_hashing(self):
        fake = self.fake()
        client = self.client("vscode-11")
        with open(self.workspace / "huge.gguf", "wb") as file:
            file.write(b"GGUF\x03\0\0\0")
            file.truncate(40 << 30)  # sparse: costs nothing
        uri = self.modelfile(client, "FROM ./huge.gguf\n")
        self.create(client, uri)
        token = self.stop(client)
        values = client.progress_done(token)
        self.assertIn("cancelled", values[-1]["message"])
        self.assertEqual([], [r for r in fake.requests() if "blobs" in r.path])
        self.done(client)

    def test_shutdown_and_the_end_of_input_while_hashing(self):
        for polite in (True, False):
            with self.subTest(polite=polite):
                self.fake()
                client = self.client("vscode-11")
                with open(self.workspace / "huge.gguf", "wb") as file:
                    file.truncate(40 << 30)
                uri = self.modelfile(client, "FROM ./huge.gguf\n")
                self.create(client, uri)
                client.wait(lambda: client.progress, "progress")
                client.drop("window/showMessage")
                client.looked_at.update(client.published)
                if polite:
                    client.finish(strict=False)
                else:
                    client.close_stdin()
                    client.ended()
                    client.progress.clear()
                    client.finish(code=1, shutdown=False)

    def test_a_second_one_joins(self):
        fake, client, uri = self.uploading(frame_seconds=0.05)
        other = self.modelfile(client, "FROM llama3.2:3b\n", "other/fast.modelfile")
        stall = fake.fault("/api/create", "stall", count=1)
        self.create(client, uri)
        fake.wait_for("/api/create")
        self.assertIsNone(self.create(client, uri, model="FAST:latest"))
        self.assertIn("is being created", self.refused(client, -32803, other))
        stall.release.set()
        client.progress_done()
        self.assertEqual(1, len(fake.requests("/api/create")))
        self.done(client)

    def test_failures_end_the_progress_with_one_message(self):
        cases = (("/api/create", "status", {"code": 400, "text": "template error: template: :1: unclosed action"},
                  "template error"), ("/api/create", "error-frame", {"text": "supplied file was not in GGUF format"},
                                      "not in GGUF"), ("/api/create", "truncate", {}, "too early"),
                 ("/api/blobs/", "status", {"code": 500, "text": "no space left on device"}, "500"),
                 ("/api/blobs/", "reset", {}, ""), ("/api/create", "html", {}, "web page"))
        for path, kind, options, wanted in cases:
            with self.subTest(path=path, kind=kind):
                fake, client, uri = self.uploading()
                fake.fault(path, kind, **options)
                self.create(client, uri)
                message = client.take("window/showMessage")
                self.assertEqual(1, message["type"])
                self.assertIn("Creating fast failed", message["message"])
                self.assertIn(wanted, message["message"])
                client.settle()
                self.done(client)
                fake.stop()

    def test_a_file_that_changes_while_the_user_thinks(self):
        fake = self.fake()
        client = self.client("vscode-11")
        path = self.write("elsewhere/big.gguf", WEIGHTS, self.home)

        def think(params):
            path.write_bytes(WEIGHTS + b"more")
            return params["actions"][0]
        client.answers["window/showMessageRequest"] = think
        uri = self.modelfile(client, "FROM %s\n" % path)
        self.create(client, uri)
        self.assertIn("changed meanwhile", client.take("window/showMessage")["message"])
        client.settle()
        self.assertEqual([], fake.requests("/api/create"))
        self.done(client)

    def test_without_progress_one_message_at_the_end(self):
        self.fake()
        client = self.client("eglot-1.9")
        uri = self.modelfile(client, "FROM llama3.2:3b\n")
        self.create(client, uri)
        self.assertEqual("fast is created", client.take("window/showMessage")["message"])
        self.assertFalse(client.progress)
        self.done(client)

    def test_an_untitled_one(self):
        fake = self.fake()
        client = self.client("vscode-11")
        uri = "untitled:Modelfile.draft"
        client.open(uri, "FROM llama3.2:3b\n", "modelfile")
        self.create(client, uri)
        client.progress_done()
        self.assertEqual("draft", json.loads(fake.requests("/api/create")[0].body)["model"])
        self.done(client)
