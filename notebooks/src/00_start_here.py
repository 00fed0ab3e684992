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
# # What does a heavy-tailed gradient do to a step of length one, and what does theory promise?
#
# **After this page you can** run the explorer, read its picture, and repeat any run in eight lines
# of Python. It takes ten minutes.

# %% [markdown]
# Scion averages noisy gradients into a momentum $M$ and then moves by a step of *fixed* length in a
# norm you choose: a huge gradient may turn the step, but it cannot lengthen it. With tail index $p$
# the noise has moments below $p$ only, and the gradient's dual norm still falls, at the rate
#
# $$\|\nabla f(X)\|_* \sim N^{-(p-1)/(3p-2)}$$
#
# in $N$ oracle calls when the method is tuned to $N$.

# %% tags=["setup"]
from explorer import Explorer, RunSpec, run
from explorer.lesson import check

# %% [markdown]
# ## The panel
#
# Run the next cell: the grey lines are a stored run. Then press **Run** for yours. The blue line is
# the mean over 32 independent runs; the dashed line is a bound on the *step-weighted mean* (the thin
# line) with all its constants, for exactly this schedule; the short orange line has the slope of the
# theorem.

# %% tags=["panel", "nbval-ignore-output"]
panel = Explorer(preset="First look")
panel

# %% [markdown]
# ### Three things to try
#
# 1. **Move only the tail index $p$** to 2, then to 1.3. Which way does the slope change? The
#    sentence under the picture has the number.
# 2. **Press Keep, then switch transport to full.** Which line ends lower, and by how much?
# 3. **Choose the preset *A real network*.** Where does the gradient norm go before it falls, and why
#    is there no dashed line?

# %% [markdown]
# ## The same without a widget
#
# Every picture of the panel is one `RunSpec`, run to one `Trace`.

# %% tags=["check"]
spec = RunSpec(norm="spectral", noise="stable", tail_index=1.6, horizon=5_000, device="cpu")
trace = run(spec)
mean, bound = trace.running_mean[-1], trace.bound[-1]
print(f"{trace.calls[-1]:,.0f} calls, {spec.seeds} seeds:")
print(f"the weighted mean of the gradient's dual norm is {mean:.1f}, its bound is {bound:.1f};")
print(f"the measured slope is {trace.slope:.1f}, the theorem's exponent {trace.exponent:.3f}.")

# %% [markdown]
# `panel.run()` does what Run does, but in this cell, and hands you the trace; it also renews the
# picture that a reader of this page sees above.

# %% tags=["nbval-ignore-output"]
panel.run()

# %% [markdown]
# ## An exercise that certifies itself
#
# Write the step of length one for the **spectral norm**: a function that takes a gradient $G$ and
# returns the matrix $X$ with $\|X\| \le 1$ for which $\langle G, X\rangle$ is smallest. The check
# needs no stored answer: no matrix of norm one can do better than $-\|G\|_*$, the sum of singular
# values. (`torch.linalg.svd` is allowed.)

# %% tags=["exercise"]
my_lmo = ...

check("00.1", my_lmo)

# %% [markdown]
# ## What this does not show
#
# * The theorem is about a run *tuned to its horizon*; the live curve uses steps that suit every
#   horizon, and no theorem says that it is straight. **Measure the rate** runs tuned horizons.
# * Symmetric noise is kind: it forgives wrong tuning that one-sided noise does not.
# * For $p < 2$ stable noise has no $p$-th moment. The paper covers every $p' < p$; the bound at $p$
#   itself is derived in this project.
# * For a network nobody knows the constants, so no bound is drawn there.
