# SPDX-License-Identifier: MIT
"""Every scenario in every editor."""
from editors.ai_scenarios import AiScenarios
from editors.neovim import NeovimCase
from editors.scenarios import Scenarios


class Neovim07(Scenarios, AiScenarios, NeovimCase):
    """Debian 12's."""


class Neovim10(Scenarios, AiScenarios, NeovimCase):
    SUITE = "trixie"


class Neovim12(Scenarios, AiScenarios, NeovimCase):
    SUITE = "sid"
    OPTIONAL = True
