"""RunSpec: what is not given is chosen, what is given is kept, and all that is bad is refused."""

import dataclasses
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.noise.stable import Stable
from explorer.norms.sign import Sign
from explorer.problems.log_cosh import LogCosh
from explorer.problems.mlp import Mlp
from explorer.run.spec import RunSpec, field_names, unasked

TOY = RunSpec()
NETWORK = RunSpec(problem="mlp")


@pytest.mark.parametrize("problem", [LogCosh, Mlp], ids=["log_cosh", "mlp"])
def test_what_is_not_given_is_the_problems_own_choice(problem):
    spec = RunSpec(problem={LogCosh: "log_cosh", Mlp: "mlp"}[problem])
    chosen = {name: getattr(spec, name) for name in field_names() if name != "problem"}
    assert chosen == dict(problem.defaults)


def test_the_defaults_are_those_of_the_front_page():
    assert (TOY.rows, TOY.columns, TOY.norm, TOY.noise) == (4, 16, "spectral", "stable")
    assert (TOY.tail_index, TOY.noise_level, TOY.noise_scale) == (1.6, 20.0, None)
    assert (TOY.schedule, TOY.horizon, TOY.seeds, TOY.n_steps) == ("anytime", 20_000, 32, 20_000)
    assert (NETWORK.rows, NETWORK.norm, NETWORK.schedule) == (None, "scion", "linear")


def test_steps_are_the_whole_batches_of_a_horizon():
    assert RunSpec(horizon=1000, batch_size=300).n_steps == 3


