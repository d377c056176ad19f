"""What an audit needs of a plan: a few figures of `hmb plan --json`, each a span."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from capacity.evidence import Evidence, Span
from capacity.nearest import nearest
from capacity.targets import Op

_BILL = "bill."


class PlanFigures(BaseModel):
    """A plan for `users` registered people, as far as claims speak of it.

    A plan may say more; what it does not say is None. Money is US dollars a month, the
    margin per cent of revenue.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    users: float = Field(gt=0)
    pods: Span | None = Field(default=None, description="needed at the peak")
    pods_least: Span | None = Field(default=None, description="needed at the quietest hour")
    requests_per_s_mean: Span | None = None
    requests_per_s_peak: Span | None = None
    requests_per_s_carried: Span | None = Field(
        default=None, description="what ten pods carry within the targets"
    )
    requests_per_s_carried_by_a_pod: Span | None = Field(default=None, description="of one pod")
    commands_per_s: Span | None = Field(default=None, description="of Redis, mean")
    monthly_bill: Span | None = None
    cost_per_user: Span | None = None
    margin: Span | None = None
    bill: dict[str, Span] = Field(default_factory=dict, description="provider -> its part")
    evidence: dict[str, Evidence] = Field(
        default_factory=dict, description="figure -> what it rests on, where not the usual"
    )

    def figure(self, name: str) -> Span | None:
        """The figure of that name (see `FIGURES`; `bill.render` is a provider's part)."""
        if name.startswith(_BILL):
            return self.bill.get(name.removeprefix(_BILL))
        found: Span | None = getattr(self, name)
        return found

    def rests_on(self, name: str) -> Evidence:
        """What that figure rests on."""
        usual = Evidence.PRICED if name.startswith(_BILL) or name in _MONEY else Evidence.MODELLED
        return self.evidence.get(name, usual)


_MONEY = ("monthly_bill", "cost_per_user", "margin")
FIGURES = {
    "pods": "pods",
    "pods_least": "pods",
    "requests_per_s_mean": "req/s",
    "requests_per_s_peak": "req/s",
    "requests_per_s_carried": "req/s",
    "requests_per_s_carried_by_a_pod": "req/s",
    "commands_per_s": "commands/s",
    "monthly_bill": "$",
    "cost_per_user": "$",
    "margin": "%",
}
"""The figures a claim may ask for, with their units."""


class Planned(BaseModel):
    """A limit on a plan's figure: what a claim says of a system planned for its users."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    figure: str
    op: Op
    limit: float
    users: float = Field(gt=0, description="the population the claim speaks of")

    @model_validator(mode="after")
    def _known(self) -> "Planned":
        if self.figure not in FIGURES and not self.figure.startswith(_BILL):
            hint = nearest(self.figure, list(FIGURES))
            raise ValueError(f'unknown figure "{self.figure}": {hint}')
        return self

    @property
    def unit(self) -> str:
        """The unit of limit and figure."""
        return FIGURES.get(self.figure, "$")
