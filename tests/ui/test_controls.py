"""Controls: a spec shown is the spec read back, and what is refused says so where it was typed."""

import pytest

from explorer import NOISES, NORMS, PROBLEMS, RunSpec
from explorer.registry import GEOMETRIES
from explorer.ui._fields import REGISTRIES, read
from explorer.ui._number import Number
from explorer.ui._words import FOLDED, MAIN, OPTIONS, WORDS, formula
from explorer.ui.controls import Controls
from explorer.ui.explorer import Explorer

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
SPECS = [
    SPEC,
    RunSpec(problem="mlp", device="cpu"),
    SPEC.replace(batch_size=20),
    SPEC.replace(transport=0.3),
    SPEC.replace(transport=0.5),
    SPEC.replace(transport=True, max_extrapolation=2.5),
    RunSpec(problem="log_cosh(flatness=10)", rows=3, columns=7, device="cpu"),
    SPEC.replace(optimizer="sgd", schedule="constant", lr=0.1, momentum=0.5),
    SPEC.replace(noise_scale=0.25, noise="pareto", tail_index=1.35, dtype="float64"),
    SPEC.replace(noise="none", seed=1234),
    *(RunSpec(problem=name, device="cpu") for name in PROBLEMS),
]


class Choices:
    """The controls of a spec, and how often they told of a choice."""

    def __init__(self, spec=SPEC):
        self.told = 0
        self.controls = Controls(spec, self.tell)

    def tell(self):
        self.told += 1

    @property
    def spec(self):
        return self.controls.spec

    def browser(self, field, **state):
        """Let a browser move a control."""
        message = {"method": "update", "state": state, "buffer_paths": []}
        control = self.controls.widgets[field]
        if isinstance(control, Number):  # a number is dragged, a text is typed
            control = control.text if isinstance(state["value"], str) else control.slider
        control._handle_msg({"content": {"data": message}, "buffers": []})

    def pick(self, field, label):
        """Let a browser pick an entry of a menu by what is written there."""
        options = [entry[0] if isinstance(entry, tuple) else entry for entry in self.options(field)]
        self.browser(field, index=options.index(label))

    def options(self, field):
        return self.controls.widgets[field].options

    def shown(self, field):
        return self.controls.widgets[field].value

    def said(self, field):
        return self.controls._notes[field].value

    def alerts(self):
        return [field for field in self.controls.widgets if 'role="alert"' in self.said(field)]


@pytest.fixture
def choices():
    return Choices()


def test_there_is_a_control_for_every_field_of_a_spec():
    fields = set(RunSpec.__dataclass_fields__) - {"_origin"}
    assert {*MAIN, *FOLDED} - {*OPTIONS} == fields
    assert len({*MAIN, *FOLDED}) == len(MAIN) + len(FOLDED)
    for word in WORDS.values():
        assert word.name
        assert all(part.endswith(".") for part in (word.what, word.span, word.larger))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.code().split("\n")[2])
def test_every_control_shows_its_field_and_reads_it_back(choices, spec):
    choices.controls.load(spec)
    assert choices.spec is spec
    assert choices.told == 0
    assert choices.alerts() == []
    for field, control in choices.controls.widgets.items():
        wanted = getattr(spec, OPTIONS.get(field, field))
        if field in REGISTRIES and wanted not in GEOMETRIES:
            wanted = REGISTRIES[field].parse(wanted)[0]
        found = read(control, field, spec)
        assert found == wanted, field
        if field not in REGISTRIES:  # picking one anew would drop its options
            assert choices.controls._try(field) == (False, None), field
    assert choices.spec == spec


def test_a_spec_that_was_loaded_leaves_nothing_of_the_one_before(choices):
    for spec in (*SPECS, SPEC):
        choices.controls.load(spec)
    fresh = Choices()
    for field, control in choices.controls.widgets.items():
        assert control.value == fresh.shown(field), field
        assert control.disabled == fresh.controls.widgets[field].disabled, field
        assert choices.said(field) == fresh.said(field), field


