# SPDX-License-Identifier: MIT
"""`ollama-ls switch`, and the code actions that do the same in an editor."""
import os
import subprocess
import time

from fake_openai import FakeOpenAI
from lib.harness import LspCase, ProgramCase, program

ENV = "# mine\nCORTEX_PROVIDER=claude\nOLLAMA_MODEL=llama3.2:3b\nAPI_KEY=sk-secret\n"
YAML = "llm:\n  provider: openai  # which\n  model: gpt-4o\n  base_url: http://localhost:1234/v1\n"


class Switch(ProgramCase):
    def text(self, name=".env"):
        return (self.workspace / name).read_bytes().decode("utf-8", "surrogateescape")

    def openai(self, **options):
        return self.stack.enter_context(FakeOpenAI(["phi-mlx"], **options))

    def test_in_place_with_a_diff(self):
        self.write(".env", ENV).chmod(0o640)
        done = self.run_program("switch", ".env", "--to", "ollama", "--model", "gemma3:4b", code=0)
        after = ENV.replace("claude", "ollama").replace("llama3.2:3b", "gemma3:4b")
        self.assertEqual(after.replace("ollama\n", "ollama\nOLLAMA_BASE_URL=http://127.0.0.1:%d\n"
                                       % self.dead_port, 1), self.text())
        self.assertEqual(0o640, os.stat(self.workspace / ".env").st_mode & 0o777)
        for line in ("--- .env", "+++ .env", "-CORTEX_PROVIDER=claude", "+CORTEX_PROVIDER=ollama",
                     "-OLLAMA_MODEL=llama3.2:3b", "+OLLAMA_MODEL=gemma3:4b"):
            self.assertIn(line, done.out.splitlines())
        self.assertNotIn("sk-secret", done.out + done.err)
        self.run_program("switch", ".env", "--to", "ollama", "--model", "gemma3:4b", code=0)

    def test_dry_run_changes_nothing(self):
        path = self.write(".env", ENV)
        before = os.stat(path)
        done = self.run_program("switch", "--dry-run", ".env", "--to", "openai", "--model", "x", code=0)
        self.assertIn("+CORTEX_PROVIDER=openai", done.out)
        self.assertEqual((ENV, before.st_mtime_ns, before.st_ino),
                         (self.text(), os.stat(path).st_mtime_ns, os.stat(path).st_ino))

    def test_the_model_is_one_the_server_has(self):
        fake = self.fake(["llama3.2:3b"])
        self.write("a.yaml", YAML)
        self.run_program("switch", "a.yaml", "--to", "ollama", code=0)
        self.assertEqual("llm:\n  provider: ollama  # which\n  model: llama3.2:3b\n  base_url: %s\n"
                         % fake.url, self.text("a.yaml"))
        fake.forget()
        self.run_program("switch", "a.yaml", "--to", "ollama", "--model", "x:1b", code=0)
        self.assertEqual([], fake.requests())  # nothing needs to be asked

    def test_a_configured_server_is_meant(self):
        server = self.openai(program="mlx")
        self.settings_file({"servers": [{"name": "my mlx", "url": server.url, "kind": "openai"}]})
        self.write(".env", "LLM_CHAT_API_URL=ollama://llama3.2:3b\n")
        self.run_program("switch", ".env", "--to", "mlx", code=0)
        self.assertEqual("LLM_CHAT_API_URL=mlx://phi-mlx@%s\n" % server.url[7:], self.text())
        self.run_program("switch", ".env", "--to", "openai", code=0)
        self.assertEqual("LLM_CHAT_API_URL=%s/v1\nLLM_CHAT_MODEL=phi-mlx\n" % server.url, self.text())

    def test_auto_takes_what_answers(self):
        server = self.openai()
        self.settings_file({"servers": [{"name": "other", "url": server.url, "kind": "openai"}]})
        self.write(".env", "LLM_PROVIDER=ollama\nLLM_MODEL=llama3.2:3b\nLLM_BASE_URL=http://localhost:11434\n")
        self.run_program("switch", ".env", "--auto", code=0)
        self.assertEqual("LLM_PROVIDER=openai\nLLM_MODEL=phi-mlx\nLLM_BASE_URL=%s/v1\n" % server.url,
                         self.text())
        fake = self.fake(["llama3.2:3b"])
        self.run_program("switch", ".env", "--auto", "--to", "openai", code=0)  # the wish goes first
        self.assertIn("LLM_PROVIDER=openai", self.text())
        self.run_program("switch", ".env", "--auto", code=0)
        self.assertEqual("LLM_PROVIDER=ollama\nLLM_MODEL=llama3.2:3b\nLLM_BASE_URL=%s\n" % fake.url,
                         self.text())

    def test_auto_without_a_server(self):
        self.write(".env", ENV)
        done = self.run_program("switch", ".env", "--auto", code=1)
        self.assertIn("doctor", done.err)
        self.assertEqual(ENV, self.text())

    def test_nothing_to_switch(self):
        for name, text in (("a.yaml", "a: 1\n"), (".env", "A=1\nEMBEDDING_PROVIDER=openai\n"),
                           ("b.json", "{}"), ("empty.env", "")):
            self.write(name, text)
            self.run_program("switch", name, "--to", "ollama", "--model", "m", code=1)
            self.assertEqual(text, self.text(name))

    def test_usage(self):
        self.write(".env", ENV)
        self.write("a.txt", "hello\n")
        self.write("nul.env", b"LLM_PROVIDER=openai\0\n")
        (self.workspace / "folder.env").mkdir()
        os.mkfifo(self.workspace / "pipe.env")
        for wrong in ((".env",), (), (".env", "--to", "gpt"), (".env", "x", "--to", "mlx"),
                      ("none.env", "--to", "mlx"), ("folder.env", "--to", "mlx"), ("a.txt", "--to", "mlx"),
                      ("pipe.env", "--to", "mlx"), ("nul.env", "--to", "ollama"),
                      (".env", "--to", "ollama", "--model", "no good"),
                      (".env", "--to", "ollama", "--model", ""),
                      (".env", "--to", "ollama", "--model", "a/b/c/d/e"),
                      (".env", "--to", "openai", "--model", "x\nEVIL=1"),
                      (".env", "--to", "openai", "--model", "\x1b[31m")):
            done = self.run_program("switch", *wrong, code=2, limit=20)
            self.assertTrue(done.err.strip(), wrong)
            self.assertNotIn("\x1b", done.err)
            self.assertEqual("", done.out, wrong)
        self.assertEqual(ENV, self.text())


