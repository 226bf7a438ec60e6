"""The page of measurements: sections are replaced one by one, and a slower row is said."""

from pathlib import Path

from tests.support import performance_page as page


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "PERFORMANCE.md"
    page.write("One", "first", file)
    page.write("Two", "second", file)
    page.write("One", "changed", file)
    assert page.read(file)[1] == {"One": "changed", "Two": "second"}
    assert file.read_text() == f"{page.TOP}\n## One\n\nchanged\n\n## Two\n\nsecond\n"
    before = file.read_text()
    page.write("Two", "second", file)
    assert file.read_text() == before


def test_a_slower_row_is_said(tmp_path: Path) -> None:
    before = page.markdown(["what", "ratio"], [["check", "0.47"], ["draft", "1.00"], ["gone", "1.00"]])
    now = page.markdown(["what", "ratio"], [["check", "0.60"], ["draft", "0.99"], ["new", "9.00"]])
    assert page.slower(f"words\n\n{before}\n\nmore", now, "ratio") == ["check: ratio 0.47 -> 0.60"]
    assert page.slower("", now, "ratio") == []
