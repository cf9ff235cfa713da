"""A teacher that reads the request of any optimizer and is right only part of the time.

It finds the text that is to be improved (it begins with a sentence that it knows), the letters that are shown, and advice that
was given before. From the letters it infers what is missing; each of its thoughts is right with the given chance, and else
says something neutral or harmful, or a rule that is wrong. Asked to write, it carries out the advice that the request holds, or
its own thoughts if there is none. What a request calls tried in vain it does not say again.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from formats import Content, Thought, filled, wants_text
from world import HARMFUL, NEUTRAL, Fix, Letter, World

MOST_THOUGHTS = 4
_ADVICE = re.compile(r"(Add|Remove) the sentence `([^`]+)`")
_IN_VAIN = re.compile(r"in vain|tried before|not improved|have tried|rejected", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s\-*•\"'>]*")
_NUMBER = re.compile(r"example\W{0,4}(\d+)\D{0,60}$", re.IGNORECASE)
_CUT_WITHIN = 100  # characters behind the last whole sentence in which an ellipsis says that a text is not all there
_NEAR = 200  # characters in which a name is followed by what it names
_TAKEN = 0.75  # the share of several pieces of advice that one rewriting carries out


@dataclass(frozen=True)
class _Block:
    """A prompt that stands in a request: its stage and its sentences in order."""

    stage: int
    sentences: tuple[str, ...]
    cut: bool


class Teacher:
    """Answers requests about one world; `right` is the chance that a thought is right."""

    def __init__(self, world: World, right: float) -> None:
        self.world = world
        self.right = right

    def answer(self, body: Mapping[str, Any], asked: str, rng: random.Random) -> str:
        """The answer to a request, whose messages are `asked`."""
        paragraphs = re.split(r"\n\s*\n", asked)
        vain = [one for one in paragraphs if _IN_VAIN.search(one.strip().split("\n", 1)[0])]
        tried = {sentence for one in vain for sentence in self.world.known.findall(_plain(one))}
        text = _plain("\n\n".join(one for one in paragraphs if one not in vain))
        block = self._block(text)
        letters = self._letters(text)
        said = Counter(_ADVICE.findall(text)) if wants_text(body, asked) else Counter()
        advice = [one for one in (_thought(*found) for found, _ in said.most_common()) if _fits(one, block)][
            :MOST_THOUGHTS
        ]
        if len(advice) > 1:
            advice = [one for one in advice if rng.random() < _TAKEN] or [rng.choice(advice)]
        thoughts = advice or self._thoughts(block, letters, text, tried, rng)
        judged = partial(self._judged, text, [letter for letter, _ in letters.values()], rng)
        return filled(body, asked, Content(thoughts, _carried_out(block, thoughts), judged))

    # -- reading -------------------------------------------------------------------------------------------------

    def _block(self, text: str) -> _Block:
        """The first prompt in the request; where it is cut short, a whole one of the same stage."""
        blocks = []
        for stage, opening in enumerate(self.world.openings):
            blocks += [
                (match.start(), self._block_at(text, match.start(), stage))
                for match in re.finditer(re.escape(opening), text)
            ]
        found = [block for _, block in sorted(blocks, key=lambda one: one[0])]
        if not found:
            return _Block(0, (), False)
        whole = [block for block in found if block.stage == found[0].stage and not block.cut]
        return whole[0] if whole else found[0]

    def _block_at(self, text: str, at: int, stage: int) -> _Block:
        sentences = []
        while match := self.world.known.match(text, at):
            sentences.append(match.group())
            between = _BETWEEN.match(text, match.end())
            at = between.end() if between else match.end()
        return _Block(stage, tuple(sentences), "..." in text[at : at + _CUT_WITHIN])

    def _letters(self, text: str) -> dict[str, tuple[Letter, int]]:
        """The letters that the request shows, each with its number if it has one."""
        found: dict[str, tuple[Letter, int]] = {}
        for match in re.finditer(rf"{self.world.thing.upper()}-\d+", text):
            letter = self.world.letters.get(match.group())
            if letter is not None and letter.id not in found:
                number = _NUMBER.search(text[max(0, match.start() - 80) : match.start()])
                found[letter.id] = (letter, int(number[1]) if number else 0)
        return found

    # -- thinking ------------------------------------------------------------------------------------------------

    def _thoughts(
        self, block: _Block, shown: Mapping[str, tuple[Letter, int]], text: str, tried: set[str], rng: random.Random
    ) -> list[Thought]:
        if not block.sentences:
            return []  # no prompt is in question, only an answer
        prompt = " ".join(block.sentences)
        numbers: dict[Fix, list[int]] = {}
        count: Counter[Fix] = Counter()
        for letter, number in shown.values():
            for fix in self.world.fixes(block.stage, prompt, letter):
                count[fix] += 1 if number else 0
                numbers.setdefault(fix, []).extend([number] if number else [])
        causes = sorted(numbers, key=lambda fix: -count[fix])
        if not causes and len(shown) == 1:
            return []
        thoughts: dict[Thought, None] = {}
        for _ in range(min(MOST_THOUGHTS, max(1, len(causes)))):
            if causes and rng.random() < self.right:
                fix = causes.pop(0)
                thought = self._right(fix, tuple(numbers[fix]), tried, rng)
            else:
                numbered = [number for _, number in shown.values() if number]
                meant = tuple(sorted(rng.sample(numbered, min(len(numbered), rng.randint(1, 3)))))
                thought = self._wrong(block, tried, meant, rng)
            thoughts[thought] = None
        return list(thoughts)

    @staticmethod
    def _right(fix: Fix, numbers: tuple[int, ...], tried: set[str], rng: random.Random) -> Thought:
        if fix.rule is None:
            return Thought(drop=fix.drop, examples=numbers)
        fresh = [wording for wording in fix.rule.wordings if wording not in tried] or fix.rule.wordings
        return Thought(add=rng.choice(fresh), examples=numbers)

    def _wrong(self, block: _Block, tried: set[str], numbers: tuple[int, ...], rng: random.Random) -> Thought:
        """A mistaken thought speaks of examples with the same confidence."""
        pools = [NEUTRAL, NEUTRAL, HARMFUL, self.world.false_rules(block.stage) or NEUTRAL]
        pool = rng.choice(pools)
        fresh = [one for one in pool if one not in tried and one not in block.sentences] or pool
        return Thought(add=rng.choice(fresh), examples=numbers)

    def _judged(self, text: str, letters: Sequence[Letter], rng: random.Random, name: str) -> tuple[float, str]:
        """The blame of a thing that the request names: a prompt by what it lacks, anything else by what it says."""
        after = self._named(name, text)
        opening = re.search("|".join(map(re.escape, self.world.openings)), after[:_NEAR])
        if opening is not None and not re.search(r"is case \w+", after[: opening.start()]):
            stage = self.world.openings.index(opening.group())
            block = self._block_at(after, opening.start(), stage)
            prompt = " ".join(block.sentences)
            guilty = any(self.world.fixes(stage, prompt, letter) for letter in letters)
            thoughts = self._thoughts(block, {letter.id: (letter, 0) for letter in letters}, text, set(), rng)
            note = " ".join(f"{one.said}." for one in thoughts) or "Nothing here has to change."
        else:
            wrong = [letter for letter in letters if self._wrong_note(letter, after)]
            guilty = bool(wrong)
            note = f"It should be: {self.world.right_note(wrong[0])}." if wrong else "It is right."
        return (float(guilty) if rng.random() < self.right else round(rng.random(), 2)), note

    def _named(self, name: str, text: str) -> str:
        """What follows a name in the request, where it stands right before a prompt or a note."""
        value = re.compile("|".join([*map(re.escape, self.world.openings), r"\S+ is case \w+"]))
        places = [match.end() for match in re.finditer(rf"\b{re.escape(name)}\b", text)]
        found = [(match.start() - at, at) for at in places if (match := value.search(text, at))]
        return text[min(found)[1] :] if found else ""

    def _wrong_note(self, letter: Letter, text: str) -> bool:
        note = re.search(rf"{re.escape(letter.id)} is case (\w+)", text)
        return note is not None and note.start() < _NEAR and note.group() != self.world.right_note(letter)


def _plain(text: str) -> str:
    """The text with every run of white space, escaped newlines among it, as one space."""
    return re.sub(r"(?:\\n|\s)+", " ", text)


def _thought(verb: str, sentence: str) -> Thought:
    return Thought(add=sentence) if verb == "Add" else Thought(drop=sentence)


def _fits(thought: Thought, block: _Block) -> bool:
    return thought.drop in block.sentences if thought.drop else thought.add not in block.sentences


def _carried_out(block: _Block, thoughts: Sequence[Thought]) -> str:
    dropped = {thought.drop for thought in thoughts}
    sentences = [one for one in block.sentences if one not in dropped]
    return "\n".join([*sentences, *(thought.add for thought in thoughts if thought.add)])
