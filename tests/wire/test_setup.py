# SPDX-License-Identifier: MIT
"""`ollama-ls setup`: finding, starting, installing, trying, keeping; with and without a terminal."""
import json
import os
import pty
import select
import signal
import subprocess
import time

from fake_ollama import FakeOllama
from fake_openai import FakeOpenAI
from lib.harness import PROJECT, ProgramCase, program


class SetupCase(ProgramCase):
    def setUp(self):
        super().setUp()
        self.tools = self.home / "tools"
        self.tools.mkdir()

    def environment(self, **changes):
        # No ollama, docker or podman of the machine that the tests run on.
        return super().environment(**dict({"PATH": str(self.tools)}, **changes))

    def tool(self, name, body):
        path = self.write(name, "#!/bin/sh\nPATH=%s\n%s" % (os.environ["PATH"], body), self.tools)
        path.chmod(0o755)
        return path

    def config(self):
        path = self.home / "config" / "ollama-ls" / "config.json"
        return json.loads(path.read_text()) if path.exists() else None

    def setup(self, *arguments, **options):
        return self.run_program("setup", *arguments, **options)


class Terminal:
    """The program on a pseudo terminal: what a person sees and types."""

    def __init__(self, case, *arguments):
        leader, follower = pty.openpty()
        self.child = subprocess.Popen([program(), *arguments], cwd=str(case.workspace),
                                      env=case.environment(), stdin=follower, stdout=follower,
                                      stderr=follower, start_new_session=True)
        os.close(follower)
        self.leader, self.seen, self.case = leader, "", case
        case.stack.callback(os.close, leader)
        case.stack.callback(self.child.wait)
        case.stack.callback(self.child.kill)

    def read_until(self, text, limit=30):
        deadline = time.monotonic() + limit
        start = len(self.seen)
        while text is None or text not in self.seen[start:]:
            ready, _, _ = select.select([self.leader], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError("no %r in %s" % (text, self.seen))
            try:
                piece = os.read(self.leader, 4096)
            except OSError:
                piece = b""
            if not piece:
                if text is None:
                    return self.seen[start:]
                raise AssertionError("ended without %r: %s" % (text, self.seen))
            self.seen += piece.decode("utf-8", "replace")
        return self.seen[start:]

    def type(self, text):
        os.write(self.leader, text.encode())

    def end(self):
        self.read_until(None)
        return self.child.wait(30)


class Unattended(SetupCase):
    def test_without_a_terminal_it_only_says(self):
        fake = self.fake([], library=["llama3.2:3b"])
        done = self.setup(code=2)
        self.assertRegex(done.out, r"would install \S+ .*for AI actions")
        self.assertIn("would try ", done.out)
        self.assertEqual([], fake.requests("/api/pull") + fake.requests("/api/chat"))
        self.assertIsNone(self.config())
        done = self.setup("--write", code=2)
        self.assertIn("would write", done.out)
        self.assertIsNone(self.config())

    def test_yes_installs_tries_and_writes(self):
        fake = self.fake([], library=["llama3.2:3b"])
        fake.say("Hello", " there.")
        done = self.setup("--yes", "--model", "llama3.2:3b", "--write", code=0)
        self.assertEqual("llama3.2:3b", fake.requests("/api/pull")[0].json["model"])
        self.assertEqual("llama3.2:3b", fake.requests("/api/chat")[0].json["model"])
        self.assertIn("Hello there.", done.out)
        self.assertRegex(done.out, r"tokens/s, first token after \d")
        for editor in ("Neovim", "Emacs", "Helix", "VS Code"):
            self.assertIn(editor, done.out)
        self.assertEqual({"ai": {"model": {"chat": "llama3.2:3b"}}}, self.config())
        self.setup("--yes", code=0)
        self.assertEqual(1, len(fake.requests("/api/pull")))

    def test_what_is_installed_is_taken(self):
        fake = self.fake(["llama3.2:3b"])
        done = self.setup("--yes", code=0)
        self.assertIn("Trying llama3.2:3b", done.out)
        self.assertEqual([], fake.requests("/api/pull"))
        self.assertIn('"chat": "llama3.2:3b"', done.out)  # to be kept by hand
        self.assertIsNone(self.config())

    def test_settings_of_the_user_stay(self):
        self.fake(["llama3.2:3b"])
        path = self.write("ollama-ls/config.json",
                          '// mine\n{\n  "ai": {"think": true, // so\n    "model": {"chat": "own:1b"}},\n}\n',
                          self.home / "config")
        before = path.read_bytes()
        self.setup("--yes", "--write", code=0)
        self.assertEqual(before, path.read_bytes())
        path.write_text('// mine\n{"ai": {"think": true} /* so */}\n')
        path.chmod(0o600)
        self.setup("--yes", "--write", code=0)
        text = path.read_text()
        self.assertIn('"think": true} /* so */', text)
        self.assertTrue(text.startswith("// mine\n"))
        self.assertIn('"model": {"chat": "llama3.2:3b"}', text)
        self.assertEqual(0o600, os.stat(path).st_mode & 0o777)

    def test_broken_settings_are_left_alone(self):
        self.fake(["llama3.2:3b"])
        for text in ("{", "[1]", '{"ai": 3}'):
            path = self.write("ollama-ls/config.json", text, self.home / "config")
            self.setup("--yes", "--write", code=2)
            self.assertEqual(text, path.read_text())

    def test_linked_settings_stay_linked(self):
        self.fake(["llama3.2:3b"])
        own = self.write("dotfiles/config.json", "{}\n", self.home)
        link = self.home / "config" / "ollama-ls" / "config.json"
        link.parent.mkdir(parents=True)
        link.symlink_to(own)
        self.setup("--yes", "--write", code=0)
        self.assertTrue(link.is_symlink())
        self.assertIn("llama3.2:3b", own.read_text())

    def test_not_installed(self):
        done = self.setup("--yes", code=1)
        self.assertIn("https://ollama.com/download", done.out)
        self.assertNotRegex(done.out, r"curl[^\n]*\|")  # no download goes into a shell
        self.assertIn("http://127.0.0.1:11434", done.out)  # what was tried is said

    def test_it_starts_what_is_installed(self):
        fake = FakeOllama(["llama3.2:3b"], port=0)
        port = fake.start().port
        fake.stop()
        self.host = "127.0.0.1:%d" % port
        self.tool("ollama", 'echo $$ "$1" "$OLLAMA_HOST" > "%s"\nexec python3 -m fake_ollama '
                  '--port %d --model llama3.2:3b\n' % (self.home / "started", port))
        env = self.environment(PYTHONPATH=str(PROJECT / "tests"))
        done = self.run_program("setup", "--yes", code=0, env=env)
        pid, verb, host = (self.home / "started").read_text().split()
        self.addCleanup(os.kill, int(pid), signal.SIGKILL)
        self.assertEqual(("serve", self.host), (verb, host))
        self.assertIn("Ollama is running", done.out)
        self.assertIn("Trying llama3.2:3b", done.out)

    def test_a_start_that_fails_is_told(self):
        self.tool("ollama", "exit 3\n")
        done = self.setup("--yes", code=1)
        self.assertIn("code 3", done.err)
        self.tool("ollama", 'touch "%s"\n' % (self.home / "ran"))
        done = self.setup(code=2)
        self.assertIn("would start", done.out)
        self.assertFalse((self.home / "ran").exists())

    def test_no_program_of_a_relative_path(self):
        trap = self.write("ollama", "#!/bin/sh\ntouch '%s'\n" % (self.home / "trap"))
        trap.chmod(0o755)
        self.run_program("setup", "--yes", code=1, env=self.environment(PATH=".:"))
        self.assertFalse((self.home / "trap").exists())

    def test_a_container_s_port_is_found(self):
        fake = self.fake(["llama3.2:3b"], default=False)
        self.tool("docker", 'test "$1" = ps && printf "llm\\tollama/ollama\\t0.0.0.0:%d->11434/tcp\\n"\n'
                  % fake.port)
        done = self.setup("--yes", "--write", code=0)
        self.assertRegex(done.out, r"%s \(published by the container llm\): Ollama 0\.33\.0" % fake.url)
        self.assertEqual(fake.url, self.config()["url"])

    def test_a_docker_that_hangs_or_lies_costs_two_seconds(self):
        self.tool("docker", "exec sleep 60\n")
        self.tool("podman", "head -c 100000000 /dev/zero\n")
        started = time.monotonic()
        self.setup("--yes", code=1, limit=30)
        self.assertLess(time.monotonic() - started, 15)

    def test_a_server_of_kind_openai(self):
        server = self.stack.enter_context(FakeOpenAI(["phi"]))
        self.settings_file({"url": server.url + "/v1"})
        done = self.setup("--yes", code=0, env=self.environment(OLLAMA_HOST=None))
        self.assertIn("kind openai", done.out)
        self.assertIn("Trying phi", done.out)
        server.stop()
        done = self.setup("--yes", code=1, env=self.environment(OLLAMA_HOST=None))
        self.assertNotIn("Also asking", done.out)

    def test_a_server_elsewhere_is_not_started_here(self):
        self.tool("ollama", 'touch "%s"\n' % (self.home / "ran"))
        done = self.setup("--yes", "--host", "http://192.0.2.1:1", code=1)
        self.assertIn("another machine", done.out)
        self.assertFalse((self.home / "ran").exists())

    def test_failures_have_a_remedy(self):
        fake = self.fake(["llama3.2:3b"])
        fake.fault("/api/chat", "status", code=500, text="model requires more system memory\x1b[31m")
        done = self.setup("--yes", code=1)
        self.assertIn("more system memory", done.err)
        self.assertNotIn("\x1b", done.err + done.out)
        fake.fault("/api/pull", "status", code=500, text="no space")
        self.setup("--yes", "--model", "gemma3:12b", "--write", code=1)
        self.assertIsNone(self.config())

    def test_an_answer_cannot_move_the_cursor(self):
        fake = self.fake(["llama3.2:3b"])
        fake.say("\x1b[2J", "x" * 100000, "\u202e")
        done = self.setup("--yes", code=0)
        for character in "\x1b\u202e":
            self.assertNotIn(character, done.out)
        self.assertLess(len(done.out), 5000)

    def test_usage(self):
        for wrong in (("--model",), ("--model", ""), ("--model", "a\x1b"), ("extra",), ("--nope",)):
            self.assertEqual("", self.setup(*wrong, code=2).out)
        self.fake(["llama3.2:3b"])
        self.setup("--yes", "--model", "no good!", code=2)
        self.assertIn("--write", self.run_program("help", "setup", code=0).out)


class OnATerminal(SetupCase):
    def test_it_asks_and_takes_yes(self):
        fake = self.fake([], library=["gemma3:4b", "nomic-embed-text:v1.5"])
        terminal = Terminal(self, "setup", "--model", "gemma3:4b", "--write")
        terminal.read_until("Install gemma3:4b (3.3 GB) for AI actions? [Y/n]")
        self.assertEqual([], fake.requests("/api/pull"))
        terminal.type("\n")
        terminal.read_until("for inline completion? [Y/n]")
        terminal.type("n\n")
        terminal.read_until("for embeddings? [Y/n]")
        terminal.type("no\n")
        self.assertEqual(0, terminal.end(), terminal.seen)
        self.assertEqual(["gemma3:4b"], [r.json["model"] for r in fake.requests("/api/pull")])
        self.assertEqual({"ai": {"model": {"chat": "gemma3:4b"}}}, self.config())

    def test_no_is_no(self):
        fake = self.fake([])
        terminal = Terminal(self, "setup", "--model", "gemma3:4b")
        terminal.read_until("[Y/n]")
        terminal.type("n\n")
        self.assertEqual(1, terminal.end(), terminal.seen)
        self.assertIn("ollama-ls pull gemma3:4b", terminal.seen)
        self.assertEqual([], fake.requests("/api/pull"))

    def test_the_end_of_input_is_no(self):
        self.tool("ollama", 'touch "%s"\n' % (self.home / "ran"))
        terminal = Terminal(self, "setup")
        terminal.read_until("serve? [Y/n]")
        terminal.type("\x04")
        self.assertEqual(1, terminal.end(), terminal.seen)
        self.assertFalse((self.home / "ran").exists())

    def test_inline_completion_is_set_up(self):
        fake = self.fake(["llama3.2:3b"], library=["qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b",
                                                   "qwen2.5-coder:3b"])
        terminal = Terminal(self, "setup", "--write")
        terminal.read_until("for inline completion? [Y/n]")
        terminal.type("y\n")
        terminal.read_until("for embeddings? [Y/n]")
        terminal.type("n\n")
        self.assertEqual(0, terminal.end(), terminal.seen)
        name = fake.requests("/api/pull")[0].json["model"]
        self.assertEqual({"ai": {"model": {"chat": "llama3.2:3b", "autocomplete": name}},
                          "inlineCompletion": {"enable": True}}, self.config())
