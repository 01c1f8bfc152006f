# SPDX-License-Identifier: MIT
"""VS Code, with our extension: code-server, its page in Chromium, keys typed and things clicked there.

What a user sees is read from the page; ranges, codes and whole texts come from VS Code's API through
the probe, an extension of the tests' own (tests/editors/vscode/).
"""
import functools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.request

from editors.editors import LIMIT, EditorCase
from lib.harness import PROJECT

HERE = pathlib.Path(__file__).parent / "vscode"
EXTENSION = PROJECT / "editors" / "vscode"
IMAGES = PROJECT / "docs" / "img"
ITEM = "[id='ollama-ls.ollama-ls.ollamaLs.status']"
# In today's forms: VS Code rewrites older ones in the file, amid the test.
SETTINGS = {
    "workbench.startupEditor": "none", "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True, "telemetry.telemetryLevel": "off", "update.mode": "none",
    "extensions.autoCheckUpdates": False, "extensions.autoUpdate": "off",
    "workbench.enableExperiments": False, "files.autoSave": "off", "editor.minimap.enabled": False,
    "breadcrumbs.enabled": False, "workbench.activityBar.location": "hidden",
    "workbench.sideBar.location": "right", "editor.hover.delay": 100, "editor.lightbulb.enabled": "off",
    "window.commandCenter": False, "editor.accessibilitySupport": "off", "git.enabled": False,
    "workbench.layoutControl.enabled": False, "editor.cursorBlinking": "solid",
    "editor.quickSuggestions": {"comments": "off", "strings": "off", "other": "off"},
    "editor.wordBasedSuggestions": "off", "editor.occurrencesHighlight": "off",
    "workbench.colorTheme": "Dark Modern",
}
# Where the status item's icon says how Ollama is.
STATES = (("codicon-pass", "ok"), ("codicon-circle-slash", "off"), ("codicon-loading", "loading"),
          ("codicon-warning", "unreachable"), ("codicon-error", "off"))


@functools.lru_cache(maxsize=None)
def extension_is_built():
    """Builds the extension once per process."""
    subprocess.run([str(PROJECT / "scripts" / "package-vscode"), "--extension"], check=True,
                   timeout=300)
    return True