MOVES = [
    ("tail_index", {"value": 1.75}, {"tail_index": 1.75}),
    ("tail_index", {"value": "1.8125"}, {"tail_index": 1.8125}),
    ("batch_size", {"value": 64.0}, {"batch_size": 64}),
    ("batch_size", {"value": "60"}, {"batch_size": 60}),
    ("lr", {"value": 0.0125892541}, {"lr": 0.013}),
    ("noise_scale", {"value": "1e4"}, {"noise_scale": 1e4, "noise_level": None}),
    ("horizon", {"value": "1e6"}, {"horizon": 1_000_000}),
    ("horizon", {"value": "12,345"}, {"horizon": 12_345}),
    ("seeds", {"value": " 7 "}, {"seeds": 7}),
    ("momentum", {"value": "0.5"}, {"momentum": 0.5}),
    ("rows", {"value": "3"}, {"rows": 3}),
    ("options", {"value": "flatness=10"}, {"problem": "log_cosh(flatness=10)"}),
]


@pytest.mark.parametrize(("field", "state", "changes"), MOVES, ids=str)
def test_a_message_of_the_browser_changes_the_spec(choices, field, state, changes):
    choices.browser(field, **state)
    assert choices.spec == SPEC.replace(**changes) != SPEC
    assert choices.told == 1
    assert choices.alerts() == []


@pytest.mark.parametrize(
    ("menu", "name", "typed", "wanted"),
    [
        ("norm", "schatten", "q=3", "schatten(q=3)"),
        ("norm", "ky_fan", "k=2", "ky_fan(k=2)"),
        ("noise", "student_t", "", "student_t"),
        ("noise", "skewed_stable", "skewness=0.5", "skewed_stable(skewness=0.5)"),
        ("optimizer", "clipped_sgd", "threshold=0.5", "clipped_sgd(threshold=0.5)"),
    ],
)
def test_what_a_class_alone_asks_for_is_typed_where_there_is_something(
    choices, menu, name, typed, wanted
):
    field = next(f for f, of in OPTIONS.items() if of == menu)
    row = choices.controls.row(field)
    assert (row.layout.display == "none") == (menu != "optimizer"), "what was chosen before"
    start = {"schedule": "constant", "lr": 0.1, "momentum": 0.5} if menu == "optimizer" else {}
    choices.controls.load(SPEC.replace(**{menu: name}, **start))
    assert (row.layout.display == "none") == (not typed)
    if typed:
        assert typed.partition("=")[0] in choices.controls.widgets[field].placeholder
        choices.browser(field, value=typed)
    assert getattr(choices.spec, menu) == wanted
    assert choices.shown(menu) == name
    assert choices.alerts() == []


def test_options_typed_beside_a_choice_that_waits_belong_to_it(choices):
    choices.pick("optimizer", "clipped_sgd")
    assert "optimizer" in choices.alerts()
    row = choices.controls.row("optimizer_options")
    assert row.layout.display != "none"
    choices.browser("optimizer_options", value="threshold=0.5")
    for field, value in (("schedule", "constant"), ("lr", "0.01"), ("momentum", "0.5")):
        if field == "schedule":
            choices.pick(field, value)
        else:
            choices.browser(field, value=value)
    assert choices.spec.optimizer == "clipped_sgd(threshold=0.5)"
    assert choices.shown("optimizer") == "clipped_sgd"
    assert choices.shown("optimizer_options") == "threshold=0.5"
    assert choices.alerts() == []


def test_options_that_are_refused_are_shown_as_typed_with_the_reason(choices):
    choices.controls.load(SPEC.replace(norm="schatten"))
    choices.browser("norm_options", value="q=0.5")
    assert choices.shown("norm_options") == "q=0.5"
    assert "q must" in choices.said("norm_options")
    assert choices.spec.norm == "schatten"


@pytest.mark.parametrize(
    ("field", "label", "changes"),
    [
        ("norm", NORMS["sign"].label, {"norm": "sign"}),
        ("noise", NOISES["gaussian"].label, {"noise": "gaussian"}),
        ("transport", "full", {"transport": True}),
        ("transport", "half", {"transport": 0.5}),
        ("schedule", "horizon", {"schedule": "horizon"}),
        ("dtype", "float64", {"dtype": "float64"}),
    ],
)
def test_an_entry_picked_in_the_browser_changes_the_spec(choices, field, label, changes):
    choices.pick(field, label)
    assert choices.spec == SPEC.replace(**changes) != SPEC
    assert choices.told == 1


