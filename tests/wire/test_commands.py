# SPDX-License-Identifier: MIT
"""Commands (DESIGN.md A7), their progress, and the status notifications (A11)."""
import json

from lib import capabilities
from lib.harness import LspCase, uri_of
from lib.lsp_client import LspError

BIG = {"name": "gemma3:12b", "layers": [800_000_000, 11_000, 600]}


class Pull(LspCase):
    def pulling(self, profile="vscode-11", **options):
        fake = self.fake(library=[BIG], **options)
        client = self.client(profile)
        uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:12b\n")
        self.expect(client, uri, "model-not-installed")
        return fake, client, uri

    def test_with_progress_and_the_finding_goes_by_itself(self):
        fake, client, uri = self.pulling(frame_seconds=0.05)
        self.assertIsNone(client.command("pull", {"model": "gemma3:12b"}))
        values = client.progress_done()
        self.assertTrue(values[0]["cancellable"])
        self.assertIn("gemma3:12b", values[0]["title"] + values[0].get("message", ""))
        token = next(iter(client.progress))
        self.assertRegex(token, r"^ollama-ls/")
        self.assertTrue(any("percentage" in v for v in values))
        self.expect(client, uri)
        self.assertEqual([{"model": "gemma3:12b"}],
                         [{k: v for k, v in r.json.items() if k == "model"}
                          for r in fake.requests("/api/pull")])
        client.drop("window/showMessage")
        client.finish()

    def test_cancel_from_the_editor_closes_the_stream(self):
        fake, client, _ = self.pulling(frame_seconds=0.2)
        client.command("pull", {"model": "gemma3:12b"})
        token = client.wait(lambda: next(iter(client.progress), None), "progress")
        client.notify("window/workDoneProgress/cancel", {"token": token})
        fake.wait_closed("/api/pull")
        client.progress_done(token)
        self.assertIsNone(fake.find("gemma3:12b"))
        client.drop("window/showMessage")
        client.finish()

    def test_cancel_by_command_closes_the_stream(self):
        fake, client, _ = self.pulling(frame_seconds=0.2)
        client.command("pull", {"model": "gemma3:12b"})
        token = client.wait(lambda: next(iter(client.progress), None), "progress")
        self.assertIsNone(client.command("cancel", {"id": token}))
        fake.wait_closed("/api/pull")
        client.progress_done(token)
        client.drop("window/showMessage")
        client.finish()

    def test_shutdown_closes_the_stream(self):
        fake, client, _ = self.pulling(frame_seconds=0.2)
        client.command("pull", {"model": "gemma3:12b"})
        client.wait(lambda: client.progress, "progress")
        client.request("shutdown")
        fake.wait_closed("/api/pull")
        client.notify("exit")
        client.drop("window/showMessage")
        client.finish(shutdown=False)

    def test_the_end_of_input_closes_the_stream(self):
        fake, client, _ = self.pulling(frame_seconds=0.2)
        client.command("pull", {"model": "gemma3:12b"})
        client.wait(lambda: client.progress, "progress")
        client.close_stdin()
        fake.wait_closed("/api/pull")
        client.ended()
        client.progress.clear()  # nobody is there to be told that it ended
        client.drop("window/showMessage")
        client.finish(code=1, shutdown=False)

    def test_a_second_pull_joins_the_first(self):
        fake, client, _ = self.pulling(frame_seconds=0.05)
        client.command("pull", {"model": "gemma3:12b"})
        client.wait(lambda: client.progress, "progress")
        client.command("pull", {"model": "GEMMA3:12b"})
        client.progress_done()
        self.assertEqual(1, len(fake.requests("/api/pull")))
        client.drop("window/showMessage")
        client.finish()

    def test_a_pull_that_fails_ends_its_progress_and_says_so_once(self):
        for kind, options in (("status", {}), ("error-frame", {"text": "no space left on device"}),
                              ("truncate", {}), ("reset-mid", {"after": 300}), ("html", {}),
                              ("long-line", {"size": 64 << 20}), ("garbage", {})):
            with self.subTest(kind=kind):
                fake, client, _ = self.pulling()
                fake.fault("/api/pull", kind, **options)
                client.command("pull", {"model": "gemma3:12b"})
                message = client.take("window/showMessage")
                self.assertIn(message["type"], (1, 2))
                if kind == "error-frame":
                    self.assertIn("no space left on device", message["message"])
                client.settle()
                client.finish()
                fake.stop()

    def test_without_progress_one_message_at_the_end(self):
        fake = self.fake(library=[BIG])
        client = self.client("eglot-1.9")
        client.command("pull", {"model": "gemma3:12b"})
        message = client.take("window/showMessage")
        self.assertIn("gemma3:12b", message["message"])
        self.assertEqual(3, message["type"])
        self.assertIsNotNone(fake.find("gemma3:12b"))
        self.assertFalse(client.progress)
        client.finish()

    def test_another_registry_is_asked_about_first(self):
        fake = self.fake(library=["hf.co/org/repo:Q4_K_M"])
        client = self.client("vscode-11")
        client.command("pull", {"model": "hf.co/org/repo:Q4_K_M"})
        asked = client.take("window/showMessageRequest")
        self.assertIn("hf.co", asked["message"])
        client.settle()
        self.assertEqual([], fake.requests("/api/pull"))
        client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        client.command("pull", {"model": "hf.co/org/repo:Q4_K_M"})
        client.progress_done()
        self.assertEqual(1, len(fake.requests("/api/pull")))
        client.drop("window/showMessage")
        client.finish()

    def test_auto_pull_asks_once_per_model(self):
        fake = self.fake(library=[BIG])
        client = self.client("vscode-11", options={"autoPull": True})
        # Refused: not asked again for the same model, in whatever spelling or file.
        uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:12b\n")
        self.expect(client, uri, "model-not-installed")
        self.assertIn("gemma3:12b", client.take("window/showMessageRequest")["message"])
        other = self.open(client, "other.env", "OLLAMA_MODEL=GEMMA3:12b\n")
        self.expect(client, other, "model-not-installed")
        client.settle()
        self.assertEqual(1, len(client.asked))
        self.assertEqual([], fake.requests("/api/pull"))
        client.finish()

    def test_auto_pull_pulls_what_is_agreed_to_and_only_then(self):
        fake = self.fake(library=[BIG])
        client = self.client("vscode-11", options={"autoPull": True}, start=False)
        client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        client.initialize([{"uri": uri_of(self.workspace), "name": "workspace"}])
        uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:12b\nOLLAMA_CHAT_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")  # what nobody vouches for is never offered
        client.progress_done()
        self.assertEqual(1, len(fake.requests("/api/pull")))
        client.drop("window/showMessageRequest")
        client.drop("window/showMessage")
        client.finish()

    def test_a_workspace_cannot_switch_auto_pull_on(self):
        fake = self.fake(library=[BIG])
        self.write(".ollama-ls.json", '{"autoPull": true}')
        client = self.client("vscode-11", settings={"autoPull": True})
        uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:12b\n")
        self.expect(client, uri, "model-not-installed")
        client.settle()
        self.assertEqual([], client.asked)
        client.drop("window/showMessage")
        client.finish()

    def test_control_characters_of_the_server_reach_no_message(self):
        fake, client, _ = self.pulling()
        fake.fault("/api/pull", "error-frame", text="bad \x1b[31mred\u202e\u200b end")
        client.command("pull", {"model": "gemma3:12b"})
        text = client.take("window/showMessage")["message"]
        for character in "\x1b\u202e\u200b":
            self.assertNotIn(character, text)
        client.finish()


