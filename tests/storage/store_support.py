"""The same store twice: in a folder, and in a bucket of a real S3-speaking server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_support import s3_server

from storage.objects import ObjectStore


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The URI of an empty bucket."""
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as (_, client):
        client.create_bucket(Bucket="archive")
        yield "s3://archive"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, bucket: str) -> ObjectStore:
    """An empty store of either kind."""
    name = request.node.name.replace("[", "-").replace("]", "")
    return ObjectStore(str(tmp_path / "store") if request.param == "folder" else f"{bucket}/{name}")
