"""Two parsers of bash: they see the same, or nothing is auto."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.safety.commands import bash_shfmt, judge
from agent.safety.commands.bash_shfmt import ShfmtMissing, read_with_shfmt
from agent.safety.commands.bash_tree import read_with_tree_sitter

TEXTS = (
    "ls -l 'a b' \"c $d\" e\\ f | sort >/dev/null 2>&1",
    "A=1 B= ls ${x} ${y:-z} ${#w} `pwd` $(id)",
    'for i in 1 2; do echo $i; done; while read x; do ls "$x"; done < f',
    "if [ -f a ]; then ls; elif true; then df; else id; fi",
    "[[ -n $x && a == b ]] || ! ls",
    "(cd a; ls) && { df; id; } & wait",
    "find . -name '*.c' \\( -a \\) -exec ls {} \\;",
    'time ls; cat <<< "x $y"; diff <(ls a) <(ls b)',
    "f() { ls; }; export A=1; declare -p",
    'echo "$(date) $USER  ${HOST} $x `id` $y"',
    "r''m \"\"x ''",
)


@pytest.mark.parametrize("text", TEXTS)
def test_both_parsers_see_the_same(text: str) -> None:
    assert read_with_tree_sitter(text).agrees_with(read_with_shfmt(text, 10))


def test_without_shfmt_nothing_is_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bash_shfmt, "shfmt_path", lambda: None)

    verdict = judge("ls", "bash")

    assert verdict.decision == "approval"
    assert "second opinion" in verdict.reasons[0]


def test_an_shfmt_that_does_not_answer_is_missing(tmp_path: Path) -> None:
    slow = tmp_path / "shfmt"
    slow.write_text("#!/bin/sh\nsleep 5\n")
    slow.chmod(0o700)

    with pytest.raises(ShfmtMissing, match="no answer"):
        read_with_shfmt("ls", 0.05, str(slow))
