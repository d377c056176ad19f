"""SQL about follows, the same for people and companies.

A number of followers is counted where it is asked for, in the index by who is
followed. What that costs grows with the number, but it is kept in the cache,
and a follow changes no row that another follow needs.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, delete, exists, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.network.models import CompanyFollow, Connection, ConnectionStatus, UserFollow
from reference_app.users.models import User
from reference_app.users.naming import named

_user_id = bindparam("user_id", type_=User.id.type)


def _count(*conditions: Any) -> Any:
    return select(func.count()).where(*conditions).scalar_subquery()


_FOLLOWING = _count(UserFollow.follower_id == _user_id) + _count(
    CompanyFollow.follower_id == _user_id
)
_CONNECTIONS = _count(
    Connection.status == ConnectionStatus.ACCEPTED,
    or_(Connection.low_user_id == _user_id, Connection.high_user_id == _user_id),
)
_USER_AUDIENCE = select(
    _count(UserFollow.user_id == _user_id).label("followers"),
    _FOLLOWING.label("following"),
    _CONNECTIONS.label("connections"),
).where(exists().where(User.id == _user_id))

_COMPANY_AUDIENCE = select(
    _count(CompanyFollow.company_id == bindparam("company_id")).label("followers")
).where(exists().where(Company.id == bindparam("company_id")))


class Follows:
    """Statements on one table of follows; `target` is its column of who or what is followed."""

    def __init__(
        self,
        table: type[UserFollow | CompanyFollow],
        target: InstrumentedAttribute[int],
        of: type[User | Company],
    ) -> None:
        self._table = table
        self._target = target
        mine = [table.follower_id == _user_id, target == bindparam("target")]
        self._follow = (
            insert(table)
            .from_select(
                ["follower_id", target.key],
                select(_user_id, of.id).where(
                    of.id == bindparam("target"), bindparam("most") > _FOLLOWING
                ),
            )
            .on_conflict_do_nothing()
            .returning(target)
            .execution_options(dml_strategy="raw")  # the parameters are not columns
        )
        self._found = select(
            exists().where(*mine).label("follows"),
            exists().where(of.id == bindparam("target")).label("exists"),
        )
        self._unfollow = delete(table).where(*mine).returning(target)
        few: Select[int] = select(literal_column("1")).where(target == bindparam("target"))
        self._few = select(func.count()).select_from(few.limit(bindparam("most")).subquery())
        self._followers = (
            select(*named(User))
            .join(table, table.follower_id == User.id)
            .where(target == bindparam("target"), table.follower_id < bindparam("below"))
            .order_by(table.follower_id.desc())
            .limit(bindparam("rows"))
        )

    async def follow(
        self, session: WriteSession, user_id: int, target: int, *, most: int
    ) -> bool | None:
        """Whether this is new; None when `user_id` follows `most` already or there is no target.

        Look with `found` which.
        """
        parameters = {"user_id": user_id, "target": target, "most": most}
        made = (await session.execute(self._follow, parameters)).scalar_one_or_none()
        if made is not None:
            return True
        return False if (await self.found(session, user_id, target)).follows else None

    async def found(self, session: WriteSession, user_id: int, target: int) -> AnyRow:
        """Whether `user_id` `follows` the target, and whether that `exists`."""
        parameters = {"user_id": user_id, "target": target}
        return (await session.execute(self._found, parameters)).one()

    async def unfollow(self, session: WriteSession, user_id: int, target: int) -> bool:
        """Whether there was something to end."""
        parameters = {"user_id": user_id, "target": target}
        return (await session.execute(self._unfollow, parameters)).scalar_one_or_none() is not None

    async def fewer_than(self, session: WriteSession, target: int, most: int) -> bool:
        """Whether fewer than `most` follow the target, at the cost of counting to there."""
        parameters = {"target": target, "most": most}
        return (await session.execute(self._few, parameters)).scalar_one() < most

    async def followers(
        self, session: ReadSession, target: int, rows: int, below: int
    ) -> Sequence[AnyRow]:
        """Up to `rows` followers with an id under `below`, the last to sign up first."""
        parameters = {"target": target, "rows": rows, "below": below}
        return await session.rows(self._followers, parameters)


PEOPLE = Follows(UserFollow, UserFollow.user_id, User)
COMPANIES = Follows(CompanyFollow, CompanyFollow.company_id, Company)


def _followed(columns: Sequence[Any], id_: Any, table: Any, target: Any) -> Select[Any]:
    return (
        select(*columns)
        .join(table, target == id_)
        .where(table.follower_id == _user_id, target < bindparam("below"))
        .order_by(target.desc())
        .limit(bindparam("rows"))
    )


_FOLLOWED_PEOPLE = _followed(named(User), User.id, UserFollow, UserFollow.user_id)
_FOLLOWED_COMPANIES = _followed(
    (Company.id, Company.name), Company.id, CompanyFollow, CompanyFollow.company_id
)


async def followed_people(
    session: ReadSession, user_id: int, rows: int, below: int
) -> Sequence[AnyRow]:
    """Up to `rows` people one follows, the last to sign up first."""
    return await session.rows(_FOLLOWED_PEOPLE, {"user_id": user_id, "rows": rows, "below": below})


async def followed_companies(
    session: ReadSession, user_id: int, rows: int, below: int
) -> Sequence[AnyRow]:
    """Up to `rows` companies one follows, the newest first."""
    return await session.rows(
        _FOLLOWED_COMPANIES, {"user_id": user_id, "rows": rows, "below": below}
    )


async def user_audience(session: ReadSession, user_id: int) -> AnyRow | None:
    """The numbers of a person's followers, followed and connections."""
    return await session.first(_USER_AUDIENCE, {"user_id": user_id})


async def company_audience(session: ReadSession, company_id: int) -> AnyRow | None:
    """The number of a company's followers."""
    return await session.first(_COMPANY_AUDIENCE, {"company_id": company_id})
