"""What every open load model says of itself, as a `[load]` table or options give it."""

from abc import abstractmethod

from pydantic import BaseModel, ConfigDict

from capacity.load_model import OpenKind, Spacing, Stage


class OpenModel(BaseModel):
    """A schedule of arrivals. Concrete models name themselves in `model`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: OpenKind
    spacing: Spacing = "poisson"

    @abstractmethod
    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """The steps of a load that lasts `duration_s`."""

    @property
    def lasts_s(self) -> float | None:
        """How long it lasts, where the model says so itself."""
        return None

    @property
    def source(self) -> str | None:
        """The file it was read from, if any."""
        return None
