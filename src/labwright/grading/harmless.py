"""Make what a learner wrote safe to show on a page: text, Markdown, code, pictures. All of it is hostile input."""

import base64
import html
import io
import re
from typing import Any

import bleach
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

# Characters of one text, and of all texts of a page, that are rendered; above, mistune's regular expressions get slow.
MARKDOWN, MARKDOWN_PAGE = 20_000, 400_000
CODE = 50_000  # characters of one cell that are shown
PNG_BYTES, PNG_SIDE = 2_000_000, 4_000

_TAGS = frozenset("p br em strong del code pre blockquote ul ol li dl dt dd hr a table thead tbody tr th td h3 h4 h5 h6".split())
_REL = "noopener noreferrer nofollow"
_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]")
# Marks that make text run the other way: what is read must be what is there.
_DIRECTION = (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_DROP = dict.fromkeys([*(set(range(32)) - {9, 10}), *range(0x7F, 0xA0), *_DIRECTION])


def plain(value: object) -> str:
    """`value` as text without terminal codes, control characters (but tab and line feed) and marks of writing direction."""
    text = _ANSI.sub("", str(value).replace("\r\n", "\n")).translate(_DROP)
    return text.encode("utf-8", "replace").decode("utf-8")  # a surrogate without its partner cannot be written


def printed(text: str, limit: int) -> str:
    """What a terminal shows of `text`, at most `limit` characters: a line written over (a progress bar) counts once."""
    lines = text[: 4 * limit].replace("\r\n", "\n").split("\n")
    return cut(plain("\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)).rstrip(), limit)


def cut(text: str, limit: int) -> str:
    """The first `limit` characters, with a word if there are more."""
    return text if len(text) <= limit else f"{text[:limit]}\n… (cut here)"


def code(source: str) -> Markup:
    """Python as highlighted HTML: spans with pygments' short class names."""
    return Markup(highlight(cut(plain(source), CODE).strip("\n"), PythonLexer(), HtmlFormatter(nowrap=True)))


def png(data: str) -> tuple[str, int] | None:
    """A picture in base64 as a data: URI, decoded and written anew, and its number of pixels; None for what is no modest PNG."""
    if len(data) > PNG_BYTES * 3 // 2:
        return None
    try:
        raw = base64.b64decode(data)
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as picture:
            if len(raw) > PNG_BYTES or max(picture.size) > PNG_SIDE:
                return None
            picture.verify()
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as picture:
            pixels = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except Exception:  # a broken picture raises whatever it likes in Pillow
        return None
    pixels.info.clear()  # no profile, no text
    written = io.BytesIO()
    pixels.save(written, format="PNG")
    if written.tell() > PNG_BYTES:
        return None
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode(), pixels.width * pixels.height


class Markdown(IPythonRenderer):
    """Renders the texts of one page: no HTML, no pictures, links to https only, headings below `level` and without gaps."""

    def __init__(self, level: int):
        super().__init__(escape=True)
        self.top = self.level = level
        self.left = MARKDOWN_PAGE

    def convert(self, source: str) -> Markup:
        """Markdown as HTML; as plain text where it is too long or defeats the parser. Formulas stay as TeX."""
        text = plain(source)
        self.left -= len(text)
        if len(text) > MARKDOWN or self.left < 0:
            return verbatim(text)
        try:
            rendered = MarkdownWithMath(renderer=self).render(text)
        except Exception:  # whatever a text does to the parser
            return verbatim(text)
        clean = plain(bleach.clean(rendered, tags=_TAGS, attributes=_allowed, protocols={"https"}, strip=True))
        # An entity may stand for a character that `plain` drops.
        return Markup(re.sub(r"&#?\w+;", lambda entity: html.escape(plain(html.unescape(entity[0]))), clean))

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        self.level = min(self.top + level, self.level + 1, 6)
        return f"<h{self.level}>{text}</h{self.level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f'<a href="{html.escape(url)}" rel="{_REL}">{text}</a>' if url.startswith("https://") else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"({html.escape(text) or 'a picture'})"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>\n"

    def block_math(self, body: str) -> str:
        return f"<code>$${html.escape(body)}$$</code>"

    def inline_math(self, body: str) -> str:
        return f"<code>${html.escape(body)}$</code>"


def verbatim(text: str) -> Markup:
    """Text as it is, in a box."""
    return Markup("<pre>{}</pre>").format(cut(plain(text), CODE))


def _allowed(tag: str, name: str, value: str) -> bool:
    return tag == "a" and ((name == "href" and value.startswith("https://")) or (name == "rel" and value == _REL))
