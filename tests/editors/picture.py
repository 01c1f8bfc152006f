# SPDX-License-Identifier: MIT
"""A terminal's screen (tmux capture-pane -e) as a picture, the same on every machine with these fonts."""
import collections
import re

from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf"
BRAILLE = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"  # the other has none
SIZE = 28
FOREGROUND, BACKGROUND = (212, 212, 212), (30, 30, 36)
BASE = [(30, 30, 36), (240, 113, 120), (135, 194, 120), (229, 192, 123), (97, 160, 239),
        (198, 120, 221), (86, 182, 194), (190, 190, 190), (110, 115, 125), (255, 140, 145),
        (160, 220, 145), (245, 210, 145), (125, 185, 255), (220, 150, 240), (110, 205, 215),
        (245, 245, 245)]


def palette(number):
    """One of the 256 colours."""
    if number < 16:
        return BASE[number]
    if number < 232:
        steps = (0, 95, 135, 175, 215, 255)
        number -= 16
        return steps[number // 36], steps[number // 6 % 6], steps[number % 6]
    return (8 + (number - 232) * 10,) * 3


class Style:
    """What SGR sequences have set."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.foreground = self.background = self.line = None
        self.bold = self.dim = self.italic = self.reverse = self.strike = False
        self.under = 0

    def apply(self, text):
        """The parameters of one sequence."""
        words = [[int(n or 0) for n in word.split(":")] for word in text.split(";")]
        i = 0
        while i < len(words):
            word = words[i]
            i += 1
            if word[0] in (38, 48, 58):
                if len(word) == 1:  # 38;2;r;g;b and 38;5;n
                    count = 4 if words[i][0] == 2 else 2
                    word = word + [w[0] for w in words[i:i + count]]
                    i += count
                colour = palette(word[2]) if word[1] == 5 else tuple(word[-3:])
                setattr(self, {38: "foreground", 48: "background", 58: "line"}[word[0]], colour)
            else:
                self._simple(word)

    def _simple(self, word):
        code = word[0]
        if code == 0:
            self.reset()
        elif code == 4:
            self.under = word[1] if len(word) > 1 else 1
        elif code in (1, 2, 3, 7, 9):
            setattr(self, {1: "bold", 2: "dim", 3: "italic", 7: "reverse", 9: "strike"}[code], True)
        elif code == 22:
            self.bold = self.dim = False
        elif code in (23, 24, 27, 29):
            setattr(self, {23: "italic", 24: "under", 27: "reverse", 29: "strike"}[code], False)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            self.foreground = palette(code - 30 if code < 90 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            self.background = palette(code - 40 if code < 100 else code - 92)
        elif code in (39, 49, 59):
            setattr(self, {39: "foreground", 49: "background", 59: "line"}[code], None)

    def colours(self):
        """Foreground and background as they are seen."""
        pair = [self.foreground or FOREGROUND, self.background or BACKGROUND]
        if self.reverse:
            pair.reverse()
        if self.dim:
            pair[0] = tuple((a + b) // 2 for a, b in zip(*pair))
        return pair


class Canvas:
    """Cells of a fixed size."""

    def __init__(self, columns, rows, background):
        self.fonts = {bold: ImageFont.truetype(FONTS % ("-Bold" if bold else ""), SIZE)
                      for bold in (False, True)}
        self.braille = ImageFont.truetype(BRAILLE, SIZE - 6)
        self.width = round(self.fonts[False].getlength("M"))
        self.height = SIZE + 8
        self.image = Image.new("RGB", (columns * self.width + 24, rows * self.height + 24), background)
        self.draw = ImageDraw.Draw(self.image)

    def cell(self, x, y):
        return 12 + x * self.width, 12 + y * self.height

    def put(self, x, y, character, style):
        """One character."""
        left, top = self.cell(x, y)
        foreground, background = style.colours()
        right, bottom = left + self.width, top + self.height
        if style.background or style.reverse:
            self.draw.rectangle((left, top, right - 1, bottom - 1), fill=background)
        if character.strip():
            font = self.braille if "\u2800" <= character <= "\u28ff" else self.fonts[style.bold]
            self.draw.text((left, top + 2), character, font=font, fill=foreground)
        line = style.line or foreground
        if style.under == 3:
            points = [(left + i, bottom - 3 - (2 if i // 4 % 2 else 0)) for i in range(self.width + 1)]
            self.draw.line(points, fill=line, width=2)
        elif style.under:
            self.draw.line((left, bottom - 3, right, bottom - 3), fill=line, width=2)

    def cursor(self, x, y):
        left, top = self.cell(x, y)
        self.draw.rectangle((left, top, left + self.width, top + self.height - 2),
                            outline=FOREGROUND, width=2)


def cells(screen, rows):
    """(x, y, character, style) of all that is on the screen; the style changes with the next one."""
    style = Style()
    for y, line in enumerate(screen.split("\n")[:rows]):
        x = 0
        for piece in re.split(r"(\x1b\[[0-9;:]*m)", line):
            if piece.startswith("\x1b["):
                style.apply(piece[2:-1])
                continue
            for character in re.sub(r"\x1b.|[\x0e\x0f]", "", piece):
                yield x, y, character, style
                x += 1


def save(screen, path, columns, rows, cursor=None):
    """Draw what tmux says is on the screen."""
    # What most lines begin with is what a theme fills the rest with: tmux leaves those cells out.
    common = collections.Counter(style.background for x, _, _, style in cells(screen, rows) if x == 0)
    canvas = Canvas(columns, rows, common.most_common(1)[0][0] or BACKGROUND)
    for x, y, character, style in cells(screen, rows):
        canvas.put(x, y, character, style)
    if cursor:
        canvas.cursor(*cursor)
    canvas.image.quantize(64).save(path, optimize=True)
