"""The laws in the interface's docstring, for every norm on the list."""

import math

import pytest
import torch

from explorer.registry import NORMS

SHAPES = ((1, 1), (1, 5), (4, 16), (16, 4), (7, 7), (33, 20))
# float64: some thousand roundings, and an eigendecomposition; no matrix here is ill-conditioned.
TOLERANCE = 1e-11
# float32: sums of up to 660 terms, each rounded to 6e-8.
SINGLE = 2e-6
MATRICES = 6

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


OPTIONS = ["schatten(q=1.2)", "schatten(q=2.5)", "ky_fan(k=1)", "ky_fan(k=3)", "ky_fan(k=50)"]


@pytest.fixture(params=[*sorted(NORMS), *OPTIONS])
def norm(request):
    return NORMS.make(request.param)


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.fixture
def pair(shape):
    return matrices(shape)


def matrices(shape, dtype=torch.float64):
    """Two stacks of matrices: normal entries, and their cubes, whose sizes differ widely."""
    generator = torch.Generator().manual_seed(0)
    g, x = torch.randn(2, MATRICES, *shape, generator=generator, dtype=torch.float64)
    g[MATRICES // 2 :] **= 3
    x[1::2] **= 3
    return g.to(dtype), x.to(dtype)


def inner(a, b):
    return (a.double() * b.double()).sum((-2, -1))


def assert_close(got, wanted, tolerance=TOLERANCE):
    torch.testing.assert_close(got, wanted, rtol=tolerance, atol=tolerance)


def assert_at_most(got, bound, tolerance=TOLERANCE):
    excess = (got - bound).max() / bound.abs().max()
    assert excess <= tolerance, f"{float(excess):.3g} too large"


def test_the_lmo_attains_the_dual_norm(norm, pair):
    g, _ = pair
    assert_close(inner(g, norm.lmo(g)) / norm.dual_norm(g), -torch.ones(len(g)).double())


def test_the_lmo_stays_in_the_unit_ball(norm, pair):
    assert_at_most(norm(norm.lmo(pair[0])), torch.ones(1))


def test_no_product_exceeds_dual_norm_times_norm(norm, pair):
    g, x = pair
    assert_at_most(inner(g, x).abs(), norm.dual_norm(g) * norm(x))


def test_norm_and_dual_norm_are_homogeneous(norm, pair):
    for x in pair:
        for measure in (norm, norm.dual_norm):
            assert_close(measure(-2.5 * x), 2.5 * measure(x))


def test_norm_and_dual_norm_obey_the_triangle_inequality(norm, pair):
    g, x = pair
    for measure in (norm, norm.dual_norm):
        assert_at_most(measure(g + x), measure(g) + measure(x))
        assert_close(measure(g + 2 * g), measure(g) + measure(2 * g))


def test_only_zero_has_norm_zero(norm, shape):
    for i, j in ((0, 0), (shape[0] - 1, shape[1] - 1)):
        x = torch.zeros(shape, dtype=torch.float64)
        assert norm(x) == norm.dual_norm(x) == 0
        x[i, j] = 1e-12
        assert norm(x) > 0
        assert norm.dual_norm(x) > 0


def test_the_lmo_of_zero_is_zero(norm, shape):
    assert norm.lmo(torch.zeros(2, *shape)).abs().max() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_zero_matrix_beside_others_is_still_zero(norm, shape, dtype):
    g = matrices(shape, dtype)[0]
    whole = norm.lmo(g)
    g[1] = 0
    assert norm.lmo(g)[1].abs().max() == 0
    others = [0, *range(2, MATRICES)]
    assert torch.equal(norm.lmo(g)[others], whole[others])


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_lmo_does_not_see_the_scale_even_at_the_ends_of_float32(norm, shape, scale):
    # single matrices have many minimisers, so value and size are compared, not the matrix
    g = matrices(shape, torch.float32)[0][: MATRICES // 2]  # normal entries keep clear of the ends
    scaled = (g.double() * scale).float()
    step = norm.lmo(scaled)
    ones = torch.ones(len(g)).double()
    assert_close(inner(scaled / scale, step) / norm.dual_norm(g).double(), -ones, SINGLE)
    assert_close(norm(step).double(), ones, SINGLE)
    for measure in (norm, norm.dual_norm):
        assert_close(measure(scaled).double() / scale / measure(g).double(), ones, SINGLE)


def test_the_lmo_of_a_positive_multiple_is_the_same_matrix(norm, pair):
    g, _ = pair
    assert_close(norm.lmo(3 * g), norm.lmo(g), 1e-8)  # the polar factor is as good as g's condition


def test_axes_before_the_last_two_are_batch(norm, pair):
    g, _ = pair
    for method in (norm, norm.dual_norm, norm.lmo):
        folded = method(g.view(2, 3, *g.shape[1:]))
        assert torch.equal(folded.flatten(0, 1), method(g))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_stack_gives_each_matrix_what_it_gets_alone_to_the_bit(norm, shape, dtype):
    g, _ = matrices(shape, dtype)
    for method in (norm, norm.dual_norm, norm.lmo):
        together = method(g)
        for i, matrix in enumerate(g):
            for alone in (matrix, matrix.clone(), matrix[None]):
                assert torch.equal(together[i], method(alone).view_as(together[i]))


def test_a_view_gives_what_its_copy_gives(norm, shape):
    g = matrices(shape[::-1])[0].mT
    for method in (norm, norm.dual_norm, norm.lmo):
        assert_close(method(g), method(g.contiguous()))


def test_arguments_are_left_as_they_were(norm, pair):
    g, _ = pair
    before = g.clone()
    norm(g), norm.dual_norm(g), norm.lmo(g)
    assert torch.equal(g, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_a_matrix_that_is_not_finite_gives_nan_and_disturbs_no_other(norm, shape, poison, dtype):
    g = matrices(shape, dtype)[0]
    results = [method(g) for method in (norm, norm.dual_norm, norm.lmo)]
    g[2, -1, 0] = poison
    for method, before in zip((norm, norm.dual_norm, norm.lmo), results, strict=True):
        after = method(g)
        assert after[2].isnan().any()
        others = [0, 1, *range(3, MATRICES)]
        assert torch.equal(after[others], before[others])
    assert norm(norm.lmo(g))[2].isnan()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_results_have_the_dtype_and_the_shape_of_the_argument(norm, shape, dtype):
    g, _ = matrices(shape, dtype)
    assert (norm.lmo(g).dtype, norm.lmo(g).shape) == (dtype, g.shape)
    for measure in (norm, norm.dual_norm):
        assert (measure(g).dtype, measure(g).shape) == (dtype, g.shape[:-2])
        assert measure(g[0]).shape == ()


def test_dimension_compares_the_norms_with_frobenius(norm, pair):
    g, x = pair
    root = norm.dimension(tuple(g.shape[1:])) ** 0.5
    assert_at_most(norm.dual_norm(g), root * g.flatten(1).norm(dim=1))
    assert_at_most(x.flatten(1).norm(dim=1), root * norm(x))


def telling_directions(shape):
    """Ones on a diagonal of each length, a first row, a first column, everywhere; else 0."""
    everything = torch.ones(shape, dtype=torch.float64)
    row, column = torch.zeros_like(everything), torch.zeros_like(everything)
    row[0], column[:, 0] = 1, 1
    diagonals = [torch.eye(*shape, dtype=torch.float64) for _ in range(min(shape))]
    for length, diagonal in enumerate(diagonals, 1):
        diagonal[length:] = 0
    return *diagonals, row, column, everything


def climb(norm, x, curvature, steps=20):
    """Return ``||D o x||_*`` after moving x and the test matrix in turn to their best places."""
    for _ in range(steps):
        test = -norm.lmo(curvature * x)
        x = -norm.lmo(curvature * test)
        curvature = torch.where(test * x < 0, -1.0, 1.0).double()
    return norm.dual_norm(curvature * x), x


def test_the_smoothness_ratio_is_never_exceeded(norm, pair, shape):
    g, x = pair
    curvature = g.tanh()
    x = x / norm(x)[:, None, None]
    ratio = torch.tensor(norm.smoothness_ratio(shape), dtype=torch.float64)
    assert_at_most(norm.dual_norm(curvature * x), ratio)
    value, x = climb(norm, x, curvature.sign())
    assert_at_most(norm(x), torch.ones(1))
    assert_at_most(value, ratio)


def test_the_smoothness_ratio_is_attained(norm, shape):
    attained = max(float(norm.dual_norm(z / norm(z))) for z in telling_directions(shape))
    assert attained == pytest.approx(norm.smoothness_ratio(shape), rel=0.01)


def test_the_hessian_ratio_is_never_exceeded(norm, pair, shape):
    g, x = pair
    ratio = torch.tensor(norm.hessian_ratio(shape), dtype=torch.float64)
    x, y = x / norm(x)[:, None, None], g / norm(g)[:, None, None]
    for a, b in ((x, x), (x, y), (climb(norm, x, g.sign())[1], climb(norm, y, x.sign())[1])):
        assert_at_most(norm.dual_norm(a * b * g.tanh()), ratio)
        assert_at_most(norm.dual_norm(a * b), ratio)


def test_the_hessian_ratio_is_attained(norm, shape):
    attained = max(float(norm.dual_norm((z / norm(z)) ** 2)) for z in telling_directions(shape))
    assert attained == pytest.approx(norm.hessian_ratio(shape), rel=0.01)


def test_a_menu_has_something_to_show(norm):
    assert norm.label
    assert norm.formula
    assert norm.ball
    assert repr(norm).startswith(f"{type(norm).__name__}(")


@pytest.mark.parametrize("name", [name for name in sorted(NORMS) if NORMS[name].entrywise])
def test_an_entrywise_norm_does_not_see_the_shape(name, shape):
    norm = NORMS[name]()
    g, _ = matrices(shape)
    vector = g.flatten(1).unsqueeze(-1)
    assert_close(norm(vector), norm(g))
    assert_close(norm.dual_norm(vector), norm.dual_norm(g))
    assert_close(norm.lmo(vector).view_as(g), norm.lmo(g))


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_laws_hold_on_a_gpu_and_its_numbers_are_those_of_a_cpu(norm, shape, dtype):
    tolerance = TOLERANCE if dtype == torch.float64 else SINGLE
    g, x = matrices(shape, dtype)
    on_gpu = norm.lmo(g.cuda())
    assert on_gpu.device.type == "cuda"
    step, ones = on_gpu.cpu(), torch.ones(len(g)).double()
    assert_close(inner(g, step) / norm.dual_norm(g).double(), -ones, tolerance)
    assert_at_most(norm(step), torch.ones(1), tolerance)
    for measure in (norm, norm.dual_norm):
        assert_close(measure(x.cuda()).cpu(), measure(x), tolerance)
    g[1], g[2, 0, 0] = 0, math.nan
    poisoned = norm.lmo(g.cuda()).cpu()
    assert poisoned[1].abs().max() == 0
    assert poisoned[2].isnan().any()
    assert poisoned[[0, *range(3, MATRICES)]].isfinite().all()
