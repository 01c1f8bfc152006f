# SPDX-License-Identifier: MIT
"""Tests against a real Ollama (scripts/build-ollama) with a model of a few kilobytes."""
