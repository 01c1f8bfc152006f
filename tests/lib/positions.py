# SPDX-License-Identifier: MIT
"""The naive model of a text document: LSP positions, edits and markers over a Python string.

Deliberately simple and slow: the server's own text code is checked against it.
Lines end at \\n, \\r\\n or \\r. Positions count units of the negotiated encoding.
"""
import re


def width(character, encoding):
    """Units one character takes in `encoding` (utf-8, utf-16 or utf-32)."""
    if encoding == "utf-8":
        return len(character.encode("utf-8", "surrogatepass"))
    if encoding == "utf-16":
        return 2 if ord(character) > 0xFFFF else 1
    return 1


def lines(text):
    """The (start, end) of each line's content, without its line end, as indices into text."""
    found, start = [], 0
    for end in re.finditer("\r\n|\r|\n", text):
        found.append((start, end.start()))
        start = end.end()
    found.append((start, len(text)))
    return found


def to_index(text, position, encoding, table=None):
    """Index into text of an LSP position; clamped to the line's end and the text's end."""
    table = table or lines(text)
    if position["line"] >= len(table):
        return len(text)
    start, end = table[position["line"]]
    units = 0
    for i in range(start, end):
        if units >= position["character"]:
            return i
        units += width(text[i], encoding)
    return end


def to_position(text, index, encoding, table=None):
    """The LSP position of an index into text."""
    table = table or lines(text)
    for number in range(len(table) - 1, -1, -1):
        start, end = table[number]
        if index >= start:
            inside = text[start:min(index, end)]
            return {"line": number, "character": sum(width(c, encoding) for c in inside)}
    raise AssertionError("index %d before the start of the text" % index)


def range_of(text, needle, encoding, nth=0):
    """The LSP range of the nth occurrence of needle."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(needle, at + 1)
    return {"start": to_position(text, at, encoding),
            "end": to_position(text, at + len(needle), encoding)}


def cut(text, rng, encoding):
    """The text inside an LSP range."""
    return text[to_index(text, rng["start"], encoding):to_index(text, rng["end"], encoding)]


def change(text, event, encoding):
    """Apply one TextDocumentContentChangeEvent."""
    if event.get("range") is None:
        return event["text"]
    start = to_index(text, event["range"]["start"], encoding)
    end = to_index(text, event["range"]["end"], encoding)
    if end < start:
        start, end = end, start
    return text[:start] + event["text"] + text[end:]


def apply_edits(text, edits, encoding):
    """Apply a TextEdit[] that all speak of the same version; overlapping edits are a server bug."""
    spans = []
    for number, edit in enumerate(edits):
        start = to_index(text, edit["range"]["start"], encoding)
        end = to_index(text, edit["range"]["end"], encoding)
        if end < start:
            raise AssertionError("edit ends before it starts: %r" % (edit,))
        spans.append((start, end, number, edit["newText"]))
    spans.sort(key=lambda span: (span[0], span[1], span[2]))
    for before, after in zip(spans, spans[1:]):
        if after[0] < before[1]:
            raise AssertionError("edits overlap: %r" % (edits,))
    out, at = [], 0
    for start, end, _, new in spans:
        out += [text[at:start], new]
        at = end
    return "".join(out) + text[at:]