def test_a_message_that_repeats_the_value_tells_nobody(choices):
    choices.browser("tail_index", value=SPEC.tail_index)
    choices.browser("momentum", value="none")  # another word for auto
    assert choices.spec == SPEC
    assert choices.told == 0


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("momentum", "1.5", "momentum must lie in [0, 1), got 1.5"),
        ("seeds", "0", "seeds must be at least 1, got 0"),
        ("seeds", "2.5", "seeds must be a whole number, got 2.5"),
        ("horizon", "many", "horizon must be a number, got &#x27;many&#x27;"),
        ("lr", "-1", "lr must be positive and finite, got -1"),
        ("lr", "<b>1</b>", "lr must be a number, got &#x27;&lt;b&gt;1&lt;/b&gt;&#x27;"),
        ("options", "flatnes=10", "flatnes"),
        ("options", "flatness=", ""),
    ],
)
def test_a_refused_value_stays_as_typed_with_the_sentence_beside_it_alone(
    choices, field, typed, sentence
):
    choices.browser(field, value=typed)
    assert choices.spec == SPEC
    assert choices.told == 0
    assert choices.shown(field) == typed
    assert choices.alerts() == [field]
    assert sentence in choices.said(field)
    assert not choices.controls.widgets[field].disabled


def test_a_refused_value_stays_as_typed_while_other_controls_move(choices):
    choices.browser("momentum", value="1.5")
    choices.browser("tail_index", value=1.3)
    assert choices.spec == SPEC.replace(tail_index=1.3)
    assert choices.shown("momentum") == "1.5"
    assert choices.alerts() == ["momentum"]


def test_a_text_that_is_no_number_stays_as_typed_while_other_controls_move(choices):
    choices.browser("momentum", value="much")
    choices.browser("tail_index", value=1.3)
    assert choices.spec == SPEC.replace(tail_index=1.3)
    assert choices.shown("momentum") == "much"
    assert choices.alerts() == ["momentum"]


def test_a_corrected_value_takes_its_sentence_away(choices):
    choices.browser("momentum", value="1.5")
    choices.browser("momentum", value="0.5")
    assert choices.spec == SPEC.replace(momentum=0.5)
    assert choices.alerts() == []


def test_a_refused_value_is_taken_as_soon_as_another_change_makes_it_whole(choices):
    choices.pick("optimizer", "sgd")
    assert choices.spec == SPEC
    assert choices.alerts() == ["optimizer"]
    choices.pick("schedule", "constant")
    assert choices.spec.optimizer == "scion"
    assert choices.shown("optimizer") == "sgd"
    choices.browser("lr", value="0.1")
    assert choices.spec == SPEC.replace(optimizer="sgd", schedule="constant", lr=0.1)
    assert choices.alerts() == []
    assert choices.shown("optimizer") == "sgd"


def test_a_refused_value_says_what_is_in_its_way_now(choices):
    choices.pick("optimizer", "sgd")
    assert "schedule &#x27;anytime&#x27; is tuned" in choices.said("optimizer")
    choices.pick("schedule", "constant")
    assert choices.spec.schedule == "constant"
    assert "lr must be given for optimizer &#x27;sgd&#x27;" in choices.said("optimizer")
    choices.browser("lr", value="0.1")
    assert (choices.spec.optimizer, choices.spec.lr) == ("sgd", 0.1)
    assert choices.said("optimizer") == ""


def test_a_batch_above_the_horizon_waits_for_a_longer_one(choices):
    choices.browser("batch_size", value="512")
    assert choices.spec == SPEC
    assert "horizon must be at least batch_size" in choices.said("batch_size")
    choices.browser("horizon", value="1000")
    assert choices.spec == SPEC.replace(batch_size=512, horizon=1000)
    assert choices.alerts() == []


def test_loading_a_spec_forgets_what_was_refused(choices):
    choices.browser("momentum", value="1.5")
    choices.controls.load(SPEC)
    assert choices.shown("momentum") == "auto"
    assert choices.alerts() == []


def test_a_control_that_nothing_asks_for_is_greyed_out_and_says_why(choices):
    assert not choices.controls.widgets["tail_index"].disabled
    choices.pick("noise", NOISES["gaussian"].label)
    assert choices.controls.widgets["tail_index"].disabled
    assert "has no tail index" in choices.said("tail_index")
    choices.pick("noise", NOISES["stable"].label)
    assert not choices.controls.widgets["tail_index"].disabled
    assert choices.said("tail_index") == ""