CHANGES = [
    {"norm": "sign"},
    {"tail_index": 1.3, "seeds": 4},
    {"noise_scale": 0.5},
    {"problem": "mlp"},
    {"problem": "mlp", "norm": "sign"},
    {"problem": "quadratic(condition=10.0)", "transport": True},
    {"noise": "none"},
    {"lr": 0.1, "momentum": 0.5, "schedule": "constant"},
    {},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_dataclasses_replace_is_replace(change):
    for spec in (TOY, RunSpec(norm="row", noise_scale=2.0, horizon=100)):
        assert dataclasses.replace(spec, **change) == spec.replace(**change)
        assert spec.replace(**change).diff(RunSpec(**change)).keys() <= {
            "norm",
            "noise_scale",
            "noise_level",
            "horizon",
        }


def test_a_value_that_is_named_counts_as_given_even_where_it_equals_the_old_one():
    named = {"norm": "spectral", "batch_size": 1, "seeds": 32, "horizon": 20_000}
    spec = RunSpec().replace(problem="mlp", **named)
    assert {name: getattr(spec, name) for name in named} == named
    assert RunSpec().replace(norm="spectral").replace(problem="mlp").norm == "scion"
    assert RunSpec().replace(seeds=32).replace(problem="mlp").seeds == 32


def test_an_option_that_is_a_field_replaces_the_field():
    assert RunSpec(rows=3).replace(problem="log_cosh(rows=8)").rows == 8
    assert RunSpec(tail_index=1.4).replace(noise="stable(tail_index=1.3)").tail_index == 1.3
    with pytest.raises(ValueError, match="rows is given twice"):
        RunSpec().replace(problem="log_cosh(rows=8)", rows=3)


def test_a_new_problem_takes_its_own_choices_and_keeps_what_was_given():
    spec = RunSpec(seeds=5, horizon=960, tail_index=1.3).replace(problem="mlp")
    assert spec == RunSpec(problem="mlp", seeds=5, horizon=960, tail_index=1.3)
    assert spec.batch_size == Mlp.defaults["batch_size"]


def test_what_means_nothing_to_the_other_kind_of_problem_is_chosen_anew():
    given = RunSpec(norm="sign", rows=2, noise="stable", noise_scale=3.0, lr=0.5, momentum=0.1)
    network = given.replace(problem="mlp")
    assert network == NETWORK
    back = RunSpec(problem="mlp", noise_ratio=2.0, lr=0.3, norm="row").replace(problem="log_cosh")
    assert back == TOY


def test_options_alone_do_not_make_a_problem_new():
    spec = RunSpec(lr=0.1, rows=2, norm="sign").replace(problem="log_cosh(flatness=3)")
    assert (spec.lr, spec.rows, spec.norm) == (0.1, 2, "sign")


def test_one_noise_unit_replaces_the_other():
    scaled = TOY.replace(noise_scale=0.5)
    assert (scaled.noise_level, scaled.noise_scale) == (None, 0.5)
    assert scaled.replace(noise_level=7).noise_scale is None
    assert RunSpec(noise_scale=0.5) == scaled
    assert scaled.replace(seed=1).noise_scale == 0.5
    assert scaled.replace(noise_level=20.0) == TOY


def test_without_noise_no_unit_is_asked_for():
    assert RunSpec(noise="none", noise_level=None) == RunSpec(noise="none")
    assert RunSpec(noise="none", noise_level=None).replace(noise="stable") == TOY


@pytest.mark.parametrize("field", sorted(set(field_names())))
def test_none_is_a_value_only_where_it_says_something(field):
    may = {"momentum", "lr", "max_extrapolation", "noise_scale", "noise_ratio", "tuned_for"}
    if field in may:
        assert getattr(RunSpec(**{field: None}), field) is None
        return
    with pytest.raises((TypeError, ValueError), match=f"{field} must .*None"):
        RunSpec(**{field: None})


def test_an_instance_is_spelt_as_text_and_its_fields_become_the_specs():
    spec = RunSpec(
        problem=LogCosh(rows=2, flatness=10.0), norm=Sign(), noise=Stable(tail_index=1.3)
    )
    assert (spec.problem, spec.rows, spec.columns) == ("log_cosh(flatness=10.0)", 2, 16)
    assert (spec.norm, spec.noise, spec.tail_index) == ("sign", "stable", 1.3)
    assert RunSpec(problem=Mlp(width=8)).problem == "mlp(width=8)"


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ({"problem": "log_cosh(rows=3, flatness=2.0)"}, "rows", 3),
        ({"noise": "stable(tail_index=1.2)"}, "tail_index", 1.2),
        ({"noise": "stable(noise_scale=3.0)"}, "noise_scale", 3.0),
        ({"optimizer": "scion(transport=True)"}, "transport", True),
    ],
)
def test_an_option_that_is_a_field_is_read_back_as_that_field(text, field, value):
    spec = RunSpec(**text)
    assert getattr(spec, field) == value
    assert f"{field}=" not in f"{spec.problem}{spec.noise}{spec.optimizer}"
    with pytest.raises(ValueError, match=f"{field} is given twice"):
        RunSpec(**text, **{field: 1.9 if field == "tail_index" else 7})


def test_numbers_are_brought_to_plain_types():
    spec = RunSpec(
        tail_index=2, noise_level=20, rows=torch.tensor(3), transport=1, momentum=0, lr=1
    )
    assert [type(spec.tail_index), type(spec.noise_level), type(spec.rows)] == [float, float, int]
    assert (spec.transport, spec.momentum, spec.lr) == (1.0, 0.0, 1.0)


def test_a_difference_has_this_value_first():
    assert TOY.replace(seeds=4).diff(TOY) == {"seeds": (4, 32)}
    assert TOY.diff(TOY) == {}


def test_a_spec_is_frozen_and_hashable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TOY.norm = "sign"
    assert len({TOY, RunSpec(), TOY.replace(seed=1)}) == 2


