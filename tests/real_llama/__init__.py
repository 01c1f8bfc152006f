# SPDX-License-Identifier: MIT
"""The program against a real llama-server, from Debian's unstable suite in a folder of its own."""
