"""Runs that write different parts of one page leave each other's alone."""

from pathlib import Path

import pytest

import sections


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.md"


def test_the_beginning_is_replaced_and_sections_stay(page: Path) -> None:
    page.write_text("# Old\n\nold\n\n## One\n\n1\n\n## Two\n\n2\n")
    sections.write_beginning(page, "# New\n")
    assert page.read_text() == "# New\n\n## One\n\n1\n\n## Two\n\n2\n"


def test_a_section_is_replaced_where_it_stands(page: Path) -> None:
    page.write_text("# Page\n\n## One\n\n1\n\n## Two\n\n2\n")
    sections.write_section(page, "## One\n\n### Within\n\nnew")
    assert page.read_text() == "# Page\n\n## One\n\n### Within\n\nnew\n\n## Two\n\n2\n"


def test_a_section_that_is_not_there_comes_last(page: Path) -> None:
    sections.write_section(page, "## One\n\n1")
    sections.write_section(page, "## Two\n\n2")
    sections.write_beginning(page, "# Page")
    assert page.read_text() == "# Page\n\n## One\n\n1\n\n## Two\n\n2\n"


def test_what_would_mix_up_the_parts_is_refused(page: Path) -> None:
    with pytest.raises(ValueError, match="no heading"):
        sections.write_section(page, "text")
    with pytest.raises(ValueError, match="no section"):
        sections.write_beginning(page, "# Page\n\n## One\n")
    assert not page.exists()
