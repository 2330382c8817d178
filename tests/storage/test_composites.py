"""One table for each well: the best accepted source of every curve, and where others disagree."""

from __future__ import annotations

import io
import json
from pathlib import Path

import lasio
import numpy as np
import pyarrow.parquet as pq
import pytest
from factories import GR, judge, make_curve
from two_sources import COUNT, STEP, UWI, publish, two_scans

from storage.composites import write_composites
from storage.datasets import write_datasets
from storage.objects import ObjectStore
from storage.reviews import Review, curve_hash, record_review


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return two_scans(tmp_path)


def test_each_curve_comes_from_its_best_source(store: ObjectStore) -> None:
    assert write_composites(store) == [UWI]
    told = json.loads(store.get(f"wells/{UWI}/composite.json"))["curves"]
    assert [(c["mnemonic"], c["log_id"]) for c in told] == [("CALI", "a"), ("GR", "b")]
    (other,) = told[1]["others"]
    assert (other["log_id"], other["common_depths"]) == ("a", COUNT)
    assert other["apart"] == [[(2000 + 50) * STEP, (2000 + 59) * STEP]]
    assert other["share_apart"] == pytest.approx(10 / COUNT)
    assert told[0]["others"] == []
    las = lasio.read(io.StringIO(store.get(f"wells/{UWI}/{UWI}.las").decode()))
    assert las.keys() == ["DEPT", "CALI", "GR"]
    assert (las["DEPT"][0], las["DEPT"][-1]) == (950.0, 1099.5)
    table = pq.read_table(io.BytesIO(store.get("logs/b/curves.parquet"))).to_pandas()
    gamma = table[table["mnemonic"] == "GR"]
    there = np.isin(las["DEPT"], gamma["depth"])
    np.testing.assert_allclose(las["GR"][there], gamma["value"], atol=0.02)
    assert np.isnan(las["GR"][~there]).all()
    assert las.well["UWI"].value == UWI
    assert las.well["CNTY"].value == "Ellsworth", "said by the other log only"
    assert las.params["SECT"].value == "composite"
    assert "Section: composite" in las.other
    assert "Source: GR of log b" in las.other
    assert "Scan: put together from a, b" in las.other
    assert "disagrees at 1025 to 1029.5 ft" in las.other
    assert store.get(f"wells/{UWI}/{UWI}.csv").splitlines()[0] == b"DEPT,CALI,GR"
    rows = pq.read_table(io.BytesIO(store.get(f"wells/{UWI}/{UWI}.parquet"))).to_pandas()
    own = rows[rows["mnemonic"] == "GR"]
    assert set(own["log_id"]) == {"b"}
    assert own["other_sources"].sum() == COUNT
    assert own["other_sources_apart"].sum() == 10


def test_decisions_of_people_count_and_the_same_results_give_the_same_bytes(
    store: ObjectStore,
) -> None:
    write_composites(store)
    before = {info.key: store.get(info.key) for info in store.listing("wells/")}
    write_composites(store)
    assert {info.key: store.get(info.key) for info in store.listing("wells/")} == before
    record = json.loads(store.get("logs/b/log.json"))
    samples = pq.read_table(io.BytesIO(store.get("logs/b/curves.parquet")))
    curve = record["curves"][0]
    record_review(store, Review("b", "reject", "Ada", "2024-05-06T07:08:09Z", "", curve["section_id"],
                                curve["track_id"], "GR", curve_hash(record, 0, samples)))  # fmt: skip
    write_composites(store)
    told = json.loads(store.get(f"wells/{UWI}/composite.json"))["curves"]
    assert [(c["mnemonic"], c["log_id"], c["others"]) for c in told][1] == ("GR", "a", [])


def test_a_well_that_lost_its_curves_loses_its_table(store: ObjectStore) -> None:
    write_composites(store)
    root = store.local_root
    assert root is not None
    for log_id in ("a", "b"):
        publish(root, log_id, judge(make_curve(GR), "reject"))
    write_datasets(root)
    assert write_composites(store) == []
    assert list(store.listing("wells/")) == []
