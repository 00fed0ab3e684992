"""Names, texts and classes from outside: what a menu, a spec and a notebook cell rely on."""

import subprocess
import sys

import pytest
import torch

import explorer
from explorer import GEOMETRIES, NOISES, NORMS, OPTIMIZERS, PLOTS, PROBLEMS, Norm, RunSpec
from explorer.registry import Registry, changed_options, parameters

REGISTRIES = (GEOMETRIES, NOISES, NORMS, OPTIMIZERS, PLOTS, PROBLEMS)
VALUES = [(registry, name) for registry in (NORMS, NOISES, PROBLEMS) for name in registry]


class Manhattan(Norm):
    """The sum of absolute entries: a step moves the one entry with the largest gradient."""

    label = "Manhattan"
    formula = r"\sum_{ij} |X_{ij}|"
    ball = r"-\mathrm{sign}(G_{kl})\, e_k e_l^\top"

    def __call__(self, x):
        return x.abs().sum((-2, -1))

    def dual_norm(self, g):
        return g.abs().amax((-2, -1))

    def lmo(self, g):
        flat = g.flatten(-2)
        place = flat.abs().argmax(-1, keepdim=True)
        step = torch.zeros_like(flat).scatter(-1, place, -flat.gather(-1, place).sign())
        return step.view_as(g)

    def dimension(self, shape):
        return shape[0] * shape[1]

    def smoothness_ratio(self, shape):
        return 1

    def hessian_ratio(self, shape):
        return 1


class Uphill(Manhattan):
    """Its LMO maximises."""

    def lmo(self, g):
        return -super().lmo(g)


class Overlong(Manhattan):
    """Its LMO leaves the ball, and its dual norm agrees with it."""

    def dual_norm(self, g):
        return 2 * super().dual_norm(g)

    def lmo(self, g):
        return 2 * super().lmo(g)


class Lopsided(Manhattan):
    """Its norm is the largest row's instead: not the one its LMO and dual belong to."""

    def __call__(self, x):
        return x.abs().sum(-1).amax(-1) / 2


class Batchless(Manhattan):
    """It takes the largest entry of a whole stack."""

    def dual_norm(self, g):
        return g.abs().max().expand(g.shape[:-2])


class Squared(Manhattan):
    """No norm: it grows with the square."""

    def __call__(self, x):
        return super().__call__(x) ** 2


class NotANumber(Manhattan):
    """It divides by zero."""

    def lmo(self, g):
        return super().lmo(g) * (g.sum() - g.sum()) / (g.sum() - g.sum())


class Unfinished(Norm):
    """It has no LMO."""

    label = formula = ball = "unfinished"

    def __call__(self, x):
        return x.abs().sum((-2, -1))


@pytest.fixture(autouse=True)
def _no_registration_outlives_its_test():
    yield
    for registry in REGISTRIES:
        for name, cls in list(registry._classes.items()):
            if not cls.__module__.startswith("explorer."):
                del registry._classes[name], registry._names[cls]


def test_listing_names_imports_neither_a_room_nor_torch():
    code = (
        "import sys\n"
        "from explorer.registry import NORMS, NOISES, PROBLEMS, OPTIMIZERS, PLOTS\n"
        "rooms = NORMS, NOISES, PROBLEMS, OPTIMIZERS, PLOTS\n"
        "print([len(list(room)) > 1 for room in rooms], 'spectral' in NORMS, 'x' in NORMS)\n"
        "loaded = {'torch', 'numpy', 'explorer.norms.spectral'} & set(sys.modules)\n"
        "print(sorted(loaded), NORMS)\n"
        "NORMS['sign']\n"
        "print('torch' in sys.modules, 'explorer.norms.spectral' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{[True] * 5} True False",
        f"[] <norms: {', '.join(sorted(NORMS))}>",
        "True False",
    ]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.kind)
def test_every_listed_name_leads_to_a_class_or_function_of_that_name(registry):
    assert len(registry) == len(list(registry)) > 0
    for name in registry:
        assert name in registry
        assert callable(registry[name])
    assert list(registry) == sorted(registry)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.kind)
def test_an_unknown_name_is_answered_with_the_known_ones(registry):
    with pytest.raises(KeyError, match=rf"unknown {registry.kind} 'zzz'; expected one of \['"):
        registry["zzz"]
    assert "zzz" not in registry
    assert registry.get("zzz") is None