class Others(LspCase):
    def test_load_and_unload(self):
        fake = self.fake()
        client = self.client("vscode-11")
        client.command("refresh")
        client.command("load", {"model": "llama3.2:3b"})
        fake.wait(lambda: "llama3.2:3b" in fake.loaded, "a loaded model")
        client.poll(lambda: [m["name"] for s in client.command("status")["servers"]
                             for m in s["running"]] == ["llama3.2:3b"], "it in the status")
        client.command("unload", {"model": "llama3.2:3b"})
        fake.wait(lambda: not fake.loaded, "an unloaded model")
        client.settle()
        client.drop("window/showMessage")
        client.finish()

    def test_a_load_that_takes_long_is_cancellable(self):
        fake = self.fake(load_seconds=60)
        client = self.client("vscode-11")
        client.command("load", {"model": "llama3.2:3b"})
        token = client.wait(lambda: next(iter(client.progress), None), "progress")
        fake.wait_for("/api/generate")
        client.notify("window/workDoneProgress/cancel", {"token": token})
        fake.wait_closed("/api/generate")
        client.progress_done(token)
        client.drop("window/showMessage")
        client.finish()

    def test_delete_asks_first(self):
        fake = self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:4b\nOLLAMA_CHAT_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        client.command("delete", {"model": "gemma3:4b"})
        client.take("window/showMessageRequest")
        client.settle()
        self.assertIsNotNone(fake.find("gemma3:4b"))
        client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        client.command("delete", {"model": "gemma3:4b"})
        fake.wait_for("/api/delete")
        self.expect(client, uri, "model-not-installed", "unknown-model")
        client.drop("window/showMessage")
        client.finish()

    def test_bad_arguments_are_32602(self):
        self.fake()
        client = self.client("vscode-11")
        for verb in ("pull", "delete", "load", "unload"):
            for bad in ((), ({},), ({"model": 5},), ({"model": ""},), ({"model": "a b"},),
                        ("llama3",), ({"model": "llama3.2:3b"}, {"extra": 1}), (None,), ([],),
                        ({"model": "x" * 600},), ({"model": "llama3.2:3b", "host": 5},),
                        ({"model": "llama3.2:3b", "host": "http://a b"},),
                        ({"model": "llama3.2:3b", "host": "ftp://a"},)):
                with self.subTest(verb=verb, bad=bad), self.assertRaises(LspError) as caught:
                    client.command(verb, *bad)
                self.assertEqual(-32602, caught.exception.code, (verb, bad))
        for verb, bad in (("selectModel", {"model": "llama3.2:3b", "role": "sing"}),
                          ("selectModel", {"role": "chat"}), ("status", 5), ("cancel", {"id": 5}),
                          ("pull", {"model": "llama3.2:3b", "ask": 5}),
                          ("trustHost", {"host": "a b"}), ("trustHost", {"host": 5}),
                          ("trustHost", {})):
            with self.subTest(verb=verb, bad=bad), self.assertRaises(LspError) as caught:
                client.command(verb, bad)
            self.assertEqual(-32602, caught.exception.code, (verb, bad))
        client.finish()

    def test_a_host_argument_must_be_one_we_may_talk_to(self):
        self.fake()
        other = self.fake(default=False)
        client = self.client("vscode-11")
        for verb in ("pull", "delete", "load", "unload"):
            with self.assertRaises(LspError) as caught:
                client.command(verb, {"model": "llama3.2:3b", "host": other.url})
            self.assertEqual(-32803, caught.exception.code)
        client.settle()
        self.assertEqual([], other.requests())
        client.finish()

    def test_what_cannot_be_is_32803_with_the_remedy(self):
        fake = self.fake()
        fake.refuse()
        client = self.client("vscode-11")
        client.command("refresh")
        client.poll(lambda: client.command("status")["state"] == "unreachable", "unreachable")
        with self.assertRaises(LspError) as caught:
            client.command("load", {"model": "llama3.2:3b"})
        self.assertEqual(-32803, caught.exception.code)
        self.assertIn("ollama serve", caught.exception.message)
        client.drop("window/showMessage")
        client.finish()

    def test_selectModel_is_remembered(self):
        self.fake()
        client = self.client("vscode-11")
        client.command("selectModel", {"model": "qwen2.5-coder:7b", "role": "chat"})
        client.settle()
        client.drop("window/showMessage")
        client.finish()
        state = json.loads((self.home / "state" / "ollama-ls" / "state.json").read_text())
        self.assertIn("qwen2.5-coder:7b", json.dumps(state))

    def test_selectModel_takes_only_what_fits_the_role(self):
        self.fake(["llama3.2:3b", "nomic-embed-text"])
        client = self.client("vscode-11")
        client.command("refresh")
        client.poll(lambda: client.command("status")["servers"][0]["reachable"], "the models")
        for role, model, remedy in (("chat", "nomic-embed-text", "llama3.2:3b"),
                                    ("embed", "llama3.2:3b", "nomic-embed-text"),
                                    ("chat", "mistral:7b", "ollama pull mistral:7b")):
            with self.subTest(role=role, model=model), self.assertRaises(LspError) as caught:
                client.command("selectModel", {"model": model, "role": role})
            self.assertEqual(-32803, caught.exception.code)
            self.assertIn(remedy, caught.exception.message)
        client.command("selectModel", {"model": "nomic-embed-text", "role": "embed"})
        client.command("selectModel", {"model": "gpt-oss:120b-cloud", "role": "chat"})
        client.drop("window/showMessage")
        client.finish()

    def test_a_command_answers_at_once_even_when_the_server_hangs(self):
        fake = self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        fake.fault("/", "stall")
        for verb, argument in (("load", {"model": "llama3.2:3b"}), ("refresh", None),
                               ("pull", {"model": "mistral:7b"})):
            client.command(verb, *([argument] if argument else []), limit=3)
        client.command("cancel", {})
        client.drop("window/showMessage")
        client.finish()

    def test_start_server(self):
        """A running server needs no start; a missing Ollama is said so with where to get it."""
        fake = self.fake()
        fake.refuse()
        client = self.client("vscode-11", env=self.environment(PATH="/nonexistent"))
        client.command("refresh")
        try:
            client.command("startServer")
            text = client.take("window/showMessage")["message"]
        except LspError as error:
            self.assertEqual(-32803, error.code)
            text = error.message
        self.assertIn("ollama.com", text)
        client.drop("window/showMessage")
        client.finish()


