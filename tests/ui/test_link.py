"""Links: a choice written and read back is the same choice, however it came about."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer import NOISES, NORMS, PRESETS, PROBLEMS, RunSpec
from explorer.ui import _link
from explorer.ui._link import Choice
from explorer.ui.explorer import Explorer
from explorer.ui.presets import Preset

RELEASED = json.loads((Path(__file__).parent / "released_links.json").read_text())

SHIPPED = list(PRESETS)  # before any test adds one
SOME = {
    "problem": st.sampled_from([*PROBLEMS, "log_cosh(flatness=10)", "chain(moment=1.5)"]),
    "norm": st.sampled_from([*NORMS, "schatten(q=3)"]),
    "noise": st.sampled_from(list(NOISES)),
    "tail_index": st.floats(1.01, 1.99),
    "noise_level": st.floats(0.01, 1e4),
    "noise_scale": st.floats(1e-6, 1e6),
    "rows": st.integers(1, 64),
    "columns": st.integers(1, 64),
    "batch_size": st.integers(1, 100),
    "transport": st.sampled_from([False, True, 0.25]),
    "schedule": st.sampled_from(["anytime", "horizon", "constant", "linear"]),
    "tuned_for": st.one_of(st.none(), st.floats(1.1, 2)),
    "momentum": st.one_of(st.none(), st.floats(0, 0.99)),
    "lr": st.one_of(st.none(), st.floats(1e-6, 10)),
    "max_extrapolation": st.one_of(st.none(), st.floats(0.1, 10)),
    "horizon": st.integers(100, 10**7),
    "seeds": st.integers(1, 64),
    "seed": st.integers(0, 2**40),
    "dtype": st.sampled_from(["float32", "float64"]),
}


@st.composite
def choices(draw):
    """A preset with any of its fields changed, one after another, as far as specs allow it."""
    preset = PRESETS[draw(st.sampled_from(SHIPPED))]
    spec = preset.spec
    for field in draw(st.lists(st.sampled_from(list(SOME)), max_size=8)):
        try:
            spec = spec.replace(**{field: draw(SOME[field])})
        except ValueError:
            continue
    xscale, against = (
        draw(st.sampled_from(["log", "linear"])),
        draw(st.sampled_from(["calls", "steps"])),
    )
    return Choice(preset, spec, draw(st.sampled_from(preset.plots)), xscale, against)


@given(choices())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_choice_survives_its_link(choice):
    link = _link.write(choice)
    assert _link.read(link) == choice
    address = f"https://somewhere.org/voila/render/app.ipynb?theme=dark&spec={quote(link)}"
    assert _link.read(address) == choice
    assert RunSpec.from_json(choice.spec.to_json()) == choice.spec


def test_a_link_names_what_differs_and_no_more():
    panel = Explorer(preset="transport-smooth")
    assert panel.link() == "preset=transport-smooth"
    panel.controls.load(panel.spec.replace(noise_scale=0.5))
    panel.plot = "geometry"
    assert panel.link() == "preset=transport-smooth&noise_scale=0.5&plot=geometry"
    panel.close()


def test_a_panel_from_a_link_has_its_choice_and_resets_to_its_preset():
    link = "preset=first-look&tail_index=1.3&horizon=300&plot=noise&against=steps&xscale=linear"
    panel = Explorer.from_link(link)
    assert (panel.spec.tail_index, panel.spec.horizon) == (1.3, 300)
    assert panel.plot == panel.session.plot == "noise"
    assert (panel._timeline.against.value, panel._timeline.xscale.value) == ("steps", "linear")
    assert panel.session.painter.look.against == "steps"
    assert panel.link() == link.replace(
        "against=steps&xscale=linear", "xscale=linear&against=steps"
    )
    panel._reset()
    assert panel.link() == "preset=first-look"
    panel.close()


@pytest.mark.parametrize("link", ["", "?", "preset=first-look", " preset=First look "])
def test_an_empty_link_is_the_first_look(link):
    assert _link.read(link).spec == RunSpec()


@pytest.mark.parametrize("released", RELEASED, ids=lambda one: one["version"] + " " + one["link"])
def test_links_of_released_versions_stay_readable(released):
    choice = _link.read(released["link"])
    assert choice.preset.name == released["preset"]
    for field, value in released["fields"].items():
        assert getattr(choice.spec, field) == value, field
    assert choice.plot == released["plot"]


@pytest.mark.parametrize(
    ("link", "error", "sentence"),
    [
        ("preset=second-look", ValueError, "unknown preset 'second-look'.*First look"),
        ("tail_index=0.5", ValueError, r"tail_index must lie in \(1, 2\], got 0.5"),
        ("tail_index=much", ValueError, "tail_index must be a number.*got 'much'"),
        ("tail=1.5", ValueError, "a link has no word 'tail'.*tail_index"),
        ("plot=decoy", ValueError, "plot must be one of.*decay.*got 'decoy'"),
        ("xscale=cubic", ValueError, "xscale must be one of.*got 'cubic'"),
        ("hello", ValueError, "a link has no word 'hello'"),
        ("?&&", ValueError, "a link reads like preset=first-look"),
        (7, TypeError, "a link must be a text, got 7"),
        ("norm=spectrl", ValueError, "unknown norm 'spectrl'"),
        ("seeds={}", ValueError, "seeds must be"),
        ("spec=" * 900, ValueError, "a link has at most 4,000 characters|has no word"),
        ("seeds=" + "[" * 3900, ValueError, "."),
        ("problem=" + "-" * 3900 + "1", ValueError, "."),
        ("tail_index=1.3" * 1000, ValueError, "a link has at most 4,000 characters, got 14,000"),
    ],
)
def test_a_link_that_cannot_be_read_says_why(link, error, sentence):
    with pytest.raises(error, match=sentence):
        _link.read(link)


@pytest.mark.parametrize("link", ["", "plot=rate", "preset=a-real-network&plot=rate"])
def test_a_panel_from_a_link_offers_the_pictures_of_whatever_preset_is_chosen_next(link):
    panel = Explorer.from_link(link)
    panel._front.presets.value = "Lower chain"
    assert panel._front.offered == list(PRESETS["Lower chain"].plots)
    assert panel.plot == PRESETS["Lower chain"].plots[0]
    panel.close()


APP = Path(__file__).parents[2] / "notebooks" / "src" / "app.py"


@pytest.mark.parametrize(
    ("query", "tail_index", "refused"),
    [
        ("", 1.6, False),
        ("voila-theme=dark&token=abc", 1.6, False),
        ("voila-theme=dark&spec=tail_index%3D1.3", 1.3, False),
        ("spec=preset=first-look&tail_index=1.3", 1.3, False),
        ("spec=tail_index%3D9", 1.6, True),
    ],
)
def test_the_app_page_takes_its_own_word_of_an_address(
    monkeypatch, capsys, query, tail_index, refused
):
    monkeypatch.setenv("QUERY_STRING", query)
    shown = {}
    exec(compile(APP.read_text(), str(APP), "exec"), shown)
    assert shown["panel"].spec.tail_index == tail_index
    assert bool(capsys.readouterr().out) == refused, "a link that is refused is said to be"
    shown["panel"].close()


@pytest.mark.parametrize("quoted", [False, True])
def test_an_address_carries_a_link_quoted_or_not(quoted):
    link = Explorer(RunSpec(tail_index=1.3, norm="sign")).link()
    address = "http://here/app.ipynb?token=abc&spec=" + (quote(link, safe="") if quoted else link)
    choice = _link.read(address)
    assert (choice.spec.tail_index, choice.spec.norm) == (1.3, "sign")


def test_a_link_may_show_a_picture_that_its_preset_does_not_offer():
    panel = Explorer.from_link("preset=a-real-network&plot=rate")
    assert panel.plot == "rate"
    assert panel._front.offered == ["decay", "loss", "layers", "rate"]
    panel.close()
    with pytest.raises(ValueError, match=r"this link shows 'rate', and plots are \['decay'\]"):
        Explorer.from_link("plot=rate", plots=["decay"])


def test_a_preset_that_only_this_session_knows_is_left_out_of_its_link():
    mine = Preset("Mine", "Why?", RunSpec(norm="sign", horizon=300))
    panel = Explorer(preset=mine)
    assert panel.link() == "preset=first-look&norm=sign&horizon=300"
    assert Explorer.from_link(panel.link()).spec == panel.spec
    panel.close()
