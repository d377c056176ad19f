"""What administrators can do about flags."""

from reference_app.admin.audit import Actor, record
from reference_app.admin.schemas import FlagList, FlagShown
from reference_app.database import WriteSession
from reference_app.errors import NotFoundError, UnavailableError
from reference_app.kit.flags import Flags, FlagState
from reference_app.kit.known_flags import KNOWN, UnknownFlagError
from reference_app.kit.store import StoreGoneError

_RETRY_AFTER_S = 5


def all_of(flags: Flags) -> FlagList:
    """All flags, as this worker knows them."""
    return FlagList(items=[_shown(flags.state(name)) for name in KNOWN])


async def override(
    session: WriteSession, flags: Flags, name: str, percent: int | None, by: Actor, reason: str
) -> FlagShown:
    """Have `percent` hold of a flag everywhere; with None what the settings say.

    Raises `NotFoundError` for an unknown flag, `UnavailableError` without
    Redis. The record is written first and stays only if the flag was changed.
    """
    try:
        await flags.look()
        before = flags.state(name)
        await record(
            session,
            by,
            "flag.clear" if percent is None else "flag.set",
            ("flag", name),
            before={"override": before.override},
            after={"override": percent},
            reason=reason,
        )
        await flags.override(name, percent)
    except UnknownFlagError:
        raise NotFoundError("unknown_flag", "There is no such flag.") from None
    except StoreGoneError:
        raise UnavailableError(
            "flags_unavailable",
            "Flags cannot be changed for the moment.",
            retry_after_s=_RETRY_AFTER_S,
        ) from None
    return _shown(flags.state(name))


def _shown(state: FlagState) -> FlagShown:
    return FlagShown(
        name=state.flag.name,
        description=state.flag.description,
        default=state.flag.default,
        settings=state.settings,
        override=state.override,
        percent=state.percent,
    )