@pytest.mark.parametrize(
    ("registry", "wrong", "meant"),
    [
        (NORMS, "spektral", "spectral"),
        (NORMS, "Sign", "sign"),
        (NOISES, "gausian", "gaussian"),
        (NOISES, "isotropic-stable", "isotropic_stable"),
        (PROBLEMS, "logcosh", "log_cosh"),
        (OPTIMIZERS, "skion", "scion"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(registry, wrong, meant):
    for ask in (registry.__getitem__, registry.make, registry.parse):
        with pytest.raises(KeyError, match=f"Did you mean '{meant}'?"):
            ask(wrong)


def test_a_name_with_options_makes_an_instance_with_them():
    toy = PROBLEMS.make(" log_cosh( flatness = 10, rows=2 ) ", columns=3)
    assert (toy.flatness, toy.rows, toy.columns) == (10, 2, 3)
    assert PROBLEMS.make("log_cosh()") == PROBLEMS.make("log_cosh") == PROBLEMS["log_cosh"]()


def test_an_option_in_the_text_wins_over_an_argument_beside_it():
    assert PROBLEMS.make("log_cosh(rows=2)", rows=7).rows == 2


def test_arguments_that_a_class_does_not_ask_for_are_not_passed():
    assert NOISES.make("gaussian", noise_scale=2.0, tail_index=1.3).noise_scale == 2.0


def test_an_instance_is_made_of_itself():
    toy = PROBLEMS["quadratic"](condition=5.0)
    assert PROBLEMS.make(toy, rows=9) is toy


def test_an_unknown_option_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"problem 'log_cosh' has no option 'flat'.*'flatness'"):
        PROBLEMS.make("log_cosh(flat=3)")
    with pytest.raises(ValueError, match=r"norm 'sign' has no option 'p'; its options are none"):
        NORMS.make("sign(p=3)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log_cosh(",
        "log_cosh(3)",
        "log_cosh(flatness=three)",
        "log_cosh(flatness=1+x)",
        "log_cosh(flatness={[]: 1})",
        "log_cosh(**{'flatness': 1})",
        "log_cosh(flatness=1, flatness=2)",
        "log_cosh flatness=3",
        "log_cosh\0",
    ],
)
def test_a_malformed_text_is_refused_with_the_form_that_is_wanted(text):
    with pytest.raises(ValueError, match=r"problem must read like 'name' or 'name\(option=value\)"):
        PROBLEMS.make(text)


def test_a_text_is_never_run():
    with pytest.raises(ValueError, match="plain values"):
        PROBLEMS.make("log_cosh(flatness=__import__('os').getpid())")
    with pytest.raises(KeyError, match="unknown problem"):
        PROBLEMS.make("print.__self__")


@pytest.mark.parametrize(("registry", "name"), VALUES)
def test_every_value_is_spelt_as_the_text_that_makes_it(registry, name):
    instance = registry.make(name)
    assert registry.knows(instance)
    assert registry.spell(instance) == name
    assert type(registry.make(registry.spell(instance))) is type(instance)


@pytest.mark.parametrize(
    ("registry", "instance"),
    [
        (PROBLEMS, PROBLEMS["log_cosh"](flatness=10.0, rows=3)),
        (PROBLEMS, PROBLEMS["quadratic"](columns=2, condition=1e3)),
        (PROBLEMS, PROBLEMS["mlp"](width=7)),
        (NOISES, NOISES["stable"](tail_index=1.25)),
        (NOISES, NOISES["pareto"](noise_scale=1e-7)),
        (NOISES, NOISES["gaussian"](noise_scale=0.1)),
    ],
    ids=repr,
)
def test_an_instance_with_options_makes_the_round_trip(registry, instance):
    text = registry.spell(instance)
    assert registry.make(text) == instance
    for option, value in changed_options(instance).items():
        assert f"{option}={value!r}" in text
        assert option not in registry.spell(instance, without=(option,))


def test_an_instance_that_nobody_registered_cannot_be_spelt():
    assert not NORMS.knows(Manhattan())
    with pytest.raises(TypeError, match=r"norm must be one of \['column', .*@register.*Manhattan"):
        NORMS.spell(Manhattan())


def test_parameters_are_what_a_constructor_asks_for():
    assert set(parameters(PROBLEMS["log_cosh"])) == {"rows", "columns", "flatness", "divide"}
    assert not parameters(NORMS["sign"])
    assert "self" not in parameters(OPTIMIZERS["scion"])


# Classes from outside.


def test_a_norm_from_outside_is_on_the_list_and_runs():
    assert NORMS.register("manhattan")(Manhattan) is Manhattan
    assert "manhattan" in NORMS
    assert NORMS["manhattan"] is Manhattan
    small = {"rows": 2, "columns": 3, "seeds": 2, "horizon": 400, "noise": "gaussian"}
    by_name = RunSpec(norm="manhattan", **small)
    assert RunSpec(norm=Manhattan(), **small) == by_name
    assert RunSpec.from_json(by_name.to_json()) == by_name
    trace = explorer.run(by_name)
    assert trace.mean[-1] < 0.5 * trace.mean[0]
    assert (trace.bound >= trace.running_mean).all()


@pytest.mark.parametrize(
    ("cls", "law"),
    [
        (Uphill, r"<g, lmo\(g\)> = -dual_norm\(g\)"),
        (Overlong, r"norm\(lmo\(g\)\) <= 1"),
        (Lopsided, r"<g, x> <= dual_norm\(g\) norm\(x\)"),
        (Squared, r"norm\(-2 x\) = 2 norm\(x\)"),
        (Batchless, r"a stack gives each matrix what it gets alone"),
        (NotANumber, r"<g, lmo\(g\)> = -dual_norm\(g\)"),
    ],
)
def test_a_norm_that_breaks_a_law_is_refused_with_the_law_and_the_input(cls, law):
    with pytest.raises(ValueError, match=rf"{cls.__name__} breaks the law {law} by .* at g = \[\["):
        NORMS.register("broken")(cls)
    assert "broken" not in NORMS
    assert not NORMS.knows(cls())


def test_a_norm_whose_constants_are_too_small_is_refused():
    class Smooth(Manhattan):
        def smoothness_ratio(self, shape):
            return 1e-9

    class Bent(Manhattan):
        def hessian_ratio(self, shape):
            return 1e-9

    class Small(Manhattan):
        def dimension(self, shape):
            return 0.5

    for cls, law in ((Smooth, "smoothness_ratio"), (Bent, "hessian_ratio"), (Small, "dimension")):
        with pytest.raises(ValueError, match=f"{cls.__name__} breaks the law .*{law}"):
            NORMS.register("broken")(cls)


def test_a_norm_without_words_for_the_menu_is_refused():
    class Wordless(Manhattan):
        label = None

    with pytest.raises(TypeError, match="Wordless needs label"):
        NORMS.register("broken")(Wordless)


def test_options_of_a_class_that_is_no_dataclass_are_not_dropped_in_silence():
    class Weighted(Manhattan):
        def __init__(self, w=1.0):
            self.w = w

    NORMS.register("weighted")(Weighted)
    try:
        with pytest.raises(TypeError, match="takes arguments and is no dataclass"):
            NORMS.spell(Weighted(4.0))
    finally:
        NORMS._classes.pop("weighted")
        NORMS._names.pop(Weighted)


def test_a_norm_with_a_method_missing_is_refused_by_its_name():
    with pytest.raises(TypeError, match=r"Unfinished.*lmo"):
        NORMS.register("unfinished")(Unfinished)
    assert "unfinished" not in NORMS


@pytest.mark.parametrize("thing", [int, "sign", lambda: None])
def test_what_is_no_norm_is_refused(thing):
    with pytest.raises(TypeError, match="a norm must be a subclass"):
        NORMS.register("thing")(thing)
    assert "thing" not in NORMS


@pytest.mark.parametrize("name", ["", "two words", "1st", "a-b", "sign(p=1)"])
def test_a_name_that_is_no_identifier_is_refused(name):
    with pytest.raises(ValueError, match=r"name of a norm must be an identifier"):
        NORMS.register(name)


def test_registering_a_name_again_replaces_its_class():
    class Later(Manhattan):
        """The same cell, run again."""

    NORMS.register("mine")(Manhattan)
    NORMS.register("mine")(Later)
    assert NORMS["mine"] is Later
    assert list(NORMS).count("mine") == 1
    assert NORMS.spell(Later()) == "mine"


def test_an_instance_of_a_class_that_was_replaced_is_not_spelt_as_its_successor():
    class Later(Manhattan):
        """The same cell, run again."""

    NORMS.register("mine")(Manhattan)
    NORMS.register("mine")(Later)
    assert not NORMS.knows(Manhattan())
    with pytest.raises(TypeError, match="registered with @register"):
        NORMS.spell(Manhattan())


def test_a_registry_of_a_room_of_ones_own_holds_what_is_registered(tmp_path, monkeypatch):
    (tmp_path / "own_room").mkdir()
    (tmp_path / "own_room" / "__init__.py").write_text("")
    (tmp_path / "own_room" / "_hidden.py").write_text("")
    (tmp_path / "own_room" / "shape.py").write_text(
        "from tests_own_registry import SHAPES\n\n@SHAPES.register('shape')\nclass Shape: ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("shape", "own_room")
    monkeypatch.setitem(sys.modules, "tests_own_registry", type(sys)("tests_own_registry"))
    sys.modules["tests_own_registry"].SHAPES = registry
    assert list(registry) == ["shape"]
    assert "own_room.shape" not in sys.modules
    assert registry["shape"].__name__ == "Shape"
    for module in ("own_room", "own_room.shape"):
        monkeypatch.delitem(sys.modules, module)
