"""The offline model: it knows what the messages say, nothing else, and says so."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.optimizer.edits import apply_edits, read_edits
from adalang.runtime.models.lexical import answer
from adalang.runtime.models.types import ImagePart, Message, ModelSpec, Request, TextPart

SPEC = ModelSpec("builtin/lexical")
ORDER = "Answer with exactly one of these labels and nothing else: billing | technical | general"
QUESTIONS = [f"text number {nth}" for nth in range(300)]


def ask(system, user, demos=(), schema=None):
    messages = [Message("system", system)] if system else []
    for asked, said in demos:
        messages += [Message("user", asked), Message("assistant", said)]
    return answer(Request(SPEC, (*messages, Message("user", user)), schema))


def label(prompt, text, demos=()):
    return ask(f"{prompt}\n\n{ORDER}", f"Ticket: {text}", [(f"Ticket: {asked}", said) for asked, said in demos])


# -- labels --------------------------------------------------------------------------------------------------------


def test_without_any_hint_it_guesses_evenly_and_always_alike():
    guesses = [label("Sort the ticket.", text) for text in QUESTIONS]
    assert guesses == [label("Sort the ticket.", text) for text in QUESTIONS]
    assert all(70 < guesses.count(one) < 130 for one in ("billing", "technical", "general"))


@pytest.mark.parametrize(
    "prompt",
    [
        "- billing: words such as refund, card\n- technical: words such as crash, error",
        "billing: questions about a refund or a card\ntechnical: a crash, an error",
        'Answer billing when the ticket holds "refund". Answer technical when it holds "crash".',
        "Choose technical for a crash, billing for a refund.",
        "* billing - anything with: refund, invoice\n* technical - anything with: crash",
    ],
)
def test_it_follows_what_the_prompt_says_about_each_label(prompt):
    assert label(prompt, "I want a refund, please") == "billing"
    assert label(prompt, "There was a crash again") == "technical"


def test_a_list_of_the_labels_says_nothing_about_them():
    plain = [label("", text) for text in QUESTIONS]
    assert [label("Sort by kind: billing, technical or general.", text) for text in QUESTIONS] == plain


def test_a_longer_phrase_beats_the_words_in_it_and_the_opening_counts_more():
    prompt = "- billing: words such as how\n- technical: words such as how many\n- general: words such as card"
    assert label(prompt, "how many cars are there") == "technical"
    assert label(prompt, "how do cars work") == "billing"
    assert label(prompt, "how do I change my card") == "billing"


def test_a_negation_speaks_against_a_label_and_otherwise_is_the_fallback():
    prompt = "- billing: words such as money\n- technical: never for words such as money\n- Otherwise answer general."
    assert label(prompt, "money back") == "billing"
    assert {label(prompt, text) for text in QUESTIONS[:40]} == {"general"}


def test_starts_with_looks_at_the_start_alone():
    prompt = "- billing: texts that start with pay\n- Otherwise answer general."
    assert label(prompt, "pay me") == "billing"
    assert label(prompt, "will you pay me") == "general"


def test_it_votes_with_its_examples():
    demos = [("my invoice is wrong", "billing"), ("the app crashes", "technical"), ("what are your hours", "general")]
    assert label("Sort.", "the invoice from may is wrong", demos) == "billing"
    assert label("Sort.", "crashes all day, the app", demos) == "technical"


def test_labels_of_the_text_itself_are_a_weak_sign():
    assert label("Sort.", "a technical question") == "technical"


def test_true_and_false_are_labels():
    order = "- true: words such as urgent\n- Otherwise answer false.\n\nAnswer with true or false and nothing else."
    assert [ask(order, text) for text in ("urgent!", "no hurry")] == ["true", "false"]


def test_images_are_no_text_and_no_trouble():
    parts = (TextPart("Ticket: refund me"), ImagePart("https://example.com/a.png"))
    messages = (Message("system", f"- billing: words such as refund\n\n{ORDER}"), Message("user", parts))
    assert answer(Request(SPEC, messages)) == "billing"


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gets_one_of_the_labels(prompt, text):
    assert label(prompt, text) in ("billing", "technical", "general")


# -- questions, numbers, JSON --------------------------------------------------------------------------------------

PASSAGE = (
    "Context: The tower was built in 1889. It stands in Paris and is 330 metres tall. Its maker was Gustave Eiffel.\n\n"
)


def test_it_answers_with_the_sentence_that_fits_the_question():
    said = ask("Answer from the context.", f"{PASSAGE}Question: How tall is the tower in Paris?")
    assert said == "It stands in Paris and is 330 metres tall."


def test_it_says_when_it_cannot_tell():
    assert ask("Answer in one short sentence.", "What is the capital of France?") == "I cannot tell from the text."


def test_a_number_is_taken_from_the_sentence_that_fits():
    order = "Read.\n\nAnswer with one number and nothing else."
    assert ask(order, f"{PASSAGE}Question: How many metres tall is it?") == "330"


def test_a_schema_is_filled_with_what_fits_each_field():
    schema = {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string"},
            "answer": {
                "type": "object",
                "properties": {
                    "kind": {"enum": ["billing", "technical"]},
                    "maker": {"type": "string", "description": "who was the maker"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "urgent": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                    "page": {"$ref": "#/$defs/Page"},
                },
            },
        },
        "$defs": {"Page": {"type": "integer", "maximum": 100}},
    }
    said = json.loads(ask("- billing: words such as tower", f"{PASSAGE}Question: Who built it?", schema=schema))
    assert set(said) == {"reasoning", "answer"}
    filled = said["answer"]
    assert filled["kind"] == "billing" and filled["maker"] == "Its maker was Gustave Eiffel."
    assert isinstance(filled["tags"], list) and isinstance(filled["urgent"], bool) and filled["page"] == 100


# -- as a teacher --------------------------------------------------------------------------------------------------

TEXT = "Sort the ticket."
SEEN = [
    ("please refund my order", "general", "billing"),
    ("please refund the second charge", "technical", "billing"),
    ("please help, the page shows an error", "general", "technical"),
    ("please look at this error", "billing", "technical"),
]


def lesson(text=TEXT, more=""):
    lines = [
        json.dumps({"example": nth, "inputs": {"ticket": ticket}, "output": got, "expected": right})
        for nth, (ticket, got, right) in enumerate(SEEN, start=1)
    ]
    return f"The text to improve:\n<<<\n{text}\n>>>\n\nFailing examples:\n" + "\n".join(lines) + f"\n\n{more}"


def taught(message, name):
    return json.loads(ask("You improve a text.", message, schema={"type": "object", "properties": {name: {}}}))[name]


def test_it_finds_the_words_that_tell_the_labels_apart_and_writes_them_into_the_text():
    first = taught(lesson(), "hypotheses")[0]
    assert 'refund"' in first["change"] and '"error"' in first["change"] and '"please"' not in first["change"]
    assert first["examples"] == [1, 2, 3, 4]
    edits = read_edits({"edits": taught(lesson(more=f"Change: {first['change']}"), "edits")})
    improved = apply_edits(TEXT, edits)
    assert improved.startswith(TEXT)
    assert [label(improved, ticket) for ticket, _, _ in SEEN] == [right for _, _, right in SEEN]
    assert label(improved, "an error in the shop") == "technical"


def test_a_sign_that_stands_in_the_text_is_not_written_twice():
    change = 'Change: Say that billing is told by the words "card", "refund", "paid".'
    edits = read_edits({"edits": taught(lesson(f"{TEXT}\n- billing: words such as refund, card", change), "edits")})
    assert apply_edits(f"{TEXT}\n- billing: words such as refund, card", edits).endswith("such as refund, card, paid")


def test_it_does_not_say_the_same_again():
    first = taught(lesson(), "hypotheses")[0]["change"]
    again = taught(lesson(more=f"Tried before, in vain:\n- {first} (screen: +0.0 examples)"), "hypotheses")
    assert first not in [hypothesis["change"] for hypothesis in again]


def test_a_sign_that_misleads_is_taken_out():
    text = f"{TEXT}\n- general: words such as please, hours"
    message = lesson(text).replace('"output": "technical"', '"output": "general"')
    drop = 'No longer take "please" as a sign of general.'
    assert drop in [hypothesis["change"] for hypothesis in taught(message, "hypotheses")]
    edits = read_edits({"edits": taught(lesson(text, f"Change: {drop}"), "edits")})
    assert apply_edits(text, edits) == f"{TEXT}\n- general: words such as hours"


def test_a_fresh_text_keeps_the_task_and_none_of_the_old_signs():
    text = f"{TEXT}\n- general: words such as please, hours"
    fresh = taught(lesson(text), "new_text")
    assert fresh.startswith(f"{TEXT}\n- billing: words such as ") and "hours" not in fresh
    assert [label(fresh, ticket) for ticket, _, _ in SEEN] == [right for _, _, right in SEEN]


def test_examples_without_short_answers_teach_it_nothing():
    message = "<<<\nWrite.\n>>>\n" + json.dumps({"inputs": {"q": "x"}, "output": "a", "expected": "word " * 20})
    assert taught(message, "hypotheses") == []


def test_blame_is_shared_evenly():
    message = "PARAM polish.style (a text)\nINPUT draft: x\ngiven tone: y\nFEEDBACK: too long"
    assert taught(message, "feedback") == [
        {"name": "polish.style", "blame": 0.5, "note": "too long"},
        {"name": "draft", "blame": 0.5, "note": "too long"},
    ]


def test_an_answer_takes_less_than_a_millisecond():
    prompt = "\n".join(f"- {one}: words such as {one}a, {one}b, how {one}" for one in ("billing", "technical")) * 8
    demos = [(f"ticket {nth} about thing {nth}", "billing") for nth in range(20)]
    label(prompt, "warm up", demos)
    began = time.process_time()
    for text in QUESTIONS:
        label(prompt, text, demos)
    assert (time.process_time() - began) / len(QUESTIONS) < 0.003  # measured about 0.2 ms; room for a busy machine
