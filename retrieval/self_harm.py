"""Words in which somebody says that a life is in danger: taken as they are said, nothing is read out of others.

A word too many shows a few telephone numbers; a word too few leaves somebody with 「没有找到」. So what is said half in
jest leads there as well, and what a text of study says (自杀式袭击, 烈士牺牲) does not.
"""

from __future__ import annotations

import re

_DEED = (
    r"(?:自杀(?![式性])|紫砂(?![壶杯茶锅])|自尽|轻生|寻死|寻短见|跳楼(?![机价大])|割腕|自残|自伤|"
    r"(?:结束|了结|放弃)(?:我|我?自己)?的?(?:这条)?(?:生命|性命))"
)
_MEANING_IT = (
    r"(?:想要?|(?<!为什么)(?<!为何)(?<!为啥)要|打算|准备|决定|考虑|忍不住|差点|试过|闹着|说|怕(?:自己|[我他她])?会?)"
)
_I = (
    r"(?:我|俺|本人)(?!们?国|们?党|军)"
    r"(?:真的?|好|很|就|已经|[昨今]天|今晚|现在|又|曾经?|以前|都|只|1直|总是?|在|快|要|会)*"
)
_SAID = re.compile(
    "|".join(
        (
            rf"{_MEANING_IT}(?:要|去|着|过|又|再|了)*{_DEED}",
            rf"{_I}{_DEED}(?:$|[,.!?~了过])",
            rf"^{_DEED}[.!?~]*$",
            r"(?:自杀|轻生|自残|寻死)的?(?:念头|想法|打算|冲动|倾向)",
            r"(?:怎么|怎样|咋|如何)(?:才能|去|可以)?(?:自杀|自尽|自我了断|结束生命|死(?:掉|才?不[痛疼]|得?最快))(?!的)",
            r"(?:自杀|去死)的(?:方法|办法)|(?:没有?痛苦|不[痛疼]|轻松)的死法",
            r"(?<!不)想死(?![记背磕守扛板心读后亡于者你他她])|想去死(?!的人)|(?:我|就)要?去死|死了算了|1死了之|不如死了",
            r"不想(?:再|要)?(?:继续)?活(?:了|下去|着|$|[,.!?~])|(?<![团会部店业司组])(?:活不下去|没法活了)",
            rf"{_I}[^,.!?]{{0,4}}(?:生不如死|(?:写|留)[了好下]*遗书)",
        )
    )
)
_SAID_IN_ENGLISH = re.compile(
    r"\b(?:"
    r"(?:kill|hurt|harm|cut)(?:t?ing)? myself|self[- ]harm(?:ing)?|"
    r"(?:end|take|ending|taking) my (?:own )?life|suicide (?:hotline|helpline)|"
    r"(?:commit(?:ting)?|thinking (?:of|about)) suicide|"
    r"suicidal(?! (?:attack|bomb|mission|terror))|"
    r"(?:want(?:ed)? to|wanna) die(?! for)|"
    r"(?:don'?t|do not) (?:want to|wanna) (?:live(?! (?:in|on|off|with|at))|be alive)"
    r")\b"
)


def speaks_of_self_harm(normalised_text: str) -> bool:
    """Whether somebody says in so many words that they, or a person near them, may take their life."""
    return bool(_SAID.search(normalised_text.replace(" ", "")) or _SAID_IN_ENGLISH.search(normalised_text))
