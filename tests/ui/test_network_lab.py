"""The known outcomes of the presets of small networks: orderings, since levels depend on torch."""

import pytest

from explorer import PRESETS, run
from explorer.ui._network_lab import NETWORK_LAB

TRAINING, HELD_OUT, ACCURACY = "value", "held-out loss", "held-out accuracy"


def ends(name):
    """Loss at the end by variant; the preset's own run is ``"own"``."""
    preset = PRESETS[name]
    runs = {"own": run(preset.spec)}
    runs |= {str(change): run(preset.spec.replace(**change)) for change in preset.variants}
    return {label: trace.mean_measures[TRAINING][-1] for label, trace in runs.items()}


def test_every_preset_of_a_network_offers_its_loss():
    assert all("loss" in preset.plots for preset in NETWORK_LAB)
    assert all(preset.spec.network for preset in NETWORK_LAB)


def test_a_real_network_learns_and_its_gradient_falls():
    trace = run(PRESETS["A real network"].spec)
    means = trace.mean_measures
    assert means[TRAINING][-1] < 0.05 < means[TRAINING][0]
    assert means[ACCURACY][-1] > 0.97
    assert trace.mean[-1] < trace.mean[0] / 3 < trace.mean.max() / 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "loss", "accuracy"),
    [("A convolutional network", 0.1, 0.97), ("A small GPT", 2.3, 0.3)],
)
def test_other_networks_learn(name, loss, accuracy):
    means = run(PRESETS[name].spec).mean_measures
    assert means[TRAINING][-1] < loss
    assert means[ACCURACY][-1] > accuracy


@pytest.mark.slow
def test_looking_ahead_gives_back_what_a_long_memory_costs():
    seen = ends("Large momentum")
    assert seen["{'transport': 0.5}"] < seen["own"] / 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Batch 64", "Heavy tails on a network"])
def test_the_farther_ahead_the_lower(name):
    seen = ends(name)
    assert seen["{'transport': True}"] < seen["own"] < seen["{'transport': False}"] / 1.5


@pytest.mark.slow
def test_transport_hurts_with_a_long_memory_and_large_steps_and_a_cap_mends_it():
    seen = ends("When transport hurts")
    assert seen["own"] > 2 * seen["{'transport': False}"]
    assert seen["{'max_extrapolation': 0.3}"] < seen["{'transport': False}"]


@pytest.mark.slow
def test_a_well_tuned_run_gains_nothing():
    one, other = ends("Well tuned, no gain").values()
    assert other == pytest.approx(one, rel=0.3)


@pytest.mark.slow
def test_spectral_layers_train_a_transformer_best():
    seen = ends("Geometry on a GPT")
    spectral = max(seen["own"], seen["{'norm': 'spectral'}"])
    others = [loss for label, loss in seen.items() if "sign" in label or "frobenius" in label]
    assert spectral < min(others)
