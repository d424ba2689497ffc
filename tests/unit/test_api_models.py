"""The table of policies, asked of the models; `tests/integration/test_api_table.py` asks the API server."""

import pytest
from pydantic import ValidationError

from policies.bad import BAD
from policies.good import GOOD
from policies.table import Bad, Good, Kind, case_id, cases, manifest
from syncpause.api.errors import explain_errors, field_path


@pytest.mark.parametrize(("row", "kind"), cases(GOOD), ids=case_id)
def test_a_good_policy_is_accepted(row: Good, kind: Kind) -> None:
    parsed = kind.parse(manifest(kind, row.spec))
    assert kind.parse(parsed.to_json()) == parsed


@pytest.mark.parametrize(("row", "kind"), cases(BAD), ids=case_id)
def test_a_bad_policy_is_refused_with_a_sentence_that_names_the_field(row: Bad, kind: Kind) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.parse(manifest(kind, row.spec))
    assert [field_path(fault["loc"]) for fault in refused.value.errors()] == [row.path]
    sentence = explain_errors(refused.value)
    assert sentence.startswith(f"{row.path}: ")
    assert (row.ours or row.sentence) in sentence


def test_the_table_is_as_long_as_promised_and_its_rows_have_names_of_their_own() -> None:
    assert len(BAD) >= 40
    assert len(GOOD) >= 15
    names = [row.name for row in [*BAD, *GOOD]]
    assert len(set(names)) == len(names)
