# SPDX-License-Identifier: MIT
"""The program spoken to over pipes, as an editor does. cases/*.jsonl are transcripts (test_cases.py)."""
