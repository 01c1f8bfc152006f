# SPDX-License-Identifier: MIT
"""The trust rules (DESIGN.md A4): a hostile repository tries to break each.

Two witnesses: listening sockets that must hear nothing, and a preloaded library that writes down
every name looked up and every address connected to (lib/netwatch.c).
"""
import json
import os
import shutil
import socket
import stat
import unittest

from lib.harness import LspCase, uri_of
from lib.lsp_client import LspError
from lib.netwatch import Netwatch


@unittest.skipUnless(shutil.which("gcc") or shutil.which("cc"), "no C compiler for lib/netwatch.c")
class TrustCase(LspCase):
    def setUp(self):
        super().setUp()
        self.watch = Netwatch()
        self.stack.callback(self.watch.close)
        self.server = self.fake()
        self.trap = socket.create_server(("127.0.0.1", 0))
        self.stack.callback(self.trap.close)
        self.trap_port = self.trap.getsockname()[1]

    def environment(self, **changes):
        return super().environment(**dict(self.watch.env, **changes))

    def ready(self, client):
        """The default server has answered: whatever else was to be contacted would be by now."""
        uri = self.open(client, "ready.env", "OLLAMA_MODEL=zzz-unknown\n")
        self.expect(client, uri, "unknown-model")
        client.close(uri)

    def assert_nothing_heard(self, label=""):
        self.trap.settimeout(0)
        with self.assertRaises(BlockingIOError, msg=label):
            self.trap.accept()
        strange = [c for c in self.watch.connects() if c[1] != self.server.port]
        self.assertEqual(([], []), (self.watch.lookups(), strange), label)

    def drain(self, client):
        client.drop("window/showMessage")
        client.looked_at.update(client.published)


