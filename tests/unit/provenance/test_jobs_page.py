"""The page on how a run went: what it says of each step, on a cluster and on a laptop, and that all is escaped."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from noisebound.provenance.jobs_page import duration, memory, summarise, write_jobs_page
from tests.unit.run_records import record


def written(tmp_path: Path, records: list[dict[str, Any]]) -> tuple[str, list[list[str]]]:
    """The page, and the cells of all table rows as text."""
    write_jobs_page(tmp_path / "jobs.html", run="demo", title="A demo", records=records)
    page = (tmp_path / "jobs.html").read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(.*?)</tr>", page, flags=re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, flags=re.DOTALL) for row in rows]
    return page, [[" ".join(html.unescape(re.sub(r"<[^>]+>", " ", c)).split()) for c in row] for row in cells]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.6, "1 h 00 min"),
        (7 * 3600 + 119, "7 h 02 min"),
    ],
)
def test_durations_in_words(seconds: float | None, words: str) -> None:
    assert duration(seconds).replace("\u2009", " ") == words


def test_memory_in_words() -> None:
    assert [memory(count).replace("\u2009", " ") for count in (None, 5e8, 12.34e9)] == ["–", "500 MB", "12.3 GB"]


def test_a_step_is_summed_up_over_the_jobs_that_finished() -> None:
    jobs = [record(number=number) for number in range(3)]
    lost = record(number=3, wildcards={"member": "2"}, state="cut off", wall_s=9999.0)
    again = record(number=4, wildcards={"member": "2"}, attempt=2)
    found = summarise("train_member", [*jobs[:2], lost, again])
    assert (found["jobs"], found["repeats"]) == (3, 1)
    assert found["wall"]["median"].replace("\u2009", " ") == "1 min 41 s"
    assert found["wall"]["range"].replace("\u2009", " ") == "1 min 40 s – 1 min 44 s"
    assert found["queue"]["range"].replace("\u2009", " ") == "0.0 s – 4 min 00 s"
    assert found["memory"]["median"].replace("\u2009", " ") == "1.1 GB"
    assert found["nodes"] == "node1, node2" and found["devices"] == "Example GPU"
    assert found["job_ids"] == "1000 … 1004"


def test_the_page_of_a_cluster_run_names_jobs_nodes_devices_times_and_repeats(tmp_path: Path) -> None:
    lost = record(number=0, state="cut off", error="ended by the signal TERM", wildcards={"member": "1"})
    again = record(number=5, attempt=2, wildcards={"member": "1"}, waited_s=33.0)
    page, rows = written(tmp_path, [lost, again])
    steps = next(row for row in rows if row[0] == "train_member" and "cut off" not in row[3])
    for word in ("1000, 1005", "node1, node2 Example GPU", "1 min 45 s", "5 min 00 s", "1.5 GB"):
        assert word in [cell.replace("\u2009", " ") for cell in steps], word
    repeated = next(row for row in rows if row[0] == "train_member" and "cut off" in row[3])
    assert repeated[1:5] == ["1", "1", "cut off ended by the signal TERM", "1000"]
    one = next(row for row in rows if row[:2] == ["1", "2"])
    assert one[2].replace("\u2009", " ") == "finished waited 33 s for another job"
    assert one[3:6] == ["1005", "node2", "Example GPU GPU 3"]
    assert "1 job in 1 step on 2 machines made what is in this folder. 1 attempt before" in page


def test_the_page_of_a_laptop_run_has_no_columns_for_what_is_not_there(tmp_path: Path) -> None:
    device = {"kind": "cpu", "name": "Example CPU", "visible": None, "peak_memory_bytes": None}
    page, rows = written(tmp_path, [record(number=n, slurm=None, device=device) for n in range(2)])
    heads = {cell for row in rows for cell in row}
    assert not heads & {"job", "job ids", "in the queue"} and "What had to be repeated" not in page
    assert next(row for row in rows if row[0] == "train_member")[-1] == "front Example CPU"


def test_a_run_without_records_still_has_a_page(tmp_path: Path) -> None:
    page, rows = written(tmp_path, [])
    assert "No job has left a record." in page and rows == []


def test_nothing_from_names_or_errors_reaches_the_page_unescaped(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>\"'&"
    hostile = record(
        wildcards={"scan": bad},
        state="failed",
        error=bad,
        image=bad,
        versions={bad: bad},
        slurm={"job": bad, "node": bad, "gpus": bad},
        device={"kind": "gpu", "name": bad, "visible": bad, "peak_memory_bytes": None},
    )
    write_jobs_page(tmp_path / "jobs.html", run=bad, title=bad, records=[hostile, record(rule=bad)])
    page = (tmp_path / "jobs.html").read_text(encoding="utf-8")
    assert "<script" not in page and page.count(html.escape("<script>")) >= 10
    assert "default-src 'none'" in html.unescape(page)


def test_the_same_records_give_the_same_page(tmp_path: Path) -> None:
    jobs = [record(number=number) for number in range(5)]
    assert written(tmp_path, jobs)[0] == written(tmp_path, jobs)[0]
