"""The measurements, each a list of rows {part, who, what, value, unit, target}."""

from __future__ import annotations

import math
import random
import statistics
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.delivering.letters import count_states, new_database, put_broadcast
from benchmarks.delivering.rig import FIRST_USER_ID, TOKEN, DurableCluster, Process, Telegram, telegram

PLATFORM_PER_SECOND = 30
IN_FLIGHT = 8
Row = dict[str, Any]


class Bench:
    """What all parts share."""

    def __init__(self, options: Namespace, folder: Path, cluster: DurableCluster | None) -> None:
        self.options = options
        self.folder = folder
        self.cluster = cluster
        self.databases = ["sqlite", *(["postgres"] if cluster else [])]
        self.peers = () if options.no_peers else ("aiogram", "ptb")

    def database(self, kind: str) -> str:
        return new_database(kind, self.folder, self.cluster)

    def throughput(self) -> list[Row]:
        """Update to reply: everything that a person sends is answered."""
        rows: list[Row] = []
        for kind in self.databases:
            url = self.database(kind)
            rows += self._answering(f"Waymark, {kind}", partial(self._answerer, url), 300)
        for peer in self.peers:
            rows += self._answering(f"{NAMES[peer]}, nothing kept", partial(self._echo, peer), None)
        return rows

    def _answerer(self, url: str, api: str) -> Process:
        return Process(OURS, "--database", url, "--api", api)

    def _echo(self, peer: str, api: str) -> Process:
        return Process(PEERS, peer, "echo", "--api", api)

    def _answering(self, who: str, start: Callable[[str], Process], target: int | None) -> list[Row]:
        people, count = 300, self.options.updates
        with telegram(people) as platform:
            process = start(platform.address)
            try:
                process.says()
                platform.says([(FIRST_USER_ID + n % people, "warm") for n in range(100)])
                platform.waits_for(100, 60, process)
                cpu, its_cpu, began = process.cpu_seconds(), platform.process.cpu_seconds(), time.monotonic()
                platform.says([(FIRST_USER_ID + n % people, f"question {n}") for n in range(count)])
                platform.waits_for(100 + count, 300, process)
                spent, cpu = time.monotonic() - began, process.cpu_seconds() - cpu
                its_cpu = platform.process.cpu_seconds() - its_cpu
                answers = Counter(text for _, _, text in platform.messages())
            finally:
                process.kill()
        size = f"{count:,} updates of {people} people"
        wrong = sum(1 for n in range(count) if answers[f"echo question {n}"] != 1)
        return [
            row("throughput", who, "answered", count / spent, "a second", f"≥ {target}" if target else "", size),
            row("throughput", who, "its own CPU for one", cpu / count * 1000, "ms"),
            row("throughput", who, "the emulator's CPU for one", its_cpu / count * 1000, "ms"),
            row("throughput", who, "not answered exactly once", wrong, "updates", "0" if target else ""),
        ]

    def limit(self) -> list[Row]:
        """A broadcast against Telegram's own limits."""
        rows: list[Row] = []
        for kind in self.databases:
            url = self.database(kind)
            put_broadcast(url, self._people())
            rows += self._at_the_limit(f"Waymark, {kind}", partial(self._ours, url), ours=True)
        for peer in self.peers:
            rows += self._at_the_limit(NAMES[peer], partial(self._peer, peer))
        return rows

    def _people(self) -> range:
        return range(FIRST_USER_ID, FIRST_USER_ID + self.options.recipients)

    def _ours(self, url: str, api: str) -> Process:
        return Process(OURS, "--database", url, "--api", api, "--per-second", str(PLATFORM_PER_SECOND), "--deaf")

    def _peer(self, peer: str, api: str) -> Process:
        people = self._people()
        return Process(PEERS, peer, "broadcast", "--api", api, "--users", str(len(people)), "--first", str(people[0]))

    def _at_the_limit(self, who: str, start: Callable[[str], Process], *, ours: bool = False) -> list[Row]:
        count = self.options.recipients
        with telegram(count, limits=True) as platform:
            process = start(platform.address)
            try:
                platform.waits_for(count, count / 5 + 60, process)
            except TimeoutError:
                pass
            finally:
                process.kill()
            moments = [moment for _, moment, _ in platform.messages()]
            refused = platform.stats()["limited"]
        share = (len(moments) - 1) / (moments[-1] - moments[0]) / PLATFORM_PER_SECOND if len(moments) > 1 else 0.0
        return [
            row(
                "limit", who, "share of 30 a second", share * 100, "%", "≥ 95" if ours else "", f"{count:,} recipients"
            ),
            row("limit", who, "429 received", refused, "", "0" if ours else ""),
            row("limit", who, "recipients without it", count - len(moments), "people", "0" if ours else ""),
        ]

    def faults(self) -> list[Row]:
        """The same with 5 % faults and kills."""
        rows: list[Row] = []
        for kind in self.databases:
            url = self.database(kind)
            put_broadcast(url, self._people())
            rows += self._troubled(f"Waymark, {kind}", partial(self._ours, url), url)
        for peer in self.peers:
            rows += self._troubled(f"{NAMES[peer]}, 1 kill", partial(self._peer, peer), None)
        return rows

    def _troubled(self, who: str, start: Callable[[str], Process], url: str | None) -> list[Row]:
        chance, count = random.Random(7), self.options.recipients
        kills = self.options.kills if url else 1
        with telegram(count, limits=True) as platform:
            for number, (kind, part) in enumerate(FAULTS.items()):
                platform.fails(kind, probability=part, seed=number)
            done = 0
            process = start(platform.address)
            process.says()
            seconds = count / PLATFORM_PER_SECOND
            for _ in range(kills):
                time.sleep(max(1.5, seconds / (kills + 1) * (0.5 + chance.random())))
                process.kill()
                done += 1
                process = start(platform.address)
                process.says()
            ends = time.monotonic() + seconds * 3 + 120
            while time.monotonic() < ends and not self._is_over(process, platform, url):
                time.sleep(0.5)
            process.kill()
            received = Counter(chat for chat, _, _ in platform.messages())
            stats = platform.stats()
            lost_replies = self._lost_replies(stats, sum(received.values()))
        doubled = sum(times - 1 for times in received.values())
        allowed = lost_replies + done * IN_FLIGHT
        rows = [
            row("faults", who, "kills", done, "", size=f"{count:,} recipients, 5 % faults"),
            row("faults", who, "lost", count - len(received), "people", "0" if url else ""),
            row("faults", who, "doubled", doubled, "messages", f"≤ {allowed}" if url else ""),
            row("faults", who, "of these avoidable", max(0, doubled - allowed), "messages", "0" if url else ""),
            row("faults", who, "sent too early after a 429", stats["impatient"], "requests", "0" if url else ""),
        ]
        if url:
            rows.append(row("faults", who, "outbox says", -1, str(count_states(url))))
        return rows

    def _is_over(self, process: Process, platform: Telegram, url: str | None) -> bool:
        if url is None:
            try:
                return bool(process.says(0.1) == "done")
            except TimeoutError:
                return process.has_ended
        states = count_states(url)
        return not states.get("queued") and not states.get("sending")

    @staticmethod
    def _lost_replies(stats: dict[str, Any], messages: int) -> int:
        """Messages that took effect although nobody was told so."""
        return messages - int(stats["requests"].get("sendMessage 200", 0))

    def question(self) -> list[Row]:
        """A question while a broadcast waits."""
        rows: list[Row] = []
        for kind in self.databases:
            url = self.database(kind)
            waiting = range(FIRST_USER_ID + 1000, FIRST_USER_ID + 1000 + self.options.waiting)
            put_broadcast(url, waiting)
            spent = sorted(self._asked(url))
            p99 = spent[math.ceil(len(spent) * 0.99) - 1]
            who, size = f"Waymark, {kind}", f"{len(spent)} questions, {len(waiting):,} rows wait"
            rows += [
                row("question", who, "answer, median", statistics.median(spent) * 1000, "ms", size=size),
                row("question", who, "answer, p99", p99 * 1000, "ms", "≤ 500", size),
            ]
        return rows

    def _asked(self, url: str) -> list[float]:
        chance, asked = random.Random(3), {}
        with telegram(1000 + self.options.waiting, limits=True) as platform:
            arguments = ("--database", url, "--api", platform.address, "--per-second", "25")
            process = Process(OURS, *arguments)
            try:
                process.says()
                platform.waits_for(50, 60, process)
                for number in range(self.options.questions):
                    time.sleep(0.1 + 0.2 * chance.random())
                    asked[f"echo question {number}"] = time.time()
                    platform.says([(FIRST_USER_ID + number % 1000, f"question {number}")])
                time.sleep(3)
                answered = {text: moment for _, moment, text in platform.messages()}
            finally:
                process.kill()
        return [answered.get(text, math.inf) - moment for text, moment in asked.items()]

    def drain(self) -> list[Row]:
        """Letters that a platform takes at once: one worker, then two."""
        rows: list[Row] = []
        speeds: dict[int, float] = {}
        if self.cluster is None:
            return rows
        for workers in (1, 2, 4)[: self.options.workers_most.bit_length()]:
            url = self.database("postgres")
            put_broadcast(url, range(1, 1 + self.options.drained))
            processes = [Process(DRAINER, "--database", url) for _ in range(workers)]
            for process in processes:
                process.says()
            began = time.time()
            for process in processes:
                process.hears("go")
            told = [process.says(300).split() for process in processes]
            carried, ended = sum(int(one[0]) for one in told), max(float(one[1]) for one in told)
            for process in processes:
                process.stop()
            speeds[workers] = self.options.drained / (ended - began)
            who = f"Waymark, postgres, {workers} worker{'s' * (workers > 1)}"
            target = "≥ 1000" if workers == 1 else ""
            size = f"{self.options.drained:,} rows"
            rows.append(row("drain", who, "letters", speeds[workers], "a second", target, size))
            rows.append(row("drain", who, "carried more than once", carried - self.options.drained, "letters", "0"))
            if workers > 1:
                target = "≥ 1.7" if workers == 2 else ""
                rows.append(row("drain", who, "against one", speeds[workers] / speeds[1], "times", target))
        return rows

    def broadcast(self) -> list[Row]:
        """From the outbox to the platform, with no limits on either side."""
        rows: list[Row] = []
        count = self.options.broadcast
        for kind in self.databases:
            url = self.database(kind)
            put_broadcast(url, range(FIRST_USER_ID, FIRST_USER_ID + count))
            with telegram(count) as platform:
                began = time.monotonic()
                process = Process(OURS, "--database", url, "--api", platform.address, "--deaf")
                try:
                    process.says()
                    platform.waits_for(count, 60 + count / 50, process)
                    spent = time.monotonic() - began
                    memory = process.memory_mib("VmHWM")
                finally:
                    process.kill()
                received = Counter(chat for chat, _, _ in platform.messages())
            who, size = f"Waymark, {kind}", f"{count:,} recipients"
            doubled = sum(times - 1 for times in received.values())
            rows += [
                row("broadcast", who, "all at the platform", spent, "s", size=size),
                row("broadcast", who, "letters", count / spent, "a second"),
                row("broadcast", who, "memory at most", memory, "MiB"),
                row("broadcast", who, "lost or doubled", count - len(received) + doubled, "letters", "0"),
            ]
        return rows

    def idle(self) -> list[Row]:
        """The whole house, with nothing to do."""
        with telegram(1) as platform:
            env = {
                "WAYMARK_DATA": str(self.folder / "idle"),
                "WAYMARK_TELEGRAM_TOKEN": TOKEN,
                "WAYMARK_TELEGRAM_API": platform.address,
                "WAYMARK_WEB_PORT": "0",
                "WAYMARK_LOG_LEVEL": "error",
            }
            process = Process("bot", "serve", env=env)
            try:
                process.says(240)
                time.sleep(20)  # the index is loaded after the start
                cpu, began = process.cpu_seconds(), time.monotonic()
                time.sleep(self.options.idle_seconds)
                share = (process.cpu_seconds() - cpu) / (time.monotonic() - began)
                memory = process.memory_mib()
            finally:
                process.stop()
        return [
            row("idle", "waymark serve", "memory", memory, "MiB", "≤ 300"),
            row("idle", "waymark serve", "CPU", share * 100, "% of a core", "≤ 1"),
        ]


OURS, PEERS, DRAINER = (f"benchmarks.delivering.{name}" for name in ("ours", "peers", "drainer"))
NAMES = {"aiogram": "aiogram, sleep and retry", "ptb": "python-telegram-bot, AIORateLimiter + JobQueue"}
FAULTS = {
    "dropped": 0.01,
    "dropped_after_effect": 0.01,
    "server_error": 0.01,
    "server_error_after_effect": 0.01,
    "too_many_requests": 0.01,
}


def row(part: str, who: str, what: str, value: float, unit: str, target: str = "", size: str = "") -> Row:
    """One line of the table; `met` where there is a target, `size` where the figure depends on one."""
    number = round(value, 2)
    met = None
    if target:
        sign, _, limit = target.rpartition(" ")
        met = {"≥": value >= float(limit), "≤": value <= float(limit), "": value == float(limit)}[sign]
    return {
        "part": part,
        "who": who,
        "what": what,
        "value": number,
        "unit": unit,
        "target": target,
        "met": met,
        "size": size,
    }