class FileHosts(TrustCase):
    def test_the_witness_sees_a_lookup(self):
        client = self.client("full", options={"url": "http://control.test:11434"})
        uri = self.open(client, ".env", "OLLAMA_MODEL=x\n")
        client.command("refresh")
        client.poll(lambda: client.command("status")["state"] != "starting", "a status")
        self.assertIn("control.test", self.watch.lookups())
        client.looked_at.add(uri)
        self.drain(client)
        client.finish()

    def test_untrusted_hosts_get_no_byte_and_no_lookup(self):
        port = self.trap_port
        hosts = (
            "http://127.0.0.1:%d" % port, "127.0.0.1:%d" % port, "localhost:%d" % port,
            "http://localhost:%d/v1" % port, "http://[::1]:%d" % port, "http://127.1:%d" % port,
            "http://2130706433:%d" % port, "http://0x7f000001:%d" % port,
            "http://0.0.0.0:%d" % port, "http://evil.example.test:11434",
            "evil.example.test", "https://evil.example.test", "ollama.evil.example.test:11434",
            "http://localhost.evil.example.test:11434", "http://127.0.0.1.evil.example.test:11434",
            "http://127.0.0.1:11434@evil.example.test:11434",
            "http://user:pass@127.0.0.1:%d" % self.server.port,
            "http://user@localhost:%d" % self.server.port,
            "http://127.0.0.1:%d/?x=1" % self.server.port,
            "http://127.0.0.1:%d/#x" % self.server.port,
            "http://127.0.0.1:%d/other/path" % self.server.port,
            "http://192.0.2.7:11434", "http://169.254.169.254/latest/meta-data",
            "http://[2001:db8::1]:11434", "http://10.0.0.1:11434",
            "file:///etc/passwd", "gopher://127.0.0.1:%d" % port, "ftp://evil.example.test",
            "http://\u0435vil.example.test:11434", "http://%6c%6f.evil.example.test:11434",
        )
        client = self.client("full")
        self.ready(client)
        self.server.forget()
        for number, host in enumerate(hosts):
            for name, text in (
                    ("a%d/.env" % number, "OLLAMA_HOST=%s\nOLLAMA_MODEL=zzz-unknown\n" % host),
                    ("b%d.json" % number, json.dumps({"provider": "ollama", "model": "zzz-unknown",
                                                      "base_url": host}, ensure_ascii=False)),
                    ("c%d.yaml" % number, "llm:\n  provider: ollama\n  model: zzz-unknown\n"
                                          "  base_url: \"%s\"\n" % host)):
                uri = self.open(client, name, text, on_disk=True)
                client.settle()
                place = {"textDocument": {"uri": uri}, "position": self.at(client, text, host, 2)}
                client.request("textDocument/hover", place)
                client.request("textDocument/completion", dict(
                    place, position=self.at(client, text, "zzz", 1)))
                self.actions(client, uri, [], only=None, rng={
                    "start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}})
                client.looked_at.add(uri)
        client.settle()
        self.assert_nothing_heard()
        self.assertEqual([], [r.path for r in self.server.requests()
                              if r.path not in ("/api/version", "/api/tags", "/api/ps", "/api/show")])
        self.drain(client)
        client.finish()

    def test_an_untrusted_host_gets_the_hint_and_no_model_finding(self):
        client = self.client("full")
        self.ready(client)
        text = "OLLAMA_HOST=http://evil.example.test:11434\nOLLAMA_MODEL=zzz-unknown\n"
        uri = self.open(client, ".env", text)
        found = self.expect(client, uri, "host-not-trusted")
        self.assertEqual(4, found[0]["severity"])
        trust = [a for a in self.actions(client, uri, found)
                 if (a.get("command") or {}).get("command") == "ollama-ls.trustHost"]
        self.assertEqual(1, len(trust))
        self.assertFalse(trust[0].get("isPreferred"))
        self.assert_nothing_heard()
        client.finish()

    def test_loopback_with_a_configured_port_needs_no_trust(self):
        client = self.client("full")
        self.ready(client)
        for host in ("http://localhost:%d", "127.0.0.1:%d", "http://127.0.0.1:%d/v1"):
            text = json.dumps({"provider": "ollama", "model": "zzz-unknown",
                               "base_url": host % self.server.port})
            uri = self.open(client, "a.json", text)
            found = client.diagnostics(uri, lambda d: "unknown-model" in self.codes(d))
            self.assertNotIn("host-not-trusted", self.codes(found), host)
            client.close(uri)
        client.finish()

    def test_container_names_are_neither_contacted_nor_untrusted(self):
        client = self.client("full")
        self.ready(client)
        text = ("services:\n  ollama:\n    image: ollama/ollama\n  app:\n    image: app\n"
                "    environment:\n      OLLAMA_HOST: http://ollama:11434\n"
                "      OLLAMA_MODEL: zzz-unknown\n")
        uri = self.open(client, "compose.yaml", text)
        found = client.diagnostics(uri, lambda d: d)
        self.assertEqual(["unknown-model"], self.codes(found))
        self.assertGreaterEqual(found[0]["severity"], 3)
        self.assert_nothing_heard()
        client.finish()

    def test_the_env_file_of_a_parent_outside_the_workspace_is_not_read(self):
        self.write(".env", "OLLAMA_HOST=http://127.0.0.1:%d\n" % self.trap_port,
                   self.workspace.parent)
        client = self.client("full")
        self.ready(client)
        uri = self.open(client, "app.yaml", "provider: ollama\nmodel: zzz-unknown\n", on_disk=True)
        self.expect(client, uri, "unknown-model")  # judged by the default server
        self.assert_nothing_heard()
        client.finish()


class Trusting(TrustCase):
    def other_env(self, other):
        return "OLLAMA_HOST=%s\nOLLAMA_MODEL=only-there:1b\nOLLAMA_CHAT_MODEL=llama3.2:3b\n" % other.url

    def test_a_trusted_host_judges_its_file_and_gets_only_reading_calls(self):
        other = self.fake(["only-there:1b"], default=False, tags_have_capabilities=False)
        client = self.client("full", options={"trustedHosts": [other.url]}, env=self.environment(
            OLLAMA_API_KEY="sk-secret"))
        self.ready(client)
        uri = self.open(client, ".env", self.other_env(other))
        found = client.diagnostics(uri, lambda d: self.codes(d) == ["model-not-installed"])
        self.assertEqual(2, found[0]["range"]["start"]["line"])
        client.settle()
        allowed = {("GET", "/api/version"), ("GET", "/api/tags"), ("GET", "/api/ps"),
                   ("POST", "/api/show")}
        self.assertLessEqual({(r.method, r.path) for r in other.requests()}, allowed)
        for request in other.requests() + self.server.requests():
            self.assertNotIn("authorization", request.headers)
            self.assertNotIn("origin", request.headers)
            self.assertNotIn("sk-secret", str(request.headers))
            self.assertNotIn(b"zzz", request.body)
        client.finish()

    def test_show_waits_for_a_version(self):
        other = self.fake(["only-there:1b"], default=False, tags_have_capabilities=False)
        other.fault("/api/version", "html")
        client = self.client("full", options={"trustedHosts": [other.url]})
        self.ready(client)
        uri = self.open(client, ".env", self.other_env(other))
        client.diagnostics(uri)
        other.wait_for("/api/version")
        client.command("refresh")
        client.settle()
        self.assertEqual([], other.requests("/api/show"))
        client.looked_at.add(uri)
        self.drain(client)
        client.finish()

    def test_trustHost_is_kept_per_workspace_in_a_private_file(self):
        other = self.fake(["only-there:1b"], default=False)
        client = self.client("full")
        self.ready(client)
        uri = self.open(client, ".env", self.other_env(other), on_disk=True)
        self.expect(client, uri, "host-not-trusted")
        self.assertEqual([], other.requests())
        client.command("trustHost", {"host": other.url})
        self.expect(client, uri, "model-not-installed")
        client.finish()
        state = self.home / "state" / "ollama-ls" / "state.json"
        self.assertEqual(0o600, stat.S_IMODE(state.stat().st_mode))

        again = self.client("full")
        uri = self.open(again, ".env", self.other_env(other))
        self.expect(again, uri, "model-not-installed")
        again.finish()

        elsewhere = self.workspace.parent / "elsewhere"
        elsewhere.mkdir()
        third = self.client("full", folders=[{"uri": uri_of(elsewhere), "name": "elsewhere"}])
        third.open(uri_of(elsewhere / ".env"), self.other_env(other))
        self.expect(third, uri_of(elsewhere / ".env"), "host-not-trusted")
        third.finish()

    def test_trustHost_refuses_nonsense(self):
        client = self.client("full")
        for bad in ({}, {"host": 5}, {"host": ""}, {"host": None}, {"host": "x" * 5000}):
            with self.assertRaises(LspError) as caught:
                client.command("trustHost", bad)
            self.assertEqual(-32602, caught.exception.code, bad)
        client.finish()

    def test_a_redirect_of_a_trusted_host_leads_nowhere(self):
        other = self.fake(["only-there:1b"], default=False)
        other.fault("/api", "redirect", location="http://127.0.0.1:%d/api/tags" % self.trap_port)
        client = self.client("full", options={"trustedHosts": [other.url]})
        self.ready(client)
        uri = self.open(client, ".env", self.other_env(other))
        client.diagnostics(uri)
        other.wait(other.requests, "a request")
        client.command("refresh")
        client.settle()
        self.trap.settimeout(0)
        self.assertRaises(BlockingIOError, self.trap.accept)
        client.looked_at.add(uri)
        self.drain(client)
        client.finish()

    def test_no_proxy_for_loopback(self):
        proxy = "http://127.0.0.1:%d" % self.trap_port
        names = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy")
        client = self.client("full", env=self.environment(**{n: proxy for n in names}))
        self.ready(client)
        self.assert_nothing_heard()
        client.finish()


class Grades(TrustCase):
    """Keys of grade `user` that come from where a repository can put them are ignored (A15)."""

    def hostile(self):
        trap = "http://127.0.0.1:%d" % self.trap_port
        return {
            "url": trap, "servers": [{"name": "default", "url": trap},
                                     {"name": "x", "url": "http://evil.example.test:11434"}],
            "trustedHosts": [trap, "evil.example.test"],
            "hostMap": {"ollama": trap}, "backend": "openai", "fallback": True, "autoPull": True,
            "ollamaPath": str(self.workspace / "ollama"),
            "ai": {"model": {"chat": "evil"}, "prompts": {"explain": "x"}},
            "actions": [{"name": "x", "title": "x", "prompt": "x", "output": "insert"}],
            "inlineCompletion": {"model": "evil"},
        }

    def attack(self, client):
        self.ready(client)
        text = ("OLLAMA_HOST=http://127.0.0.1:%d\nOLLAMA_MODEL=zzz-unknown\n" % self.trap_port)
        uri = self.open(client, ".env", text)
        self.expect(client, uri, "host-not-trusted")
        compose = self.open(client, "compose.yaml", "services:\n  a:\n    environment:\n"
                            "      OLLAMA_HOST: http://ollama:11434\n      OLLAMA_MODEL: zzz-u\n")
        client.diagnostics(compose, lambda d: d)
        status = client.command("status")
        self.assertEqual([self.server.port], [int(s["url"].rsplit(":", 1)[-1].strip("/"))
                                              for s in status["servers"][:1]])
        self.assertNotIn("evil", json.dumps(status))
        self.assert_nothing_heard()

    def warnings(self, client):
        return [p["message"] for p in client.shown if p["type"] <= 2]

    def test_the_workspace_file(self):
        self.write(".ollama-ls.json", json.dumps(self.hostile()))
        client = self.client("full")
        self.attack(client)
        self.assertTrue(any("url" in m or "trustedHosts" in m for m in self.warnings(client)),
                        self.warnings(client))
        self.drain(client)
        client.finish()

    def test_the_workspace_file_written_while_running(self):
        client = self.client("full")
        self.ready(client)
        path = self.write(".ollama-ls.json", json.dumps(self.hostile()))
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": uri_of(path), "type": 1}]})
        self.attack(client)
        self.drain(client)
        client.finish()

    def test_workspace_configuration(self):
        client = self.client("full", settings=self.hostile())
        self.attack(client)
        self.assertTrue(self.warnings(client))
        self.drain(client)
        client.finish()

    def test_didChangeConfiguration(self):
        client = self.client("nvim-0.7")
        self.ready(client)
        client.settings = {"ollama-ls": self.hostile()}
        client.notify("workspace/didChangeConfiguration", {"settings": client.settings})
        self.attack(client)
        self.drain(client)
        client.finish()

    def test_each_key_is_warned_of_once(self):
        client = self.client("full", settings={"url": "http://evil.example.test"})
        self.ready(client)
        for _ in range(3):
            client.notify("workspace/didChangeConfiguration", {"settings": None})
            client.settle()
        self.assertEqual(1, len([m for m in self.warnings(client) if "url" in m]),
                         self.warnings(client))
        self.drain(client)
        client.finish()

    def test_settings_declared_user_grade_count(self):
        other = self.fake(["only-there:1b"], default=False)
        client = self.client("full", options={"settingsAreUserGrade": True},
                             settings={"trustedHosts": [other.url]})
        uri = self.open(client, ".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=zzz-unknown\n" % other.url)
        self.expect(client, uri, "unknown-model")
        client.finish()

    def test_the_user_file_counts(self):
        other = self.fake(["only-there:1b"], default=False)
        self.settings_file({"trustedHosts": ["127.0.0.1:%d" % other.port]})
        client = self.client("full")
        uri = self.open(client, ".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=zzz-unknown\n" % other.url)
        self.expect(client, uri, "unknown-model")
        client.finish()

    def test_a_program_of_the_repository_is_never_started(self):
        marker = self.home / "pwned"
        evil = self.write("ollama", "#!/bin/sh\ntouch %s\n" % marker)
        os.chmod(evil, 0o755)
        self.write(".ollama-ls.json", json.dumps({"ollamaPath": str(evil)}))
        self.server.refuse()
        path = ".:%s:bin:" % ""
        client = self.client("full", env=self.environment(PATH=path))
        client.command("refresh")
        try:
            client.command("startServer")
        except LspError as error:
            self.assertEqual(-32803, error.code)
        client.settle()
        self.drain(client)
        client.finish(strict=False)
        self.assertFalse(marker.exists())
