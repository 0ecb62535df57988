"""Invitations on paper: a page of slips with QR codes, to cut apart and hand out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from markupsafe import Markup

from records.invitations import Invited

_STYLE = """
@page { size: A4; margin: 10mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 190mm; color: #000; background: #fff;
  font: 10.5pt/1.45 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; }
.hint { padding: 0 2mm 2mm; color: #444; font-size: 9.5pt; }
.hint strong { color: #000; }
.slips { display: grid; grid-template-columns: 1fr 1fr; }
.slip { display: flex; gap: 4mm; align-items: center; min-height: 62mm; padding: 4mm; border: 0.3mm dashed #888;
  margin: 0 -0.3mm -0.3mm 0; break-inside: avoid; }
.slip div { min-width: 0; }
.slip svg { width: 34mm; height: 34mm; flex: none; }
.slip h2 { margin: 0; font-size: 13pt; overflow-wrap: anywhere; }
.slip p { margin: 0.6mm 0; overflow-wrap: anywhere; }
.number, .small { font-size: 8.5pt; color: #333; }
.code { font: bold 14pt/1.3 "DejaVu Sans Mono", Consolas, Menlo, monospace; letter-spacing: 0.05em;
  white-space: nowrap; }
@media screen { body { padding: 4mm; } }
@media print { .screen { display: none; } }
"""


class Words(Protocol):
    """Gives the sentence of a key with its {fields} filled in."""

    def __call__(self, key: str, /, **values: Any) -> str: ...


@dataclass(frozen=True)
class Slip:
    """One invitation and the link that its QR code holds; without a link only the code is printed."""

    invited: Invited
    link: str | None


def invitation_sheet(slips: Sequence[Slip], words: Words, *, branch: str = "", language: str = "zh-CN") -> bytes:
    """One HTML file with everything inside, eight slips a page of A4, names in the reader's own Chinese font.

    A slip grows with what stands on it and is never split between two pages. Holds codes that let people in: to be
    printed or handed out, not kept.
    """
    page = Markup(
        '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        "<title>{title}</title><style>{style}</style></head>\n"
        '<body><div class="hint"><strong>{branch}</strong> {cut} <span class="screen">{hint}</span></div>\n'
        '<div class="slips">\n{slips}\n</div></body></html>\n'
    )
    text = page.format(
        language=language,
        title=words("invitation.title"),
        branch=branch,
        style=Markup(_STYLE),  # noqa: S704 (our own, no value in it)
        cut=words("invitation.cut") if slips else words("invitation.nobody"),
        hint=words("invitation.print"),
        slips=Markup("\n").join(_slip(slip, words) for slip in slips),
    )
    return text.encode("utf-8")


def _slip(slip: Slip, words: Words) -> Markup:
    person = slip.invited.person
    lines = [
        Markup("<h2>{}</h2>").format(person.name),
        Markup('<p class="number">{}</p>').format(person.student_number or ""),
        Markup("<p>{}</p>").format(words("invitation.step_scan")) if slip.link else Markup(""),
        Markup("<p>{}</p>").format(words("invitation.step_agree")),
        Markup('<p class="small">{}</p><p class="code">{}</p>').format(words("invitation.code"), slip.invited.code),
        Markup('<p class="small">{}<br>{}</p>').format(
            words("invitation.expires", day=slip.invited.expires_on.isoformat()), words("invitation.private")
        ),
    ]
    code = qr_code(slip.link) if slip.link else Markup("")
    return Markup('<section class="slip">{}<div>{}</div></section>').format(code, Markup("").join(lines))


def qr_code(link: str) -> Markup:
    """The link as an SVG to stand inside a page."""
    import segno

    stream = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        stream, kind="svg", xmldecl=False, svgns=False, nl=False, border=4, omitsize=True, svgclass=None, lineclass=None
    )
    return Markup(stream.getvalue().decode("utf-8"))  # noqa: S704 (drawn by the library: numbers only)
