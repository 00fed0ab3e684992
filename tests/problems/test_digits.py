"""The digits that ship are the ones that were collected, with the name of who did."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.problems._data import TRAIN, digits


@pytest.fixture(scope="module")
def maker():
    path = Path(__file__).with_name("make_digits.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shipped(maker):
    with np.load(maker.TARGET) as file:
        return dict(file)


@pytest.fixture(params=[torch.float32, torch.float64], ids=str)
def split(request):
    return digits(torch.device("cpu"), request.param)


def test_the_file_is_what_its_maker_makes(maker, shipped):
    made = maker.digits()
    assert shipped.keys() == made.keys()
    for name, array in made.items():
        assert shipped[name].dtype == array.dtype
        np.testing.assert_array_equal(shipped[name], array)


def test_the_file_says_who_collected_it_and_under_which_licence(shipped):
    source = str(shipped["source"])
    for part in ("Alpaydin", "Kaynak", "UCI", "10.24432/C50P49", "CC BY 4.0"):
        assert part in source


def test_images_are_split_into_1500_to_train_on_and_297_held_out(split):
    assert TRAIN == 1500
    assert split.inputs.shape == (1500, 64)
    assert split.held_out_inputs.shape == (297, 64)
    assert split.targets.shape == (1500,)
    assert split.held_out_targets.shape == (297,)
    assert split.targets.dtype == torch.int64


def test_every_digit_is_trained_on_and_held_out_about_as_often(split):
    for labels in (split.targets, split.held_out_targets):
        counts = labels.bincount(minlength=10) / len(labels)
        assert len(counts) == 10
        assert (counts - 0.1).abs().max() < 0.06


def test_training_images_have_mean_zero_and_variance_one(split):
    assert abs(split.inputs.double().mean()) < 1e-5
    assert split.inputs.double().std() == pytest.approx(1, abs=1e-5)


def test_held_out_inputs_are_standardised_with_the_training_numbers(split, shipped):
    raw = torch.from_numpy(shipped["images"]).double()
    wanted = (raw[TRAIN:] - raw[:TRAIN].mean()) / raw[:TRAIN].std()
    torch.testing.assert_close(split.held_out_inputs.double(), wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(split.held_out_targets, shipped["labels"][TRAIN:])
