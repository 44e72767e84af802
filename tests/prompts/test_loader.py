from __future__ import annotations

from pathlib import Path

import pytest

from prompts.loader import PromptFileError, fill, load, load_all, read

GOOD = "---\nname: greeting\nversion: 3\ntone: kind\n---\nHello {{ name }}.\n{% if late %}It is late.{% endif %}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "greeting.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_prompt_has_front_matter_and_text(tmp_path: Path) -> None:
    prompt = read(written(tmp_path, GOOD))

    assert (prompt.name, prompt.version, prompt.meta["tone"]) == ("greeting", "3", "kind")
    assert prompt.render(name="Maya", late=False) == "Hello Maya."
    assert prompt.render(name="Maya", late=True) == "Hello Maya.\nIt is late."


def test_every_change_of_a_file_changes_its_hash(tmp_path: Path) -> None:
    before = read(written(tmp_path, GOOD)).hash

    assert read(written(tmp_path, GOOD)).hash == before
    assert read(written(tmp_path, GOOD + " ")).hash != before
    assert read(written(tmp_path, GOOD.replace("kind", "dry"))).hash != before


def test_a_name_that_is_missing_is_an_error_that_says_where(tmp_path: Path) -> None:
    prompt = read(written(tmp_path, GOOD))

    with pytest.raises(PromptFileError, match="greeting: 'name' is undefined"):
        prompt.render(late=False)


def test_text_that_is_filled_in_is_not_a_template() -> None:
    assert fill("Hello {{ name }}.", "x", name="{{ secret }} {% raw %}") == "Hello {{ secret }} {% raw %}."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hello", "it needs front matter"),
        ("intro\n---\nname: x\n---\n", "it needs front matter"),
        ("---\nname: x\nversion: 1\n", "it needs front matter"),
        ("---\nname: [x\n---\n", "the front matter is not YAML"),
        ("---\nname: x\n---\nHello", "the front matter needs name and version"),
        ("---\n- a list\n---\nHello", "the front matter needs name and version"),
    ],
)
def test_a_wrong_file_is_named_with_the_reason(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PromptFileError, match=f"greeting.md: {reason}"):
        read(written(tmp_path, text))


def test_a_broken_template_is_named() -> None:
    with pytest.raises(PromptFileError, match="greeting: "):
        fill("{% if %}", "greeting")


def test_every_prompt_of_a_folder_is_loaded_in_order() -> None:
    names = [prompt.name for prompt in load_all("specialists")]

    assert names == sorted(names)
    assert load("specialists/cost") is load("specialists/cost")
