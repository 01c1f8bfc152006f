# SPDX-License-Identifier: MIT
"""The terminal commands (DESIGN.md A2): output shapes, exit codes, which files are looked at."""
import json
import os
import re
import subprocess

from lib.harness import ProgramCase, program

BAD = "OLLAMA_MODEL=lama3.2:3b\n"
GOOD = "OLLAMA_MODEL=llama3.2:3b\n"


class CheckCase(ProgramCase):
    def findings(self, *arguments, code=None, **options):
        done = self.run_program("check", "--format", "json", *arguments, code=code, **options)
        report = json.loads(done.out)
        self.assertEqual(1, report["version"])
        return report

    def paths(self, *arguments, **options):
        """Names of the files with findings, relative to the workspace."""
        return sorted({os.path.relpath(os.path.join(str(self.workspace), f["path"]),
                                       str(self.workspace))
                       for f in self.findings(*arguments, **options)["findings"]})


class Formats(CheckCase):
    def test_text(self):
        self.fake()
        self.write(".env", "# \U0001f600\nA=1\n" + BAD)
        done = self.run_program("check", code=1)
        self.assertRegex(done.out, r"(?m)^(\./)?\.env:3:14: warning: .*lama3\.2:3b.* \[unknown-model\]$")
        self.assertEqual(1, len(done.out.splitlines()), done.out)
        self.assertTrue(done.err.strip())  # the summary

    def test_columns_are_code_points(self):
        self.fake()
        self.write("a.json", '{"n": "\U0001f600\u00e9", "provider": "ollama", "model": "lama3.2:3b"}')
        text = (self.workspace / "a.json").read_text("utf-8")
        done = self.run_program("check", code=1)
        self.assertIn("a.json:1:%d:" % (text.index("lama3.2") + 1), done.out)

    def test_json(self):
        self.fake()
        text = "# \U0001f600\n" + BAD
        self.write("sub dir/.env", text)
        report = self.findings(code=1)
        self.assertEqual({"version", "findings", "unchecked", "summary"}, set(report))
        finding = report["findings"][0]
        self.assertLessEqual({"path", "uri", "line", "column", "endLine", "endColumn", "byteStart",
                              "byteEnd", "severity", "code", "message", "fixes"}, set(finding))
        self.assertEqual(("lama3.2:3b", 2, 14, 2, 24, "warning", "unknown-model"), tuple(
            finding[k] for k in ("name", "line", "column", "endLine", "endColumn", "severity", "code")))
        raw = text.encode()
        self.assertEqual(b"lama3.2:3b", raw[finding["byteStart"]:finding["byteEnd"]])
        self.assertTrue(finding["uri"].startswith("file:///"))
        self.assertTrue(finding["uri"].endswith("/sub%20dir/.env"))
        edit = finding["fixes"][0]["edits"][0]
        fixed = raw[:edit["byteStart"]] + edit["newText"].encode() + raw[edit["byteEnd"]:]
        self.assertIn(GOOD.encode(), fixed)
        summary = report["summary"]
        self.assertEqual((1, 1), (summary["files"], summary["warnings"]))

    def test_sarif(self):
        self.fake()
        self.write(".env", BAD)
        log = json.loads(self.run_program("check", "--format", "sarif", code=1).out)
        self.assertEqual("2.1.0", log["version"])
        self.assertIn("sarif", log["$schema"])
        run = log["runs"][0]
        self.assertEqual("ollama-ls", run["tool"]["driver"]["name"])
        result = run["results"][0]
        self.assertEqual("unknown-model", result["ruleId"])
        self.assertEqual("warning", result["level"])
        self.assertTrue(result["message"]["text"])
        place = result["locations"][0]["physicalLocation"]
        self.assertTrue(place["artifactLocation"]["uri"].endswith(".env"))
        self.assertEqual((1, 14), (place["region"]["startLine"], place["region"]["startColumn"]))
        rules = run["tool"]["driver"].get("rules", [])
        if "ruleIndex" in result:
            self.assertEqual("unknown-model", rules[result["ruleIndex"]]["id"])

    def test_github(self):
        self.fake()
        self.write(".env", BAD)
        done = self.run_program("check", "--format", "github", code=1)
        self.assertRegex(done.out, r"(?m)^::warning file=(\./)?\.env,line=1,.*col=14.*::.+")

    def test_github_escapes(self):
        self.fake()
        self.write("a%b,c:d/.env", BAD)
        line = self.run_program("check", "--format", "github", code=1).out.splitlines()[0]
        self.assertIn("a%25b%2Cc%3Ad", line)

    def test_control_characters_are_escaped(self):
        self.fake()
        self.write("\x1b[31mred\u202e/.env", "OLLAMA_MODEL='zzz\x1b[31m\u202e'\n")
        done = self.run_program("check", code=1)
        for character in "\x1b\u202e":
            self.assertNotIn(character, done.out + done.err)


