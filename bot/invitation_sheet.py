"""A page to print and cut up: one QR code with its invitation code for each person."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from io import BytesIO

from bot.first import Links
from bot.words import Words
from records.invitations import Invited

_STYLE = """
@page { size: A4; margin: 12mm }
body { font-family: "Noto Sans CJK SC", "Microsoft YaHei", "SimSun", sans-serif; margin: 0 }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm }
section { border: 1px dashed #888; padding: 4mm; display: flex; gap: 4mm; break-inside: avoid; align-items: center }
svg { width: 34mm; height: 34mm; flex: none }
h1 { font-size: 12pt; margin: 0 0 4mm } h2 { font-size: 12pt; margin: 0 }
p { margin: 1mm 0; font-size: 9pt } code { font-size: 13pt; letter-spacing: 1px }
"""


def invitation_sheet(title: str, invited: Iterable[Invited], links: Links, words: Words) -> bytes:
    """A self-contained HTML page in the order given; whoever holds a strip can join as that person, once."""
    strips = "\n".join(_strip(one, links, words) for one in invited)
    language = words.language.replace("_", "-")
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1><main>\n{strips}\n</main></body></html>\n"
    ).encode()


def _strip(invited: Invited, links: Links, words: Words) -> str:
    person = invited.person
    lines = [
        f"<h2>{escape(person.name)}</h2>",
        f"<p>{escape(person.student_number or '')}</p>",
        f"<p><code>{escape(invited.code)}</code></p>",
        f"<p>{words('sheet.how')}</p>",
        f"<p>{words('sheet.until', day=invited.expires_at.date().isoformat())}</p>",
    ]
    return f"<section>{_qr(links.of(invited.code))}<div>{''.join(lines)}</div></section>"


def _qr(link: str) -> str:
    import segno

    out = BytesIO()
    segno.make(link, error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True)
    return out.getvalue().decode()
