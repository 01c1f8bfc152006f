# SPDX-License-Identifier: MIT
"""Tests of the test infrastructure: each check must be able to fail."""