class ExitCodes(CheckCase):
    def test_clean_is_0_findings_1_usage_2(self):
        self.fake()
        self.write(".env", GOOD)
        self.run_program("check", code=0)
        self.write(".env", BAD)
        self.run_program("check", code=1)
        self.run_program("check", "--severity", "error", code=0)
        for wrong in (("check", "--no-such-option"), ("check", "--format", "xml"),
                      ("check", "--severity", "loud"), ("check", "does-not-exist"),
                      ("no-such-command",), ("check", "--catalog"), ("pull",),
                      ("check", "--catalog", "does-not-exist", "--offline"), ("models", "extra")):
            done = self.run_program(*wrong)
            self.assertEqual(2, done.returncode, wrong)
            self.assertTrue(done.err.strip(), wrong)
            self.assertEqual("", done.out, wrong)

    def test_severity_filters_the_output_too(self):
        self.fake()
        self.write(".env", BAD + "OLLAMA_CHAT_MODEL=no good!\n")
        done = self.run_program("check", "--severity", "error", code=1)
        self.assertEqual(["invalid-model-name"], re.findall(r"\[([\w-]+)\]$", done.out, re.M))

    def test_a_dead_server_leaves_the_exit_code_alone(self):
        self.write(".env", BAD)
        done = self.run_program("check", code=0)
        self.assertEqual("", done.out)
        self.assertRegex(done.err, r"1 reference.* not checked")
        self.assertIn(str(self.dead_port), done.err)
        report = self.findings(code=0)
        self.assertEqual(1, report["unchecked"][0]["references"])
        self.assertTrue(report["unchecked"][0]["reason"])

    def test_help_and_version(self):
        done = self.run_program("--version", code=0)
        self.assertRegex(done.out, r"^ollama-ls \d+\.\d+\.\d+")
        text = self.run_program("--help", code=0).out
        for command in ("check", "models", "status", "pull"):
            self.assertIn(command, text)
            self.assertIn(command, self.run_program("help", command, code=0).out)

    def test_a_full_disk_or_closed_pipe_is_no_crash(self):
        self.fake()
        for number in range(300):
            self.write("d%d/.env" % number, BAD)
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([program(), "check"], stdout=full, stderr=subprocess.PIPE,
                                      cwd=str(self.workspace), env=self.environment(), timeout=60,
                                      check=False)
            self.assertEqual(2, done.returncode, done.stderr)


