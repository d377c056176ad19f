"""How many people were active, day by day."""

from datetime import date

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Changed, Model


class DailyActivity(Model):
    """A day (UTC) and how many people used the board signed in, on it and in the 30 days to it.

    Both are estimates. `sketch` is what they are estimated from, so that days
    can be added up without counting anybody twice after Redis has lost its own.
    """

    __tablename__ = "daily_activity"

    day: Mapped[date] = mapped_column(primary_key=True)
    active: Mapped[int]
    active_30_days: Mapped[int]
    sketch: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[Changed]
