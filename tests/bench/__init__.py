# SPDX-License-Identifier: MIT
"""The speed gates of DESIGN.md A13, measured beside the tools people compare with."""