def test_a_look_ahead_cap_is_greyed_out_until_there_is_transport(choices):
    assert choices.controls.widgets["max_extrapolation"].disabled
    assert "without transport" in choices.said("max_extrapolation")
    choices.pick("transport", "full")
    assert not choices.controls.widgets["max_extrapolation"].disabled


def test_a_network_has_its_own_shapes_and_offers_norms_by_layer(choices):
    choices.controls.load(RunSpec(problem="mlp", device="cpu"))
    for field in ("rows", "columns"):
        assert choices.controls.widgets[field].disabled
        assert "a network has its own shapes" in choices.said(field)
    assert any("by layer" in label for label, _ in choices.options("norm"))
    choices.controls.load(SPEC)
    assert not any("by layer" in label for label, _ in choices.options("norm"))


def test_no_control_greyed_out_is_without_its_reason():
    for spec in SPECS:
        choices = Choices(spec)
        for field, control in choices.controls.widgets.items():
            assert control.disabled == ("explorer-why" in choices.said(field)), (field, spec)


def test_the_unit_of_noise_last_typed_is_the_one_in_use(choices):
    assert (choices.shown("noise_level"), choices.shown("noise_scale")) == ("20", "")
    choices.browser("noise_scale", value="0.5")
    assert (choices.spec.noise_level, choices.spec.noise_scale) == (None, 0.5)
    assert (choices.shown("noise_level"), choices.shown("noise_scale")) == ("", "0.5")
    assert not choices.controls.widgets["noise_level"].disabled
    choices.browser("noise_level", value="5")
    assert (choices.spec.noise_level, choices.spec.noise_scale) == (5, None)
    assert choices.shown("noise_scale") == ""


def test_a_unit_of_noise_for_networks_is_refused_on_a_toy(choices):
    choices.browser("noise_ratio", value="0.5")
    assert choices.spec == SPEC
    assert choices.alerts() == ["noise_ratio"]


@pytest.mark.parametrize("name", NORMS)
def test_the_formula_of_the_norm_is_shown(choices, name):
    choices.controls.load(SPEC.replace(norm=name))
    shown = choices.controls._formulas["norm"].value
    assert NORMS[name].formula in shown
    assert NORMS[name].ball in shown


def test_the_formulas_of_problem_and_noise_follow_the_choice(choices):
    choices.pick("noise", NOISES["gaussian"].label)
    assert NOISES["gaussian"].formula in choices.controls._formulas["noise"].value
    assert PROBLEMS["log_cosh"].formula in choices.controls._formulas["problem"].value


def test_a_row_holds_the_control_its_formula_and_its_note(choices):
    assert len(choices.controls.row("norm").children) == 3
    line, note = choices.controls.row("seeds").children
    assert line.children == (choices.controls.widgets["seeds"], choices.controls._tips["seeds"])
    assert note is choices.controls._notes["seeds"]


def test_a_choice_in_a_panel_shows_its_empty_picture_before_the_first_run():
    panel = Explorer(SPEC, controls=["tail_index"])
    panel.controls.widgets["tail_index"].value = "1.3"
    assert panel.spec == SPEC.replace(tail_index=1.3)
    panel.close()


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("horizon", "3,000", 3000),
        ("seed", "12345678901234567890", 12345678901234567890),
        ("noise_level", "1,234.5", 1234.5),
        ("horizon", "1e4", 10_000),
    ],
)
def test_a_number_is_taken_as_it_was_typed(choices, field, typed, value):
    choices.browser(field, value=typed)
    assert getattr(choices.spec, field) == value


@pytest.mark.parametrize(("field", "typed"), [("lr", "0,01"), ("noise_level", "2,5")])
def test_a_comma_that_might_be_a_point_is_refused(choices, field, typed):
    choices.browser(field, value=typed)
    assert choices.spec == SPEC
    assert f"{field} must be a number" in choices.said(field)


@pytest.mark.parametrize(
    ("options", "words"),
    [("", ""), ("(divide='rank')", ", all over min(m, n)"), ("(divide=3.0)", ", all over 3.0")],
)
def test_the_formula_of_a_divided_objective_says_by_what(options, words):
    spec = SPEC.replace(problem=f"log_cosh{options}")
    assert formula("problem", spec) == f"${PROBLEMS['log_cosh'].formula}${words}"
