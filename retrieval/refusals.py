"""What is not answered whatever the library holds: by what a question is made of, and by wordings often met."""

from __future__ import annotations

import re
from enum import StrEnum

from retrieval import principles


class Refusal(StrEnum):
    """Why a question was not answered; the sentences are `refusal.<value>` in the locales."""

    NOTHING_FOUND = "nothing_found"
    OLD_TEXT = "old_text"
    COMING_TEXT = "coming_text"
    EMPTY_QUESTION = "empty_question"
    NOT_A_QUESTION = "not_a_question"
    OTHER_PEOPLE = "other_people"
    PREDICTION = "prediction"
    JUDGING_BELIEF = "judging_belief"
    SECRET_BALLOT = "secret_ballot"  # noqa: S105  the name of a reason, not a password
    EXAM_KEYS = "exam_keys"
    GHOST_WRITING = "ghost_writing"


# What half the library speaks of: nothing can be told from it alone.
_TOO_WIDE = re.compile(r"(?:入党|党员|支部|党支部|党组织|发展党员|申请|规定|细则|条例|学校|学生)[?.!~]*")
_FEW, _OVER_AND_OVER = 12, 8  # different letters, and how often each stands in a message: no sentence is like that
_SMALL_TALK = re.compile(
    r"^(你好|您好|哈喽|嗨|在吗|在么|谢谢|谢了|多谢|辛苦了?|好的|好|嗯+|哦+|ok|hi|hello|"
    r"thanks?|thank you|晚安|早安?|早上好|晚上好|再见|拜拜|收到|明白了?|知道了|测试|test|哈+|呵+)"
    r"[了啊呀哦吧呢老师你您们!.~,]*$"
)

# 某某, a name, or a person who is not the asker
_SOMEBODY = (
    r"(?:张三|李四|王五|小[明红刚华王李张]|某某|[^，,。]{0,4}(?:室友|舍友|同学|同桌|班长|女朋友|男朋友|前任|(?<!发展)对象|邻班|隔壁班?|朋友|学妹|学弟|竞争对手)"
    r"(?:[\u4e00-\u9fff]{0,3})|他|她|别人|其他人|别的同学|谁谁|那个人)"
)
# a name of two or three characters at the beginning; what only looks like one stands first
_NAMED = (
    r"(?!马上|何时|任何|高校|方法|程序|万一|施行|许多|季度|严重|党员|全部|应该|和|汇报|成绩|高中|高职|金融|江苏|石油|史料|钱|文件|毕业|华[侨人裔]|程序|周[末年一二三四五六日]|"
    r"高[三考年铁管]|任课|任职|方便|方案|武汉|武警|江西|韩国|夏季|夏令|范围|胡乱|董事|白天|顾问|康复|毛概|余下|史学|严格|严肃|"
    r"宋代|洪水|段考|何况|贺信|田野|石家|马克|马原|马列|金牌|施工|孔子|唐山|雷锋)"
    r"[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方任袁柳史唐薛雷贺倪汤罗毕郝邓董梁杜季贾江郭林钟徐邱高夏蔡田胡凌万卢丁洪石崔程陆段侯谭武刘龙叶黎乔曾黄宋余孟熊白尹邵龚顾康毛戴廖]"
    r"[\u4e00-\u9fff]{1,2}?"
)
_BECOMES = (
    r"(?:顺利|成功|按时|提前)?(?:入党|入上党|转正|预备|选上|当选|评上|推上|推优|通过|政审|"
    r"(?:当上?|成为|列为|确定为)(?:党员|正式党员|预备党员|入?党?积极分子|发展对象))"
)
_THEM = rf"(?:张三|李四|王五|赵六|小[明红刚华王李张]|{_NAMED})(?:老师|同学|学长|学姐|师兄|师姐)?"
_PAPERS = r"(思想汇报|申请书|志愿书|档案|材料|考察|政审|电话|手机|微信|学号|身份证|成绩)"
_RULES = re.compile(
    r"怎么处理|怎么办|规定|是什么意思|什么意思|流程|程序|怎么规定|能不能看|可以看|能看|谁能看|由谁|谁来|谁负责|细则|条例|影响"
)

