# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08. What does a bigger matrix cost?
#
# **After this page you can** say where the factor $\min(m, n)$ of the theorem comes from, which noise
# shows it, and what a lower bound is about. It takes 35 minutes.

# %% [markdown]
# With the spectral norm the theorem counts
#
# $$N = O\big(\min(m, n)\; \varepsilon^{-(3p-2)/(p-1)}\big)$$
#
# oracle calls until the mean of $\|\nabla f(X_t)\|_*$ is $\varepsilon$, for noise whose *dual norm*
# has a fixed $p$-th moment (for stable noise below $p = 2$: a fixed $K$, by this project's bound). All that the size can change is how fast an average of noise gets small:
# that is the constant $K$ in $E\|\sum_i w_i \xi_i\|_* \le K (\sum_i w_i^p)^{1/p}$.

# %% tags=["setup"]
from explorer import NOISES, NORMS, Explorer, RunSpec, sweep
from explorer.lesson import check

# %% [markdown]
# ## Predict
#
# Every call adds one huge number on *one* singular direction, whatever the size of the matrix. By
# what factor do the calls grow that reach a given $\varepsilon$ if you double **both** sides of the
# matrix, and by what factor if you double only the **longer** one?

# %% tags=["predict"]
my_factors = ...  # (both, long), because ...

check("08.1", my_factors)

# %% [markdown]
# ## The panel
#
# Run the next cell and press **Run**: one tuned run of a million calls for each number of rows. The
# objective is divided by its rank, so that the noise alone can make a larger matrix dearer.

# %% tags=["panel", "nbval-ignore-output"]
panel = Explorer(
    preset="Rank spike", controls=["tail_index", "noise", "transport"], plots=["dimension", "noise"]
)
panel

# %% [markdown]
# ### Observe, one thing at a time
#
# 1. **Read three slopes** in $r$: the measured one, the bound's, and the theorem's, which is the one
#    in $N$ with the other sign.
# 2. **Move only the tail index** to 1.6 and press Run. Do all three move?
# 3. **Back at 2, change only the noise** to *Stable (entrywise)*. Its scale stays, so a call of a
#    larger matrix is larger, which no theorem is about: its slope is gone from the picture. What does
#    the bound's slope say, and how does $K$ grow, by the notes?

# %% tags=["nbval-ignore-output"]
panel.run()

# %% [markdown]
# ## The same in plain code
#
# A spike has the same size in every matrix, but an average of spikes lies on $r$ directions at once,
# and the dual norm adds them up:

# %% tags=["worked"]
spectral = NORMS["spectral"]()
for p in (1.6, 2.0):
    spike = NOISES["spike"](tail_index=p)
    one, sixteen = (spike.constant(spectral, (r, 32)) for r in (1, 16))
    growth = sixteen / one
    print(f"p = {p}: K grows by {growth:.2f}, and K^(p/(p-1)) by {growth ** (p / (p - 1)):.0f}")

# %% tags=["check"]
spec = RunSpec(
    problem="log_cosh(divide='rank')", columns=16, noise="spike", noise_scale=0.26,
    tail_index=2.0, seeds=16, device="cpu",
)  # fmt: skip
rows = sweep(spec, rows=[1, 2, 4, 8, 16], horizons=[1_000_000])
print(f"spikes, rows 1 to 16: slope {rows.slope:.2f}, theorem {rows.exponent:.2f}")
columns = sweep(spec.replace(rows=4), columns=[4, 8, 16], horizons=[1_000_000])
print(f"spikes, columns 4 to 16 at 4 rows: slope {round(columns.slope, 1) + 0:.1f}")
in_calls = rows.cells[0].exponent
print(f"measured: the calls for one epsilon grow like r^{-rows.slope / in_calls:.1f}")

# %% [markdown]
# ## Exercises
#
# **08.2 (modify).** Change the noise of `spec` so that larger matrices cost *nothing*, at one size of
# the noise's dual norm. (A `noise_level` fixes $K$; which noise fills all directions in one call?)
#
# **08.3 (make).** Write `my_growth(r, p)`: the factor by which $K$ of spikes on $r$ directions exceeds
# that of one direction.
#
# **08.4 (judge).** *Any gradient-based method needs* $\min(m, n)\,\varepsilon^{-k}$ *calls.* For
# methods of any kind, which of these can such a statement mean: `"one function, all methods"`,
# `"each method, some function"` or `"each function, some method"`?

# %% tags=["exercise"]
my_spec = ...
my_growth = ...
my_answer = ...

for number, answer in {"08.2": my_spec, "08.3": my_growth, "08.4": my_answer}.items():
    print(check(number, answer))

# %% [markdown]
# <details><summary>For the teacher</summary>
#
# Ten minutes of play and observation, ten for the plain code, fifteen for the exercises. Typical
# predictions are the number of entries (4) and "nothing, norms are dimension-free". Ask the class:
# *with noise in every entry the slope is zero. Is the theorem too pessimistic?* (It is about every law
# with that moment, and for $p = 2$ spikes are one; below 2 the bound at $p$ is this project's.) The preset *Lower rank* shows the same factor from below.
# </details>

# %% [markdown]
# ## What this does not show
#
# * The factor is for noise of a fixed size in the *dual* norm. At a fixed size of single entries a
#   larger matrix has more noise to begin with.
# * A lower bound is no statement about your optimiser on your problem: it says that for each method
#   there is a problem of the class that takes so many calls.
# * Sizes are compared on one objective, divided by its rank, from one start; real layers differ in
#   more than their size.
