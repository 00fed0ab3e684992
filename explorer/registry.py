"""Registries: from a name to a class, by looking into a room's files."""

import ast
import dataclasses
import difflib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class UnknownNameError(KeyError):
    """A KeyError that reads as its sentence; a plain one reads as the sentence in quotes."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Mapping[str, Any]):
    """A room's classes by name; a file is on the list without anybody importing it.

    ``list(registry)`` reads file names only, so menus cost no import of torch. A class is imported
    when it is first asked for. ``@registry.register(name)`` adds a class from anywhere, a notebook
    cell included; running the cell again replaces it.

    Args:
        kind: What an entry is, for error messages: ``"norm"``.
        room: Package whose public modules are the entries, or a module that registers them itself.

    Example:
        >>> from explorer.registry import NORMS
        >>> "spectral" in NORMS, len(NORMS) > 5
        (True, True)
        >>> NORMS["spectral"].label
        'Spectral'
        >>> NORMS["spektral"]
        Traceback (most recent call last):
        ...
        explorer.registry.UnknownNameError: unknown norm 'spektral'; expected one of [...
    """

    def __init__(self, kind: str, room: str) -> None:
        self.kind = kind
        self._room = room
        self._classes: dict[str, Any] = {}
        self._names: dict[Any, str] = {}

    def names(self) -> list[str]:
        """Return the names of the room's files and of what was registered, in order."""
        return sorted({*self._file_names(), *self._classes})

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that puts a class under ``name``.

        A class from outside the room is first put to the laws of its room on a few random inputs,
        where the room has a ``_laws.py``; today that is ``norms``.

        Args:
            name: The word of menus and specs; an identifier.

        Raises:
            ValueError: If ``name`` is no identifier; a broken law raises too, with the input.
        """
        if not name.isidentifier():
            raise ValueError(
                f"name of a {self.kind} must be an identifier, got {name!r}; "
                "use letters, digits and underscores."
            )

        def add(cls: T) -> T:
            outside = not str(getattr(cls, "__module__", "")).startswith("explorer.")
            laws = self._find_laws() if outside else None
            if laws is not None:
                laws(cls)
            self._names = {other: said for other, said in self._names.items() if said != name}
            self._classes[name] = cls
            self._names[cls] = name
            return cls

        return add

    def make(self, wanted: Any, /, **arguments: Any) -> Any:
        """Return an instance from a name, a name with options, or an instance as it is.

        Args:
            wanted: ``"log_cosh"``, ``"log_cosh(flatness=10)"`` (options are literals), or an
                instance of a class, which is returned.
            **arguments: Further constructor arguments; only those that the class takes are passed.

        Raises:
            ValueError: If an option is unknown; as :meth:`parse` and the class itself beyond that.
        """
        if not isinstance(wanted, str):
            return wanted
        name, options = self.parse(wanted)
        cls = self[name]
        taken = parameters(cls)
        unknown = sorted(set(options) - set(taken))
        if unknown:
            raise ValueError(
                f"{self.kind} {name!r} has no option {unknown[0]!r}; "
                f"its options are {sorted(set(taken) - set(arguments)) or 'none'}."
            )
        return cls(**{key: value for key, value in arguments.items() if key in taken} | options)

    def parse(self, text: str) -> tuple[str, dict[str, Any]]:
        """Return the name and the options of ``"name(option=literal, ...)"``, the name known.

        An unknown name is a KeyError with its neighbours, a text not of that form a ValueError.
        """
        malformed = ValueError(
            f"{self.kind} must read like 'name' or 'name(option=value)' with plain values, "
            f"got {text!r}."
        )
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):  # a null byte is a ValueError in Python 3.11
            raise malformed from None
        if isinstance(tree, ast.Name):
            self[tree.id]
            return tree.id, {}
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
            raise UnknownNameError(self.unknown(text))
        self[tree.func.id]
        try:
            options = {str(k.arg): ast.literal_eval(k.value) for k in tree.keywords if k.arg}
        except (ValueError, TypeError):
            raise malformed from None
        if tree.args or len(options) != len(tree.keywords):
            raise malformed
        return tree.func.id, options

    def knows(self, instance: Any) -> bool:
        """Return True if the class of ``instance`` is registered."""
        return type(instance) in self._names

    def spell(self, instance: Any, *, without: Collection[str] = ()) -> str:
        """Return the text from which :meth:`make` makes ``instance`` again.

        Args:
            instance: Of a registered class; one with options is a dataclass.
            without: Options that are said elsewhere and left out.

        Raises:
            TypeError: If its class is not registered.

        Example:
            >>> from explorer.registry import PROBLEMS
            >>> PROBLEMS.spell(PROBLEMS["log_cosh"](flatness=10.0))
            'log_cosh(flatness=10.0)'
        """
        name = self._names.get(type(instance))
        if name is None:
            article = "an" if self.kind[0] in "aeiou" else "a"
            raise TypeError(
                f"{self.kind} must be one of {self.names()} or an instance of {article} "
                f"{self.kind} registered with @register, got {instance!r}."
            )
        if parameters(type(instance)) and not dataclasses.is_dataclass(instance):
            raise TypeError(
                f"{self.kind} {name!r} takes arguments and is no dataclass, so the options of "
                f"{instance!r} cannot be written down; make its class a dataclass, or name it as "
                f"'{name}(option=value)'."
            )
        return with_options(name, changed_options(instance), without=without)

    def __getitem__(self, name: str) -> Any:
        if name not in self._classes and name in self._file_names():
            importlib.import_module(f"{self._room}.{name}")
        if name not in self._classes:
            self._load_module_room()
        if name not in self._classes:
            raise UnknownNameError(self.unknown(name))
        return self._classes[name]

    def unknown(self, name: object) -> str:
        """Return the sentence for a name that nobody registered."""
        close = difflib.get_close_matches(str(name), self.names(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return f"unknown {self.kind} {name!r}; expected one of {self.names()}.{hint}"

    def __contains__(self, name: object) -> bool:
        self._load_module_room()
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        self._load_module_room()
        return iter(self.names())

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        kinds = f"{self.kind[:-1]}ies" if self.kind.endswith("y") else f"{self.kind}s"
        return f"<{kinds}: {', '.join(self)}>"

    def _file_names(self) -> list[str]:
        return [name for name in self._modules() if not name.startswith("_")]

    def _modules(self) -> list[str]:
        spec = importlib.util.find_spec(self._room)
        places = spec.submodule_search_locations if spec else None
        return [module.name for module in pkgutil.iter_modules(places or [])]

    def _load_module_room(self) -> None:
        spec = importlib.util.find_spec(self._room)
        if spec is not None and spec.submodule_search_locations is None:
            importlib.import_module(self._room)

    def _find_laws(self) -> Callable[[Any], None] | None:
        if "_laws" not in self._modules():
            return None
        return importlib.import_module(f"{self._room}._laws").check


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Return the constructor's parameters by name: what ``cls`` asks for."""
    return dict(inspect.signature(cls).parameters)


def with_options(name: str, options: Mapping[str, Any], *, without: Collection[str] = ()) -> str:
    """Return ``"name(option=value, ...)"``, or the bare name where no option is left to say."""
    said = [f"{key}={value!r}" for key, value in options.items() if key not in without]
    return f"{name}({', '.join(said)})" if said else name


def changed_options(instance: Any) -> dict[str, Any]:
    """Return a dataclass instance's constructor arguments that differ from their defaults."""
    if not dataclasses.is_dataclass(instance):
        return {}
    fields = [f for f in dataclasses.fields(instance) if f.init]
    values = {f.name: getattr(instance, f.name) for f in fields}
    return {f.name: values[f.name] for f in fields if values[f.name] != f.default}


NORMS = Registry("norm", "explorer.norms")
GEOMETRIES = Registry("geometry", "explorer.norms._geometry")
NOISES = Registry("noise", "explorer.noise")
PROBLEMS = Registry("problem", "explorer.problems")
OPTIMIZERS = Registry("optimizer", "explorer.optim")
PLOTS = Registry("plot", "explorer.plots")
