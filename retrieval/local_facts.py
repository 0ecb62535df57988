"""Facts that rules seldom hold: which room, whose telephone, what it costs. A text that names none is no answer."""

from __future__ import annotations

import re

NAMES_NONE = 0.1  # confidence at most, where what is asked for does not stand in the passage
_ROOM = r"教室|会议室|办公室|活动室|报告厅|房间|楼|校区|食堂|窗口|礼堂|墙"
_N = r"[\d一二三四五六七八九十]"  # a single Chinese digit stays one when a text is normalised
_ASKS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(
            rf"(?:哪|什么|啥)(?:1?个|1?间|1?栋|1?座|1?层|1?面)?(?:{_ROOM})|几号?(?:教|教室|会议室|窗口)|(?:{_ROOM})(?:号|在哪|是哪)"
            r"|在(?:哪|哪里|哪儿|啥地方|什么地方)(?:开|举行|集合|上课?|办公|考试|领|打印)"
            r"|支部(?:的?办公室)?在(?:哪|哪里|哪儿|什么地方|啥地方)$"
        ),
        re.compile(rf"{_ROOM}|地点|场所"),
    ),
    (re.compile(r"几(?:号)?(?:楼|层)"), re.compile(rf"{_N}号?(?:楼|层)|楼{_N}")),
    (
        re.compile(
            r"(?:电话|手机|号码|微信|qq|邮箱|群号|网址|账号|密码)(?:号码?)?(?:是|为)?(?:多少|什么|啥|哪|几|有吗|给我|发我)"
        ),
        re.compile(r"\d{3,}[-\d]{3,}|@|www|https?"),
    ),
    (
        re.compile(
            r"要钱|收钱|花钱[吗不么]|花不花钱|多少钱|几块钱|[花收]费(?:吗|不|么|$)|免费|门票|补[贴助](?!会)|津贴|工资|报酬|价[格钱]|发钱|有钱拿|报销(?!了)"
        ),
        re.compile(r"费|钱|元|报酬|补贴|津贴|报销|帮扶"),
    ),
    (
        re.compile(
            r"几点|星期几|周几|(?:定|安排|排|订|放)在(?:几[号月]|哪[1天日周]|什么时候|啥时候)|(?:这|本|下)(?:个)?(?:周|星期|月|学期).{0,12}(?:几号|哪天)"
        ),
        re.compile(rf"{_N}[点时:]|上午|下午|星期|周(?:{_N}|[日末])|{_N}月{_N}+日"),
    ),
    (
        re.compile(
            r"(?<!由)谁(?:来|去)?(?:主持|表演|领唱|拍照|订餐|打扫|带队|买单)|(?:在|去|到)?(?:哪里?|哪儿|啥地方)(?:可以|能)?(?:做|买|订购|洗|修|吃|住|租|停车)"
        ),
        re.compile(r"主持|购买|定做"),
    ),
    (
        re.compile(r"(?<!交给)(?:哪个|哪位|哪1个)(?:老师|辅导员)|老师(?:叫|姓)(?:什么|啥)"),
        re.compile(r"老师|辅导员"),
    ),
)


def lacks_local_fact(normalised_question: str, normalised_text: str) -> bool:
    """Whether a room, a number or a name is asked for that this text can't give."""
    question = normalised_question.replace(" ", "")
    return any(asks.search(question) and not gives.search(normalised_text) for asks, gives in _ASKS)