class Sources(CheckCase):
    def test_offline_opens_no_socket(self):
        fake = self.fake()
        self.write(".env", BAD + "OLLAMA_CHAT_MODEL=no good!\n")
        done = self.run_program("check", "--offline", code=1)
        self.assertNotIn("unknown-model", done.out)
        self.assertIn("invalid-model-name", done.out)
        self.assertEqual(0, fake.connections)

    def test_catalog_from_models_json_or_a_list(self):
        fake = self.fake()
        listed = self.run_program("models", "--json", code=0).out
        fake.stop()
        self.write(".env", BAD + "OLLAMA_CHAT_MODEL=llama3.2:3b\n")
        for name, text in (("c.json", listed), ("c.txt", "llama3.2:3b\nqwen2.5-coder:7b\n")):
            path = self.write(name, text, self.home)
            done = self.run_program("check", "--offline", "--catalog", path, code=1)
            self.assertEqual(["unknown-model"], re.findall(r"\[([\w-]+)\]$", done.out, re.M), name)

    def test_a_catalog_of_dead_servers_says_nothing(self):
        self.write(".env", GOOD)
        self.write("dead.json", self.run_program("models", "--json", code=1).out)
        for flags in ((), ("--offline",)):
            report = self.findings("--catalog", "dead.json", *flags, code=0)
            self.assertEqual([], report["findings"])
            self.assertEqual(1, report["unchecked"][0]["references"])

    def test_host_replaces_the_default(self):
        fake = self.fake(["other:1b"], default=False)
        self.write(".env", "OLLAMA_MODEL=other:1b\nOLLAMA_CHAT_MODEL=zzz-unknown\n")
        done = self.run_program("check", "--host", fake.url, code=1)
        self.assertEqual(1, len(done.out.splitlines()), done.out)

    def test_a_files_own_trusted_host_wins(self):
        self.fake()
        other = self.fake(["only-there:1b"], default=False)
        self.settings_file({"trustedHosts": [other.url]})
        self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=only-there:1b\n"
                           "OLLAMA_CHAT_MODEL=llama3.2:3b\n" % other.url)
        found = self.findings()["findings"]
        self.assertEqual(["model-not-installed"], [f["code"] for f in found])

    def test_an_untrusted_host_is_left_alone(self):
        self.fake()
        other = self.fake(default=False)
        self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=zzz-unknown\n" % other.url)
        self.run_program("check", code=0)
        found = self.findings("--severity", "hint")["findings"]
        self.assertEqual(["host-not-trusted"], [f["code"] for f in found])
        self.assertEqual(0, other.connections)

    def test_the_workspace_file_is_read(self):
        self.fake()
        self.write(".env", BAD)
        self.write(".ollama-ls.json", json.dumps({"severity": {"unknown-model": "off"}}))
        self.run_program("check", code=0)


    def test_a_settings_problem_is_told_once(self):
        self.fake()
        self.write(".env", GOOD)
        self.write(".ollama-ls.json", json.dumps({"severity": 5, "url": "http://evil.example"}))
        err = self.run_program("check", code=0).err
        for key in ("severity", "url"):
            self.assertEqual(1, err.count('"%s"' % key), err)


