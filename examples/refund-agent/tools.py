"""The shop's order book: `orders.json` is what was sold, `refunds.log` what was paid back."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
REFUNDS = FOLDER / "refunds.log"


def find_order(reference: str) -> str:
    """What was ordered, for how much, and where it is now.

    Args:
        reference: as it stands on the bill
    """
    order = _order(reference)
    return f"Paid: {order['paid']} crowns for {order['item']}. {order['where']}"


def refund(reference: str, amount: float) -> str:
    """Pays money back. Asked for the same refund again, it pays once and says the same.

    Args:
        reference: as it stands on the bill
        amount: crowns to pay back
    """
    paid, refunded = _order(reference)["paid"], _refunded(reference)
    if amount not in refunded:
        if not 0 < amount <= paid - sum(refunded):
            raise ValueError(
                f"{paid} crowns were paid for {reference} and {sum(refunded)} refunded; {amount} cannot be"
            )
        with REFUNDS.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"reference": reference.upper(), "amount": amount}) + "\n")
    return f"Refunded {amount} crowns for {reference.upper()}."


def _order(reference: str) -> dict[str, Any]:
    orders: dict[str, dict[str, Any]] = json.loads((FOLDER / "orders.json").read_text(encoding="utf-8"))
    if reference.upper() not in orders:
        raise ValueError(f"there is no order {reference}; ask the customer to look at the bill")
    return orders[reference.upper()]


def _refunded(reference: str) -> set[float]:
    if not REFUNDS.exists():
        return set()
    booked = map(json.loads, REFUNDS.read_text(encoding="utf-8").splitlines())
    return {one["amount"] for one in booked if one["reference"] == reference.upper()}
