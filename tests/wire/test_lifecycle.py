# SPDX-License-Identifier: MIT
"""Lifecycle that a transcript cannot tell: sizes, floods, the parent's death, --log-io."""
import os
import signal
import subprocess
import sys
import time

from lib import capabilities, framing
from lib.harness import LspCase, program

MIB = 1 << 20


class Limits(LspCase):
    def test_a_message_over_64_mib_is_refused_and_the_next_one_read(self):
        client = self.client("bare")
        client.send(framing.frame(b'{"jsonrpc":"2.0","id":7,"method":"' + b"x" * (64 * MIB)
                                  + b'"}'))
        client.settle()
        codes = [m["error"]["code"] for m in client.null_answers]
        self.assertEqual(1, len(codes), client.report())
        self.assertIn(codes[0], (-32700, -32600))
        client.null_answers.clear()
        client.finish()

    def test_an_absurd_content_length_neither_crashes_nor_allocates(self):
        for size in (b"99999999999999999999999", b"18446744073709551615", b"9223372036854775807"):
            client = self.client("bare")
            client.send(b"Content-Length: " + size + b"\r\n\r\n{}")
            client.close_stdin()
            self.assertEqual(1, client.ended())
            client.null_answers.clear()
            self.assertEqual([], client.problems())

    def test_a_bad_content_length_is_no_crash(self):
        for line in (b"Content-Length: -5", b"Content-Length: five", b"Content-Length:",
                     b"Content-Length: 0x10", b"Content-Length 10", b": 5", b"no header at all"):
            client = self.client("bare")
            client.send(line + b"\r\n\r\n")
            client.close_stdin()
            self.assertEqual(1, client.ended(), line)
            client.null_answers.clear()
            self.assertEqual([], client.problems(), line)

    def test_a_header_without_end_is_bounded(self):
        client = self.client("bare")
        client.send(b"X: " + b"y" * (4 * MIB))
        client.close_stdin()
        self.assertEqual(1, client.ended())
        client.null_answers.clear()
        self.assertEqual([], client.problems())

    def test_depth_128_is_the_limit(self):
        client = self.client("bare")
        client.expect_answer(50)
        client.send(framing.frame(b'{"jsonrpc":"2.0","id":50,"method":"u","params":'
                                  + b"[" * 100 + b"]" * 100 + b"}"))
        self.assertEqual(-32601, client.answer(50)["error"]["code"])
        for depth in (129, 100000):
            client.send(framing.frame(b'{"jsonrpc":"2.0","id":51,"method":"u","params":'
                                      + b"[" * depth + b"]" * depth + b"}"))
        client.settle()
        self.assertEqual([-32700, -32700], [m["error"]["code"] for m in client.null_answers])
        client.null_answers.clear()
        client.finish()

    def test_the_last_of_duplicate_keys_counts(self):
        client = self.client("bare")
        client.expect_answer(61)
        client.send(framing.frame(b'{"jsonrpc":"2.0","id":60,"id":61,"method":"shutdown","method":"u"}'))
        self.assertEqual(-32601, client.answer(61)["error"]["code"])
        client.finish()

    def test_a_thousand_requests_at_once_are_all_answered(self):
        client = self.client("bare")
        uri = self.open(client, ".env", "OLLAMA_MODEL=llama3.2:3b\n")
        ids = [client.start_request("textDocument/hover", {
            "textDocument": {"uri": uri}, "position": {"line": 0, "character": 15}})
            for _ in range(1000)]
        for identity in ids[::3]:
            client.cancel(identity)
        for identity in ids:
            client.answer(identity)
        client.looked_at.add(uri)
        client.finish()

    def test_a_reused_id_is_answered_each_time(self):
        client = self.client("bare")
        for _ in range(3):
            client.requests.pop(("int", 900), None)
            client.start_request("unknown", identity=900)
            self.assertEqual(-32601, client.answer(900)["error"]["code"])
        client.finish()