class Status(LspCase):
    def test_the_command_gives_the_whole_object(self):
        self.fake(running=["llama3.2:3b"])
        client = self.client("bare")
        status = client.poll(lambda: self.ok(client), "state ok")
        self.assertEqual({"state", "message", "servers", "active"}, set(status) - {"command"})
        server = status["servers"][0]
        self.assertEqual((True, "0.33.0", 5), (server["reachable"], server["version"],
                                              server["models"]))
        self.assertEqual("llama3.2:3b", server["running"][0]["name"])
        self.assertEqual(4096, server["running"][0]["contextLength"])
        client.finish()

    def ok(self, client):
        client.command("refresh")
        status = client.command("status")
        return status if status["state"] == "ok" and status["servers"][0]["running"] else None

    def test_notifications_go_only_where_asked_for(self):
        fake = self.fake()
        for profile, options, expected in (
                ("full", {"status": True}, {"experimental/serverStatus", "$/ollama-ls/status"}),
                ("full", None, {"experimental/serverStatus"}),
                ("vscode-11", {"status": True}, {"$/ollama-ls/status"}),
                ("vscode-11", {"status": "yes"}, set()), ("bare", None, set())):
            with self.subTest(profile=profile, options=options):
                client = self.client(profile, options=options)
                uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
                self.expect(client, uri, "unknown-model")
                client.settle()
                methods = {m["method"] for m in client.inbox if "tatus" in m["method"]}
                self.assertEqual(expected, methods)
                for method in expected:
                    client.drop(method)
                client.drop("window/showMessage")
                client.finish()
        fake.stop()

    def test_the_first_follows_initialized_and_then_only_changes(self):
        fake = self.fake()
        client = self.client("full", start=False, options={"status": True})
        client.request("initialize", {"processId": None, "rootUri": None,
                                      "capabilities": client.capabilities,
                                      "initializationOptions": client.options})
        client.settle()
        self.assertFalse(client.inbox)
        client.notify("initialized", {})
        client.take("$/ollama-ls/status")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        client.take("$/ollama-ls/status", lambda p: p["state"] == "ok" and p["servers"][0]["models"])
        fake.refuse()
        client.command("refresh")
        down = client.take("$/ollama-ls/status", lambda p: p["state"] == "unreachable")
        self.assertIn("ollama serve", json.dumps(down))
        client.take("experimental/serverStatus", lambda p: p["health"] == "warning")
        fake.start()
        client.command("refresh")
        client.take("$/ollama-ls/status", lambda p: p["state"] == "ok")
        client.take("experimental/serverStatus", lambda p: p["health"] == "ok")
        client.drop("$/ollama-ls/status")
        client.drop("experimental/serverStatus")
        client.drop("window/showMessage")
        client.finish()

    def test_equal_statuses_are_not_repeated(self):
        self.fake()
        client = self.client("full")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        for _ in range(5):
            client.command("refresh")
            client.settle()
        seen = [m["params"] for m in client.inbox if m["method"] == "experimental/serverStatus"]
        for before, after in zip(seen, seen[1:]):
            self.assertNotEqual(before, after)
        client.drop("experimental/serverStatus")
        client.finish()

    def test_models_are_listed_without_asking_anybody(self):
        """For pickers: the object of `ollama-ls models --json`, from what is known."""
        fake = self.fake(running=["llama3.2:3b"])
        client = self.client("vscode-11")
        self.assertEqual([], [m for s in client.command("models")["servers"] for m in s["models"]])
        client.command("refresh")
        client.poll(lambda: client.command("status")["state"] == "ok", "ok")
        fake.forget()
        server, = client.command("models")["servers"]
        self.assertEqual(("default", True, 5),
                         (server["name"], server["reachable"], len(server["models"])))
        self.assertIn("running", [m for m in server["models"] if m["name"] == "llama3.2:3b"][0])
        self.assertEqual([], fake.requests("/api/tags"))
        client.finish()

    def test_credentials_are_never_shown(self):
        fake = self.fake()
        client = self.client("full", options={"status": True, "servers": [
            {"name": "second", "url": "http://bob:hunter2@127.0.0.1:%d" % fake.port}]})
        client.command("refresh")
        client.poll(lambda: len(client.command("status")["servers"]) == 2, "two servers")
        client.drop("$/ollama-ls/status")
        client.drop("experimental/serverStatus")
        client.drop("window/showMessage")
        client.finish()
        sent = json.dumps([m for _, arrow, m in client.transcript if arrow == "<--"])
        self.assertNotIn("hunter2", sent)
        self.assertNotIn(b"hunter2", client.stderr)


class Conformance(LspCase):
    def test_commands_use_only_what_each_client_declares(self):
        for name in capabilities.names():
            with self.subTest(profile=name):
                fake = self.fake(library=[BIG])
                client = self.client(name)
                uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:12b\n")
                found = self.expect(client, uri, "model-not-installed")
                self.actions(client, uri, found)
                client.command("pull", {"model": "gemma3:12b"})
                self.expect(client, uri)
                client.settle()
                client.drop("window/showMessage")
                client.drop("experimental/serverStatus")
                client.finish()
                fake.stop()
