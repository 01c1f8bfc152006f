# SPDX-License-Identifier: MIT
"""Commands beyond test_commands.py: starting a server, asking, clients of plain commands."""
import json
import os
import signal

from lib import positions
from lib.harness import LspCase
from lib.lsp_client import LspError


class StartServer(LspCase):
    def program(self, body):
        """An `ollama` of the user's, in a PATH whose relative entries hold a trap."""
        trap = self.write("bin/ollama", "#!/bin/sh\ntouch '%s'\n" % (self.home / "trap"))
        own = self.write("tools/ollama", "#!/bin/sh\n" + body, self.home)
        for path in (trap, own):
            os.chmod(path, 0o755)
        (self.home / "notes").mkdir()
        (self.home / "notes" / "ollama").mkdir()  # a folder of that name is no program
        return "bin::./bin:%s:%s:%s" % (self.home / "notes", own.parent, os.environ["PATH"])

    def down(self, path, profile="vscode-11"):
        fake = self.fake()
        fake.refuse()
        client = self.client(profile, env=self.environment(PATH=path))
        client.command("refresh")
        client.poll(lambda: client.command("status")["state"] == "unreachable", "unreachable")
        return fake, client

    def finish(self, client):
        client.drop("window/showMessage")
        client.finish()
        self.assertFalse((self.home / "trap").exists())

    def test_it_runs_serve_where_the_default_server_is_meant_to_be(self):
        marker = self.home / "started"
        path = self.program('echo "$1 $# $OLLAMA_HOST $PWD $$" > "%s.new"\nmv "%s.new" "%s"\n'
                            "exec sleep 60\n" % (marker, marker, marker))
        fake, client = self.down(path)
        self.assertIsNone(client.command("startServer"))
        client.poll(marker.exists, "the program")
        words = marker.read_text().split()
        self.addCleanup(os.kill, int(words[4]), signal.SIGKILL)
        self.assertEqual(["serve", "1", "127.0.0.1:%d" % fake.port, "/"], words[:4])
        fake.start()
        values = client.progress_done()
        self.assertEqual("Starting Ollama", values[0]["title"])
        self.assertEqual("Ollama is running", values[-1]["message"])
        with self.assertRaises(LspError) as caught:
            client.command("startServer")
        self.assertEqual(-32803, caught.exception.code)
        self.finish(client)

    def test_one_that_dies_is_told_at_once(self):
        _, client = self.down(self.program("exit 3\n"))
        client.command("startServer")
        text = client.take("window/showMessage", lambda p: "code 3" in p["message"])["message"]
        self.assertIn("ollama serve", text)
        client.progress_done()
        self.finish(client)

    def test_waiting_can_be_cancelled_and_the_program_lives_on(self):
        marker = self.home / "pid"
        path = self.program('echo $$ > "%s.new"\nmv "%s.new" "%s"\nexec sleep 60\n' % (
            marker, marker, marker))
        _, client = self.down(path)
        client.command("startServer")
        token = client.wait(lambda: next(iter(client.progress), None), "progress")
        client.poll(marker.exists, "the program")
        client.notify("window/workDoneProgress/cancel", {"token": token})
        client.progress_done(token)
        self.finish(client)
        os.kill(int(marker.read_text()), signal.SIGKILL)  # fails if it is gone

    def test_a_server_elsewhere_is_not_started_here(self):
        client = self.client("vscode-11", env=self.environment(OLLAMA_HOST="http://192.0.2.1:1"))
        with self.assertRaises(LspError) as caught:
            client.command("startServer")
        self.assertEqual(-32803, caught.exception.code)
        client.drop("window/showMessage")
        client.finish()


class Asking(LspCase):
    def test_no_is_no(self):
        fake = self.fake(library=["gemma3:12b"])
        client = self.client("vscode-11")
        client.answers["window/showMessageRequest"] = lambda params: params["actions"][1]
        client.command("delete", {"model": "gemma3:4b"})
        client.command("pull", {"model": "gemma3:12b", "ask": True})
        client.settle()
        self.assertEqual([], fake.requests("/api/delete") + fake.requests("/api/pull"))
        client.drop("window/showMessageRequest")
        client.finish()

    def test_who_cannot_be_asked_gets_the_command_line(self):
        fake = self.fake()
        client = self.client("bare")
        for verb, argument, remedy in (("delete", {"model": "gemma3:4b"}, "ollama rm gemma3:4b"),
                                       ("pull", {"model": "x:1b", "ask": True}, "ollama pull x:1b")):
            with self.assertRaises(LspError) as caught:
                client.command(verb, argument)
            self.assertEqual(-32803, caught.exception.code)
            self.assertIn(remedy, caught.exception.message)
        self.assertEqual([], fake.requests("/api/delete") + fake.requests("/api/pull"))
        client.drop("window/showMessage")
        client.finish()

    def test_what_is_not_installed_cannot_be_chosen_loaded_or_deleted(self):
        self.fake()
        client = self.client("vscode-11")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        for verb, argument in (("load", {}), ("unload", {}), ("delete", {}),
                               ("selectModel", {"role": "chat"})):
            with self.assertRaises(LspError) as caught:
                client.command(verb, dict(argument, model="mistral:7b"))
            self.assertEqual(-32803, caught.exception.code)
            self.assertIn("ollama pull mistral:7b", caught.exception.message)
        client.finish()


