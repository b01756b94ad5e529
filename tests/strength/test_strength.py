"""Everyday tests notice what is taken out of the product."""

import pytest

from tests.strength.mutations import MUTATIONS
from tests.strength.search import search

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


def test_everyday_tests_notice_what_is_taken_out() -> None:
    assert [outcome.words for outcome in search(MUTATIONS) if not outcome.test] == []
