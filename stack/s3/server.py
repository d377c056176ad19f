"""The store, ready to be run by Gunicorn."""

import os

# Larger objects wait in a file, not in memory; moto reads it when it is imported.
os.environ.setdefault("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", "100000")

from moto.moto_server.werkzeug_app import create_backend_app

from stack.s3.doorkeeper import ALGORITHM, Doorkeeper


def make(bucket: str, key_id: str, secret: str) -> Doorkeeper:
    """A store with an empty `bucket`, for those who have the key."""
    if not (key_id and secret):
        raise RuntimeError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set")
    store = create_backend_app("s3")
    ours = {"authorization": f"{ALGORITHM} Credential={key_id}/20260101/auto/s3/aws4_request"}
    made = store.test_client().put(f"/{bucket}", base_url="http://127.0.0.1")
    if made.status_code != 200:
        raise RuntimeError(f"the bucket {bucket} could not be made: {made.text}")

    def etag(path: str) -> str | None:
        found = store.test_client().head(path, base_url="http://127.0.0.1", headers=ours)
        return found.headers.get("etag") if found.status_code == 200 else None

    return Doorkeeper(store, key_id, secret, etag)


app = make(
    os.environ["S3_BUCKET"], os.environ["S3_ACCESS_KEY_ID"], os.environ["S3_SECRET_ACCESS_KEY"]
)