def test_an_unknown_field_is_refused_with_the_fields_there_are():
    with pytest.raises(TypeError, match=r"no field 'eta'; its fields are \['problem', 'rows'"):
        TOY.replace(eta=0.1)


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"noise": "gaussian"}, "tail_index", "no tail index"),
        ({"noise": "none"}, "noise_level", "there is no noise"),
        ({"noise_scale": 1.0}, "noise_level", "given as noise_scale"),
        ({"problem": "chain"}, "noise_level", "noisy by itself, with p = 2,"),
        ({"problem": "chain(moment=1.5)"}, "tail_index", "with p = 1.5, the problem's option"),
        ({}, "noise_ratio", "a toy's a scale or, where L is known, a level"),
        ({"problem": "quartic"}, "noise_level", "where L is known, a level"),
        ({"problem": "mlp", "noise": "gaussian"}, "noise_level", "a network's noise has a ratio"),
        ({}, "max_extrapolation", "no look-ahead without transport"),
        ({"problem": "mlp"}, "rows", "its own shapes"),
        ({"optimizer": "sgd", "schedule": "constant", "lr": 1}, "transport", "has no look-ahead"),
    ],
)
def test_a_field_that_nothing_asks_for_is_kept_and_says_why(change, field, why):
    assert why in unasked(RunSpec(**change), field)
    assert unasked(TOY, "tail_index") is None


def executed(code):
    """The spec that lines of ``code()`` make, without running it."""
    room = {}
    exec(code.partition("\ntrace = ")[0], room)
    return room["spec"]


def test_the_code_is_short_where_little_differs():
    assert "spec = RunSpec()" in TOY.code()
    assert "RunSpec(noise_scale=0.5)" in TOY.replace(noise_scale=0.5).code()
    assert "RunSpec(problem='mlp', seeds=2)" in NETWORK.replace(seeds=2).code()


def test_the_code_of_a_spec_runs_and_prints_the_sentence(capsys):
    spec = RunSpec(norm="sign", rows=2, columns=2, horizon=50, seeds=2, device="cpu")
    exec(spec.code(), {})
    assert capsys.readouterr().out.startswith("50 calls, 2 seeds: weighted mean")


POSITIVE = st.floats(1e-6, 1e6)
UNITS = {
    False: st.one_of(
        st.just({}), st.builds(lambda v: {"noise_level": v}, POSITIVE),
        st.builds(lambda v: {"noise_scale": v}, POSITIVE),
    ),
    True: st.one_of(st.just({}), st.builds(lambda v: {"noise_ratio": v}, POSITIVE)),
}  # fmt: skip


@st.composite
def specs(draw):
    """Any valid spec of a toy or a network, some fields given and some not."""
    network = draw(st.booleans())
    fields = {
        "transport": st.one_of(st.booleans(), st.floats(0, 1)),
        "max_extrapolation": st.one_of(st.none(), POSITIVE),
        "seeds": st.integers(1, 99),
        "seed": st.integers(0, 2**40),
        "device": st.just("cpu"),
        "dtype": st.sampled_from(["float32", "float64"]),
        "batch_size": st.integers(1, 1000),
        "horizon": st.integers(1000, 10**7),
        "tail_index": st.floats(1, 2, exclude_min=True, exclude_max=True),
    }
    if network:
        problems = ["mlp", "mlp(width=8)"]
        fields |= {
            "norm": st.sampled_from(["scion", "spectral", "sign"]),
            "noise": st.sampled_from(["none", "gaussian", "isotropic_stable"]),
            "schedule": st.sampled_from(["constant", "linear"]),
            "lr": POSITIVE,
            "momentum": st.floats(0, 1, exclude_max=True),
        }
    else:
        problems = ["log_cosh", "log_cosh(flatness=10.0)", "quadratic", "quadratic(condition=3.0)"]
        fields |= {
            "rows": st.integers(1, 50),
            "columns": st.integers(1, 50),
            "norm": st.sampled_from(["column", "frobenius", "row", "sign", "spectral"]),
            "noise": st.sampled_from(["gaussian", "isotropic_stable", "none", "pareto", "stable"]),
            "schedule": st.sampled_from(["anytime", "horizon", "constant", "linear"]),
            "lr": st.one_of(st.none(), POSITIVE),
            "momentum": st.one_of(st.none(), st.floats(0, 1, exclude_max=True)),
            "tuned_for": st.one_of(st.none(), st.floats(1, 2, exclude_min=True)),
        }
    said = draw(st.fixed_dictionaries({}, optional=fields)) | draw(UNITS[network])
    return RunSpec(problem=draw(st.sampled_from(problems)), **said)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(specs(), st.sampled_from(["row", "frobenius"]))
