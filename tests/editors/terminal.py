# SPDX-License-Identifier: MIT
"""A program in a terminal of its own (tmux): keys go in, the screen comes out, as text or as a picture."""
import os
import re
import shutil
import subprocess

from editors.editors import EditorCase


class TerminalCase(EditorCase):
    """A test that looks at a terminal."""

    COLUMNS, ROWS = 100, 24

    def run_in_terminal(self, command, **changes):
        """Start a command (a list) in the terminal."""
        if not shutil.which("tmux"):
            if os.environ.get("CI") == "true":
                self.fail("no tmux: scripts/deps editors")
            self.skipTest("no tmux: scripts/deps editors")
        (self.home / "tmp").chmod(0o700)
        self.tmux_environment = self.editor_environment(TMUX_TMPDIR=self.home / "tmp", **changes)
        config = self.home / "tmux.conf"
        config.write_text('set -g default-terminal "tmux-256color"\nset -g escape-time 0\n'
                          'set -ga terminal-overrides ",*:Tc"\nset -g status off\n')
        self._tmux("-f", str(config), "new-session", "-d", "-s", "t", "-x", str(self.COLUMNS), "-y",
                   str(self.ROWS), "-c", str(self.workspace), "--", *map(str, command))
        self.stack.callback(self._tmux, "kill-server")

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-L", "test", *arguments], env=self.tmux_environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=30, check=False)
        return done.stdout.decode("utf-8", "replace")

    def screen(self):
        """The text on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "t")

    def type(self, *keys):
        """Keys by tmux's names, or text."""
        self._tmux("send-keys", "-t", "t", *keys)

    def sees(self, pattern):
        """Wait until the screen shows this; the screen."""
        return self.until(pattern, lambda: self.screen() if re.search(pattern, self.screen()) else "")

    def report(self):
        return self.screen()

    def picture(self, path):
        """The screen as a PNG."""
        from editors import picture  # needs Pillow, which only pictures need
        where = self._tmux("display-message", "-p", "-t", "t", "#{cursor_x} #{cursor_y}").split()
        picture.save(self._tmux("capture-pane", "-e", "-p", "-t", "t"), path, self.COLUMNS, self.ROWS,
                     (int(where[0]), int(where[1])))
