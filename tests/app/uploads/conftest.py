"""The app with a store for files, and what lies in it."""

from collections.abc import AsyncIterator, Callable

import boto3
import pytest
import pytest_asyncio

from tests.app.conftest import RunApp
from tests.app.life import Running

pytestmark = pytest.mark.usefixtures("no_chores")

Objects = Callable[[], list[str]]


@pytest_asyncio.fixture
async def app(run_app: RunApp, no_chores: None, storage: dict[str, str]) -> AsyncIterator[Running]:
    async with run_app(**storage) as running:
        yield running


@pytest.fixture
def objects(storage: dict[str, str]) -> Objects:
    """What lies in the store, which is emptied first."""
    client = boto3.client(
        "s3",
        endpoint_url=storage["s3_endpoint_url"],
        region_name="auto",
        aws_access_key_id=storage["s3_access_key_id"],
        aws_secret_access_key=storage["s3_secret_access_key"],
    )

    def listed() -> list[str]:
        found = client.list_objects_v2(Bucket=storage["s3_bucket"])
        return [each["Key"] for each in found.get("Contents", [])]

    for key in listed():
        client.delete_object(Bucket=storage["s3_bucket"], Key=key)
    return listed
