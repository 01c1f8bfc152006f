# SPDX-License-Identifier: MIT
"""Every scenario in every editor."""
from editors.neovim import NeovimCase
from editors.scenarios import Scenarios


class Neovim07(Scenarios, NeovimCase):
    """Debian 12's."""


class Neovim10(Scenarios, NeovimCase):
    SUITE = "trixie"


class Neovim12(Scenarios, NeovimCase):
    SUITE = "sid"
    OPTIONAL = True
