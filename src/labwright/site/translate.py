"""Build the site of a language, and keep its translations in step with the English pages they translate."""

import hashlib
import re
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from labwright.paths import BOOK, BUILD, ROOT, write_atomically
from labwright.site import build as english
from labwright.site import contributing, languages
from scratchlab.errors import ScratchlabError, UnknownName

WORK = BUILD / "languages"


def pages_of(language: str) -> list[str]:
    """The translated pages of a language."""
    known = languages.translated()
    if language not in known:
        raise UnknownName("language with a translated page", language, list(known))
    return known[language]


def build(language: str) -> tuple[Path, bool]:
    """Build the site of a language inside the English one, if anything changed; returns its first page and whether it was built."""
    names, out = pages_of(language), english.SITE / language
    inventory = english.SITE / "objects.inv"
    if not inventory.is_file():
        raise ScratchlabError("The English site must be there first: labwright book")
    first, key = out / f"{names[0]}.html", WORK / f"{language}.key"
    wanted = _key(language, names, inventory)
    if first.is_file() and key.is_file() and key.read_text(encoding="utf-8") == wanted:
        return first, False
    key.unlink(missing_ok=True)
    for catalog in (languages.LOCALE / language).rglob("*.po"):
        with catalog.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, _read(catalog))
    config = {
        "language": language,
        "locale_dirs": [str(languages.LOCALE)],
        "gettext_compact": False,
        "gettext_auto_build": False,
        "intersphinx_mapping": {"english": ("..", str(inventory))},
        "intersphinx_disabled_reftypes": [],  # documents are among them by default
    }
    _sphinx("html", out, names, config)
    write_atomically(key, wanted)
    return first, True


def _key(language: str, names: list[str], inventory: Path) -> str:
    """Hash of everything that the site of a language is made from."""
    files = [*(languages.LOCALE / language).rglob("*.po"), *(ROOT / f"{name}.md" for name in names), inventory, ROOT / "_config.yml"]
    files += [*(BOOK / "_static").rglob("*"), *(ROOT / "src" / "labwright" / "site").glob("*.py"), ROOT / "requirements.lock"]
    digest = hashlib.sha256(contributing.version().encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _sphinx(builder: str, out: Path, names: list[str], config: dict) -> None:
    """Run Sphinx over some pages of the book with some settings of their own; every warning about a site is an error."""
    from jupyter_book.sphinx import build_sphinx

    WORK.mkdir(parents=True, exist_ok=True)
    contents, log = WORK / f"{out.name}.toc.yml", WORK / f"{out.name}.log"
    chapters = [{"file": name} for name in names[1:]]
    contents.write_text(yaml.safe_dump({"format": "jb-book", "root": names[0]} | ({"chapters": chapters} if chapters else {})))
    with log.open("w", encoding="utf-8") as printed, redirect_stdout(printed), redirect_stderr(printed):
        result = build_sphinx(
            ROOT,
            out,
            noconfig=True,
            path_config=ROOT / "_config.yml",
            confoverrides={"external_toc_path": str(contents), "nitpicky": True, "latex_individualpages": False} | config,
            doctreedir=WORK / f"{out.name}.doctrees",
            builder=builder,
            warningiserror=builder == "html",  # for their sentences, the other pages that they refer to are not needed
            keep_going=True,
        )
    if result != 0:
        found = re.findall(r"^.*(?:WARNING|ERROR|rror:).*$", log.read_text(encoding="utf-8"), re.MULTILINE)
        raise ScratchlabError(f"{out.name} was not built:\n" + "\n".join(found or [str(result)]) + f"\nEverything is in {log}")


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def templates(names: list[str]) -> Path:
    """The folder with the sentences of English pages, each page as a gettext template."""
    out = WORK / "gettext"
    shutil.rmtree(out, ignore_errors=True)
    _sphinx("gettext", out, names, {"gettext_compact": False, "gettext_uuid": False})
    return out


def problems(language: str) -> list[str]:
    """Sentences that lack a translation, and translations of sentences that changed or went, each with its file."""
    names = pages_of(language)
    folder, found = templates(names), []
    for name in names:
        path = languages.catalog(language, name)
        wanted, have = _read(folder / f"{name}.pot"), _read(path)
        shown = path.relative_to(languages.LOCALE.parent)
        for message in wanted:
            kept = have.get(message.id) if message.id else None
            if message.id and (kept is None or not kept.string or kept.fuzzy):
                place = ":".join(map(str, message.locations[0])).lstrip("./")
                found.append(f"{shown}: not translated: {message.id!r} ({place})")
            elif message.id and (lost := _marked(message.id) - _marked(str(kept.string))):
                found.append(f"{shown}: {', '.join(sorted(lost))} is missing in the translation of {message.id!r}")
        found += [f"{shown}: no longer in the page: {message.id!r}" for message in have if message.id and message.id not in wanted]
    own = languages.LOCALE / language / "LC_MESSAGES" / "site.po"
    said = set(re.findall(r'\b_\("(.*?)"\)', Path(contributing.__file__).read_text(encoding="utf-8")))
    known = {message.id for message in _read(own) if message.string} if own.is_file() else set()
    return found + [f"{own.relative_to(languages.LOCALE.parent)}: not translated: {text!r}" for text in sorted(said - known)]


def _marked(text: str) -> set[str]:
    """What a translation must keep as it is: the targets of roles, code, addresses."""
    kept = set()
    for role, inside, address in re.findall(r"(\{\w+\})?`([^`]+)`|(https?://[^\s)>]+)", text):
        target = re.search(r"<(.+)>$", inside) if role else None
        kept.add(address or f"{role}`{target[1] if target else inside}`")
    return kept


def update(language: str, page: str) -> Path:
    """Make the file for the translation of a page, or bring it up to date; sentences that changed are marked as fuzzy."""
    from sphinx_intl.basic import update as merge

    if not (ROOT / f"{page}.md").is_file():
        raise ScratchlabError(f"There is no page {page}.md. Only pages written in Markdown can be translated.")
    folder = templates([page])
    for other in folder.rglob("*.pot"):
        if other != folder / f"{page}.pot":
            other.unlink()
    with redirect_stdout(None):
        merge(str(languages.LOCALE), str(folder), (language,))
    return languages.catalog(language, page)
