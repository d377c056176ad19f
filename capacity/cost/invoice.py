"""An invoice as FinOps FOCUS lines.

The columns are those of the FinOps Open Cost and Usage Specification 1.2 that a price list
can fill: no account has an id here, and list and contracted prices are equal, as nothing is
negotiated or committed.
"""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from capacity.cost.catalogue import Layer
from capacity.cost.choosing import Choice, Offer
from capacity.cost.pricing import Line

_CATEGORIES = {
    Layer.EDGE: "Networking",
    Layer.PODS: "Compute",
    Layer.DATABASE: "Databases",
    Layer.REDIS: "Databases",
    Layer.OBJECTS: "Storage",
    Layer.ERRORS: "Management and Governance",
    Layer.METRICS: "Management and Governance",
    Layer.PAYMENTS: "Business Applications",
}


class FocusLine(BaseModel):
    """One charge. Names and meanings are FOCUS'; `x_` marks columns of our own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    BillingPeriodStart: date
    BillingPeriodEnd: date
    BillingCurrency: str = "USD"
    ChargePeriodStart: date
    ChargePeriodEnd: date
    InvoiceIssuerName: str
    PublisherName: str
    ProviderName: str
    ServiceName: str
    ServiceCategory: str
    ChargeCategory: str = Field(description="Usage or Purchase")
    ChargeDescription: str
    SkuId: str
    ConsumedQuantity: float
    ConsumedUnit: str
    PricingQuantity: float
    PricingUnit: str
    ListUnitPrice: float
    ContractedUnitPrice: float
    ListCost: float
    ContractedCost: float
    EffectiveCost: float
    BilledCost: float
    x_layer: Layer
    x_source: str
    x_price_read: date
    x_confidence: str


def invoice(choice: Choice, start: date) -> tuple[FocusLine, ...]:
    """The lines of one month from `start` on, for the offers of `choice`; lines of $0 left out."""
    end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return tuple(
        _line(offer, line, start, end)
        for offer in choice.taken.values()
        for line in offer.priced.lines
        if line.usd[0] > 0 or line.consumed[0] > 0
    )


def _line(offer: Offer, line: Line, start: date, end: date) -> FocusLine:
    catalogue, plan = offer.catalogue, offer.plan
    cost, unit_price = round(float(line.usd[0]), 4), float(line.price[0])
    return FocusLine(
        BillingPeriodStart=start,
        BillingPeriodEnd=end,
        ChargePeriodStart=start,
        ChargePeriodEnd=end,
        InvoiceIssuerName=catalogue.provider,
        PublisherName=catalogue.provider,
        ProviderName=catalogue.provider,
        ServiceName=plan.name,
        ServiceCategory=_CATEGORIES[plan.layer],
        ChargeCategory="Usage" if line.usage else "Purchase",
        ChargeDescription=f"{plan.name}: {line.what}",
        SkuId=line.sku,
        ConsumedQuantity=float(line.consumed[0]),
        ConsumedUnit=line.consumed_unit,
        PricingQuantity=float(line.quantity[0]),
        PricingUnit=line.unit,
        ListUnitPrice=unit_price,
        ContractedUnitPrice=unit_price,
        ListCost=cost,
        ContractedCost=cost,
        EffectiveCost=cost,
        BilledCost=cost,
        x_layer=plan.layer,
        x_source=plan.source or catalogue.source,
        x_price_read=plan.read or catalogue.read,
        x_confidence=plan.confidence or catalogue.confidence,
    )
