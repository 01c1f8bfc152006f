# SPDX-License-Identifier: MIT
"""`ollama-ls doctor`: one line per check, the command that mends, and an exit code to rely on."""
import json
import os

from fake_openai import FakeOpenAI
from lib.harness import ProgramCase


class Doctor(ProgramCase):
    def setUp(self):
        super().setUp()
        self.tools = self.home / "tools"
        self.tools.mkdir()

    def environment(self, **changes):
        return super().environment(**dict({"PATH": str(self.tools)}, **changes))

    def checks(self, code, *arguments, env=None):
        """{check: [(level, message, remedy)]} of doctor --json."""
        done = self.run_program("doctor", "--json", *arguments, code=code, env=env)
        report = json.loads(done.out)
        self.assertEqual((1, code == 0), (report["version"], report["ok"]))
        found = {}
        for line in report["checks"]:
            self.assertIn(line["level"], ("ok", "warning", "problem"))
            found.setdefault(line["check"], []).append(
                (line["level"], line["message"], line.get("remedy", "")))
        return found

    def only(self, found, *levels):
        """The checks that are not ok."""
        return sorted(k for k, rows in found.items() if any(r[0] in (levels or ("warning", "problem"))
                                                            for r in rows))

    def test_all_is_well(self):
        self.fake(running=["llama3.2:3b"])
        found = self.checks(0)
        self.assertIn("0.33.0", found["server"][0][1])
        self.assertIn("5 installed", found["models"][0][1])
        self.assertIn("qwen2.5-coder:7b", found["insert model"][0][1])
        self.assertIn("nomic-embed-text", found["embedding model"][0][1])
        self.assertIn("num_ctx 4096 of 131072", found["context"][0][1])
        text = self.run_program("doctor", code=0).out
        self.assertRegex(text, r"(?m)^ok +server: ")
        self.assertNotIn("warning", text)

    def test_no_server(self):
        found = self.checks(1)
        self.assertEqual(["program", "server"], self.only(found, "problem"))
        self.assertEqual("ollama serve", found["server"][0][2])
        self.assertIn("https://ollama.com/download", found["program"][0][2])
        self.assertRegex(self.run_program("doctor", code=1).out, r"(?m)^problem  server: .*; try: ollama serve$")

    def test_the_program_and_its_version(self):
        self.fake()
        path = self.write("ollama", "#!/bin/sh\necho 'ollama version is 0.33.0\x1b[31m'\n", self.tools)
        path.chmod(0o755)
        message = self.checks(0)["program"][0][1]
        self.assertIn(str(path), message)
        self.assertIn("0.33.0", message)
        self.assertNotIn("\x1b", message)
        self.settings_file({"ollamaPath": "ollama"})
        self.assertEqual(["program"], self.only(self.checks(1)))

    def test_settings(self):
        self.fake()
        self.settings_file({"ai": {"modle": {}}, "urll": 1, "$schema": "x", "inlineCompletion.enable": False})
        self.write(".ollama-ls.json", json.dumps({"url": "http://evil.example", "severity": {}}))
        found = self.checks(1)
        self.assertEqual(["settings"], self.only(found))
        said = "\n".join(" ".join(row) for row in found["settings"])
        for part in ('"urll"', 'write "url"', '"ai.modle"', 'write "ai.model"', "a workspace may not set it"):
            self.assertIn(part, said)
        self.write("ollama-ls/config.json", "{", self.home / "config")
        self.assertIn("ignored", self.checks(1)["settings"][0][1])

    def test_odd_files(self):
        self.fake()
        config = self.home / "config" / "ollama-ls"
        config.mkdir(parents=True)
        os.mkfifo(config / "config.json")
        self.assertEqual(["settings"], self.only(self.checks(1)))
        state = self.write("ollama-ls/state.json", "{broken \x1b", self.home / "state")
        found = self.checks(1)
        self.assertEqual(["settings", "state"], self.only(found))
        self.assertIn("mv ", found["state"][0][2])
        state.write_text('{"version": 1}')
        state.chmod(0o644)
        self.assertEqual("chmod 600 " + str(state), self.checks(1)["state"][0][2])
        state.chmod(0o600)
        self.assertEqual("ok", self.checks(1)["state"][0][0])

    def test_ollama_host(self):
        fake = self.fake()
        self.assertIn("is read as " + fake.url, self.checks(0)["OLLAMA_HOST"][0][1])
        for value, level, part in (("127.0.0.1:99999999", "warning", "port"),
                                   ("http://user:secret@127.0.0.1:1", "warning", "user name"),
                                   ("http://localhost", "warning", "without a port"),
                                   ("ftp://127.0.0.1:1", "problem", "scheme"),
                                   ("0.0.0.0:%d" % fake.port, "ok", "everybody")):
            done = self.run_program("doctor", "--json", env=self.environment(OLLAMA_HOST=value))
            self.assertNotIn("secret", done.out)
            row = next(c for c in json.loads(done.out)["checks"] if c["check"] == "OLLAMA_HOST")
            self.assertEqual(level, row["level"], row)
            self.assertIn(part, row["message"])

    def test_proxies(self):
        self.fake()
        env = self.environment(http_proxy="http://user:secret@proxy.example:3128")
        found = self.checks(1, env=env)
        self.assertEqual(["proxy"], self.only(found))
        self.assertNotIn("secret", str(found))
        self.checks(0, env=dict(env, NO_PROXY="example.org, localhost"))

    def test_models_that_are_wanted_and_missing(self):
        self.fake(["nomic-embed-text:latest"])
        found = self.checks(1)
        self.assertEqual(["chat model"], self.only(found))
        self.assertRegex(found["chat model"][0][2], r"^ollama-ls pull \S+$")
        self.settings_file({"ai": {"model": {"chat": "gone:1b"}}, "inlineCompletion": {"enable": True}})
        found = self.checks(1)
        self.assertEqual(["chat model", "insert model"], self.only(found))
        self.assertIn("gone:1b", found["chat model"][0][1])

    def test_old_servers_and_others(self):
        self.fake(version="0.1.20")
        found = self.checks(1)
        self.assertIn("too old for", found["server"][0][1])
        other = self.stack.enter_context(FakeOpenAI(["phi"]))
        fake = self.fake()
        fake.forget()
        self.settings_file({"servers": [{"name": "llama", "url": other.url, "kind": "openai"},
                                        {"name": "gone", "url": "http://127.0.0.1:%d" % self.dead_port}]})
        found = self.checks(1)
        self.assertEqual(["ok", "ok", "warning"], [row[0] for row in found["server"]])

    def test_remote_models_are_named(self):
        self.fake(["llama3.2:3b", {"name": "gpt-oss:20b-cloud", "remote_host": "https://ollama.com:443"}])
        self.assertIn("gpt-oss:20b-cloud", self.checks(0)["cloud"][0][1])

    def test_usage(self):
        for wrong in (("extra",), ("--nope",)):
            self.assertEqual("", self.run_program("doctor", *wrong, code=2).out)
        self.assertIn("--json", self.run_program("help", "doctor", code=0).out)
