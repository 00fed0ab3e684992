"""LaTeX to numbers: evaluates the formulas that the page shows, as a reader would by hand.

It knows what this project writes and no more: sums and maxima over the entries, rows, columns or
singular values of a matrix, norms, powers, roots, fractions and products without a sign.
"""

import re
from typing import Any

import numpy as np

SPACES = re.compile(r"\\[,;! ]|\\(?:big|Big|left|right)(?![a-z])")
RULES = (
    (r"\\tfrac(\d)(\w)", r"(\1/\2)"),
    (r"\\tfrac(\d)(\d)", r"(\1/\2)"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))"),
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
    (r"\\mathrm\{(\w+)\}", r"\1"),
    (r"\\phi", " phi"),
    (r"\\lambda", " scale"),
    (r"\\xi", " xi"),
    (r"\\theta", " theta"),
    (r"_\{i=1\}\^\{\w\}", "_i"),
    (r"([A-Z])_\{k,J_k\}", r"\1[k,J[k]]"),
    (r"(?<![a-z])([aAby])_([ik])\b", r"\1[\2]"),
    (r"\)_\{(y\[k\])\}", r")[\1]"),
    (r"log (softmax\([^()]*\)\[y\[k\]\])", r"log(\1)"),
    (r"(?<![a-z])([XA])_(\d)", r"\1\2"),
    (r"\\operatorname\{(\w+)\}", r"\1"),
    (r"\\log\\cosh", "logcosh"),
    (r"\\log", "log"),
    (r"\\tan", "tan"),
    (r"\\pi", " pi"),
    (r"\\langle ([^,]*), ?([^,]*?)\\rangle", r"inner(\1, \2)"),
    (r"\\sigma_\{\\max\}\((\w)\)", r"sv(\1)[0]"),
    (r"\\sigma_1\((\w)\)", r"sv(\1)[0]"),
    (r"\\sigma_i\((\w)\)", r"sv(\1)[i]"),
    (r"\\sigma", "sigma"),
    (r"([A-Z])_\{:j\}", r"\1[:,j]"),
    (r"([A-Z])_\{i:\}", r"\1[i,:]"),
    (r"([A-Z])_\{(\w)(\w)\}", r"\1[\2,\3]"),
    (r"([UV])_k", r"\1[:,:k]"),
    (r"\^\\top", ".T"),
    (r"([uv])_1", r"\1first"),
    (r"e_(\w)", r"unit(\1)"),
    (r"\\\|([^|]*?)\\\|_\{?\\?(?:mathrm)?\{?(2|F|RMS)\}*", r"norm\2(\1)"),
    (r"\\\|([^|]*?)\\\|_\{q'\}", r"normdual(\1)"),
    (r"\\\|([^|]*?)\\\|_q'", r"normdual(\1)"),
    (r"\|([^|]*?)\|", r"abs(\1)"),
    (r"q'", "qdual"),
    (r"\^\{([^{}]*)\}", r"**(\1)"),
    (r"\^(\w)", r"**\1"),
)
# an opening bracket behind one of these is no factor
FUNCTIONS = {"sqrt", "sign", "logcosh", "log", "tan", "inner", "sv", "norm2", "normF", "normRMS"}
FUNCTIONS |= {"normdual", "abs", "diag", "unit", "max", "softmax", "CE", "phi", "F"}
TOKEN = re.compile(r"\s*(\*\*|\d+\.?\d*|[A-Za-z_]\w*|.)")


def python_of(latex: str) -> str:
    """Return a formula as an expression of Python."""
    text = SPACES.sub(" ", latex)
    text = re.sub(r"\\max\s*\(", "max(", text)
    for pattern, replacement in RULES:
        while (changed := re.sub(pattern, replacement, text)) != text:
            text = changed
    return multiplied(over_indices(text))


def over_indices(text: str) -> str:
    """Write sums and maxima over indices as calls; they reach to the end of their bracket."""
    for found in reversed([*re.finditer(r"\\(sum|max)_\{?(\w+)\}?", text)]):
        name, indices = found[1], ",".join(found[2])
        depth, end = 0, found.end()
        while end < len(text) and not (depth == 0 and text[end] in "),"):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[end], 0)
            end += 1
        inner = text[found.end() : end]
        text = f"{text[: found.start()]} {name}_of(lambda {indices}: ({inner})){text[end:]}"
    return text


def multiplied(text: str) -> str:
    """Put a sign where factors stand side by side."""
    tokens = [token for token in TOKEN.findall(text) if token.strip()]
    out: list[str] = []
    depth_of_index = 0
    for token in tokens:
        depth_of_index += {"[": 1, "]": -1}.get(token, 0)
        before = out[-1] if out else ""
        value_before = before and (before[-1].isalnum() or before in (")", "]", "T"))
        value_now = token[0].isalnum() or token == "("
        called = before in FUNCTIONS or before in ("sum_of", "max_of", "lambda", ".")
        in_lambda = "lambda" in out and ":" not in out[len(out) - 1 - out[::-1].index("lambda") :]
        if value_before and value_now and not called and not depth_of_index and not in_lambda:
            out.append("*")
        out.append(token)
    return " ".join(out).replace(". T", ".T").replace("lambda", "lambda ")


def value_of(latex: str, **names: Any) -> Any:
    """Return what a formula is for given matrices and numbers."""
    names = {name: _product(value) for name, value in names.items()}
    rows, columns = names.get("shape", (1, 1))
    spans = {"i": range(rows), "j": range(columns), "k": range(names.get("K", 0))}
    spans["i"] = range(names.get("M", min(rows, columns) if "sigma_i" in latex else rows))

    def over(pick: Any) -> Any:
        def reduced(term: Any) -> float:
            wanted = term.__code__.co_varnames[: term.__code__.co_argcount]
            if len(wanted) == 1:
                return pick([term(a) for a in spans[wanted[0]]])
            return pick([term(a, b) for a in spans["i"] for b in spans["j"]])

        return reduced

    known: dict[str, Any] = {
        "sum_of": over(sum),
        "max_of": over(max),
        "sqrt": np.sqrt,
        "sign": np.sign,
        "log": np.log,
        "tan": np.tan,
        "e": np.e,
        "pi": np.pi,
        "logcosh": lambda x: np.log(np.cosh(x)),
        "diag": np.diag,
        "inner": lambda a, b: float(np.multiply(a, b).sum()),
        "sv": lambda x: np.linalg.svd(x, compute_uv=False),
        "norm2": np.linalg.norm,
        "normF": np.linalg.norm,
        "normRMS": lambda x: np.sqrt(np.mean(x**2)),
        "m": rows,
        "n": columns,
    }
    return eval(python_of(latex), known | names)


class Factor(np.ndarray):
    """An array whose product with another one is that of matrices."""

    def __mul__(self, other: Any) -> Any:
        return self @ other if np.ndim(self) and np.ndim(other) else super().__mul__(other)


def _product(value: Any) -> Any:
    return value.view(Factor) if isinstance(value, np.ndarray) and value.ndim == 2 else value
