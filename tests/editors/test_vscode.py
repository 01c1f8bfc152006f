# SPDX-License-Identifier: MIT
"""Every scenario in VS Code."""
from editors.code_server import VSCodeCase
from editors.scenarios import Scenarios


class VSCode(Scenarios, VSCodeCase):
    def check_pull_was_seen(self):
        pass