class Walking(CheckCase):
    def setUp(self):
        super().setUp()
        self.fake()

    def test_hidden_yes_git_no(self):
        self.write(".hidden/.env", BAD)
        self.write(".git/.env", BAD)
        self.write("plain/.env", BAD)
        self.assertEqual([".hidden/.env", "plain/.env"], self.paths())

    def test_gitignore_nested_with_negation(self):
        self.write(".git/info/exclude", "excluded.yaml\n")
        bad = "provider: ollama\nmodel: lama3.2:3b\n"
        self.write(".gitignore", "*.yaml\n!keep.yaml\n/top.json\nfolder/\n")
        for name in ("a.yaml", "keep.yaml", "sub/keep.yaml", "sub/b.yaml", "folder/keep.yaml",
                     "sub/inner/c.yaml", "excluded.yaml", "sub/d.yml"):
            self.write(name, bad)
        self.write("sub/.gitignore", "!c.yaml\nd.yml\n")
        self.write("top.json", '{"provider": "ollama", "model": "lama3.2:3b"}')
        self.write("sub/top.json", '{"provider": "ollama", "model": "lama3.2:3b"}')
        self.assertEqual(["keep.yaml", "sub/inner/c.yaml", "sub/keep.yaml", "sub/top.json"],
                         self.paths())
        self.assertEqual(9, len(self.paths("--no-ignore")) - 1)

    def test_ignored_env_files_are_checked_unless_a_parent_is_ignored(self):
        self.write(".git/HEAD", "ref: refs/heads/main\n")
        self.write(".gitignore", ".env*\nnode_modules/\n")
        for name in (".env", ".env.local", ".envrc", "app/.env", "node_modules/pkg/.env"):
            self.write(name, BAD)
        self.assertEqual([".env", ".env.local", ".envrc", "app/.env"], self.paths())

    def test_an_explicit_path_is_always_checked(self):
        self.write(".git/HEAD", "ref: refs/heads/main\n")
        self.write(".gitignore", "ignored/\n")
        path = self.write("ignored/app.yaml", "provider: ollama\nmodel: lama3.2:3b\n")
        self.assertEqual([], self.paths())
        self.assertEqual(["ignored/app.yaml"], self.paths(path))

    def test_no_file_is_checked_twice(self):
        self.write(".git/HEAD", "ref: refs/heads/main\n")
        self.write(".gitignore", "sub/\n")
        for name in (".env", "sub/b.env", "other/c.env"):
            self.write(name, BAD)
        os.symlink("sub", self.workspace / "link")
        for given, expected in (((".", ".env", "./.env"), 2), (("sub", ".", "link"), 3),
                                ((".env", "other/../.env"), 1), (("other", "other/c.env"), 1)):
            self.assertEqual(expected, len(self.findings(*given)["findings"]), given)
        self.run_program("check", "--fix", ".", ".env", "./other", code=0)
        self.assertEqual(GOOD, (self.workspace / ".env").read_text())

    def test_binaries_and_large_files_are_skipped(self):
        self.write("a.env", BAD.encode() + b"\0\0\0")
        self.write("b.env", BAD.encode() + b"# padding\n" * 500000)
        self.write("c.env", BAD)
        self.assertEqual(["c.env"], self.paths())

    def test_no_symlink_leads_out_and_no_loop_hangs(self):
        outside = self.workspace.parent / "outside"
        self.write(".env", BAD, outside)
        os.symlink(outside, self.workspace / "link")
        os.symlink(outside / ".env", self.workspace / "linked.env")
        os.symlink(self.workspace, self.workspace / "loop")
        os.symlink("nowhere", self.workspace / "dangling.env")
        os.mkfifo(self.workspace / "pipe.env")
        self.write("a.env", BAD)
        self.assertEqual(["a.env"], self.paths(limit=30))

    def test_unreadable_files_are_named_and_the_rest_checked(self):
        self.write("a.env", BAD)
        path = self.write("b.env", BAD)
        path.chmod(0)
        if os.access(path, os.R_OK):
            path.unlink()  # root reads everything: only the rest of the test applies
        self.assertEqual(["a.env"], self.paths())

    def test_odd_names(self):
        for name in ("a\nb.env", "c d.env", "é世.env", "-x.env", "'q\".env"):
            self.write(name, BAD)
        self.assertEqual(5, len(self.paths()))

    def test_names_that_are_no_utf8(self):
        with open(os.fsencode(str(self.workspace)) + b"/\xff\xfe.env", "wb") as file:
            file.write(BAD.encode())
        report = self.findings(code=1)
        self.assertEqual(1, len(report["findings"]))


class Fix(CheckCase):
    def test_fix_writes_only_the_certain(self):
        self.fake()
        rows = (
            ("a/.env", BAD, GOOD),
            ("b/.env", "OLLAMA_MODEL=meta-llama/Llama-3.1-8B-Instruct\r\nX=\u4e16\r\n",
             "OLLAMA_MODEL=llama3.1:8b\r\nX=\u4e16\r\n"),
            ("c/.env", "OLLAMA_MODEL=zzz-unknown\n", "OLLAMA_MODEL=zzz-unknown\n"),
            ("d/.env", "OLLAMA_MODEL=gemma3:12b\n", "OLLAMA_MODEL=gemma3:12b\n"),
            ("e/.env", GOOD, GOOD),
        )
        for name, text, _ in rows:
            path = self.write(name, text)
            os.chmod(path, 0o640)
        fake_pulls = self.run_program("check", "--fix")
        for name, _, expected in rows:
            self.assertEqual(expected, (self.workspace / name).read_bytes().decode(), name)
            self.assertEqual(0o640, os.stat(self.workspace / name).st_mode & 0o777, name)
        self.assertIn(fake_pulls.returncode, (0, 1))
        self.assertEqual([], [p for p in self.workspace.rglob("*") if "tmp" in p.name])

    def test_fix_never_pulls(self):
        fake = self.fake()
        self.write(".env", "OLLAMA_MODEL=gemma3:12b\n")
        self.run_program("check", "--fix", code=1)
        self.assertEqual([], fake.requests("/api/pull"))

    def test_fix_twice_changes_nothing_more(self):
        self.fake()
        self.write(".env", BAD + "OLLAMA_CHAT_MODEL=ollama/llama3.2:3b\nOLLAMA_HOST=http://localhost\n")
        self.run_program("check", "--fix")
        once = (self.workspace / ".env").read_bytes()
        self.run_program("check", "--fix")
        self.assertEqual(once, (self.workspace / ".env").read_bytes())


