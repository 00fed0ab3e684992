"""Geometry: every parameter of a model gets its norm, its radius and its view."""

import pytest
import torch
from torch import nn

from explorer.norms._base import as_norm
from explorer.norms._geometry import Geometry, Layer, as_matrix
from explorer.optim.scion import Scion
from explorer.registry import GEOMETRIES, NORMS

# float64: a parameter of size 1 loses 1e-16 a step, a step of .01 is read off to 1e-14.
TOLERANCE = 1e-10


class Model(nn.Module):
    """One of everything: an embedding, a kernel, hidden and last matrices, vectors."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 16)
        self.convolution = nn.Conv2d(1, 3, 3)
        self.hidden = nn.Linear(12, 5, bias=False)
        self.normalisation = nn.LayerNorm(5)
        self.last = nn.Linear(5, 4)
        self.double()

    def forward(self, tokens):
        images = self.embedding(tokens).view(-1, 1, 4, 4)
        features = self.convolution(images).flatten(1)
        return self.last(self.normalisation(self.hidden(features)))


WANTED = {
    "embedding.weight": ("row", 16**0.5, "matrix"),
    "convolution.weight": ("spectral", (3 / 9) ** 0.5, "kernel"),
    "convolution.bias": ("frobenius", 3**0.5, "vector"),
    "hidden.weight": ("spectral", (5 / 12) ** 0.5, "matrix"),
    "normalisation.weight": ("frobenius", 5**0.5, "vector"),
    "normalisation.bias": ("frobenius", 5**0.5, "vector"),
    "last.weight": ("sign", 4 / 5, "matrix"),
    "last.bias": ("frobenius", 2.0, "vector"),
}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Model()


def loss(model):
    tokens = torch.arange(33) % 11
    return nn.functional.cross_entropy(model(tokens), tokens % 4)


def sizes(layer, x, *, stacked=False):
    return layer.norm(as_matrix(x, layer.view, stacked=stacked))


def described(geometry):
    return {layer.name: (NORMS.spell(layer.norm), layer.radius, layer.view) for layer in geometry}


def test_scion_gives_each_kind_of_parameter_its_norm_and_radius(model):
    found = described(Geometry.for_model(model, "scion"))
    assert found == {name: (n, pytest.approx(r), view) for name, (n, r, view) in WANTED.items()}


@pytest.mark.parametrize("convention", [*sorted(NORMS), "instance"])
def test_one_norm_means_that_norm_on_matrices_and_length_on_vectors(model, convention):
    norm = as_norm("row") if convention == "instance" else convention
    name = "row" if convention == "instance" else convention
    found = described(Geometry.for_model(model, norm))
    assert found == {
        key: ("frobenius" if view == "vector" else name, 1.0, view)
        for key, (_, _, view) in WANTED.items()
    }


@pytest.mark.parametrize("convention", [*GEOMETRIES, *sorted(NORMS)])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_every_layer_moves_by_lr_times_radius_in_its_own_norm(model, convention, momentum):
    geometry = Geometry.for_model(model, convention)
    optimizer = Scion(geometry.param_groups(model), lr=0.01, momentum=momentum)
    for _ in range(3):
        optimizer.zero_grad()
        loss(model).backward()
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        optimizer.step()
        for layer in geometry:
            moved = model.get_parameter(layer.name).detach() - before[layer.name]
            assert float(sizes(layer, moved)) == pytest.approx(0.01 * layer.radius, rel=TOLERANCE)


def test_a_small_step_lowers_the_loss_by_lr_times_the_stationarity(model):
    geometry = Geometry.for_model(model, "scion")
    first = loss(model)
    first.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    predicted = 1e-7 * float(geometry.stationarity(gradients, stacked=False))
    Scion(geometry.param_groups(model), lr=1e-7, momentum=0.0).step()
    assert (first - loss(model)).item() == pytest.approx(predicted, rel=1e-3)  # curvature's share


@pytest.mark.parametrize("convention", [*GEOMETRIES, *sorted(NORMS)])
def test_the_stationarity_of_a_stack_is_that_of_each_alone(model, convention):
    geometry = Geometry.for_model(model, convention)
    generator = torch.Generator().manual_seed(0)
    gradients = {
        name: torch.randn(5, *p.shape, generator=generator, dtype=torch.float64)
        for name, p in model.named_parameters()
    }
    together = geometry.stationarity(gradients)
    assert together.shape == (5,)
    for i in range(5):
        alone = geometry.stationarity({k: g[i] for k, g in gradients.items()}, stacked=False)
        assert alone.shape == ()
        assert alone == together[i]


@pytest.mark.parametrize("convention", [*GEOMETRIES, *sorted(NORMS)])
def test_a_stack_of_replicas_steps_as_each_alone(model, convention):
    geometry = Geometry.for_model(model, convention)
    generator = torch.Generator().manual_seed(0)
    x, g = (
        {
            name: torch.randn(3, *p.shape, generator=generator, dtype=torch.float64)
            for name, p in model.named_parameters()
        }
        for _ in range(2)
    )

    def stepped(values, gradients, *, stacked):
        parameters = {name: nn.Parameter(value.clone()) for name, value in values.items()}
        for name, p in parameters.items():
            p.grad = gradients[name]
        Scion(geometry.param_groups(parameters, stacked=stacked), lr=0.1).step()
        return parameters

    together = stepped(x, g, stacked=True)
    for i in range(3):
        alone = stepped(
            {k: v[i] for k, v in x.items()}, {k: v[i] for k, v in g.items()}, stacked=False
        )
        assert all(torch.equal(together[name][i], p) for name, p in alone.items())


def test_frozen_parameters_are_left_out(model):
    model.last.requires_grad_(False)
    geometry = Geometry.for_model(model, "scion")
    assert "last.weight" not in {layer.name for layer in geometry}
    (hidden,) = (layer for layer in geometry if layer.name == "hidden.weight")
    assert repr(hidden.norm) == "Sign()", "the last matrix that is trained is the output"
    Scion(geometry.param_groups(model), lr=0.1)


def test_one_matrix_is_a_geometry_of_one_layer():
    geometry = Geometry.single("x", "spectral")
    assert described(geometry) == {"x": ("spectral", 1.0, "matrix")}
    x = torch.diag(torch.tensor([2.0, 1.0])).expand(4, 2, 2)
    torch.testing.assert_close(geometry.stationarity({"x": x}), torch.full((4,), 3.0))


@pytest.mark.parametrize("view", ["matrix", "vector", "kernel"])
def test_a_view_shares_its_memory_and_keeps_the_stack_apart(view):
    shape = {"matrix": (3, 4), "vector": (3,), "kernel": (3, 4, 2, 2)}[view]
    wanted = {"matrix": (3, 4), "vector": (3, 1), "kernel": (3, 16)}[view]
    x = torch.zeros(shape)
    assert as_matrix(x, view, stacked=False).shape == wanted
    assert as_matrix(x.expand(5, *shape), view, stacked=True).shape == (5, *wanted)
    as_matrix(x, view, stacked=False)[0, 0] = 1
    assert x.sum() == 1


def test_an_unknown_convention_is_answered_with_the_known_ones(model):
    with pytest.raises(KeyError, match=r"unknown geometry 'muon'.*'scion'.*'spectral'"):
        Geometry.for_model(model, "muon")


def test_a_vector_under_a_matrix_norm_is_told_the_way_out():
    with pytest.raises(ValueError, match=r"shape \(3,\).*Geometry\.for_model.*'sign'"):
        Scion([nn.Parameter(torch.ones(3))], norm="spectral")


def test_a_vector_under_an_entrywise_norm_needs_no_geometry():
    x = nn.Parameter(torch.ones(3))
    x.grad = torch.tensor([1.0, -2.0, 0.0])
    Scion([x], norm="sign", lr=0.5).step()
    torch.testing.assert_close(x.data, torch.tensor([0.5, 1.5, 1.0]))


def test_a_geometry_of_another_model_is_refused_by_the_parameters_that_differ(model):
    geometry = Geometry.for_model(model, "scion")
    with pytest.raises(KeyError, match=r"geometry and model differ in .*'0\.weight'"):
        geometry.param_groups(nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(KeyError, match=r"differ in \['embedding\.weight'\]"):
        Geometry(geometry.layers[1:]).param_groups(model)


def test_a_layer_is_a_value():
    layer = Layer("x", as_norm("sign"))
    with pytest.raises(AttributeError):
        layer.radius = 2.0


@pytest.mark.parametrize("convention", ["scion", "sign", "spectral"])
def test_the_layers_add_up_to_the_stationarity_of_the_whole(convention):
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    geometry = Geometry.for_model(model, convention)
    generator = torch.Generator().manual_seed(0)
    gradients = {
        name: torch.randn(4, *p.shape, generator=generator) for name, p in model.named_parameters()
    }
    terms = geometry.terms(gradients)
    assert list(terms) == [layer.name for layer in geometry]
    torch.testing.assert_close(sum(terms.values()), geometry.stationarity(gradients))
    for layer in geometry:
        one = geometry.terms({name: 2 * g * (name == layer.name) for name, g in gradients.items()})
        torch.testing.assert_close(one[layer.name], 2 * terms[layer.name])
        assert all((term == 0).all() for name, term in one.items() if name != layer.name)
