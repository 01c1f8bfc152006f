# SPDX-License-Identifier: MIT
"""The oldest editors we promise to serve, headless: Neovim 0.7 and Emacs 28 with eglot 1.9."""