class Servers(CheckCase):
    def test_models_json(self):
        self.fake(running=["llama3.2:3b"])
        report = json.loads(self.run_program("models", "--json", code=0).out)
        self.assertEqual(1, report["version"])
        server = report["servers"][0]
        self.assertEqual((True, "0.33.0"), (server["reachable"], server["version"]))
        model = next(m for m in server["models"] if m["name"] == "llama3.2:3b")
        self.assertLessEqual({"digest", "size", "modifiedAt", "family", "parameters", "quantization",
                              "capabilities", "remote", "running"}, set(model))
        self.assertEqual((131072, False, 4096), (model["contextLength"], model["remote"],
                                                 model["running"]["contextLength"]))

    def test_models_of_a_dead_server(self):
        done = self.run_program("models", "--json")
        server = json.loads(done.out)["servers"][0]
        self.assertFalse(server["reachable"])
        self.assertIn("error", server)

    def test_models_text(self):
        self.fake(running=["llama3.2:3b"])
        text = self.run_program("models", code=0).out
        self.assertIn("llama3.2:3b", text)
        self.assertIn("Q4_K_M", text)

    def test_status_codes(self):
        fake = self.fake()
        self.assertIn("0.33.0", self.run_program("status", code=0).out)
        self.assertEqual("ok", json.loads(self.run_program("status", "--json", code=0).out)["state"])
        fake.stop()
        done = self.run_program("status", "--json", code=1)
        self.assertEqual("unreachable", json.loads(done.out)["state"])
        self.assertIn("ollama serve", self.run_program("status", code=1).out
                      + self.run_program("status", code=1).err)

    def test_status_watch_prints_one_object_per_change(self):
        fake = self.fake()
        self.settings_file({"healthInterval": 1})
        child = subprocess.Popen([program(), "status", "--json", "--watch"], env=self.environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.stack.callback(child.wait)
        self.stack.callback(child.kill)
        while json.loads(child.stdout.readline())["state"] != "ok":
            pass
        fake.load("gemma3:4b")
        while not json.loads(child.stdout.readline())["servers"][0]["running"]:
            pass
        fake.stop()
        while json.loads(child.stdout.readline())["state"] != "unreachable":
            pass
        child.terminate()

    def test_a_server_without_a_name_shows_no_password(self):
        self.fake()
        self.settings_file({"servers": [{"url": "http://bob:s3cret@127.0.0.1:9"}]})
        for command in (("models",), ("models", "--json"), ("status",)):
            done = self.run_program(*command)
            self.assertNotIn("s3cret", done.out + done.err, command)

    def test_pull(self):
        fake = self.fake(library=[{"name": "gemma3:12b", "layers": [5_000_000, 10_000]}],
                         frame_seconds=0.01)
        done = self.run_program("pull", "gemma3:12b", code=0)
        self.assertNotIn("\r", done.out)
        self.assertNotIn("\x1b", done.out)
        self.assertIsNotNone(fake.find("gemma3:12b"))
        self.assertEqual(1, self.run_program("pull", "nope:1b").returncode)
        for bad in ("a b", "", "x" * 600, "a:b:c"):
            self.assertEqual(2, self.run_program("pull", bad).returncode, bad)

    def test_pull_that_is_cut_off_fails(self):
        for kind in ("truncate", "reset-mid", "html", "garbage", "status", "long-line"):
            fake = self.fake(library=["gemma3:12b"])
            fake.fault("/api/pull", kind, size=64 << 20, after=300)
            done = self.run_program("pull", "gemma3:12b")
            self.assertEqual(1, done.returncode, kind)
            self.assertTrue(done.err.strip(), kind)
            fake.stop()

    def test_a_redirect_is_not_followed(self):
        other, fake = self.fake(default=False), self.fake()
        fake.fault("/api", "redirect", location=other.url + "/api/tags")
        self.run_program("models", "--json")
        self.assertEqual(0, other.connections)

    def test_api_key_stays_home(self):
        fake = self.fake()
        self.write(".env", BAD)
        self.run_program("check", env=self.environment(OLLAMA_API_KEY="sk-secret"))
        self.assertTrue(fake.requests())
        for request in fake.requests():
            self.assertNotIn("sk-secret", str(request.headers))
