"""The laws of every noise: its batch mean, its streams, and its constant K."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats

from explorer.noise import _constant, _streams, _summed
from explorer.noise._constant import entry_dual_norm, normals
from explorer.noise._streams import Streams
from explorer.noise.stable import positive_stable_draws, stable_draws
from explorer.registry import NOISES, NORMS

# Seeds are fixed, so a p-value either passes for ever or says that a law is wrong.
P_VALUE = 1e-3
# Standard errors that a mean may be off by.
ERRORS = 4
DRAWS = 100_000
SEEDS = 100

LAWS = [
    "none",
    "gaussian",
    *(
        f"{name}(tail_index={p})"
        for name in ("stable", "isotropic_stable", "skewed_stable", "spike")
        for p in (1.3, 1.6, 2.0)
    ),
    *(f"{name}(tail_index={p})" for name in ("haar_spike", "rare_spike") for p in (1.3, 2.0)),
    "skewed_stable(tail_index=1.6, skewness=-0.4)",
    *(f"{name}(tail_index={p})" for name in ("pareto", "student_t") for p in (1.3, 1.8)),
]
NOISY = LAWS[1:]
SYMMETRIC = [text for text in LAWS if not text.startswith("skewed") or "2.0" in text]


@pytest.fixture(params=LAWS)
def noise(request):
    return NOISES.make(request.param)


def draws(noise, batch_size, count=DRAWS, shape=(1, 1), seed=0):
    """``count`` draws of the mean of a batch, float64 ``[count, m, n]``."""
    streams = Streams(seed, SEEDS)
    like = torch.zeros(SEEDS, *shape, dtype=torch.float64)
    steps = [noise.mean_of_batch(like, batch_size, streams) for _ in range(count // SEEDS)]
    return torch.cat(steps)


def same_law(a, b):
    return stats.ks_2samp(np.ravel(a), np.ravel(b)).pvalue > P_VALUE


def side(x):
    """On which side of the middle each draw lies: a law may be skewed."""
    return (x - x.median()).sign()


def test_every_noise_on_the_list_is_put_to_the_laws():
    assert {NOISES.parse(text)[0] for text in LAWS} == set(NOISES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 3, 3)], ids=str)
def test_draws_have_the_shape_and_dtype_of_the_state(noise, shape, dtype):
    like = torch.ones(5, *shape, dtype=dtype)
    for batch_size in (1, 7):
        found = noise.mean_of_batch(like, batch_size, Streams(0, 5))
        assert (found.shape, found.dtype) == (like.shape, dtype)
        assert found.isfinite().all()
    assert like.eq(1).all()


@pytest.mark.parametrize("text", SYMMETRIC)
def test_draws_are_as_often_above_zero_as_below(text):
    x = draws(NOISES.make(text), 4)
    assert same_law(x, -x)
    assert abs(x.sign().mean()) <= ERRORS / DRAWS**0.5


@pytest.mark.parametrize(("batch_size", "count"), [(2, DRAWS), (16, DRAWS // 2)])
def test_the_mean_of_a_batch_has_the_law_of_a_mean_of_draws(noise, batch_size, count):
    at_once = draws(noise, batch_size, count)
    one_by_one = draws(noise, 1, batch_size * count, seed=1).view(batch_size, -1).mean(0)
    assert same_law(at_once, one_by_one)


def one_or_many(x):
    """The share of the largest entry in the length, 0 where nothing was hit."""
    return (x.abs().amax(1) / x.norm(dim=1)).nan_to_num()


@pytest.mark.parametrize("text", NOISY)
def test_the_mean_of_a_batch_has_the_law_of_a_mean_as_a_matrix(text):
    noise, count, shape = NOISES.make(text), 20_000, (2, 3)
    at_once = draws(noise, 4, count, shape)
    one_by_one = draws(noise, 1, 4 * count, shape, seed=1).view(4, -1, *shape).mean(0)
    for measure in (
        lambda x: x.flatten(1).norm(dim=1),
        lambda x: one_or_many(x.flatten(1)),
        lambda x: x.sum((1, 2)),
        lambda x: x[:, 0, 0] - x[:, 1, 2],
    ):
        assert same_law(measure(at_once), measure(one_by_one))


@pytest.mark.parametrize("text", NOISY)
def test_a_larger_batch_is_told_from_a_smaller_one(text):
    noise = NOISES.make(text)
    assert not same_law(draws(noise, 8), draws(noise, 16, seed=1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 9)], ids=str)
def test_a_seed_gets_alone_what_it_gets_among_many_to_the_bit(noise, shape, dtype):
    many, alone = Streams(3, 7), Streams(3, [5])
    for _ in range(60):
        together = noise.mean_of_batch(torch.zeros(7, *shape, dtype=dtype), 3, many)
        one = noise.mean_of_batch(torch.zeros(1, *shape, dtype=dtype), 3, alone)
        assert torch.equal(together[5], one[0])


def test_how_much_is_drawn_ahead_changes_nothing_to_the_bit(noise, monkeypatch):
    like = torch.zeros(3, 4, 5, dtype=torch.float64)

    def run():
        streams = Streams(0, 3)
        return torch.stack([noise.mean_of_batch(like, 2, streams) for _ in range(70)])

    wanted = run()
    for size in (1, 3000, 2**26):
        monkeypatch.setattr(_streams, "BLOCK_BYTES", size)
        assert torch.equal(run(), wanted)


@pytest.mark.parametrize("name", ["pareto", "student_t"])
def test_a_batch_too_large_for_memory_has_the_same_law_and_is_each_seeds_own(monkeypatch, name):
    noise = NOISES[name](tail_index=1.6)
    whole = draws(noise, 16, 3000, (2, 2))
    monkeypatch.setattr(_summed, "MOST_NUMBERS", 28)
    in_pieces = draws(noise, 16, 3000, (2, 2), seed=1)
    assert same_law(whole, in_pieces)
    like, streams, alone = torch.zeros(6, 2, 2), Streams(0, 6), Streams(0, [4])
    for _ in range(3):
        together = noise.mean_of_batch(like, 17, streams)
        assert torch.equal(together[4], noise.mean_of_batch(like[:1], 17, alone)[0])


@pytest.mark.parametrize("text", NOISY)
def test_purposes_are_independent(text):
    noise, like = NOISES.make(text), torch.zeros(50, 20, 20, dtype=torch.float64)
    streams, undisturbed = Streams(0, 50), Streams(0, 50)
    one, other = (noise.mean_of_batch(like, 1, streams, purpose) for purpose in ("a", "b"))
    assert torch.equal(other, noise.mean_of_batch(like, 1, undisturbed, "b"))
    signs = (side(one) * side(other)).mean(0)  # isotropic draws share a length, not a side
    assert abs(signs.mean()) <= ERRORS / one.numel() ** 0.5


@pytest.mark.parametrize("text", NOISY)
def test_steps_and_seeds_are_independent(text):
    x = draws(NOISES.make(text), 1)
    for lag in (1, SEEDS):  # the neighbouring seed, and the next step of the same one
        assert abs((side(x[lag:]) * side(x[:-lag])).mean()) <= ERRORS / DRAWS**0.5


@pytest.mark.parametrize("name", ["stable", "isotropic_stable"])
def test_at_tail_index_two_a_stable_entry_is_normal(name):
    x = draws(NOISES[name](tail_index=2.0, noise_scale=3.0), 1)
    assert stats.kstest(x.flatten(), stats.norm(scale=3 * 2**0.5).cdf).pvalue > P_VALUE


@pytest.mark.parametrize("name", ["stable", "isotropic_stable"])
@pytest.mark.parametrize("p", [1.05, 1.3, 1.6, 1.95])
def test_a_stable_entry_has_the_characteristic_function_of_its_definition(name, p):
    x = draws(NOISES[name](tail_index=p, noise_scale=2.0), 1)
    for t in (0.05, 0.3, 0.7):
        waves = (t * x).cos()
        assert abs(waves.mean() - math.exp(-((2 * t) ** p))) <= ERRORS * waves.std() / DRAWS**0.5


@pytest.mark.parametrize("p", [1.3, 1.6])
def test_a_stable_entry_has_the_distribution_function_of_scipy(p):
    x = draws(NOISES["stable"](tail_index=p), 1)
    for quantile in (-20.0, -1.5, -0.3, 0.8, 5.0):
        wanted = stats.levy_stable.cdf(quantile, p, 0)
        allowed = ERRORS * (wanted * (1 - wanted) / DRAWS) ** 0.5
        assert abs((x <= quantile).double().mean() - wanted) <= allowed


@pytest.mark.parametrize("p", [1.05, 1.3, 1.6, 2.0])
def test_an_entry_of_isotropic_noise_has_the_law_of_an_entrywise_one(p):
    one, other = (NOISES[name](tail_index=p) for name in ("isotropic_stable", "stable"))
    assert same_law(draws(one, 1), draws(other, 1, seed=1))


def test_isotropic_noise_hits_a_whole_matrix_at_once():
    x = draws(NOISES.make("isotropic_stable(tail_index=1.3)"), 1, 20_000, (1, 2)).flatten(1).abs()
    large = x > x.quantile(0.99)
    assert large[large[:, 0], 1].double().mean() > 0.3
    x = draws(NOISES.make("stable(tail_index=1.3)"), 1, 20_000, (1, 2)).flatten(1).abs()
    large = x > x.quantile(0.99)
    assert large[large[:, 0], 1].double().mean() < 0.05


@pytest.mark.parametrize("p", [1.3, 1.8])
def test_a_pareto_entry_has_the_tail_of_its_definition(p):
    x = draws(NOISES["pareto"](tail_index=p, noise_scale=2.0), 1).abs().flatten()
    assert stats.kstest(x, stats.lomax(p, scale=2.0).cdf).pvalue > P_VALUE


@pytest.mark.parametrize("p", [1.1, 1.5, 1.9])
def test_a_student_entry_has_the_law_of_its_name_and_tails_within_their_constant(p):
    noise = NOISES["student_t"](tail_index=p, noise_scale=2.0)
    x = draws(noise, 1).flatten()
    assert stats.kstest(x, stats.t(p, scale=2.0).cdf).pvalue > P_VALUE
    sizes = np.geomspace(1e-3, 1e9, 400)
    reached = sizes * (2 * stats.t(p).sf(sizes)) ** (1 / p)
    assert reached.max() <= noise.tail_scale * (1 + 1e-9)
    assert reached.max() == pytest.approx(noise.tail_scale, rel=1e-3)


@pytest.mark.parametrize(("p", "skewness"), [(1.3, 1.0), (1.6, 1.0), (1.6, -0.4)])
def test_a_skewed_entry_has_the_characteristic_function_of_its_definition(p, skewness):
    noise = NOISES["skewed_stable"](tail_index=p, noise_scale=2.0, skewness=skewness)
    x = draws(noise, 1).flatten()
    for t in (0.05, 0.3, 0.7):
        size = (2 * t) ** p
        turn = skewness * math.tan(math.pi * p / 2) * size
        for waves, wanted in (((t * x).cos(), math.cos(turn)), ((t * x).sin(), math.sin(turn))):
            wanted *= math.exp(-size)
            assert abs(waves.mean() - wanted) <= ERRORS * waves.std() / DRAWS**0.5


@pytest.mark.parametrize("skewness", [1.0, -1.0])
def test_one_sided_noise_has_its_large_draws_on_one_side(skewness):
    x = skewness * draws(NOISES["skewed_stable"](tail_index=1.3, skewness=skewness), 1)
    assert (x > 30).sum() > 100
    assert (x < -30).sum() == 0


def test_skewness_zero_is_the_symmetric_law_to_the_bit():
    one, other = NOISES["skewed_stable"](skewness=0.0), NOISES["stable"]()
    torch.testing.assert_close(draws(one, 3, 1000), draws(other, 3, 1000), rtol=1e-12, atol=0)
    norm = NORMS["spectral"]()
    assert one.constant(norm, (3, 4)) == pytest.approx(other.constant(norm, (3, 4)))


@pytest.mark.parametrize("p", [1.3, 1.6, 1.9])
@pytest.mark.parametrize("skewness", [1.0, -0.4])
def test_the_mean_size_of_a_skewed_entry_is_scipys(p, skewness):
    noise = NOISES["skewed_stable"](tail_index=p, noise_scale=2.0, skewness=skewness)
    law = stats.levy_stable(p, skewness, scale=2.0)
    ends = 400.0
    grid = np.sinh(np.linspace(-np.arcsinh(ends), np.arcsinh(ends), 401))  # dense where the law is
    inside = np.trapezoid(np.abs(grid) * law.pdf(grid), grid)
    # beyond the ends the density is the tail's first term
    one_side = math.gamma(p) * math.sin(math.pi * p / 2) / math.pi * 2.0**p
    outside = 2 * one_side * p / (p - 1) * ends ** (1 - p)
    measured = noise.constant(NORMS["sign"](), (1, 1))
    assert measured == pytest.approx(inside + outside, rel=0.01)


@pytest.mark.parametrize("skewness", [1.1, -2.0, math.nan])
def test_a_skewness_beyond_one_is_refused(skewness):
    with pytest.raises(ValueError, match=r"skewness must lie in \[-1, 1\]"):
        NOISES["skewed_stable"](skewness=skewness)


def test_a_spike_hits_one_direction_a_call_and_all_of_them_in_turn():
    x = draws(NOISES["spike"](), 1, 20_000, (3, 5))
    hit = x != 0
    assert (hit.flatten(1).sum(1) == 1).all()
    shares = hit.double().mean(0)
    assert shares.count_nonzero() == 3
    errors = ERRORS * (2 / 9 / len(x)) ** 0.5
    assert (shares.diagonal() - 1 / 3).abs().max() <= errors


def test_the_constant_of_spikes_is_approached_by_large_batches_and_grows_with_the_rank():
    # p = 2: light tails, so that the mean over draws is accurate
    noise, norm, batch_size = NOISES["spike"](tail_index=2.0), NORMS["spectral"](), 4096
    for r in (1, 2, 8):
        sizes = norm.dual_norm(draws(noise, batch_size, 20_000, (r, r)))
        bound = noise.constant(norm, (r, r)) * batch_size**-0.5
        allowed = ERRORS * float(sizes.std()) / len(sizes) ** 0.5
        assert bound - allowed - 0.01 * bound <= float(sizes.mean()) <= bound + allowed


@pytest.mark.parametrize("p", [1.3, 2.0])
@pytest.mark.parametrize("rarity", [0.02, 1.0])
def test_a_rare_spike_has_the_moment_that_it_says(p, rarity):
    noise = NOISES["rare_spike"](tail_index=p, noise_scale=3.0, rarity=rarity)
    sizes = (
        noise.mean_of_batch(torch.zeros(50_000, 2, 3), 1, Streams(0, 50_000))
        .double()
        .norm(dim=(1, 2))
    )
    hit = sizes > 0
    assert float(hit.double().mean()) == pytest.approx(rarity, rel=0.15)
    assert float((sizes[hit] ** p * rarity).mean()) == pytest.approx(3.0**p, rel=1e-5)


@pytest.mark.parametrize("rarity", [0.0, 1.5, math.nan])
def test_a_rarity_that_is_no_probability_is_refused(rarity):
    with pytest.raises(ValueError, match=r"rarity must lie in \(0, 1\], got"):
        NOISES["rare_spike"](rarity=rarity)


def test_a_spike_in_a_random_direction_has_rank_one_and_no_axis():
    x = draws(NOISES["haar_spike"](tail_index=2.0), 1, 20_000, (2, 3))
    values = torch.linalg.svdvals(x)
    assert (values[:, 1] < 1e-12 * values[:, 0].clamp(min=1)).all()
    squares = (x * x).mean(0)
    # each entry holds a sixth of the variance 2 of the size; its standard error is near 2 %
    assert (squares - 2 / 6).abs().max() < ERRORS * 0.02 * 2 / 6
    mean = x.mean(0).abs().max()
    assert mean < ERRORS * (2 / 6 / len(x)) ** 0.5


def test_the_constant_of_random_directions_is_approached_by_large_batches():
    noise, norm = NOISES["haar_spike"](tail_index=2.0), NORMS["frobenius"]()
    sizes = norm.dual_norm(draws(noise, 256, 2000, (4, 4)))
    bound = noise.constant(norm, (4, 4)) / 16
    assert 0.95 * bound <= float(sizes.mean()) <= bound


def test_gaussian_entries_are_normal():
    x = draws(NOISES["gaussian"](noise_scale=3.0), 1)
    assert stats.kstest(x.flatten(), stats.norm(scale=3.0).cdf).pvalue > P_VALUE


def test_no_noise_is_zero():
    assert draws(NOISES.make("none"), 3, 1000).abs().max() == 0


@pytest.mark.parametrize("p", [1.05, 1.5, 1.95])
def test_draws_from_the_ends_of_the_generators_grid_are_finite(p):
    ends = torch.tensor([0, 0.5, 1 - 2.0**-53], dtype=torch.float64) + _streams.OFF_ZERO
    assert ends.min() > 0
    assert ends.max() < 1
    pairs = torch.cartesian_prod(ends, ends)
    assert normals(ends).isfinite().all()
    assert stable_draws(pairs, p).isfinite().all()
    assert positive_stable_draws(pairs, p / 2).isfinite().all()
    assert NOISES["pareto"](tail_index=p).unit(ends).isfinite().all()
    for name in ("student_t", "skewed_stable"):
        assert NOISES[name](tail_index=p).unit(pairs).isfinite().all()


@pytest.mark.parametrize("text", LAWS)
def test_half_of_all_draws_are_below_the_median_size(text):
    noise = NOISES.make(text, noise_scale=2.5)
    median = noise.median_size()
    if noise.for_networks:
        assert median is not None, "noise on a network is measured by it"
    if median:
        below = (draws(noise, 1).abs() < median).double().mean()
        assert abs(below - 0.5) <= ERRORS * 0.5 / DRAWS**0.5


@pytest.mark.parametrize("text", NOISY)
def test_scale_multiplies_draws_and_sizes(text):
    one, five = (NOISES.make(text, noise_scale=s) for s in (1.0, 5.0))
    like = torch.zeros(4, 3, 2, dtype=torch.float64)
    torch.testing.assert_close(
        five.mean_of_batch(like, 3, Streams(0, 4)), 5 * one.mean_of_batch(like, 3, Streams(0, 4))
    )
    if one.median_size() is not None:
        assert five.median_size() == pytest.approx(5 * one.median_size())


def survival(text, x):
    """P(size > x) of an entry, or of the size of a spike, at scale 2, by scipy."""
    noise = NOISES.make(text)
    p, name = noise.tail_index, NOISES.parse(text)[0]
    if name == "pareto":
        return (1 + x / 2) ** -p
    if name == "student_t":
        return 2 * stats.t(p).sf(x / 2)
    if name == "gaussian" or p == 2:
        return 2 * stats.norm.sf(x / 2 / (2**0.5 if p == 2 and name != "gaussian" else 1))
    law = stats.levy_stable(p, getattr(noise, "skewness", 0.0), scale=2.0)
    return law.sf(x) + law.cdf(-x)


@pytest.mark.parametrize("text", [t for t in NOISY if not t.startswith("rare")])
def test_the_power_tail_of_a_law_is_its_survival_function_far_out(text):
    p, found = NOISES.make(text).tail_index, NOISES.make(text, noise_scale=2.0).power_tail()
    far = 400.0  # farther out scipy's quadrature gives 0
    if p == 2:
        assert found == 0
        assert survival(text, far) * far**p < 1e-6
    else:
        # Pareto's next term is p s / x = 0.009 of the first one, which is the largest here
        assert survival(text, far) * far**p == pytest.approx(found, rel=0.01)


@pytest.mark.parametrize("text", NOISY)
def test_entries_have_one_law_whatever_the_shape_where_a_noise_says_so(text):
    noise = NOISES.make(text)
    if noise.entrywise:
        alone = draws(noise, 1, 20_000)
        for i, j in ((0, 0), (1, 2)):
            assert same_law(draws(noise, 1, 20_000, (2, 3), seed=1)[:, i, j], alone)
    else:
        sizes = draws(noise, 1, 20_000, (2, 3)).flatten(1).norm(dim=1)
        assert same_law(sizes, draws(noise, 1, 20_000, (3, 5), seed=1).flatten(1).norm(dim=1))


def test_a_rare_spike_has_no_power_tail():
    assert NOISES.make("rare_spike(tail_index=1.3)").power_tail() == 0
    assert NOISES.make("none").power_tail() == 0


@pytest.mark.parametrize("name", sorted(set(NOISES) - {"none", "gaussian"}))
@pytest.mark.parametrize("p", [0.8, 1.0, 2.5, math.nan, math.inf])
def test_a_tail_index_outside_its_interval_is_refused_with_a_way_out(name, p):
    with pytest.raises(ValueError, match=rf"tail_index must lie in \(1, 2.*got {p!r}; .*\."):
        NOISES[name](tail_index=p)


def test_pareto_at_two_is_refused():
    with pytest.raises(ValueError, match=r"in \(1, 2\), got 2\.0; .*gaussian"):
        NOISES["pareto"](tail_index=2.0)


@pytest.mark.parametrize("name", sorted({NOISES.parse(text)[0] for text in NOISY}))
@pytest.mark.parametrize("scale", [0, -1.0, math.nan, math.inf])
def test_a_scale_that_is_not_positive_and_finite_is_refused_with_a_way_out(name, scale):
    with pytest.raises(ValueError, match=r"noise_scale must be a positive number.*noise='none'"):
        NOISES[name](noise_scale=scale)


# The constant K: E||sum w_i xi_i||_* <= K (sum w_i^p)^(1/p) in the dual of every norm.

SHAPE = (2, 3)
ENTRIES = SHAPE[0] * SHAPE[1]
MATRICES = 100_000
# Some standard errors of the twenty thousand matrices that constant() draws with its variate; a
# dual that is a maximum has less in common with it.
OF_A_CONSTANT = 0.003
OF_A_MAXIMUM = 0.009


@pytest.fixture(params=[*sorted(NORMS), "schatten(q=1.2)", "ky_fan(k=1)"])
def norm(request):
    return NORMS.make(request.param)


def error(norm):
    """What a computed K may be off by, as a share of it."""
    everywhere = float(norm.dual_norm(torch.ones(SHAPE).double()) / entry_dual_norm(norm, SHAPE))
    return OF_A_CONSTANT if everywhere > ENTRIES**0.5 + 1e-9 else OF_A_MAXIMUM


@pytest.fixture(scope="module", params=[1.3, 1.8, 2.0])
def stable_matrices(request):
    """Matrices of another sampler."""
    random = np.random.default_rng(0)
    size = (2 * MATRICES, *SHAPE)
    return request.param, torch.from_numpy(
        stats.levy_stable.rvs(request.param, 0, size=size, random_state=random)
    )


def test_the_constant_of_stable_noise_is_the_mean_dual_norm(stable_matrices, norm):
    p, matrices = stable_matrices
    cut = 1e4  # beyond it one entry is the whole matrix, and its tail's first term the whole tail
    one = entry_dual_norm(norm, SHAPE)
    sizes = norm.dual_norm(matrices).clamp(max=cut * one)
    tail = one * 2 / math.pi * math.gamma(p) * math.sin(math.pi * p / 2) * cut ** (1 - p) / (p - 1)
    measured = float(sizes.mean()) + ENTRIES * tail
    allowed = ERRORS * float(sizes.std()) / len(sizes) ** 0.5 + error(norm) * measured
    assert abs(NOISES["stable"](tail_index=p).constant(norm, SHAPE) - measured) <= allowed


def mean_length(k, scale):
    """The mean length of k independent normal entries."""
    return scale * 2**0.5 * math.exp(math.lgamma((k + 1) / 2) - math.lgamma(k / 2))


def closed_forms(scale):
    m, n = SHAPE
    return {
        "frobenius": mean_length(m * n, scale),
        "column": n * mean_length(m, scale),
        "row": m * mean_length(n, scale),
        "sign": m * n * mean_length(1, scale),
    }


@pytest.mark.parametrize("name", ["frobenius", "column", "row", "sign"])
@pytest.mark.parametrize(
    ("noise", "scale"), [("gaussian", 1), ("stable", 2**0.5), ("isotropic_stable", 2**0.5)]
)
def test_the_constant_of_normal_noise_is_the_mean_of_a_chi_law(noise, scale, name):
    noise = NOISES.make(noise, tail_index=2.0)
    wanted = closed_forms(scale)[name]
    assert noise.constant(NORMS[name](), SHAPE) == pytest.approx(wanted, rel=OF_A_CONSTANT)


@pytest.mark.parametrize("p", [1.05, 1.3, 1.6])
@pytest.mark.parametrize("name", ["frobenius", "column", "row", "sign"])
def test_the_constant_of_isotropic_noise_is_a_mean_length_times_a_chi_mean(name, p):
    wanted = (2 / math.pi) ** 0.5 * math.gamma(1 - 1 / p) * closed_forms(1)[name]
    found = NOISES["isotropic_stable"](tail_index=p).constant(NORMS[name](), SHAPE)
    assert found == pytest.approx(wanted, rel=OF_A_CONSTANT)


@pytest.mark.parametrize("p", [1.01, 1.1, 1.5, 1.9, 2.0])
def test_the_constant_of_entrywise_stable_noise_under_sign_is_exact(p):
    found = NOISES["stable"](tail_index=p, noise_scale=3.0).constant(NORMS["sign"](), (4, 16))
    assert found == pytest.approx(64 * 3 * 2 * math.gamma(1 - 1 / p) / math.pi, rel=1e-12)


@pytest.mark.parametrize("name", ["stable", "isotropic_stable"])
def test_the_constant_moves_smoothly_with_the_tail_index(name, norm):
    grid = np.arange(1.4, 1.6, 0.01)
    constants = [NOISES[name](tail_index=float(p)).constant(norm, SHAPE) for p in grid]
    assert np.all(np.diff(constants) < 0), "heavier tails, a larger constant"
    # fresh draws at every index would leave thirdfold differences of some 0.005
    assert np.abs(np.diff(np.log(constants), n=3)).max() < 2e-4


@pytest.mark.parametrize("text", LAWS)
def test_the_constant_is_homogeneous_in_the_scale(text, norm):
    one, five = (NOISES.make(text, noise_scale=s).constant(norm, SHAPE) for s in (1.0, 5.0))
    assert five == pytest.approx(5 * one, rel=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (128, 96)], ids=str)
def test_a_constant_is_known_for_every_shape(shape, norm):
    found = NOISES.make("gaussian").constant(norm, shape)
    assert 0 < found <= math.prod(shape) * entry_dual_norm(norm, shape)


@pytest.mark.parametrize("name", ["frobenius", "column", "row", "sign"])
def test_the_constant_of_a_large_matrix_is_as_good(name):
    m, n = 64, 96
    wanted = {
        "frobenius": mean_length(m * n, 1),
        "column": n * mean_length(m, 1),
        "row": m * mean_length(n, 1),
        "sign": m * n * mean_length(1, 1),
    }[name]
    noise = NOISES["isotropic_stable"](tail_index=1.6)
    wanted *= (2 / math.pi) ** 0.5 * math.gamma(1 - 1 / 1.6)
    assert noise.constant(NORMS[name](), (m, n)) == pytest.approx(wanted, rel=OF_A_CONSTANT)


def test_the_constant_of_a_large_matrix_of_heavy_entries_does_not_hang_on_the_draws(monkeypatch):
    noise, norm, found = NOISES["stable"](tail_index=1.9), NORMS["frobenius"](), []
    for seed in range(6):
        monkeypatch.setattr(_constant, "Streams", lambda _, seeds, seed=seed: Streams(seed, seeds))
        monkeypatch.setattr(_constant, "_found", {})
        found.append(noise.constant(norm, (64, 64)))
    assert len(set(found)) == 6
    # standard error 0.5 %; the spread of six numbers is twice theirs once in a thousand times
    assert np.std(found, ddof=1) <= 2 * 0.005 * np.mean(found)


def weights():
    random = np.random.default_rng(0)
    return {
        "one": np.ones(1),
        "alike": np.ones(32),
        "momentum": 0.9 ** np.arange(32),
        "random": random.random(16),
        "random sizes": random.pareto(1.0, 16),
    }


# Nearer to 1 no sample mean of stable matrices is within a tenth of its value.
SUMMED = [
    "gaussian",
    *(f"{name}(tail_index={p})" for name in ("stable", "isotropic_stable") for p in (1.8, 2.0)),
    "skewed_stable(tail_index=1.8)",
    "spike(tail_index=1.8)",
    "haar_spike(tail_index=1.8)",
    *(f"rare_spike(tail_index={p}, rarity={r})" for p in (1.3, 2.0) for r in (0.02, 1.0)),
    *(f"{name}(tail_index={p})" for name in ("pareto", "student_t") for p in (1.3, 1.8)),
]


@cache
def summands(text):
    one_by_one = draws(NOISES.make(text), 1, 32 * 4000, SHAPE)
    return one_by_one.view(32, 4000, *SHAPE)


@pytest.mark.parametrize("text", SUMMED)
@pytest.mark.parametrize("kind", weights())
def test_the_mean_dual_norm_of_a_weighted_sum_is_within_the_constant(text, kind, norm):
    noise, w = NOISES.make(text), torch.from_numpy(weights()[kind])
    sizes = norm.dual_norm(torch.einsum("i,ixmn->xmn", w, summands(text)[: len(w)]))
    p = noise.tail_index
    bound = noise.constant(norm, SHAPE) * float((w**p).sum()) ** (1 / p)
    allowed = ERRORS * float(sizes.std()) / len(sizes) ** 0.5 + error(norm) * bound
    assert float(sizes.mean()) <= bound + allowed
    if noise.constant_kind == "exact":
        # closed under sums, so the constant is no larger than it must be
        assert float(sizes.mean()) >= bound - allowed