class Actions(LspCase):
    def test_plain_commands_for_who_knows_no_literals(self):
        self.fake()
        client = self.client("bare")
        uri = self.open(client, ".env", "OLLAMA_MODEL=gemma3:12b\n")
        found = self.expect(client, uri, "model-not-installed")
        actions = self.actions(client, uri, found, only=None)
        self.assertTrue(actions)
        for action in actions:
            self.assertLessEqual(set(action), {"title", "command", "arguments"})
        self.assertIn("ollama-ls.pull", [a["command"] for a in actions])
        client.drop("window/showMessage")
        client.finish()

    def test_managing_is_offered_when_asked_for(self):
        self.fake(running=["llama3.2:3b"])
        client = self.client("full")
        text = "OLLAMA_MODEL=llama3.2:3b\nOLLAMA_CHAT_MODEL=gemma3:4b\nOLLAMA_EMBED_MODEL=zzz-unknown\n"
        uri = self.open(client, ".env", text)
        found = self.expect(client, uri, "unknown-model")
        for needle, verbs in (("llama3.2", ["unload", "delete"]), ("gemma3", ["load", "delete"])):
            rng = self.range_of(client, text, needle)
            for only, kind, wanted in (("ollama-ls.manage", 1, verbs), ("ollama-ls", 1, verbs),
                                       ("quickfix", 1, []), ("ollama-ls.manage", 2, [])):
                actions = self.actions(client, uri, found, only=[only], rng=rng, kind=kind)
                self.assertEqual(["ollama-ls." + v for v in wanted],
                                 [a["command"]["command"] for a in actions
                                  if a["command"]["command"] != "ollama-ls.ai"],
                                 (needle, only, kind))
        client.finish()

    def test_show_status_says_it(self):
        keeper = self.fake()
        keeper.refuse()
        client = self.client("vscode-11")
        client.command("refresh")
        client.poll(lambda: client.command("status")["state"] == "unreachable", "unreachable")
        client.drop("window/showMessage")
        status = client.command("status", {"show": True})
        self.assertEqual(status["message"], client.take("window/showMessage")["message"])
        self.assertEqual("ollama-ls.startServer", status["command"]["command"])
        client.finish()


class Library(LspCase):
    def test_what_can_be_pulled_is_told_without_asking_anybody(self):
        """For pickers of plugins; the table of this version, whatever the servers do."""
        client = self.client()
        library = client.command("library")
        self.assertEqual({"version", "date", "models"}, set(library))
        self.assertRegex(library["date"], r"^20\d\d-\d\d-\d\d$")
        models = {model["name"]: model for model in library["models"]}
        self.assertEqual(len(models), len(library["models"]))
        tags = {tag["tag"]: tag for tag in models["llama3.2"]["tags"]}
        self.assertLessEqual({"1b", "3b"}, set(tags))
        self.assertTrue(1e9 < tags["3b"]["size"] < 4e9 and not tags["3b"]["cloud"])
        self.assertIn("embedding", models["nomic-embed-text"]["capabilities"])
        self.assertIn("insert", models["qwen2.5-coder"]["capabilities"])
        client.finish()


class Bounds(LspCase):
    def test_hostile_names_stay_text_in_cards(self):
        self.fake([{"name": "good:latest", "quantization": "`x` ![i](http://evil/i.png) <b>",
                    "parameters": "</details><script>"}])
        client = self.client("full")
        text = "OLLAMA_MODEL=good\nOLLAMA_CHAT_MODEL=zzz-unknown\n"
        uri = self.open(client, ".env", text)
        self.expect(client, uri, "unknown-model")
        card = client.request("textDocument/hover", {
            "textDocument": {"uri": uri}, "position": self.at(client, text, "good")})["contents"]["value"]
        outside = "".join(part for i, part in enumerate(card.replace("``", "\0").split("\0")) if i % 2 == 0)
        for bad in ("![", "<b>", "<script>", "</details>"):
            self.assertNotIn(bad, outside, card)
        items = client.request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": positions.to_position(text, 17, client.encoding)})
        self.assertNotIn("\x1b", json.dumps(items))
        client.finish()
