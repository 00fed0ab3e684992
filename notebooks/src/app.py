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
from urllib.parse import parse_qs

from explorer import Explorer

# %% [markdown]
# Behind `?spec=` this page takes what `panel.link()` gives.

# %% tags=["panel", "nbval-ignore-output"]
query = parse_qs(os.environ.get("QUERY_STRING", ""))
panel = Explorer.from_link(query.get("spec", [""])[0])
panel