_PATTERNS: tuple[tuple[Refusal, re.Pattern[str]], ...] = (
    (
        Refusal.SECRET_BALLOT,
        re.compile(
            r"(谁|哪(个|些)人?|是不是.{1,6}|有没有.{1,6})(给我|对我|在.{0,6}(会|大会)上?)?(投|打|划)了?.{0,4}(反对|弃权|赞成|不同意|同意)票?"
            r"|(反对|弃权|赞成)票?(都)?是(谁|哪些人|哪个)(投|打|画|划)?"
            r"|(谁|哪些人|哪几个人)(没|没有|不)(给我投票|投我|投赞成|同意我|选我)"
            r"|(查|看|告诉|透露|知道).{0,8}(每个人|各人|大家|别人|他|她|谁).{0,6}(怎么投|投了什么|投的(什么|谁)|的选票|的票)"
            r"|.{1,4}(投|选)(的是)?(我|他|她)(没有|了没|了吗)$"
            r"|(是不是|有没有|是否)(给我|对我)?(投|打)了?.{0,2}(反对|弃权|赞成)|(给|对)我投的?(是)?(什么|啥|哪种)票"
            r"|没(选|投)我.{0,3}谁|(反对|弃权|赞成|不同意)的人?都?(是|有)(谁|哪)|谁(反对|不同意|不支持)过?我"
        ),
    ),
    (
        Refusal.EXAM_KEYS,
        re.compile(
            r"(给|发|要|求|有没有|有无|能不能给|透露|泄露|搞到|弄到).{0,12}(考试|结业|党课|测验|期末|题库|试卷|试题|考题).{0,6}(答案|原题|真题|泄题)"
            r"|(考试|结业考|结业考试|党课考试|题库|试卷|试题|这道题|这套题).{0,8}(答案)(发|给|是什么|是啥|有吗|有没有|求|哪里|在哪)"
            r"|(今年|这次|这期|明天|下周|马上).{0,8}(考试|结业考|考).{0,6}(考什么题|考哪些题|原题|会考哪|出什么题)"
            r"|(帮我|替我|代我).{0,6}(考试|答题|做题|刷题|做.{0,4}卷)"
            r"|(题库|试卷|考试|结业考?).{0,4}(原题|真题|答案)(有没有|有吗|有么|在哪|给|发)"
            r"|(这次|今晚|今天|明天).{0,8}(测验|测试|考试).{0,4}考(什么|啥|哪些)题|(透露|泄露).{0,4}(考题|试题|题目)"
            r"|(给|发)我.{0,6}(党课|党校|结业).{0,4}(试题|考题|试卷)"
        ),
    ),
    (
        Refusal.GHOST_WRITING,
        re.compile(
            r"(帮我|替我|代我|(?<!没)(?<!没有)(?<!不)给我|请你|麻烦你)(写|编|拟|改写|润色|生成|起草|凑)(一|1|个|份|篇|几|下|出|段|封|点|我|的|写)*.{0,10}"
            r"(思想汇报|申请书|自传|心得|体会|小结|总结|志愿书|转正申请|发言稿|材料|意见|评语|动机|汇报|自我鉴定|短信|论文|作业)"
            r"|(给|来|发|求|要|有没有)(我)?(一|1|个|份|篇|几|下)*.{0,12}(范文|模板文|现成的|代写)"
            r"|范文(有吗|有没有|吗|在哪|呢)?[?]*$"
            r"|^(给|替|为).{1,6}(写|编|拟)(一|1)?(条|封|个|份|段)"
        ),
    ),
    (
        Refusal.OTHER_PEOPLE,
        re.compile(
            rf"({_SOMEBODY})的?(入党|政审|考察|转正|谈话|推优|公示|档案|思想汇报|申请书|志愿书|学号|电话|手机号?|身份证号?|成绩|家庭|材料|票数|得票|进度|记录|处分|党员身份)"
            r".{0,8}(怎么样|如何|结果|通过|多少|到哪|哪一步|给我|发我|看看|看一下|看下|查|是什么|内容|有没有|合格|写了|交了|过了|了没|了吗)"
            rf"|(查|看|告诉我|给我|发我|想知道|透露|打听|导出).{{0,6}}({_SOMEBODY})的?.{{0,4}}(入党|政审|考察|转正|谈话记录|推优|档案|思想汇报|申请书|志愿书|学号|电话|手机|身份证|成绩|家庭|材料|得票|进度|记录|处分)"
            rf"|^({_SOMEBODY})(是不是|是)(党员|积极分子|发展对象|预备党员)(吗|了吗|了没)?[?]*$"
            rf"|^({_SOMEBODY})(现在)?(到|走到|进行到)(哪[一1]?步|哪个阶段|什么阶段)"
            r"|(我们?|咱们?|全|本|你们)的?(班|支部|年级|学院|系|宿舍|寝室).{0,4}(谁|哪些人|哪几个|都有谁).{0,3}"
            r"(是(党员|积极|预备|发展)|最|没|被|挂科|交|入党|转正|通过|处分|有可能)"
            r"|名单.{0,4}(发我|给我|发一)|(发我|给我).{0,4}名单"
            r"|(书记|组织员|辅导员|联系人|介绍人|老师|校长|委员|班长)的?(手机|电话|微信|qq|住址|住哪|身份证|工资|家庭住址)"
            r"|(书记|组织员|辅导员|联系人|介绍人|老师|校长|院长|主席|班长).{0,4}(哪年|什么时候|几几年|何时)入(的)?党"
            r"|(背后|昨天|今天|会上|大家|他们|书记|组织员|联系人)[^?]{0,4}说了?我(什么|啥|坏话)"
            rf"|^(帮我|给我|我想)?(查|看)(查|看|一?下)*{_THEM}的?(入党)?{_PAPERS}|^小(?!组|结)[\u4e00-\u9fff]的(入党)?{_PAPERS}"
            r"|^(谁|哪些人|哪几个人?)(还)?没有?(交|写|来|通过)"
            rf"|^(帮我)?(查一?下|查查)?{_NAMED}(老师|同学|学长|学姐)?(是不是|是)(党员|积极分子|发展对象|预备党员)"
            rf"|^(帮我)?(查一?下|查查)?{_NAMED}(老师|同学|学长|学姐)?(入党|转正|通过|批准|推优|政审|选上)(了|过)(没|吗|么)"
            rf"|^{_THEM}的(入党|转正|公示|谈话|推优|{_PAPERS[1:-1]}).{{0,4}}(出来|交|写|过|好|办完|通过|批)了?(没有?|了没|了吗|了么|吗|么)?[?]*$"
            rf"|^{_THEM}(还要|还有|大概|到底|是|要)?(什么时候|啥时候|何时|几时|哪天|多久|哪年|几月)(才|就)?(能|可以|会|要)?{_BECOMES}"
        ),
    ),
    (
        Refusal.PREDICTION,
        re.compile(
            r"(我|本人|俺|他|她).{0,14}(能不能|能|会不会|会|可不可以|有没有可能|有可能|是不是能)(顺利|成功|按时|今年|这次|明年|一次性|最后|最终|被)?.{0,4}"
            r"(入(上)?党|选上|被选上|评上|通过|转正|推上|推优上|当上|成为(党员|预备党员|积极分子|发展对象)|过|批下来|批准)(吗|么|不|呢)?[?]*(帮我|给我)?(预测|算算|估计|猜|看看)"
            r"|(预测|算一?卦|占卜|估计一?下|猜一?下|猜猜|算算|帮我算).{0,10}(我|他|她)?.{0,8}(能不能|会不会|能|会|几率|概率|机会|入党|选上|转正|通过)"
            r"|(我|他|她|本人).{0,20}(几率|概率|胜算|希望大|机会大|可能性|把握|几成)(有?多[大少高]|大[吗不]|高[吗不]|不[大高]|是多少|有吗|吗|$)"
            r"|我(能不能|能|会不会|会)[一1]次(性|就)?(通?过)"
            r"|(我|他|她).{0,6}(今年|这次|明年|下次|最后|到底|一定)(能|会|能不能|会不会|肯定能)(入上?党|被?选上|评上|通过|转正|过|被?批准)(吗|么|不|没)?[?]*$"
            r"|你(觉得|看|认为|说|猜)(我|他|她|我们).{0,10}(能不能|会不会|能|会|有没有戏|有戏|够不够|行不行)"
            r"|(我|他|她).{0,8}(适合|配|够格)(入党|当党员|做党员)(吗|么|不)?"
            rf"|^{_THEM}(今年|这次|明年|这学期|最后|到底|还)?(能不能|能|会不会|会|可不可以|可以|有没有可能|有可能|够不够格?){_BECOMES}"
            r"|(我|他|她)(今年|这次|这回)?(还)?有(没有)?(戏|希望|机会)(入党|选上|转正|通过)?(吗|么|没)?[?]*$"
        ),
    ),
    (
        Refusal.JUDGING_BELIEF,
        re.compile(
            r"(评价|判断|鉴定|分析|评估|打分|打个分|评一评|看看|测一?测|测试|检测)(一?下)?.{0,8}(我|他|她|同学|室友|舍友|某某|张三|李四|这个人).{0,8}"
            r"(的)?.{0,4}(思想觉悟|觉悟|信仰|动机|忠诚|政治立场|立场|思想|入党动机|真心|态度|政治素质)"
            r"|(我|他|她|张三|李四|室友|舍友|这个人|.{1,3}同学).{0,4}(的)?(思想觉悟|觉悟|信仰|入党动机|动机|忠诚度?|政治立场|思想)(纯不纯|纯吗|高不高|高吗|够不够|够吗|坚定吗|坚不坚定|正不正|端正吗|有没有问题|有问题吗|怎么样|如何|合格吗|真不真|多少分|算高吗)"
            r"|(他|她|室友|舍友|张三|李四|.{1,3}同学)(是不是|算不算)(真心|真的|真正)?.{0,3}(想入党|信仰|忠诚|投机|为了(好处|利益|找工作|考公))"
            r"|(我|他|她)的?(思想|觉悟)(够不够|够|算不算|算)?先进|(我|他|她)(算不算|算|是不是|够不够|够|真的)?忠诚(吗|不|么)?[?]*$"
            r"|给(我|他|她).{0,4}(觉悟|忠诚|动机|思想|信仰).{0,3}打个?分"
            r"|(谁|哪些人|哪个人).{0,6}(动机不纯|思想有问题|觉悟低|不忠诚|信仰不坚定)"
        ),
    ),
)


