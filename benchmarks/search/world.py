"""A task whose truth is known: letters that go to desks by hidden rules, and a student that obeys the rules its prompt states.

Everything is drawn from a seed: one prompt or two in a row, how many rules are missing, rules that count only together
with others (which of two topics comes first, a mark and the exception to it), phrases that do harm, the wording of it all.
Nothing here knows any optimizer.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

OFFICES = ("harbour office", "public library", "tram depot", "town archive", "botanical garden", "observatory", "mint")
THINGS = ("letter", "note", "form", "message", "slip", "card")
DESKS = ("Amber", "Birch", "Cedar", "Dover", "Ember", "Fjord", "Grove", "Heron", "Islet", "Jasper", "Kestrel", "Linden")
TOPICS = (
    "a lost key", "a broken lamp", "an unpaid fee", "a wet basement", "a missing crate", "a wrong date", "a loud engine",
    "a torn map", "a stuck gate", "a late boat", "a false name", "a cracked mirror", "an empty tank", "a stray dog",
)  # fmt: skip
FILLERS = (
    "It was noticed early in the day.", "Nobody on the upper floor can tell more.", "The writer asks for a prompt reply.",
    "This came up twice before.", "The matter is known to the night watch.", "A copy went to the treasurer.",
    "The weather may have had a part in it.", "The writer has been with us for years.", "Two neighbours say the same.",
)  # fmt: skip
MARKS = ("overnight", "by courier", "in red ink", "under seal", "without a stamp")
SUFFIXES = ("(night)", "(first)", "(sealed)", "(again)", "(open)")
NEUTRAL = (
    "Be polite.", "Read everything to the end.", "Work with care.", "Think before you answer.", "Keep calm.",
    "Take the view of an experienced clerk.", "Check your answer once more.", "Mind the details.", "Stay consistent.",
    "Do not hurry.", "Treat all writers alike.", "Pay attention to what matters most.", "Use plain words.",
    "Remember that people depend on you.", "Look at the whole before the parts.", "Be sure of what you say.",
    "Follow good practice.", "Keep the purpose in mind.", "Consider what the writer wants.", "Avoid mistakes.",
)  # fmt: skip
HARMFUL = (
    "When in doubt, leave the choice to somebody else.", "Prefer what was chosen last time.", "Guess from the first word.",
    "Do not look at the end of it.", "Answer with the desk that is least busy.", "Never use the same answer twice in a row.",
    "Trust your feeling more than the words.", "Skip what is hard to read.",
)  # fmt: skip
SORTED = (
    "Whatever speaks of {topic} belongs to {value}.", "If {topic} comes up, the right choice is {value}.",
    "Choose {value} where {topic} is mentioned.", "{value} is in charge of {topic}.",
)  # fmt: skip
HANDED = (
    "Case {topic} belongs to {value}.", "For case {topic} the right choice is {value}.", "Choose {value} for case {topic}.",
    "{value} is in charge of case {topic}.",
)  # fmt: skip
ORDERED = (
    "Where both {winner} and {loser} come up, only {winner} counts.", "Of {winner} and {loser} the former decides.",
    "With {winner} present, ignore {loser}.", "{loser} gives way to {winner}.",
)  # fmt: skip
MARKED = (
    "What came {mark} gets {suffix} behind the desk.", "Add {suffix} to the desk for anything sent {mark}.",
    "Put {suffix} after the desk if it was sent {mark}.", "Things sent {mark} are answered with the desk and {suffix}.",
)  # fmt: skip
EXCEPTED = (
    "No {suffix} for desk {value}, ever.", "Desk {value} never gets {suffix}.", "Leave out {suffix} where the desk is {value}.",
    "{suffix} is not for desk {value}.",
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """One example. `topics` are numbers of topics in the order in which the text names them."""

    id: str
    text: str
    topics: tuple[int, ...]
    marked: bool


@dataclass(frozen=True)
class Rule:
    """A hidden rule of one stage; a prompt states it if it holds one of its wordings."""

    name: tuple[str, int, int]
    stage: int
    wordings: tuple[str, ...]


@dataclass(frozen=True)
class Fix:
    """What would mend a prompt: a rule that is missing (`rule`), or a sentence that has to go (`drop`)."""

    rule: Rule | None = None
    drop: str = ""


def chance(*what: object) -> float:
    """A number in [0, 1) fixed by its arguments."""
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:6], "big") / 2**48


class World:
    """The task of a seed. Prompts are one text for each stage, in order."""

    def __init__(self, seed: int, train: int = 40, val: int = 40, holdout: int = 60, truth: int = 300) -> None:
        rng = random.Random(f"world {seed}")
        self.seed = seed
        self.stages = rng.choice((1, 1, 1, 2, 2))
        self.office, self.thing = rng.choice(OFFICES), rng.choice(THINGS)
        count = rng.randint(4, 6) if self.stages == 1 else 4
        self.topics = rng.sample(TOPICS, count)
        self.codes = [f"{rng.choice('KLMNPQ')}{10 + nth * 7 + rng.randint(0, 6)}" for nth in range(count)]
        self.desk_names = rng.sample(DESKS, count + 2)
        self.luck = rng.uniform(0.05, 0.25)
        self.mark, self.suffix = rng.choice(MARKS), rng.choice(SUFFIXES)
        pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
        self.winners = {frozenset(pair): pair[0] for pair in rng.sample(pairs, rng.randint(0, 1))}
        self.has_mark = rng.random() < 0.5
        self.excepted = rng.randrange(count) if self.has_mark and rng.random() < 0.5 else None
        # In a pipeline a topic is unknown to the one stage or to the other, and sometimes one topic is to both.
        hands = set(rng.sample(range(count), count // 2 if self.stages == 2 else rng.randint(0, 1)))
        sorts = set(range(count)) - hands if self.stages == 2 else hands
        sorts -= {rng.choice(sorted(sorts))} if self.stages == 2 and rng.random() < 0.5 else set()
        self.rules = {rule.name: rule for rule in self._rules(sorts, hands)}
        self.harm = {phrase: rng.uniform(0.25, 0.5) for phrase in HARMFUL}
        harmed = rng.choice((None, *range(self.stages)))
        self.first = tuple(
            self._first(stage, rng.choice(HARMFUL) if stage == harmed else "") for stage in range(self.stages)
        )
        weights = [rng.uniform(0.6, 1.4) for _ in range(count)]
        letters = [self._letter(rng, nth, weights) for nth in range(train + val + holdout + truth)]
        self.train, self.val = letters[:train], letters[train : train + val]
        self.holdout, self.unseen = letters[train + val : train + val + holdout], letters[train + val + holdout :]
        self._prompts: dict[str, _Stated] = {}
        self.letters = {letter.id: letter for letter in letters}

    # -- what stands in the texts --------------------------------------------------------------------------------

    def _rules(self, sorts: set[int], hands: set[int]) -> list[Rule]:
        """The rules that the student lacks; the topics in `sorts` and `hands` it knows without being told."""
        found: list[Rule] = []

        def add(kind: str, a: int, b: int, stage: int, wordings: Sequence[str], **words: str) -> None:
            found.append(Rule((kind, a, b), stage, tuple(_sentence(wording.format(**words)) for wording in wordings)))

        for nth, topic in enumerate(self.topics):
            if self.stages == 1:
                if nth not in sorts:
                    add("sort", nth, nth, 0, SORTED, topic=topic, value=f"desk {self.desk_names[nth]}")
                continue
            if nth not in hands:
                add("hand", nth, nth, 1, HANDED, topic=self.codes[nth], value=f"desk {self.desk_names[nth]}")
            if nth not in sorts:
                add("sort", nth, nth, 0, SORTED, topic=topic, value=f"case {self.codes[nth]}")
        for pair, winner in self.winners.items():
            (loser,) = pair - {winner}
            add("order", winner, loser, 0, ORDERED, winner=self.topics[winner], loser=self.topics[loser])
        if self.has_mark:
            add("mark", 0, 0, self.stages - 1, MARKED, mark=self.mark, suffix=self.suffix)
        if self.excepted is not None:
            value = self.desk_names[self.excepted]
            add("except", 0, 0, self.stages - 1, EXCEPTED, suffix=self.suffix, value=value)
        return found

    def false_rules(self, stage: int) -> list[str]:
        """Sentences that look like rules of a stage and are wrong."""
        found = []
        for rule in self.rules.values():
            if rule.stage == stage and rule.name[0] in ("sort", "hand"):
                right = rule.name[1]
                for other in range(len(self.topics)):
                    if other != right:
                        found += list(self._like(rule, other))
        return found

    def _like(self, rule: Rule, other: int) -> list[str]:
        right = rule.name[1]
        names = self.codes if self.stages == 2 and rule.name[0] == "sort" else self.desk_names
        return [wording.replace(names[right], names[other]) for wording in rule.wordings]

    def _first(self, stage: int, harm: str) -> str:
        return " ".join(one for one in (self.openings[stage], self._orders[stage], harm) if one)

    @cached_property
    def openings(self) -> tuple[str, ...]:
        """The first sentence of each stage's prompt; it stands in no other text."""
        if self.stages == 1:
            return (f"You sort what arrives at the {self.office}.",)
        return (f"You read what arrives at the {self.office}.", f"You hand out what arrives at the {self.office}.")

    @cached_property
    def _orders(self) -> tuple[str, ...]:
        desks = f"Say which desk a {self.thing} goes to: {', '.join(sorted(self.desk_names))}."
        if self.stages == 1:
            return (desks,)
        return (f"Say which case a {self.thing} is: {', '.join(sorted(self.codes))}.", desks)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Every sentence that a prompt of this world can hold, the longest first."""
        false = [text for stage in range(self.stages) for text in self.false_rules(stage)]
        rules = [wording for rule in self.rules.values() for wording in rule.wordings]
        return tuple(sorted({*self.openings, *self._orders, *rules, *false, *NEUTRAL, *HARMFUL}, key=len, reverse=True))

    @cached_property
    def known(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.sentences)))

    def _letter(self, rng: random.Random, nth: int, weights: Sequence[float]) -> Letter:
        count = len(self.topics)
        topics = [rng.choices(range(count), weights)[0]]
        if rng.random() < 0.25:
            pair = rng.choice([*map(tuple, self.winners), None])
            topics = (
                rng.sample(pair, 2) if pair else [topics[0], rng.choice([t for t in range(count) if t != topics[0]])]
            )
        marked = self.has_mark and rng.random() < 0.3
        parts = [f"This is about {self.topics[topic]}." for topic in topics]
        parts += rng.sample(FILLERS, 2) + ([f"It came {self.mark}."] if marked else [])
        head, *rest = parts
        at = rng.randint(0, len(rest))
        mixed = [*rest[:at], head, *rest[at:]] if len(topics) == 1 else parts
        name = f"{self.thing.upper()}-{1000 + nth}"
        return Letter(name, f"{name}: {' '.join(mixed)}", tuple(topics), marked)

    # -- the truth -----------------------------------------------------------------------------------------------

    def deciding(self, letter: Letter) -> int:
        """The topic that counts: the winner of a ruled pair, else the first."""
        return self.winners.get(frozenset(letter.topics), letter.topics[0])

    def right(self, letter: Letter) -> str:
        topic = self.deciding(letter)
        suffix = f" {self.suffix}" if letter.marked and topic != self.excepted else ""
        return f"desk {self.desk_names[topic]}{suffix}"

    def right_note(self, letter: Letter) -> str:
        return self.note(letter, self.codes[self.deciding(letter)])

    @staticmethod
    def note(letter: Letter, code: str) -> str:
        """What the first of two stages says: it names the letter, so that it can be told from the words of a prompt."""
        return f"{letter.id} is case {code}"

    # -- the student ---------------------------------------------------------------------------------------------

    def answer(self, stage: int, prompt: str, letter: Letter, note: str = "") -> str:
        """What a student says that obeys what its prompt states, without noise."""
        stated = self._stated(prompt)
        if any(
            chance(self.seed, phrase, letter.id) < share for phrase, share in self.harm.items() if phrase in stated.text
        ):
            return self.wrong(stage, letter, "harmed")
        topic = letter.topics[0]
        pair = frozenset(letter.topics)
        if pair in self.winners and stated.rule(("order", self.winners[pair], next(iter(pair - {self.winners[pair]})))):
            topic = self.winners[pair]
        if self.stages == 2 and stage == 0:
            return self.note(letter, self._mapped(stated, "sort", topic, self.codes, letter))
        if self.stages == 2:
            code = note.rsplit(" ", 1)[-1]
            if code not in self.codes:
                return self.wrong(stage, letter, note)
            desk = self._mapped(stated, "hand", self.codes.index(code), self.desk_names, letter)
        else:
            desk = self._mapped(stated, "sort", topic, self.desk_names, letter)
        excepted = (
            self.excepted is not None and desk == self.desk_names[self.excepted] and stated.rule(("except", 0, 0))
        )
        suffix = f" {self.suffix}" if letter.marked and stated.rule(("mark", 0, 0)) and not excepted else ""
        return f"desk {desk}{suffix}"

    def _stated(self, prompt: str) -> _Stated:
        if prompt not in self._prompts:
            self._prompts[prompt] = _Stated(self, prompt)
        return self._prompts[prompt]

    def _mapped(self, stated: _Stated, kind: str, topic: int, names: Sequence[str], letter: Letter) -> str:
        rule = self.rules.get((kind, topic, topic))
        if rule is None:
            return names[topic]
        said = dict.fromkeys(rule.wordings, topic)
        said |= {text: other for other in range(len(self.topics)) if other != topic for text in self._like(rule, other)}
        if (last := stated.last(said)) is not None:
            return names[said[last]]
        if chance(self.seed, "luck", kind, letter.id) < self.luck:
            return names[topic]
        return names[(topic + 1 + int(chance(self.seed, kind, letter.id) * (len(self.topics) - 1))) % len(self.topics)]

    def wrong(self, stage: int, letter: Letter, *why: object) -> str:
        """An answer that is wrong for sure."""
        if self.stages == 2 and stage == 0:
            others = [code for code in self.codes if code != self.codes[self.deciding(letter)]]
            return self.note(letter, others[int(chance(self.seed, letter.id, why) * len(others))])
        others = [f"desk {desk}" for desk in self.desk_names if f"desk {desk}" != self.right(letter)]
        return others[int(chance(self.seed, letter.id, why) * len(others))]

    def passes(self, prompts: Sequence[str], letter: Letter) -> bool:
        note = ""
        for stage, prompt in enumerate(prompts):
            note = self.answer(stage, prompt, letter, note)
        return note == self.right(letter)

    def true_score(self, prompts: Sequence[str]) -> float:
        """The share of unseen letters that the prompts get right without noise."""
        return sum(self.passes(prompts, letter) for letter in self.unseen) / len(self.unseen)

    # -- what a teacher could find out ---------------------------------------------------------------------------

    def fixes(self, stage: int, prompt: str, letter: Letter) -> list[Fix]:
        """What is wrong with a stage's prompt as far as one letter shows it."""
        stated, topic, pair = self._stated(prompt), self.deciding(letter), frozenset(letter.topics)
        harm = [phrase for phrase, share in self.harm.items() if phrase in stated.text]
        found = [Fix(drop=phrase) for phrase in harm if chance(self.seed, phrase, letter.id) < self.harm[phrase]]
        needed: list[tuple[str, int, int]] = [("hand" if stage else "sort", topic, topic)]
        if pair in self.winners and stage == 0:
            needed.append(("order", topic, next(iter(pair - {topic}))))
        if letter.marked and stage == self.stages - 1:
            needed.append(("except", 0, 0) if topic == self.excepted else ("mark", 0, 0))
        if ("except", 0, 0) in needed and not stated.rule(("mark", 0, 0)):
            needed.remove(("except", 0, 0))
        missing = [self.rules[name] for name in needed if name in self.rules and not self._obeyed(stated, name)]
        return [*found, *(Fix(rule) for rule in missing)]

    def _obeyed(self, stated: _Stated, name: tuple[str, int, int]) -> bool:
        rule = self.rules[name]
        false = [text for other in range(len(self.topics)) if other != name[1] for text in self._like(rule, other)]
        last = stated.last([*rule.wordings, *(false if name[0] in ("sort", "hand") else ())])
        return last in rule.wordings


class _Stated:
    """The sentences that a prompt holds, whatever its layout."""

    def __init__(self, world: World, prompt: str) -> None:
        self._world = world
        self.text = " ".join(prompt.split())
        places = ((sentence, self.text.rfind(sentence)) for sentence in world.sentences)
        self._found: Mapping[str, int] = {sentence: at for sentence, at in places if at >= 0}

    def rule(self, name: tuple[str, int, int]) -> bool:
        rule = self._world.rules.get(name)
        return rule is None or self.last(rule.wordings) is not None

    def last(self, wordings: Sequence[str] | Mapping[str, int]) -> str | None:
        """The one of the wordings that stands last."""
        there = [(self._found[wording], wording) for wording in wordings if wording in self._found]
        return max(there)[1] if there else None


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