def test_any_spec_survives_json_its_code_and_a_change_there_and_back(spec, norm):
    assert RunSpec.from_json(spec.to_json()) == spec
    assert RunSpec.recall(spec.to_json()) == spec
    assert executed(spec.code()) == spec
    assert spec.replace() == spec
    assert dataclasses.replace(spec, norm=norm).replace(norm=spec.norm) == spec
    assert spec.replace(seed=spec.seed + 1).diff(spec) == {"seed": (spec.seed + 1, spec.seed)}


def test_json_holds_plain_values_under_the_names_of_the_fields():
    assert list(json.loads(TOY.to_json())) == list(field_names())


def test_a_stored_spec_is_recalled_whatever_is_installed_here():
    stored = json.loads(TOY.to_json()) | {"norm": "mine(k=3)", "device": "cuda:7"}
    spec = RunSpec.recall(json.dumps(stored))
    assert (spec.norm, spec.device) == ("mine(k=3)", "cuda:7")
    with pytest.raises(KeyError, match="unknown norm 'mine'"):
        RunSpec.from_json(json.dumps(stored))


NAN, INF = float("nan"), float("inf")
SGD = {"optimizer": "sgd", "schedule": "constant"}
BAD = [
    # field, value, error, what else is given
    ("problem", "logcosh", KeyError, {}),
    ("problem", "", ValueError, {}),
    ("problem", 3, TypeError, {}),
    ("problem", "log_cosh(", ValueError, {}),
    ("problem", "log_cosh(__import__('os'))", ValueError, {}),
    ("norm", "spektral", KeyError, {}),
    ("norm", "scion", ValueError, {}),
    ("norm", "nosuch", KeyError, {"problem": "mlp"}),
    ("norm", ["sign"], TypeError, {}),
    ("noise", "gausian", KeyError, {}),
    ("noise", 0, TypeError, {}),
    ("noise", "stable", ValueError, {"problem": "mlp"}),
    ("rows", 0, ValueError, {}),
    ("rows", 2.5, TypeError, {}),
    ("rows", True, TypeError, {}),
    ("rows", 4, ValueError, {"problem": "mlp"}),
    ("columns", "16", TypeError, {}),
    ("tail_index", 1.0, ValueError, {}),
    ("tail_index", 2.1, ValueError, {}),
    ("tail_index", 1.0, ValueError, {"noise": "gaussian"}),
    ("tail_index", 2.0, ValueError, {"noise": "pareto"}),
    ("tail_index", NAN, ValueError, {}),
    ("tail_index", "1.6", TypeError, {}),
    ("noise_level", 0, ValueError, {}),
    ("noise_level", -1.0, ValueError, {}),
    ("noise_level", INF, ValueError, {}),
    ("noise_level", True, TypeError, {}),
    ("noise_level", 20, ValueError, {"problem": "mlp"}),
    ("noise_level", 20, ValueError, {"noise_scale": 1.0}),
    ("noise_scale", NAN, ValueError, {}),
    ("noise_ratio", 4.0, ValueError, {}),
    ("noise_ratio", None, ValueError, {"problem": "mlp", "noise": "gaussian"}),
    ("optimizer", "scio", KeyError, {}),
    ("optimizer", "scion(radius=2)", ValueError, {}),
    ("optimizer", "scion(constrained='no')", TypeError, {}),
    ("optimizer", "adamw(weight_decay=-1)", ValueError, {"schedule": "constant", "lr": 0.1}),
    ("optimizer", "adamw(weight_decay='a')", TypeError, {"schedule": "constant", "lr": 0.1}),
    ("batch_size", 0, ValueError, {}),
    ("batch_size", 1.5, TypeError, {}),
    ("batch_size", 30_000, ValueError, {}),
    ("transport", 1.5, ValueError, {}),
    ("transport", NAN, ValueError, {}),
    ("transport", "on", TypeError, {}),
    ("schedule", "cosine", ValueError, {}),
    ("schedule", ["anytime"], ValueError, {}),
    ("schedule", "anytime", ValueError, {"optimizer": "sgd", "lr": 0.1}),
    ("schedule", "horizon", ValueError, {"problem": "mlp"}),
    ("momentum", 1.0, ValueError, {}),
    ("momentum", -0.1, ValueError, {}),
    ("momentum", "0.9", TypeError, {}),
    ("momentum", None, ValueError, {"problem": "mlp"}),
    ("lr", 0.0, ValueError, {}),
    ("lr", INF, ValueError, {}),
    ("lr", "fast", TypeError, {}),
    ("lr", None, ValueError, SGD),
    ("lr", None, ValueError, {"problem": "mlp"}),
    ("max_extrapolation", 0, ValueError, {}),
    ("max_extrapolation", "a", TypeError, {}),
    ("horizon", 0, ValueError, {}),
    ("horizon", 1e4, TypeError, {}),
    ("horizon", 10**30, ValueError, {}),
    ("seeds", 10**9, ValueError, {}),
    ("noise_scale", 1e300, ValueError, {}),
    ("noise_level", 1e300, ValueError, {}),
    ("lr", 1e-300, ValueError, {}),
    ("seeds", -3, ValueError, {}),
    ("seeds", 2.0, TypeError, {}),
    ("seed", -1, ValueError, {}),
    ("seed", "0", TypeError, {}),
    ("device", "gpu", ValueError, {}),
    ("device", "mps", ValueError, {}),
    ("device", "cpu:1", ValueError, {}),
    ("device", 0, TypeError, {}),
    ("dtype", "float16", ValueError, {}),
    ("dtype", float, ValueError, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "error", "others"), BAD, ids=[f"{f}={v!r}" for f, v, *_ in BAD]
)
def test_a_bad_value_is_refused_in_a_sentence_with_its_field_and_value(field, value, error, others):
    with pytest.raises(error) as caught:
        RunSpec(**{field: value, **others})
    (sentence,) = caught.value.args
    name, _, rest = str(value).partition("(")
    assert field in sentence
    assert repr(value) in sentence or (rest and name in sentence and "radius" in sentence)
    assert "\n" not in sentence
    assert sentence.rstrip("?").count(". ") <= 1, "two sentences at most"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(sentence) < 240


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (
            "log_cosh(flat=1)",
            ValueError,
            "no option 'flat'; its options are ['divide', 'flatness']",
        ),
        ("log_cosh(flatness=-1)", ValueError, "flatness must be positive and finite, got -1"),
        ("log_cosh(flatness='a')", TypeError, "flatness must be a number, got 'a'"),
        ("quadratic(condition=0.5)", ValueError, "condition must be at least 1, got 0.5"),
        ("mlp(width=1.5)", TypeError, "width must be a whole number, got 1.5"),
    ],
)
def test_a_bad_option_is_refused_when_the_spec_is_made(text, error, words):
    with pytest.raises(error) as caught:
        RunSpec(problem=text)
    assert words in caught.value.args[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_gpu_that_is_not_there_is_refused_with_the_way_out(device):
    with pytest.raises(RuntimeError, match=f"device '{device}' asked for, .* choose 'cpu'"):
        RunSpec(device=device)
