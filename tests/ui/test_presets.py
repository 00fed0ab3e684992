"""Presets: each asks a question, and the run it proposes answers it."""

import pytest

from explorer import PRESETS, RunSpec, run
from explorer.ui.presets import MOST_VARIANTS, Preset, Presets

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")


def test_the_first_look_is_the_plain_spec():
    preset = PRESETS["First look"]
    assert preset.spec == RunSpec()
    assert preset.variants == ()
    assert next(iter(PRESETS)) == "First look"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_asks_one_question_and_is_found_by_name_and_slug(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.question.endswith("?")
    assert preset.question.count("?") == 1
    assert PRESETS[name.lower().replace(" ", "-")] is preset
    assert PRESETS[f" {name.upper()} "] is preset


def test_transport_pays_runs_with_transport_beside():
    preset = PRESETS["Transport pays"]
    assert preset.variants == ({"transport": True},)
    assert preset.spec.transport is False
    assert preset.spec.replace(**preset.variants[0]).transport is True


def test_a_network_has_no_rate_to_show():
    preset = PRESETS["A real network"]
    assert preset.spec.network
    assert preset.plots == ("decay", "loss", "layers")


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match=r"unknown preset 'second look'.*First look"):
        PRESETS["second look"]
    assert "second look" not in PRESETS


def test_more_variants_than_can_be_told_apart_are_refused():
    variants = tuple({"seed": seed} for seed in range(1, MOST_VARIANTS + 2))
    assert Preset("Mine", "Why?", SPEC, variants[:-1]).variants == variants[:-1]
    with pytest.raises(ValueError, match="variants must be at most 4, got 5"):
        Preset("Mine", "Why?", SPEC, variants)


def test_a_variant_that_is_no_spec_is_refused():
    with pytest.raises(ValueError, match="tail_index must lie in"):
        Preset("Mine", "Why?", SPEC, ({"tail_index": 3},))


def test_presets_are_a_mapping_in_their_order():
    first, second = Preset("One", "Why?", SPEC), Preset("Two", "How?", SPEC)
    presets = Presets(second, first)
    assert list(presets) == ["Two", "One"]
    assert len(presets) == 2
    assert dict(presets) == {"Two": second, "One": first}


@pytest.mark.slow
def test_transport_pays():
    preset = PRESETS["Transport pays"]
    off = preset.spec.replace(device="cpu")
    assert off.horizon == 20_000
    on = off.replace(**preset.variants[0])
    ratio = run(off).stationarity[-10:].mean() / run(on).stationarity[-10:].mean()
    assert 1.6 < ratio < 2.1  # 1.83 with seed 0


@pytest.mark.slow
def test_a_real_network_learns():
    trace = run(PRESETS["A real network"].spec.replace(device="cpu"))
    assert trace.complete
    assert trace.finite.all()
    assert trace.measures["held-out accuracy"][-1].mean() > 0.97
    assert trace.measures["value"][-1].mean() < 0.05
    assert trace.mean[-1] < trace.mean[0] / 3
