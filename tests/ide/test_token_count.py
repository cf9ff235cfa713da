"""The estimate beside what real vocabularies made of the same texts: o200k, cl100k and Claude 2's, in this order."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.ide.token_count import count_template_tokens, count_tokens

PLAIN = {
    "prose": (
        "Answer the customer's question in a few short sentences. If the invoice is wrong, explain what happened first, "
        "then list the next steps. Never invent order numbers; when something is missing, ask for it politely.",
        (42, 43, 43),
    ),
    "markdown": (
        "## Rules\n\n- **Cite** every source as [1], [2].\n- Use `null` for what is unknown.\n\n"
        "| name | kind |\n| --- | --- |\n| a | text |\n",
        (42, 42, 49),
    ),
    "json": (
        '{"subject": "Charged twice", "tags": ["billing", "urgent"], "amount": 1249.5, '
        '"order": {"id": "A-10442", "paid": true}}',
        (43, 43, 41),
    ),
    "code": (
        'def refund(order_id: str, amount: float) -> bool:\n    """Give the money back."""\n'
        '    return client.post(f"/orders/{order_id}/refunds", json={"amount": amount}).ok\n',
        (43, 43, 48),
    ),
}
OTHERS = {
    "german": (
        "Beantworte die Frage des Kunden kurz und freundlich. Wenn die Rechnung falsch ist, erkläre zuerst, was geschehen "
        "ist, und nenne dann die nächsten Schritte. Erfinde keine Bestellnummern; wenn etwas fehlt, frage höflich danach. "
        "Übersetze Fachwörter nur, wenn der Kunde es wünscht. Die Lieferverzögerung wird durch das Zollverfahren "
        "verursacht.",
        (80, 106, 112),
    ),
    "russian": (
        "Ответь на вопрос клиента коротко и вежливо. Если счёт неверен, сначала объясни, что произошло, а затем назови "
        "следующие шаги. Не выдумывай номера заказов; если чего-то не хватает, вежливо спроси. Возврат больше пятидесяти "
        "евро должен одобрить руководитель отдела.",
        (71, 121, 137),
    ),
    "chinese": (
        "请用简短友好的语言回答客户的问题。如果账单有误,先说明发生了什么,然后列出接下来的步骤。不要编造订单号;"
        "如果缺少信息,请礼貌地询问。超过五十欧元的退款需要主管批准。根据上下文中的资料回答,不要添加没有依据的内容。",
        (73, 111, 99),
    ),
    "arabic": (
        "أجب عن سؤال العميل بإيجاز ولطف. إذا كانت الفاتورة خاطئة فاشرح أولاً ما حدث ثم اذكر الخطوات التالية. لا تخترع "
        "أرقام الطلبات، وإذا نقصت معلومة فاسأل عنها بأدب. يجب أن يوافق المدير على المبالغ التي تتجاوز خمسين يورو.",
        (71, 151, 201),
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_texts_are_near_every_vocabulary(name: str) -> None:
    text, counts = PLAIN[name]
    assert all(count_tokens(text) == pytest.approx(count, rel=0.2) for count in counts)


@pytest.mark.parametrize("name", OTHERS)
def test_other_languages_are_near_the_mean(name: str) -> None:
    text, counts = OTHERS[name]
    assert count_tokens(text) == pytest.approx(mean(counts), rel=0.25)


def test_tags_of_a_template_are_not_counted() -> None:
    assert count_template_tokens("{# no #}{% if a %}one two{% endif %}{{ three | four }}") == count_tokens("one two")


def test_a_long_text_is_judged_by_its_beginning() -> None:
    assert count_tokens("word " * 200_000) == pytest.approx(200_000, rel=0.01)


@given(st.text())
def test_any_text_has_a_count(text: str) -> None:
    assert 0 <= count_tokens(text) <= 4 * len(text)
