"""What calls cost: a dated snapshot of list prices, the operator's own prices, exact arithmetic in nano-dollars."""

from penstock.pricing.cost import Charge, Price, Rates, Tier, cost
from penstock.pricing.credits import answer_meta, credits_of, dollars
from penstock.pricing.prices import Prices

__all__ = ["Charge", "Price", "Prices", "Rates", "Tier", "answer_meta", "cost", "credits_of", "dollars"]