class Hostile(ProgramCase):
    def test_a_symlink_stays_one(self):
        outside = self.write("real.env", "LLM_PROVIDER=openai\n", self.home)
        os.symlink(outside, self.workspace / ".env")
        self.run_program("switch", ".env", "--to", "ollama", "--model", "m", code=0)
        self.assertTrue((self.workspace / ".env").is_symlink())
        self.assertTrue(outside.read_text().startswith("LLM_PROVIDER=ollama\n"))
        os.symlink("loop.env", self.workspace / "loop.env")
        self.run_program("switch", "loop.env", "--to", "ollama", code=2)

    def test_a_read_only_file_is_left_alone(self):
        path = self.write(".env", ENV)
        path.chmod(0o444)
        done = self.run_program("switch", ".env", "--to", "ollama", code=2)
        self.assertIn("read-only", done.err)
        self.assertEqual(ENV, path.read_text())

    def test_huge_files_and_lines(self):
        self.write("big.env", "LLM_PROVIDER=openai\n" + "#" * (5 << 20))
        self.assertIn("too large", self.run_program("switch", "big.env", "--to", "mlx", code=2).err)
        self.write("long.json", '{"a":["%s"],"provider":"openai","model":"x"}' % ("x" * (3 << 20)))
        done = self.run_program("switch", "long.json", "--to", "ollama", "--model", "m", code=0, limit=30)
        self.assertLess(len(done.out), 10000)
        self.write("many.env", "LLM_PROVIDER=openai\n" * 200000)
        self.run_program("switch", "many.env", "--to", "ollama", "--model", "m", limit=60)

    def test_control_characters_are_escaped(self):
        self.write("\x1b[31m.env", "A\x1b[2J=1\nLLM_CHAT_API_URL=mlx://\x1b[31m\u202e\nLLM_PROVIDER=openai # \x1b[2J\n")
        done = self.run_program("switch", "\x1b[31m.env", "--to", "ollama", "--model", "m", code=0)
        for character in "\x1b\u202e":
            self.assertNotIn(character, done.out + done.err)

    def test_secrets_are_not_shown(self):
        self.write("a.json", '{"provider": "openai", "model": "x", "apiKey": "sk-secret", '
                             '"base_url": "http://me:hunter2@gpu:1/v1", "auth_token": "sk-secret"}\n')
        done = self.run_program("switch", "a.json", "--to", "ollama", "--model", "m", code=0)
        self.assertIn("ollama", done.out)
        for secret in ("sk-secret", "hunter2"):
            self.assertNotIn(secret, done.out + done.err)
        self.assertIn('"apiKey": "sk-secret"', (self.workspace / "a.json").read_text())

    def test_a_file_that_changes_meanwhile_is_left_alone(self):
        fake = self.fake()
        stall = fake.fault("/api/tags", "slow", seconds=1)
        path = self.write(".env", "LLM_PROVIDER=openai\nLLM_MODEL=gpt-4o\n")
        child = subprocess.Popen([program(), "switch", ".env", "--to", "ollama"], cwd=str(self.workspace),
                                 env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stack.callback(child.kill)
        fake.wait_for("/api/tags")
        path.write_text("MINE=1\n")
        _, err = child.communicate(timeout=30)
        stall.release.set()
        self.assertEqual(2, child.returncode, err)
        self.assertIn(b"changed meanwhile", err)
        self.assertEqual("MINE=1\n", path.read_text())


class Actions(LspCase):
    KIND = "refactor.rewrite.ollama-ls.switch"

    def switches(self, client, uri, text, needle, only=(KIND,), kind=1):
        at = self.at(client, text, needle)
        found = self.actions(client, uri, [], only=only, rng={"start": at, "end": at}, kind=kind)
        return [a for a in found if a.get("kind", "").startswith(self.KIND)]

    def test_only_at_places_and_only_when_asked(self):
        fake = self.fake(["llama3.2:3b"])
        client = self.client("vscode-11")
        text = "a: 1\n" + YAML + "\nother:\n  provider: ollama\n  model: llama3.2:3b\n"
        uri = self.open(client, "a.yaml", text)
        client.settle()
        self.assertEqual([], self.switches(client, uri, text, "a: 1"))
        self.assertEqual([], self.switches(client, uri, text, "model: gpt", kind=2))
        found = self.switches(client, uri, text, "model: gpt")
        self.assertEqual(["Switch to Ollama", "Switch to MLX"], [a["title"] for a in found])
        self.assertEqual(self.KIND + ".ollama", found[0]["kind"])
        wanted = text.replace("openai", "ollama").replace("http://localhost:1234/v1", fake.url)
        after = self.apply(client, uri, text, found[0])
        self.assertIn(after, (wanted.replace("gpt-4o", "llama3.2:3b"), wanted))
        titles = [a["title"] for a in self.switches(client, uri, text, "provider: ollama", only=None)]
        self.assertEqual(["Switch to MLX", "Switch to OpenAI-compatible"], titles)
        client.finish()

    def test_variables(self):
        self.fake(["llama3.2:3b"])
        client = self.client("nvim-0.10")
        text = "LLM_CHAT_API_URL=ollama://llama3.2:3b\nX=1\n"
        uri = self.open(client, ".env", text)
        found = self.switches(client, uri, text, "LLM_CHAT", only=("refactor",))
        self.assertEqual([self.KIND + ".mlx", self.KIND + ".openai"], [a["kind"] for a in found])
        self.assertEqual("LLM_CHAT_API_URL=http://127.0.0.1:8080/v1\nLLM_CHAT_MODEL=llama3.2:3b\nX=1\n",
                         self.apply(client, uri, text, found[1]))
        self.assertEqual([], self.switches(client, uri, text, "X=1", only=("quickfix",)))
        client.finish()

    def test_large_documents_cost_nothing(self):
        self.fake()
        client = self.client("vscode-11")
        text = YAML + "# padding\n" * 8000
        uri = self.open(client, "a.yaml", text)
        client.settle()
        started = time.monotonic()
        self.assertEqual([], self.switches(client, uri, text, "model: gpt"))
        self.assertLess(time.monotonic() - started, 2)
        client.finish()


