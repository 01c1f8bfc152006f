# SPDX-License-Identifier: MIT
"""Messages as the transcript shows them, and JSON objects without duplicate keys."""
import json


def no_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object: %r" % ([key for key, _ in pairs],))
    return found


def room(message):
    """How much of a message the transcript shows: initialize is long and says little."""
    long = isinstance(message, dict) and (message.get("method") == "initialize" or "capabilities" in (
        message.get("result") or {} if isinstance(message.get("result"), dict) else {}))
    return 150 if long else 1200


def brief(message, limit=300):
    if isinstance(message, bytes):
        text = repr(message)
    else:
        text = json.dumps(message, ensure_ascii=False)
    return text if len(text) <= limit else "%s… (%d)" % (text[:limit], len(text))
