# SPDX-License-Identifier: MIT
"""Every scenario in every editor."""
from editors.ai_scenarios import AiScenarios
from editors.emacs import EglotScenarios, EmacsCase
from editors.neovim import NeovimCase
from editors.scenarios import Scenarios


class Neovim07(NeovimCase, Scenarios, AiScenarios):
    """Debian 12's."""


class Neovim10(NeovimCase, Scenarios, AiScenarios):
    SUITE = "trixie"


class Neovim12(NeovimCase, Scenarios, AiScenarios):
    SUITE = "sid"
    OPTIONAL = True


class Emacs28(EmacsCase, EglotScenarios, AiScenarios):
    """Debian 12's, with eglot 1.9."""


class Emacs30(EmacsCase, EglotScenarios, AiScenarios):
    """With the eglot it brings."""

    SUITE = "trixie"
