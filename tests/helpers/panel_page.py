"""What a reader does with a panel on a page, and waits for."""

import re
from typing import Any

PATIENCE_S = 120


def button(page: Any, name: str) -> Any:
    """A button of the panel; its icon is a letter of a symbol font and part of its name."""
    return page.locator(".explorer-panel button", has_text=re.compile(f"^.?{name}$")).first


def press(page: Any, name: str) -> None:
    button(page, name).click()


def tab(page: Any, name: str) -> Any:
    return page.locator(".explorer-tabs button", has_text=name)


def number(page: Any, name: str) -> Any:
    """The field for the number beside a slider."""
    return page.get_by_title(f"{name}, as a number")


def type_in(page: Any, name: str, text: str) -> None:
    number(page, name).fill(text)
    number(page, name).press("Enter")


def sentence(page: Any) -> str:
    return page.locator(".explorer-sentence").first.inner_text()


def calls_in(said: str) -> int:
    """How many calls a sentence says a run has made."""
    return int(re.search(r"([\d,]+) (?:of [\d,]+ )?calls", said)[1].replace(",", ""))


def wait_for_words(page: Any, words: Any) -> None:
    page.locator(".explorer-sentence", has_text=words).first.wait_for()


def wait_for_state(page: Any, state: str) -> None:
    status = page.locator(".explorer-status", has_text=re.compile(f"^{state}, "))
    status.first.wait_for(timeout=1000 * PATIENCE_S)


def wait_for_stored(page: Any, said: str) -> None:
    """Wait until a reader of the saved notebook would see these words."""
    page.wait_for_function(
        "said => document.querySelector('.explorer-stored')?.textContent === said", arg=said
    )
