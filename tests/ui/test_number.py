"""Number: the text is the value, and the slider follows it as far as it reaches."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import RunSpec
from explorer.ui._fields import SLIDERS, make, put, read
from explorer.ui._number import Number

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")


def drag(number, to):
    message = {"method": "update", "state": {"value": to}, "buffer_paths": []}
    number.slider._handle_msg({"content": {"data": message}, "buffers": []})


@pytest.mark.parametrize("field", SLIDERS)
def test_every_place_of_a_slider_is_a_number_that_is_written_beside_it(field):
    number, low, high = make(field), SLIDERS[field]["low"], SLIDERS[field]["high"]
    log = SLIDERS[field]["log"]
    for share in (0.1, 0.37, 0.5, 0.88, 1.0):
        place = low * (high / low) ** share if log else low + share * (high - low)
        drag(number, place)
        value = read(number, field, SPEC)
        assert number.value == number.text.value
        if field == "batch_size":
            assert math.log2(value).is_integer()
            assert abs(math.log2(value / place)) <= 0.5
        else:
            assert value == pytest.approx(place, rel=0.06)


@pytest.mark.parametrize("field", SLIDERS)
def test_a_browser_that_puts_a_slider_on_its_nearest_place_changes_no_number(field):
    number, step, log = make(field), SLIDERS[field]["step"], SLIDERS[field]["log"]
    for share in (0.123, 0.456, 0.789):
        low, high = SLIDERS[field]["low"], SLIDERS[field]["high"]
        typed = low * (high / low) ** share if log else low + share * (high - low)
        number.text.value = repr(typed)
        nearest = round((math.log10(typed) if log else typed) / step) * step
        drag(number, 10**nearest if log else nearest)
        assert read(number, field, SPEC) == typed
        further = nearest + step
        drag(number, 10**further if log else further)
        assert read(number, field, SPEC) != typed


@pytest.mark.parametrize("field", SLIDERS)
def test_what_is_typed_is_the_value_and_the_slider_goes_there_or_to_its_end(field):
    number, low, high = make(field), SLIDERS[field]["low"], SLIDERS[field]["high"]
    for value in (low, (low + high) / 2, high, 10 * high, low / 10):
        number.text.value = repr(value)
        assert read(number, field, SPEC) == value
        assert number.slider.value == pytest.approx(min(max(value, low), high))


def test_a_text_that_is_no_number_puts_the_slider_to_its_lower_end():
    number = make("lr")
    number.text.value = "0.01"
    for text in ("auto", "", "many"):
        number.text.value = "0.01"
        assert number.slider.value == pytest.approx(0.01)
        number.text.value = text
        assert number.slider.value == pytest.approx(1e-4)
        assert number.value == text


@given(st.floats(1e-8, 1e8))
def test_the_text_shown_is_the_value_used(value):
    number = make("noise_scale")
    put(number, "noise_scale", SPEC.replace(noise_scale=value))
    assert read(number, "noise_scale", SPEC) == value


def test_a_number_that_nothing_asks_for_can_neither_be_typed_nor_dragged():
    number = make("tail_index")
    assert isinstance(number, Number)
    number.disabled = True
    assert number.text.disabled
    assert number.slider.disabled