_PRINCIPLES = (
    (Refusal.SECRET_BALLOT, principles.SECRET_BALLOT),
    (Refusal.EXAM_KEYS, principles.EXAM_KEYS),
    (Refusal.JUDGING_BELIEF, principles.JUDGING_BELIEF),
    (Refusal.OTHER_PEOPLE, principles.OTHER_PEOPLE),
    (Refusal.PREDICTION, principles.PREDICTION),
)


def says_nothing(normalised_question: str) -> bool:
    """Signs alone, one letter, the same few over and over, or a word that half the library speaks of."""
    letters = [character for character in normalised_question if character.isalnum()]
    distinct = len(set(letters))
    if _TOO_WIDE.fullmatch(normalised_question):
        return True
    return distinct < 2 or (distinct < _FEW and len(letters) >= _OVER_AND_OVER * max(distinct, 4))


def small_talk(normalised_question: str) -> bool:
    """A greeting, thanks, an acknowledgement: nothing to look up."""
    return _SMALL_TALK.match(normalised_question) is not None


def on_principle(normalised_question: str) -> Refusal | None:
    """The reason for which this is not answered, None for an ordinary question."""
    text = normalised_question.replace(" ", "")
    made_of = (reason for reason, rules in _PRINCIPLES if any(rule.holds(text) for rule in rules))
    worded = (reason for reason, pattern in _PATTERNS if pattern.search(text) and not _RULES.search(text))
    return next(made_of, None) or next(worded, None)
