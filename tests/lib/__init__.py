# SPDX-License-Identifier: MIT
"""What the Python tests share: an LSP client, the meta-model check, a runner."""