class ClientThatReadsSlowly(LspCase):
    def test_a_client_that_writes_much_before_it_reads_is_no_deadlock(self):
        """The server must not block on a full stdout while the client is still writing."""
        process = subprocess.Popen([program(), "--stdio"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=self.environment(), cwd=str(self.workspace))
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        process.stdin.write(framing.frame({"jsonrpc": "2.0", "id": 0, "method": "initialize",
                                           "params": {"processId": None, "rootUri": None,
                                                      "capabilities": {}}}))
        count = 20000
        raw = b"".join(framing.frame({"jsonrpc": "2.0", "id": i, "method": "unknown/" + "x" * 40})
                       for i in range(1, count + 1))
        process.stdin.write(raw)  # blocks for good if the server stops reading
        process.stdin.write(framing.frame({"jsonrpc": "2.0", "id": "last", "method": "shutdown"})
                            + framing.frame({"jsonrpc": "2.0", "method": "exit"}))
        process.stdin.close()
        answers = 0
        while framing.read_frame(process.stdout) is not None:
            answers += 1
        self.assertEqual(count + 2, answers)
        self.assertEqual(0, process.wait(20))


class Parent(LspCase):
    def test_the_server_ends_when_the_process_of_processId_dies(self):
        parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.stack.callback(parent.wait)
        self.stack.callback(parent.kill)
        client = self.client("bare", start=False)
        client.initialize(processId=parent.pid)
        client.settle()
        parent.kill()
        parent.wait()
        self.assertEqual(1, client.ended(30))
        self.assertEqual([], client.problems())

    def test_a_dead_processId_ends_it_at_once(self):
        parent = subprocess.Popen([sys.executable, "-c", ""])
        parent.wait()
        client = self.client("bare", start=False)
        client.start_request("initialize", {"processId": parent.pid, "rootUri": None,
                                            "capabilities": {}})
        self.assertEqual(1, client.ended(30))

    def test_a_closed_stdout_ends_it(self):
        process = subprocess.Popen([program(), "--stdio"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment())
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        process.stdout.close()
        try:
            for i in range(2000):
                process.stdin.write(framing.frame({"jsonrpc": "2.0", "id": i, "method": "x"}))
            process.stdin.close()
        except BrokenPipeError:
            pass
        self.assertEqual(1, process.wait(20))

    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            client = self.client("bare")
            client.settle()
            client.process.send_signal(number)
            client.ended()
            self.assertEqual([], client.problems())


class Initialize(LspCase):
    def test_server_info_and_capabilities(self):
        client = self.client("full")
        self.assertEqual("ollama-ls", client.result["serverInfo"]["name"])
        told = client.result["capabilities"]
        sync = told["textDocumentSync"]
        self.assertEqual((True, 2), (sync["openClose"], sync["change"]))
        self.assertTrue(told["completionProvider"]["resolveProvider"])
        self.assertTrue(told["hoverProvider"])
        for verb in ("pull", "delete", "load", "unload", "status", "refresh", "startServer",
                     "trustHost", "selectModel"):
            self.assertIn("ollama-ls." + verb, told["executeCommandProvider"]["commands"])
        self.assertTrue(told["workspace"]["workspaceFolders"]["changeNotifications"])
        client.finish()

    def test_the_position_encoding_follows_the_offer(self):
        for offer, chosen in ((None, "utf-16"), (["utf-16"], "utf-16"), (["utf-32"], "utf-16"),
                              (["utf-16", "utf-8"], "utf-8"), (["utf-32", "utf-8"], "utf-8")):
            declared = {"general": {"positionEncodings": offer}} if offer else {}
            client = self.client("bare", capabilities=declared)
            if offer == ["utf-32"]:
                self.assertIn(client.encoding, ("utf-16", "utf-32"))
            else:
                self.assertEqual(chosen, client.encoding, offer)
            client.finish()

    def test_every_profile_opens_and_ends_cleanly(self):
        for name in capabilities.names():
            with self.subTest(profile=name):
                client = self.client(name)
                client.settle()
                client.finish()

    def test_roots_of_every_kind(self):
        for changes in ({"rootUri": None, "rootPath": None}, {"rootPath": str(self.workspace)},
                        {"rootUri": "file:///does/not/exist"}, {"rootUri": "untitled:x"},
                        {"workspaceFolders": []}, {"initializationOptions": None},
                        {"initializationOptions": []}, {"initializationOptions": "x"},
                        {"trace": "verbose"}, {"locale": "de"}, {"clientInfo": {"name": "x"}},
                        {"workDoneToken": "w"}):
            with self.subTest(changes=changes):
                client = self.client("bare", start=False)
                client.initialize(**changes)
                client.settle()
                client.finish(strict=False)

    def test_a_request_of_another_method_during_initialize_is_ordered(self):
        client = self.client("bare", start=False, pacing="together")
        first = client.start_request("initialize", {"processId": None, "rootUri": None,
                                                    "capabilities": {}})
        second = client.start_request("unknown")
        self.assertIn("result", client.answer(first))
        self.assertEqual(-32601, client.answer(second)["error"]["code"])
        client.finish()


class Logs(LspCase):
    def test_log_io_holds_every_message_and_no_secret(self):
        log = self.home / "io.log"
        fake = self.fake()
        env = self.environment(OLLAMA_API_KEY="sk-very-secret-key")
        client = self.client("bare", args=("--stdio", "--log-io", str(log)), env=env,
                             options={"servers": [{"name": "second", "headers":
                                                   {"Authorization": "Bearer hidden-token"},
                                                   "url": "http://user:hidden-pass@127.0.0.1:%d"
                                                   % fake.port}]})
        uri = self.open(client, ".env", "OLLAMA_MODEL=llama3.2:3b\n# http://bob:hunter2@b.example/\n")
        client.diagnostics(uri, lambda found: found == [])
        client.command("status")
        client.drop("window/showMessage")
        client.finish()
        text = log.read_text(encoding="utf-8")
        for word in ("initialize", "textDocument/didOpen", "publishDiagnostics", "shutdown"):
            self.assertIn(word, text)
        for word in ("sk-very-secret-key", "hidden-token", "hidden-pass", "hunter2"):
            self.assertNotIn(word, text)

    def test_log_file_takes_the_log_and_stderr_stays_quiet(self):
        log = self.home / "log"
        client = self.client("bare", args=("--stdio", "--log-file", str(log)),
                             env=self.environment(OLLAMA_LS_LOG="debug"))
        client.settle()
        client.finish()
        self.assertTrue(log.read_text(encoding="utf-8").strip())
        self.assertEqual(b"", client.stderr)

    def test_an_unwritable_log_is_no_crash(self):
        done = subprocess.run([program(), "--stdio", "--log-io", "/nonexistent/folder/log"],
                              input=b"", env=self.environment(), timeout=20,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertIn(done.returncode, (1, 2))
        self.assertIn(b"/nonexistent/folder/log", done.stderr)


class Terminal(LspCase):
    def test_on_a_terminal_without_stdio_it_explains_itself_and_exits_2(self):
        import pty
        leader, follower = pty.openpty()
        process = subprocess.Popen([program()], stdin=follower, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        os.close(follower)
        out, err = process.communicate(timeout=20)
        os.close(leader)
        self.assertEqual(2, process.returncode)
        self.assertIn(b"editor", (out + err).lower())


class Speed(LspCase):
    def test_initialize_is_answered_quickly(self):
        """Not the gate (tests/bench measures that): only that nothing slow slipped in."""
        if "asan" in program():
            self.skipTest("the sanitizer build is not measured")
        times = []
        for _ in range(5):
            started = time.monotonic()
            client = self.client("bare")
            times.append(time.monotonic() - started)
            client.finish()
        self.assertLess(sorted(times)[2], 0.5)
