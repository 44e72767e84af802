"""The benchmark's reader: every form that vectors come in, and nothing that only a helper would make."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.redaction_vectors import Vector, read_vectors

GO = r"""
	// validate
	tps := []string{
		`token = "abc"`, // a comment, with "quotes"
		utils.GenerateSampleSecret("x", "left out"),
		"say \"hi\"\n",
		`a` + newSecret(`b`) + `c`,
	}
	tps = append(tps, `more`)
	fps := []string{`harmless {`}
	return validate(r, tps, fps)
"""


def test_a_go_rule_file_gives_its_literals_and_skips_what_helpers_make(tmp_path: Path) -> None:
    (tmp_path / "rule.go").write_text(GO, "utf-8")
    assert [(vector.text, vector.secret) for vector in read_vectors(tmp_path)] == [
        ('token = "abc"', True),
        ('say "hi"\n', True),
        ("more", True),
        ("harmless {", False),
    ]


def test_rows_and_folders_are_read_with_and_without_named_secrets(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"text": "k=s1", "secrets": ["s1"]}\n{"input": "x", "expected_redacted": false}\n'
    )
    (tmp_path / "b.csv").write_text("line,secret,label\nk=s2,s2,1\nplain,,0\n", "utf-8")
    for name in ("positive", "negative"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.txt").write_text(name, "utf-8")
    assert set(read_vectors(tmp_path)) == {
        Vector("a", "k=s1", True, ("s1",)),
        Vector("a", "x", False),
        Vector("b", "k=s2", True, ("s2",)),
        Vector("b", "plain", False),
        Vector("c", "positive", True),
        Vector("c", "negative", False),
    }


def test_a_secret_counts_as_hidden_only_when_nothing_of_it_is_left() -> None:
    vector = Vector("a", "k=s1", True, ("s1",))
    assert vector.is_hidden_in("k=[redacted:token]")
    assert not vector.is_hidden_in("k=s1 [redacted:token]")
