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
# # Scale-invariant optimisation under heavy-tailed noise
#
# Choose, press **Run**, and watch the gradient's dual norm fall beside what theory promises.

# %% tags=["setup"]
import os
from html import escape

from IPython.display import HTML, display

from explorer import Explorer

# %% [markdown]
# Behind `?spec=` this page takes what `panel.link()` gives.

# %% tags=["panel", "nbval-ignore-output"]
query = os.environ.get("QUERY_STRING", "")
try:  # an address may carry words for Voila alone
    panel = Explorer.from_link(f"?{query}" if "spec=" in query else "")
except ValueError as error:
    display(HTML(f'<p role="alert">This link cannot be shown: {escape(str(error))}</p>'))
    panel = Explorer()
panel
