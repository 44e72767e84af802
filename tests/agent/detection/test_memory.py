"""Documents with a version."""

from agent.detection.memory import readable, versioned


def test_a_document_comes_back_as_it_was_put():
    assert readable(versioned({"templates": []})) == {"templates": []}


def test_what_another_version_wrote_is_learned_anew():
    assert readable({"version": 0, "templates": []}) == readable(None) == {}
