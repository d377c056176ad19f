"""The object store for people's files: anything that speaks S3, such as Cloudflare's R2.

Files never pass through the app: browsers send and fetch them by addresses that
are signed here, which asks nobody. The app itself only looks at the first bytes,
copies and deletes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reference_app.errors import UnavailableError
from reference_app.kit.outside import Outside

_log = structlog.get_logger()

Answer = TypeVar("Answer")

_ATTEMPTS = 2
_MISSING = {"NoSuchKey", "404"}
_EMPTY = {"InvalidRange", "416"}
_CHANGED = {"PreconditionFailed", "412"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where objects are kept, and by what right. Browsers reach it at `public_url`."""

    name: str
    endpoint_url: str
    public_url: str
    region: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it was when it was looked at: `etag` is another once it is replaced."""

    size: int
    content_type: str
    etag: str
    head: bytes


class Storage:
    """One worker's way to the store. Without a bucket everything raises `UnavailableError`."""

    def __init__(self, bucket: Bucket | None, most_calls: int) -> None:
        self._bucket = bucket
        self._outside = Outside("storage", most_calls, _unavailable)

    async def address_to_put(self, key: str, *, content_type: str, size: int, seconds: int) -> str:
        """Where exactly `size` bytes of this type may be PUT for so many seconds."""
        parameters = {"ContentType": content_type, "ContentLength": size}
        return await self._sign("put_object", key, parameters, seconds)

    async def address_to_get(
        self, key: str, *, content_type: str, disposition: str, seconds: int
    ) -> str:
        """Where an object may be fetched for so many seconds."""
        parameters = {
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
        }
        return await self._sign("get_object", key, parameters, seconds)

    async def look(self, key: str, first: int) -> Found | None:
        """An object with its `first` bytes, in one request; None when there is none."""

        def ask(client: Any, bucket: str) -> Found | None:
            try:
                answer = client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{first - 1}")
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                if _code(error) in _EMPTY:
                    return Found(0, "", "", b"")
                raise
            # A store may send more than was asked for; that is not read.
            with answer["Body"] as body:
                head = body.read(first)
            whole = answer.get("ContentRange", "").rpartition("/")[2]
            size = int(whole) if whole.isdigit() else int(answer["ContentLength"])
            return Found(size, answer.get("ContentType", ""), answer["ETag"], head)

        return await self._ask(ask)

    async def copy(self, source: str, target: str, *, etag: str, content_type: str) -> bool:
        """Copy an object if it still is the one with `etag`; whether it was."""

        def ask(client: Any, bucket: str) -> bool:
            try:
                client.copy_object(
                    Bucket=bucket,
                    Key=target,
                    CopySource={"Bucket": bucket, "Key": source},
                    CopySourceIfMatch=etag,
                    ContentType=content_type,
                    MetadataDirective="REPLACE",
                )
            except ClientError as error:
                if _code(error) in _MISSING | _CHANGED:
                    return False
                raise
            return True

        return await self._ask(ask)

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already do not matter."""

        def ask(client: Any, bucket: str) -> None:
            for key in keys:
                client.delete_object(Bucket=bucket, Key=key)

        await self._ask(ask)

    def close(self) -> None:
        """Take no more calls."""
        self._outside.close()

    async def _sign(
        self, operation: str, key: str, parameters: dict[str, Any], seconds: int
    ) -> str:
        bucket = self._configured()
        self._outside.check()
        _, public = _connect(bucket)
        address: str = public.generate_presigned_url(
            operation, Params={"Bucket": bucket.name, "Key": key, **parameters}, ExpiresIn=seconds
        )
        return address

    async def _ask(self, call: Callable[[Any, str], Answer]) -> Answer:
        bucket = self._configured()
        client, _ = _connect(bucket)
        try:
            answer = await self._outside.call(lambda: call(client, bucket.name))
        except (BotoCoreError, ClientError) as error:
            code = _code(error) if isinstance(error, ClientError) else ""
            _log.warning("store failed", error=type(error).__name__, code=code)
            raise self._outside.failed() from error
        self._outside.answered()
        return answer

    def _configured(self) -> Bucket:
        if self._bucket is None:
            raise UnavailableError("uploads_not_configured", "No files can be kept here yet.")
        return self._bucket


def prepare(bucket: Bucket | None) -> None:
    """Make what speaks to the store: a quarter of a second of CPU, before workers are forked.

    They share it then; made in each of them, it would be most of what its first upload takes.
    """
    if bucket is not None:
        _connect(bucket)


@cache
def _connect(bucket: Bucket) -> tuple[Any, Any]:
    """A client for our own calls, and one that signs for browsers; connects to nothing yet."""
    session = boto3.session.Session(
        aws_access_key_id=bucket.access_key_id,
        aws_secret_access_key=bucket.secret_access_key,
        region_name=bucket.region,
    )
    settings = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=bucket.timeout_s,
        read_timeout=bucket.timeout_s,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        # Newer checksums are not every store's.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    own = session.client("s3", endpoint_url=bucket.endpoint_url, config=settings)
    if bucket.public_url == bucket.endpoint_url:
        return own, own
    return own, session.client("s3", endpoint_url=bucket.public_url, config=settings)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _unavailable(retry_after_s: int) -> UnavailableError:
    return UnavailableError(
        "storage_unavailable",
        "The store for files does not answer. Try again in a moment.",
        retry_after_s=retry_after_s,
    )
