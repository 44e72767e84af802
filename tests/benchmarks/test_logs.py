"""The benchmark reads both layouts, computes the published measures, and says what is missing."""

from pathlib import Path

import pytest

from tests.benchmarks.log_formats import KINDS
from tests.benchmarks.log_found import found_statements
from tests.benchmarks.log_generator import rows, write
from tests.benchmarks.logs import grouping, main, read, score, shown, tokens


def test_a_group_counts_only_when_it_holds_exactly_the_lines_of_a_true_one():
    assert grouping("aabbc", "xxyyz") == (1.0, 1.0)
    # Of three true groups one is right (2 lines of 5); two of them were thrown together.
    assert grouping("aabbb", "xxyyz") == (0.4, pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3)))
    assert grouping("ab", "xx") == (0.0, 0.0)


def test_tokens_are_words_numbers_and_marks():
    assert tokens("2026-11-20 user_id=4711, ok") == 12


@pytest.mark.parametrize("flat", [False, True], ids=["folders", "flat"])
def test_both_layouts_are_read_and_corrected_truth_is_preferred(tmp_path: Path, flat: bool):
    for kind in KINDS[:2]:
        write(tmp_path, kind, kind.statements, lines=50)
    table = tmp_path / "HDFS" / "HDFS_2k.log_structured.csv"
    table.with_name("HDFS_2k.log_structured_corrected.csv").write_text(
        "LineId,Content,EventId,EventTemplate\n" + "".join(f'{n},"a, ""b""",E1,a\n' for n in range(1, 51))
    )
    if flat:
        for path in tmp_path.glob("*/*"):
            path.rename(tmp_path / path.name)
    logs = {log.name: log for log in read(tmp_path)}
    assert list(logs) == ["HDFS", "Hadoop"]
    assert set(logs["HDFS"].events) == {"E1"}
    assert logs["HDFS"].contents[0] == 'a, "b"'
    assert len(logs["Hadoop"].lines) == 50


def test_odd_marks_and_windows_line_ends_do_not_shift_the_truth(tmp_path: Path):
    (tmp_path / "A_2k.log").write_bytes(b"one \x85 \x0b line\r\nsecond \xff\r\nthird\r\n")
    (tmp_path / "A_2k.log_structured.csv").write_bytes(
        b"\xef\xbb\xbfLineId,Content,EventId,EventTemplate\r\n1,one,E1,one\r\n3,third,E2,third\r\n"
    )
    (log,) = read(tmp_path)
    assert (log.lines[1], log.events) == ("third", ["E1", "E2"])


def test_a_template_is_shown_when_one_of_its_messages_stands_in_the_summary(tmp_path: Path):
    write(tmp_path, KINDS[0], KINDS[0].statements, lines=60)
    (log,) = read(tmp_path)
    assert shown(log, "") == 0
    assert shown(log, "\n".join(log.contents)) == 1


def test_a_small_generated_set_reaches_the_aims(tmp_path: Path):
    write(tmp_path, KINDS[0], KINDS[0].statements, lines=1000)
    (log,) = read(tmp_path)
    got = score(log)
    assert min(got.ga, got.fga, got.shown) > 0.95
    assert got.saved > 0.945


def test_a_folder_without_logs_is_named_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path / "nowhere")]) == 2
    message = capsys.readouterr().err
    assert "There are no labelled log files in" in message
    assert message.count("\n") == 1


def test_the_table_names_every_set_and_the_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for kind in KINDS[:2]:
        write(tmp_path, kind, kind.statements, lines=200)
    main([str(tmp_path)])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "set",
        "HDFS",
        "Hadoop",
        "mean",
        "aim",
    ]


def test_statements_are_found_in_the_installed_packages():
    found = found_statements(["few", "n"], 20)
    assert len(set(found)) == 20
    assert any("{few}" in statement or "{n}" in statement for statement in found)


def test_every_variable_of_a_statement_can_be_drawn():
    for kind in KINDS:
        assert len(list(rows(kind, kind.statements, seed=1, lines=len(kind.statements)))) == len(kind.statements)
