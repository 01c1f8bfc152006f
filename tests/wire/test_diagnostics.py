# SPDX-License-Identifier: MIT
"""Findings in an editor: push or pull, exact ranges in every encoding, gone when mended."""
import json

from lib import capabilities, positions
from lib.harness import LspCase, uri_of

ENV = "OLLAMA_MODEL=%s\n"


class Channel(LspCase):
    def test_each_client_gets_its_channel_and_never_both(self):
        self.fake()
        for name in capabilities.names():
            with self.subTest(profile=name):
                client = self.client(name)
                uri = self.open(client, ".env", ENV % "zzz-unknown-model")
                found = self.expect(client, uri, "unknown-model")
                self.assertEqual("ollama-ls", found[0]["source"])
                wanted = capabilities.pulls(client.capabilities)
                self.assertEqual(wanted, client.pulling)
                if wanted:
                    self.assertFalse(client.publish_count)
                client.edit(uri, 2, ENV % "llama3.2:3b")
                self.expect(client, uri)
                client.close(uri)
                client.finish()

    def test_push_clears_on_close(self):
        self.fake()
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        self.expect(client, uri, "unknown-model")
        client.close(uri)
        client.wait(lambda: client.published[uri]["diagnostics"] == [], "cleared findings")
        client.finish()

    def test_push_carries_the_version_only_where_declared(self):
        self.fake()
        declared = capabilities.load("nvim-0.7")["capabilities"]
        declared["textDocument"].setdefault("publishDiagnostics", {})["versionSupport"] = True
        client = self.client("nvim-0.7", capabilities=declared)
        uri = self.open(client, ".env", ENV % "zzz-unknown-model", version=7)
        self.expect(client, uri, "unknown-model")
        self.assertEqual(7, client.published[uri]["version"])
        client.finish()

    def test_pull_says_unchanged_for_the_same_result_id(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        self.expect(client, uri, "unknown-model")
        first = client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        self.assertEqual("full", first["kind"])
        again = client.request("textDocument/diagnostic", {
            "textDocument": {"uri": uri}, "previousResultId": first["resultId"]})
        self.assertEqual({"kind": "unchanged", "resultId": first["resultId"]}, again)
        client.edit(uri, 2, ENV % "zzz-other-model")
        third = client.request("textDocument/diagnostic", {
            "textDocument": {"uri": uri}, "previousResultId": first["resultId"]})
        self.assertEqual("full", third["kind"])
        client.finish()

    def test_pull_refreshes_when_the_models_change(self):
        fake = self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", ENV % "gemma3:12b")
        self.expect(client, uri, "model-not-installed")
        fake.add("gemma3:12b")
        client.command("refresh")
        self.expect(client, uri)
        client.finish()

    def test_push_updates_when_the_models_change(self):
        fake = self.fake()
        client = self.client("eglot-1.9")
        uri = self.open(client, ".env", ENV % "gemma3:12b")
        self.expect(client, uri, "model-not-installed")
        fake.add("gemma3:12b")
        client.command("refresh")
        self.expect(client, uri)
        fake.remove("gemma3:12b")
        client.command("refresh")
        self.expect(client, uri, "model-not-installed")
        client.finish()

    def test_a_document_without_a_reference_has_none(self):
        self.fake()
        client = self.client("nvim-0.7")
        uri = self.open(client, "notes.md", "Use `ollama run nonsense-model` some day.\n")
        other = self.open(client, "main.c", "int main(void) { return 0; }\n")
        client.settle()
        for each in (uri, other):
            self.assertFalse(client.published.get(each, {}).get("diagnostics"))
        client.finish()

    def test_schemes_other_than_file_and_untitled_are_left_alone(self):
        self.fake()
        client = self.client("nvim-0.7")
        for uri in ("git:/a/.env", "vscode-notebook-cell:/a/.env#x", "http://example.com/.env"):
            client.open(uri, ENV % "zzz-unknown-model")
        client.open("untitled:Untitled-1", "FROM zzz-unknown-model\n", "modelfile")
        client.diagnostics("untitled:Untitled-1",
                           lambda found: self.codes(found) in (["unknown-model"],
                                                               ["model-not-installed"]))
        self.assertEqual(["untitled:Untitled-1"],
                         [u for u, p in client.published.items() if p["diagnostics"]])
        client.finish()

    def test_data_and_documentation_links_follow_the_client(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        found = self.expect(client, uri, "unknown-model")
        self.assertEqual((1, "unknown-model", "zzz-unknown-model"),
                         tuple(found[0]["data"][k] for k in ("v", "code", "name")))
        client.finish()


class Reachability(LspCase):
    def test_a_dead_server_means_silence_and_blocks_nothing(self):
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        bad = self.open(client, "bad.env", ENV % "no good!")
        self.expect(client, bad, "invalid-model-name")  # needs no server
        client.settle()
        self.assertEqual([], client.diagnostics(uri, lambda found: True))
        client.drop("window/showMessage")
        client.finish()

    def test_findings_come_when_the_server_comes_and_go_when_it_goes(self):
        fake = self.fake()
        fake.refuse()
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        client.settle()
        fake.start()
        client.command("refresh")
        self.expect(client, uri, "unknown-model")
        fake.refuse()
        client.command("refresh")
        self.expect(client, uri)
        client.drop("window/showMessage")
        client.finish()

    def test_a_server_that_stalls_blocks_nothing(self):
        fake = self.fake()
        fake.fault("/", "stall")
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        client.request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": {"line": 0, "character": 13}}, limit=3)
        client.settle()
        self.assertFalse(client.published.get(uri, {}).get("diagnostics"))
        client.drop("window/showMessage")
        client.finish()

    def test_each_lie_of_a_server_costs_a_status_and_nothing_else(self):
        for path in ("/api/tags", "/api/version"):
            for kind in ("html", "garbage", "half-utf8", "empty", "deep", "reset", "reset-mid",
                         "status", "unauthorized", "redirect", "endless", "long-line",
                         "no-length"):
                with self.subTest(path=path, kind=kind):
                    self.lie(path, kind)

    def lie(self, path, kind):
        fake = self.fake()
        fake.fault(path, kind, size=64 << 20)
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        bad = self.open(client, "bad.env", ENV % "no good!")
        fake.wait_for(path) if path == "/api/tags" else fake.wait(fake.requests, "a request")
        self.expect(client, bad, "invalid-model-name")
        status = client.command("status")
        client.settle()
        if path == "/api/tags":
            self.assertFalse(client.published.get(uri, {}).get("diagnostics"), kind)
        self.assertIn(status["state"], ("ok", "starting", "unreachable", "stale"))
        fake.heal()
        client.command("refresh")
        self.expect(client, uri, "unknown-model")
        client.drop("window/showMessage")
        client.finish()
        fake.stop()

    def test_a_redirect_is_not_followed(self):
        other, fake = self.fake(default=False), self.fake()
        fake.fault("/api", "redirect", location=other.url + "/api/tags")
        client = self.client("nvim-0.7")
        self.open(client, ".env", ENV % "zzz-unknown-model")
        fake.wait(fake.requests, "a request")
        client.command("status")
        client.settle()
        self.assertEqual([], other.requests())
        client.drop("window/showMessage")
        client.finish()

    def test_an_old_server_without_capabilities_is_asked_by_show(self):
        fake = self.fake(tags_have_capabilities=False, version="0.24.0")
        text = json.dumps({"provider": "ollama", "embedding_model": "llama3.2:3b"})
        client = self.client("nvim-0.7")
        uri = self.open(client, "app.json", text)
        self.expect(client, uri, "missing-capability")
        self.assertLessEqual(1, len(fake.requests("/api/show")))
        client.finish()

    def test_connections_are_reused(self):
        fake = self.fake()
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "zzz-unknown-model")
        self.expect(client, uri, "unknown-model")
        for _ in range(5):
            before = len(fake.requests("/api/tags"))
            client.command("refresh")
            fake.wait_for("/api/tags", before + 1)
        self.assertLessEqual(fake.connections, 4)
        client.finish()


class Ranges(LspCase):
    TEXTS = (
        ("astral.json", '{"note": "\U0001f600\u00e9\u4e16", "provider": "ollama", "model": "zzz-unknown"}'),
        ("astral.yaml", 'a: {note: "\U0001f600\u00e9\u4e16", provider: ollama, model: zzz-unknown}\n'),
        ("crlf.env", "# \u4e16\U0001f600\r\nA=1\r\nexport OLLAMA_MODEL='zzz-unknown' # \U0001f600\r\n"),
        ("bom.env", "\ufeffOLLAMA_MODEL=zzz-unknown\n"),
        ("quoted.env", 'OLLAMA_MODEL="zzz-unknown"\n'),
        ("Modelfile", "# \U0001f600\nFROM zzz-unknown\n"),
    )

    def test_the_range_is_the_name_in_every_encoding(self):
        self.fake()
        for encoding in ("utf-8", "utf-16"):
            declared = {"general": {"positionEncodings": [encoding]}}
            client = self.client("bare", capabilities=declared)
            self.assertEqual(encoding, client.encoding)
            for name, text in self.TEXTS:
                with self.subTest(name=name, encoding=encoding):
                    uri = self.open(client, name, text)
                    found = client.diagnostics(uri, lambda d: len(d) == 1)
                    self.assertEqual("zzz-unknown", positions.cut(text, found[0]["range"], encoding))
                    self.assertEqual(self.range_of(client, text, "zzz-unknown"), found[0]["range"])
            client.finish()

    def test_untouched_files_of_the_workspace_are_not_pushed(self):
        self.fake()
        self.write("other.env", ENV % "zzz-unknown-model")
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", ENV % "llama3.2:3b")
        client.diagnostics(uri, lambda d: d == [])
        self.assertNotIn(uri_of(self.workspace / "other.env"), client.published)
        client.finish()


class Silence(LspCase):
    def test_comments_settings_and_samples_silence(self):
        self.fake()
        client = self.client("nvim-0.7", options={"ignoreModels": ["zzz-ignored"],
                                                  "severity": {"foreign-model-id": "off"}})
        rows = (
            (".env", "# ollama-ls: ignore[unknown-model]\nOLLAMA_MODEL=zzz-unknown\n"),
            ("b.env", "OLLAMA_MODEL=zzz-unknown # ollama-ls: ignore\n"),
            ("c.env", ENV % "zzz-ignored"),
            ("d.env", ENV % "meta-llama/Llama-3.1-8B-Instruct"),
            ("e.env", ENV % "${MODEL}"),
            ("f.env", ENV % "your-model"),
            ("g.env", "OLLAMA_MODEL=\n"),
        )
        control = self.open(client, "control.env", ENV % "zzz-unknown")
        self.expect(client, control, "unknown-model")
        for name, text in rows:
            uri = self.open(client, name, text)
            client.settle()
            self.assertEqual([], client.diagnostics(uri, lambda d: True), name)
        client.finish()

    def test_samples_are_at_most_information(self):
        self.fake()
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env.example", ENV % "zzz-unknown")
        found = client.diagnostics(uri, lambda d: d)
        self.assertGreaterEqual(found[0]["severity"], 3)
        client.finish()

    def test_at_most_500_findings_in_a_file(self):
        self.fake()
        client = self.client("nvim-0.7")
        text = "".join("OLLAMA_%s_MODEL=zzz-unknown\n" % chr(65 + i % 26) for i in range(2000))
        uri = self.open(client, ".env", text)
        found = client.diagnostics(uri, lambda d: d)
        self.assertLessEqual(len(found), 500)
        client.finish()
