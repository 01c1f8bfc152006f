# SPDX-License-Identifier: MIT
"""Settings (DESIGN.md A15), folders, watched files, registration, cancellation, traces."""
import json

from lib.harness import LspCase, uri_of
from lib.lsp_client import LspError

ENV = "OLLAMA_MODEL=zzz-unknown\n"


class Settings(LspCase):
    def finding(self, client, *codes):
        uri = self.open(client, ".env", ENV)
        return self.expect(client, uri, *codes)

    def test_precedence_of_severity(self):
        """workspace/configuration > initializationOptions > .ollama-ls.json > user file."""
        self.fake()
        levels = {"hint": 4, "information": 3, "warning": 2, "error": 1}

        def severity(level):
            return {"severity": {"unknown-model": level}}

        for present, expected in ((("user",), "hint"), (("user", "workspace"), "information"),
                                  (("user", "workspace", "options"), "error"),
                                  (("user", "workspace", "options", "client"), "hint"),
                                  ((), "warning")):
            with self.subTest(present=present):
                self.settings_file(severity("hint") if "user" in present else {})
                self.write(".ollama-ls.json", json.dumps(
                    severity("information") if "workspace" in present else {}))
                client = self.client(
                    "full", options=severity("error") if "options" in present else None,
                    settings=severity("hint") if "client" in present else None)
                uri = self.open(client, ".env", ENV)
                client.diagnostics(uri, lambda d: [f["severity"] for f in d] == [levels[expected]])
                client.finish()

    def test_off_silences_and_null_is_absent(self):
        self.fake()
        client = self.client("full", settings={"severity": {"unknown-model": "off"}, "exclude": None})
        control = self.open(client, "b.env", "OLLAMA_MODEL=gemma3:12b\n")
        self.expect(client, control, "model-not-installed")
        self.finding(client)
        client.finish()

    def test_wrong_types_are_one_warning_and_the_default(self):
        self.fake()
        self.write(".ollama-ls.json", json.dumps({
            "severity": "loud", "ignoreModels": 5, "cacheTtl": "long", "unknownKey": 1,
            "exclude": [1, 2], "ai": [], "conventions": {}}))
        client = self.client("full")
        self.finding(client, "unknown-model")
        self.assertTrue(client.shown)
        texts = [p["message"] for p in client.shown]
        self.assertEqual(len(texts), len(set(texts)))
        client.drop("window/showMessage")
        client.finish()

    def test_a_broken_settings_file_is_one_warning(self):
        self.fake()
        for text in ("{", "[]", "5", "\xff", "{" * 5000, "null", ""):
            with self.subTest(text=text[:10]):
                self.write(".ollama-ls.json", text.encode("latin-1"))
                client = self.client("full")
                self.finding(client, "unknown-model")
                self.assertLessEqual(len(client.shown), 1)
                client.drop("window/showMessage")
                client.finish()

    def test_exclude(self):
        self.fake()
        client = self.client("full", settings={"exclude": ["vendored/**"]})
        control = self.open(client, "a.env", ENV)
        self.expect(client, control, "unknown-model")
        uri = self.open(client, "vendored/deep/.env", ENV)
        client.settle()
        self.assertEqual([], client.diagnostics(uri, lambda d: True))
        client.finish()

    def test_a_convention_of_ones_own(self):
        self.fake()
        client = self.client("full", settings={"conventions": [
            {"files": ["robot.yaml"], "path": "brain.engine", "form": "NAME", "role": "chat"}]})
        text = "brain:\n  engine: zzz-unknown\n"
        uri = self.open(client, "robot.yaml", text)
        found = self.expect(client, uri, "unknown-model")
        self.assertEqual(self.range_of(client, text, "zzz-unknown"), found[0]["range"])
        client.drop("window/showMessage")
        client.finish()

    def test_a_convention_with_a_folder_in_its_pattern(self):
        """A pattern with '/' counts from the workspace folder, in the editor and in `check`."""
        self.fake()
        conventions = [{"files": ["conf/robot.yaml"], "path": "brain.engine"}]
        self.write(".ollama-ls.json", json.dumps({"conventions": conventions}))
        client = self.client("full")
        text = "brain:\n  engine: zzz-unknown\n"  # no word that a probe would stop at
        uri = self.open(client, "conf/robot.yaml", text, on_disk=True)
        self.expect(client, uri, "unknown-model")
        out = self.run_program("check", self.workspace, cwd=self.home).out
        self.assertIn("zzz-unknown", out)
        client.finish()

    def test_a_client_that_answers_configuration_badly(self):
        self.fake()
        for answer in (None, [], [None], [5], ["x"], [[]], {}, LspError({"code": -32603,
                                                                        "message": "no"})):
            with self.subTest(answer=answer):
                client = self.client("full", start=False)
                client.answers["workspace/configuration"] = lambda params, a=answer: a
                client.initialize([{"uri": uri_of(self.workspace), "name": "w"}])
                self.finding(client, "unknown-model")
                client.drop("window/showMessage")
                client.finish()

    def test_settings_changed_while_open(self):
        self.fake()
        client = self.client("full", settings={})
        uri = self.open(client, ".env", ENV)
        self.expect(client, uri, "unknown-model")
        client.settings = {"ollama-ls": {"ignoreModels": ["zzz-unknown"]}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        self.expect(client, uri)
        client.finish()

    def test_the_user_file_counts_as_soon_as_it_is_known_to_have_changed(self):
        self.fake()
        self.settings_file({})
        client = self.client("full")
        uri = self.open(client, ".env", ENV)
        self.expect(client, uri, "unknown-model")
        path = self.settings_file({"severity": {"unknown-model": "off"}})
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": uri_of(path), "type": 2}]})
        self.expect(client, uri)
        client.finish()

    def test_settings_are_found_in_every_shape_of_payload(self):
        self.fake()
        ours = {"ignoreModels": ["zzz-unknown"]}
        for payload in ({"settings": {"ollama-ls": ours}}, {"settings": ours}, {"ollama-ls": ours}):
            for profile in ("helix", "nvim-0.7"):
                with self.subTest(payload=payload, profile=profile):
                    client = self.client(profile)
                    uri = self.open(client, ".env", ENV)
                    self.expect(client, uri, "unknown-model")
                    client.notify("workspace/didChangeConfiguration", payload)
                    self.expect(client, uri)
                    client.finish()

    def test_eglots_empty_settings_change_nothing(self):
        self.fake()
        client = self.client("eglot-1.9", options={"ignoreModels": ["zzz-unknown"]})
        client.notify("workspace/didChangeConfiguration", {"settings": {}})
        control = self.open(client, "b.env", "OLLAMA_MODEL=gemma3:12b\n")
        self.expect(client, control, "model-not-installed")
        self.finding(client)
        client.finish()

    def test_the_default_server_by_setting(self):
        self.fake(["other:1b"])
        second = self.fake(["zzz-unknown"], default=False)
        client = self.client("full", options={"url": second.url})
        control = self.open(client, "b.env", "OLLAMA_MODEL=gemma3:12b\n")
        self.expect(client, control, "model-not-installed")
        self.finding(client)
        client.finish()

    def test_another_configured_server_makes_a_model_known(self):
        self.fake()
        second = self.fake(["zzz-unknown"], default=False)
        client = self.client("full", options={"servers": [{"name": "gpu", "url": second.url,
                                                           "kind": "ollama"}]})
        found = self.finding(client, "model-not-installed")
        self.assertIn("gpu", found[0]["message"])
        client.finish()


class Folders(LspCase):
    def test_folders_come_and_go(self):
        self.fake()
        second = self.workspace.parent / "second"
        second.mkdir()
        self.write(".ollama-ls.json", json.dumps({"ignoreModels": ["zzz-unknown"]}), second)
        client = self.client("full")
        first = self.open(client, ".env", ENV)
        self.expect(client, first, "unknown-model")
        folder = {"uri": uri_of(second), "name": "second"}
        client.notify("workspace/didChangeWorkspaceFolders",
                      {"event": {"added": [folder], "removed": []}})
        client.settle()
        client.notify("workspace/didChangeWorkspaceFolders",
                      {"event": {"added": [], "removed": [folder]}})
        client.settle()
        self.expect(client, first, "unknown-model")
        client.drop("window/showMessage")
        client.finish()

    def test_a_folder_goes_whatever_the_spelling_of_its_uri(self):
        self.fake()
        second = self.workspace.parent / "second one"
        second.mkdir()
        self.write(".ollama-ls.json", json.dumps({"ignoreModels": ["zzz-unknown"]}), second)
        client = self.client("full")
        uri = uri_of(second / ".env")
        client.open(uri, ENV)
        self.expect(client, uri, "unknown-model")
        client.notify("workspace/didChangeWorkspaceFolders", {
            "event": {"added": [{"uri": uri_of(second), "name": "s"}], "removed": []}})
        self.expect(client, uri)
        client.notify("workspace/didChangeWorkspaceFolders", {
            "event": {"added": [], "removed": [{"uri": uri_of(second).replace("one", "%6Fne") + "/",
                                                "name": "s"}]}})
        self.expect(client, uri, "unknown-model")
        client.finish()

    def test_no_folder_nested_folders_and_twice_the_same(self):
        self.fake()
        inner = self.workspace / "inner"
        inner.mkdir()
        outer = {"uri": uri_of(self.workspace), "name": "o"}
        for folders in ([], [outer, {"uri": uri_of(inner), "name": "i"}], [outer, outer],
                        [{"uri": uri_of(self.workspace) + "/", "name": "slash"}]):
            with self.subTest(folders=folders):
                client = self.client("full", folders=folders)
                uri = uri_of(inner / ".env")
                client.open(uri, ENV)
                self.expect(client, uri, "unknown-model")
                client.drop("window/showMessage")
                client.finish()

    def test_the_workspace_file_is_watched_and_obeyed(self):
        self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", ENV)
        self.expect(client, uri, "unknown-model")
        watched = [r for r in client.registrations.values()
                   if r["method"] == "workspace/didChangeWatchedFiles"]
        self.assertEqual(1, len(watched))
        patterns = json.dumps(watched[0]["registerOptions"])
        self.assertIn(".ollama-ls.json", patterns)
        path = self.write(".ollama-ls.json", json.dumps({"ignoreModels": ["zzz-unknown"]}))
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": uri_of(path), "type": 1}]})
        self.expect(client, uri)
        path.unlink()
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": uri_of(path), "type": 3}]})
        self.expect(client, uri, "unknown-model")
        client.finish()

    def test_a_changed_env_file_changes_the_host_of_its_neighbours(self):
        self.fake()
        other = self.fake(["only-there:1b"], default=False)
        client = self.client("full", options={"trustedHosts": [other.url]})
        uri = self.open(client, "app.yaml", "provider: ollama\nmodel: only-there:1b\n", on_disk=True)
        self.expect(client, uri, "unknown-model")
        path = self.write(".env", "OLLAMA_HOST=%s\n" % other.url)
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": uri_of(path), "type": 1}]})
        self.expect(client, uri)
        client.finish()

    def test_registration_follows_the_client(self):
        self.fake()
        for profile, methods in (("bare", set()), ("nvim-0.7", set()),
                                 ("vscode-11", {"workspace/didChangeWatchedFiles",
                                                "workspace/didChangeConfiguration"})):
            client = self.client(profile)
            client.settle()
            client.settle()
            self.assertEqual(methods, {r["method"] for r in client.registrations.values()}, profile)
            client.finish()


class Requests(LspCase):
    def test_a_cancelled_request_is_answered_once(self):
        fake = self.fake()
        fake.fault("/", "stall")
        client = self.client("full", pacing="together")
        uri = self.open(client, ".env", "OLLAMA_MODEL=llama3.2:3b\n")
        ids = [client.start_request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": {"line": 0, "character": 14}})
            for _ in range(50)]
        for identity in ids:
            client.cancel(identity)
        for identity in ids:
            message = client.answer(identity, 3)
            self.assertIn(message.get("error", {}).get("code"), (None, -32800))
        client.drop("window/showMessage")
        client.looked_at.add(uri)
        client.finish()

    def test_a_request_before_an_edit_answers_for_the_old_text(self):
        self.fake()
        client = self.client("full", pacing="together")
        uri = self.open(client, ".env", ENV)
        self.expect(client, uri, "unknown-model")
        first = client.start_request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        client.edit(uri, 2, "OLLAMA_MODEL=llama3.2:3b\n")
        second = client.start_request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        old = client.answer(first)
        if "result" in old:
            self.assertEqual(["unknown-model"], self.codes(old["result"]["items"]))
        else:
            self.assertIn(old["error"]["code"], (-32800, -32801, -32802))
        self.assertEqual([], client.answer(second)["result"]["items"])
        client.finish()

    def test_log_trace_only_when_asked(self):
        self.fake()
        client = self.client("bare")
        client.settle()
        self.assertFalse([m for m in client.inbox if m["method"] == "$/logTrace"])
        client.notify("$/setTrace", {"value": "verbose"})
        uri = self.open(client, ".env", ENV)
        self.expect(client, uri, "unknown-model")
        client.notify("$/setTrace", {"value": "off"})
        client.settle()
        client.drop("$/logTrace")
        client.settle()
        self.assertFalse([m for m in client.inbox if m["method"] == "$/logTrace"])
        client.finish()

    def test_workspace_diagnostic_answers_who_knows_nothing_and_holds_who_does(self):
        self.fake()
        client = self.client("full")
        self.assertEqual({"items": []}, client.request("workspace/diagnostic",
                                                       {"previousResultIds": []}, limit=5))
        uri = self.open(client, ".env", ENV)
        self.expect(client, uri, "unknown-model")
        report = client.request("workspace/diagnostic", {"previousResultIds": []})["items"][0]
        self.assertEqual(["unknown-model"], self.codes(report["items"]))
        known = [{"uri": uri, "value": report["resultId"]}]
        held = client.start_request("workspace/diagnostic", {"previousResultIds": known})
        client.settle()
        self.assertFalse(client.requests[("int", held)]["answers"])
        client.edit(uri, 2, "OLLAMA_MODEL=llama3.2:3b\n")
        self.assertEqual([], client.answer(held)["result"]["items"][0]["items"])
        client.finish()

    def test_neovim_is_not_told_of_the_workspace(self):
        """0.12 asks for it alone after a refresh, and drops what it says of open documents."""
        self.fake()
        client = self.client("nvim-0.12")
        self.assertFalse(client.result["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"])
        client.finish()

    def test_workspace_diagnostic_is_answered_or_not_announced(self):
        self.fake()
        client = self.client("full")
        provider = client.result["capabilities"]["diagnosticProvider"]
        if provider["workspaceDiagnostics"]:
            self.write("closed.env", ENV)
            identity = client.start_request("workspace/diagnostic", {"previousResultIds": []})
            client.settle()
            client.cancel(identity)
            client.answer(identity)
        client.finish()