class VSCodeCase(EditorCase):
    """A driver: the words that scenarios.py uses."""

    NAME = "vscode"
    SETTINGS = {}
    TRUSTED = True
    WITHOUT_EXTENSION = False  # the test installs it itself

    def setUp(self):
        super().setUp()
        self.data, self.extensions = self.home / "code", self.home / "extensions"

    def find(self):
        done = subprocess.run([str(PROJECT / "scripts" / "code-server"), "--check"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            return done.stdout.decode().strip()
        if os.environ.get("CI") == "true":
            self.fail("no code-server: scripts/code-server")
        return self.skipTest("no code-server: scripts/code-server")

    # -- start and end ---------------------------------------------------------------------

    def start(self, path=None, environment=None, settings=None):
        """Start the editor on a file."""
        extension_is_built()
        self.probe_socket = str(self.home / "tmp" / "probe")
        # Settings of machine scope are read from this side's file alone: the window is a remote one.
        for side, values in (("User", dict(SETTINGS, **self.SETTINGS)), ("Machine", settings or {})):
            (self.data / side).mkdir(parents=True, exist_ok=True)
            (self.data / side / "settings.json").write_text(json.dumps(values), encoding="utf-8")
        self._install()
        env = dict(environment or self.editor_environment(), OLLAMA_LS_PROBE=self.probe_socket,
                   EXTENSIONS_GALLERY='{"serviceUrl":""}',
                   VSCODE_CLI="1")  # else a login shell is asked for the environment, PATH too
        self.port = self._free_port()
        self.code = self._spawn([
            self.editor + "/node/bin/node", self.editor + "/code-server/entry.js", "--bind-addr",
            "127.0.0.1:%d" % self.port, "--auth", "none", "--disable-telemetry",
            "--disable-update-check", "--disable-getting-started-override", "--disable-proxy",
            "--config", "/dev/null", "--user-data-dir", str(self.data), "--extensions-dir",
            str(self.extensions)] + (["--disable-workspace-trust"] if self.TRUSTED else []),
            env, "code-server.log")
        self.until("code-server", self._is_healthy)
        self._open_page()
        if path:
            self.show(path)

    def install_probe(self):
        """Folders count only until something was installed by VS Code itself."""
        target = self.extensions / "ollama-ls-tests.ollama-ls-probe-0.0.1"
        if not target.exists():
            shutil.copytree(HERE / "probe", target)

    def _install(self):
        self.install_probe()
        if not self.WITHOUT_EXTENSION:
            target = self.extensions / "ollama-ls.ollama-ls-0.1.0"
            for part in ("dist", "languages"):
                shutil.copytree(EXTENSION / part, target / part)
            shutil.copy(EXTENSION / "package.json", target)

    def _spawn(self, command, env, log, **rest):
        with open(self.home / log, "ab") as file:
            process = subprocess.Popen(command, cwd=str(self.workspace), env=env, stderr=file, **dict(
                {"stdin": subprocess.DEVNULL, "stdout": file}, **rest))
        self.stack.callback(self._stop, process)
        return process

    def _open_page(self):
        # With the machine's own home: Chromium asks it for fonts; what it writes goes to its profile.
        env = dict(os.environ, NODE_PATH=self.editor + "/node_modules", HOME=str(self.home))
        self.browser = self._spawn(
            [self.editor + "/node/bin/node", str(HERE / "driver.cjs"),
             "http://127.0.0.1:%d/?folder=%s" % (self.port, self.workspace), str(self.home / "profile")],
            env, "browser.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer()
        self.until("the extension host", self._probe_is_there, 60)
        self.vscode("await vscode.commands.executeCommand('workbench.action.closeSidebar')")

    @staticmethod
    def _free_port():
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return one.getsockname()[1]

    def _is_healthy(self):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/healthz" % self.port, timeout=5):
                return True
        except OSError:
            return False

    def _probe_is_there(self):
        try:
            return self.vscode("return true")
        except OSError:
            return False

    @staticmethod
    def _stop(process):
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def _end(self):
        """Close the window, as a user does."""
        self._stop(self.browser)
        self._stop(self.code)

    def report(self):
        parts = []
        for name in ("code-server.log", "browser.log"):
            log = self.home / name
            parts.append(log.read_text("utf-8", "replace")[-1500:] if log.exists() else "")
        for log in self.data.glob("logs/*/exthost*/**/*ollama-ls.log"):
            parts.append("%s:\n%s" % (log.name, log.read_text("utf-8", "replace")[-3000:]))
        try:
            parts.append("messages: %s" % self.messages())
            parts.append("item: %s" % self.status())
            keep = os.environ.get("OLLAMA_LS_SCREENSHOTS")
            if keep:
                self.picture(pathlib.Path(keep) / (self.id().split(".")[-1] + ".png"))
        except (AssertionError, OSError, ValueError) as error:
            parts.append("the page does not answer: %s" % error)
        return "\n".join(parts)

    def until(self, what, condition, limit=LIMIT):
        return super().until(what, condition, 2 * limit)  # a browser and two hosts on a busy machine

    # -- the page and the API --------------------------------------------------------------

    def _answer(self):
        line = self.browser.stdout.readline()
        if not line:
            raise OSError("the browser has ended\n" + (self.home / "browser.log").read_text(
                "utf-8", "replace")[-3000:])
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def page(self, code, **args):
        """Run the body of a function of `page` (playwright) and `args`."""
        self.browser.stdin.write(json.dumps({"code": code, "args": args}).encode() + b"\n")
        self.browser.stdin.flush()
        return self._answer()

    def vscode(self, code):
        """Run the body of a function of `vscode` in the extension host."""
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(60)
            one.connect(self.probe_socket)
            one.sendall(code.encode())
            one.shutdown(socket.SHUT_WR)
            raw = b"".join(iter(lambda: one.recv(65536), b""))
        answer = json.loads(raw)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def keys(self, *keys):
        """Press keys, one after the other."""
        self.page("for (const key of args.keys) { await page.keyboard.press(key); }", keys=keys)

    def type(self, text):
        """Type a text as a user does."""
        self.page("await page.keyboard.type(args.text, { delay: 15 })", text=text)

    def texts(self, selector):
        """The text of each element."""
        return self.page("return page.locator(args.selector).allTextContents()", selector=selector)

    def seen(self, selector):
        """Is there such an element that can be seen?"""
        return self.page("return (await page.locator(args.selector).locator('visible=true').count()) > 0",
                         selector=selector)

    def picture(self, path):
        """A screenshot."""
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.page("await page.screenshot({ path: args.path })", path=str(path))

    def image(self, name, height=None, bottom=False):
        """A screenshot for the documentation, where wanted (OLLAMA_LS_IMAGES=1); `height` pixels of it."""
        if not os.environ.get("OLLAMA_LS_IMAGES"):
            return
        time.sleep(0.6)
        IMAGES.mkdir(parents=True, exist_ok=True)
        size = {"width": 1100, "height": 660}
        clip = {"x": 0, "y": size["height"] - height if bottom else 0, "width": size["width"],
                "height": height} if height else None
        self.page("await page.screenshot(args)", path=str(IMAGES / ("vscode-%s.png" % name)),
                  **({"clip": clip} if clip else {}))

    # -- what a user does ------------------------------------------------------------------

    def show(self, path):
        """Open a file and put the focus into it."""
        self.vscode("await vscode.window.showTextDocument(vscode.Uri.file(%s), {preview: false})"
                    % json.dumps(str(path)))
        self.until("the editor", lambda: self.seen(".monaco-editor .view-line"))

    def put_cursor(self, line, character, end_line=None, end_character=None):
        """The cursor, or a selection; the focus is in the editor afterwards."""
        self.vscode("""
            const editor = vscode.window.activeTextEditor;
            editor.selection = new vscode.Selection(%d, %d, %d, %d);
            editor.revealRange(editor.selection);
            await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
        """ % (line, character, line if end_line is None else end_line,
               character if end_character is None else end_character))

    def command(self, verb):
        """One of our commands, by the palette."""
        self.vscode("void vscode.commands.executeCommand('ollamaLs.%s')" % verb)

    def palette(self, title):
        """A command by its title, typed into the palette."""
        self.keys("F1")
        self.until("the palette", lambda: self.seen(".quick-input-widget input"))
        self.type(title)
        self.until("the command", lambda: any(
            title in text for text in self.texts(".quick-input-list .monaco-list-row")))
        self.keys("Enter")

    before_typing = None  # the text before complete() typed into it, which is several steps to undo

    def undo(self):
        self.focus()
        self.keys("Control+z")
        for _ in range(5):
            if self.before_typing in (None, self.text()):
                break
            self.keys("Control+z")
        self.before_typing = None

    def restart(self):
        self.vscode("await vscode.commands.executeCommand('ollamaLs.restart')")

    def complete(self, line, column, typed, choose):
        """Replace the rest of a line by what is typed, complete there, take one; the labels offered."""
        self.before_typing = self.text()
        self.put_cursor(line, column)
        self.keys("Shift+End", "Delete")
        self.type(typed)
        self.keys("Control+Space")
        rows = ".suggest-widget.visible .monaco-list-row"
        names = self.until("completions", lambda: self.texts(rows + " .label-name"))
        for _ in range(len(names) + 1):
            if self.texts(rows + ".focused .label-name") == [choose]:
                break
            self.keys("ArrowDown")
        self.on_completions()
        self.keys("Enter")
        return names

    def on_completions(self):
        """While the list is shown."""

    def act(self, line, column, title):
        """Choose a code action by the start of its title; the titles offered."""
        self.put_cursor(line, column)
        rows = ".action-widget .monaco-list-row.action"
        titles = []
        for _ in range(5):  # a list that was asked for too early comes empty
            self.keys("Control+.")
            deadline = time.monotonic() + 5
            while not titles and time.monotonic() < deadline:
                titles = self.texts(rows)
            if titles:
                break
            self.keys("Escape")
        index = [i for i, text in enumerate(titles) if text.strip().startswith(title)]
        self.assertTrue(index, titles)
        self.on_actions()
        self.page("await page.locator(args.rows).nth(args.index).click()", rows=rows, index=index[0])
        return [text.strip() for text in titles]

    def on_actions(self):
        """While the menu is shown."""

    # -- AI actions ------------------------------------------------------------------------

    def ai(self, action, first, last, instruction=None, review=False):
        """Run an AI action on lines (0-based, both included)."""
        self.put_cursor(first, 0, last + 1, 0)
        more = {"review": True} if review else {}
        if instruction:
            self.vscode("vscode.commands.executeCommand('ollamaLs.ai.%s', %s)"
                        % (action, json.dumps(more)))
            self.until("the question", lambda: self.seen(".quick-input-widget input"))
            self.type(instruction)
            self.keys("Enter")
        else:
            self.vscode("await vscode.commands.executeCommand('ollamaLs.ai.%s', %s)"
                        % (action, json.dumps(more)))

    def accept(self):
        """Take the result that waits, by key."""
        self.focus()
        self.keys("Control+Alt+Enter")

    def reject(self):
        """Drop it, by key."""
        self.focus()
        self.keys("Control+Alt+Backspace")

    def cancel(self):
        """Stop what runs, by key."""
        self.focus()
        self.keys("Escape")

    def focus(self):
        self.vscode("await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup')")

    def insert_above(self, line):
        """Type a new first line."""
        self.put_cursor(0, 0)
        self.type(line)
        self.keys("Enter")

    def replace_line(self, number, line):
        """Type a line anew."""
        self.put_cursor(number, 0)
        self.keys("Shift+End")
        self.type(line)

    def overlays(self):
        """[{text, line}] of what is drawn into the editor: lines of an answer, lenses (line -1).
        Lines and lenses come to the page one after the other: what is the same twice is looked at."""
        before = None
        while True:
            drawn = self._drawn()
            if drawn == before:
                return drawn
            before = drawn
            time.sleep(0.25)

    def _drawn(self):
        return self.page("""return page.evaluate(() => {
            const editor = document.querySelector('.editor-instance .monaco-editor');
            const numbers = {};
            for (const row of editor.querySelectorAll('.margin-view-overlays > div')) {
                const number = row.querySelector('.line-numbers');
                if (number) { numbers[row.style.top] = Number(number.textContent) - 1; }
            }
            const found = [];
            for (const span of editor.querySelectorAll('.view-line span')) {
                const style = getComputedStyle(span, '::before');
                if (style.position === 'absolute' && style.content.startsWith('"')) {
                    found.push({ text: style.content.slice(1, -1), line: numbers[span.closest('.view-line').style.top] });
                }
            }
            for (const lens of editor.querySelectorAll('.codelens-decoration')) {
                found.push({ text: lens.textContent.toLowerCase(), line: -1 });
            }
            return found;
        })""")

    def ghost(self):
        """Grey text at the cursor, in the pieces of its colours: what an inline completion suggests."""
        return "".join(text.replace("\u00a0", " ") for text in self.texts(
            ".ghost-text-decoration, .ghost-text, .suggest-preview-text"))

    def accept_ghost(self):
        self.keys("Tab")

    def panel(self):
        """The text that is shown beside."""
        return self.page("""
            const texts = [];
            for (const frame of page.frames().slice(1)) {
                texts.push(await frame.evaluate(() => {
                    const body = document.querySelector('.markdown-body');
                    if (!body) { return ''; }
                    const copy = body.cloneNode(true);
                    copy.querySelectorAll('li').forEach((item) => item.prepend('- '));
                    return copy.textContent;
                })
                    .catch(() => ''));
            }
            return (await Promise.all(texts)).join('\\n');
        """)

    # -- what a user sees ------------------------------------------------------------------

    def findings(self):
        """[line, start, end, code, message] of each of our findings; 0-based, in characters."""
        return self.vscode("""
            const editor = vscode.window.activeTextEditor;
            return vscode.languages.getDiagnostics(editor.document.uri)
                .filter((one) => one.source === 'ollama-ls')
                .map((one) => [one.range.start.line, one.range.start.character, one.range.end.character,
                    typeof one.code === 'object' ? one.code.value : one.code, one.message]);
        """)

    def text(self):
        return self.vscode("return vscode.window.activeTextEditor.document.getText()")

    def squiggles(self):
        """Left and right edge of each squiggle on the page, in pixels."""
        return self.page("""
            const boxes = await page.locator('.squiggly-warning, .squiggly-error, .squiggly-info').all();
            const found = [];
            for (const box of boxes) {
                const at = await box.boundingBox();
                if (at) { found.push([Math.round(at.x), Math.round(at.x + at.width), Math.round(at.y)]); }
            }
            return found;
        """)

    def status(self):
        """The item: {state, text}."""
        found = self.page("""
            const item = page.locator(args.item);
            if ((await item.count()) === 0) { return null; }
            return { text: await item.first().textContent(), html: await item.first().innerHTML() };
        """, item=ITEM)
        if not found:
            return {"state": "absent", "text": ""}
        state = next((state for icon, state in STATES if icon + '"' in found["html"]
                      or icon + " " in found["html"]), "?")
        return {"state": state, "text": found["text"].replace("\u00a0", " ").strip()}

    def messages(self):
        """All that was shown as a message so far."""
        return "\n".join(self.page("return page.evaluate(() => window.ollamaLsMessages)"))

    def progress(self):
        """All that the progress in the status bar said so far."""
        return self.page("return page.evaluate(() => window.ollamaLsProgress)")

    def until_status(self, state, text=""):
        """Wait for the item."""
        self.until("status %s %s" % (state, text), lambda: self.status()["state"] == state
                   and text in self.status()["text"])

    def click(self, selector):
        self.page("await page.locator(args.selector).first().click()", selector=selector)

    def choose(self, text):
        """The row of a list to pick from that holds this text."""
        row = ".quick-input-list .monaco-list-row"
        self.until("the row " + text, lambda: any(text in one for one in self.texts(row)))
        self.page("await page.locator(args.row).filter({ hasText: args.text }).first().click()",
                  row=row, text=text)
