"""The rooms of the house: who may import whom, how names are made public, how much a verb brings.

CONTRIBUTING.md draws the map. Each rule is a function of the modules, so that a planted fault shows
that it sees one.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest

from tests.imports import PACKAGES, ROOT, Module, closure, imports, modules, public, targets

#: Room -> the rooms that it may import. Tests, benchmarks and tools may import any package.
MAY_IMPORT = {
    "notebooks": {"earthcare_tutorial"},
    "book": {"earthcare_tutorial", "earthcare_products", "earthcare_synthetic"},
    "earthcare_tutorial": {"earthcare_products"},
    "earthcare_products": set[str](),
    "maap_replay": {"earthcare_synthetic", "earthcare_products"},
    "earthcare_synthetic": {"earthcare_products"},
    "tests": {*PACKAGES, "book", "benchmarks", "tools"},
    "jobs": {"earthcare_tutorial"},
    "benchmarks": {*PACKAGES},
    "tools": {*PACKAGES},
}
#: A verb and all that it imports from us: lines and modules, of helpers and facts.
VERB = (600, 4)
#: Modules of verbs that are above it on 28 November 2026: lower these, never raise them.
LARGE = {
    "access": (734, 6),
    "auth": (1071, 6),
    "classifying": (1030, 9),
    "curtain": (1284, 10),
    "describing": (2680, 22),
    "framing": (1754, 13),
    "granule": (778, 8),
    "listing": (356, 5),
    "maps": (640, 6),
    "mean_profile": (948, 9),
    "quicklook": (883, 7),
    "scaling": (3720, 26),
    "searching": (1472, 10),
    "sites": (1708, 11),
    "streaming.downloading": (1547, 12),
    "streaming.opening": (2324, 18),
    "swath": (1176, 10),
}
#: Lines of all helpers together; the design aims at 2,600.
HELPERS = 7_699
#: Where a distribution says what it needs, and names of packages that differ from their modules'.
PROJECTS = {
    "earthcare_tutorial": "pyproject.toml",
    "earthcare_products": "pyproject.toml",
    "maap_replay": "packages/maap_replay/pyproject.toml",
    "earthcare_synthetic": "packages/earthcare_synthetic/pyproject.toml",
}
DISTRIBUTIONS = {"PIL": "pillow", "netCDF4": "netcdf4", "zipstream": "zipstream-ng"}

Known = dict[str, Module]


def wrong_arrows(known: Known) -> list[str]:
    """Imports from one room into another that the list does not have."""
    return [
        f"{name} imports {target}"
        for name, module in known.items()
        for target in sorted(targets(module, known))
        if (room := known[target].room) != module.room and room not in MAY_IMPORT[module.room]
    ]


def circles(known: Known) -> list[str]:
    """Modules that import each other, if any."""
    try:
        TopologicalSorter({name: targets(one, known) for name, one in known.items()}).prepare()
    except CycleError as error:
        return [" imports ".join(reversed(error.args[1]))]
    return []


def wrong_names(known: Known) -> list[str]:
    """Public names that hide a module or lie in one with an underscore."""
    found = []
    for package in known.values():
        for name, source in public(package).items():
            if f"{package.name}.{name}" in known and f"{source}.{name}" not in known:
                found.append(f"{package.name}.{name} hides the module of that name")
            if re.search(r"\._[a-z]", source):
                found.append(f"{package.name}.{name} lies in {source}")
    return found


def imports_by_string(known: Known) -> list[str]:
    """Modules of our packages that import what a variable names, unseen by all other rules."""
    return [
        f"{module.name}: {ast.unparse(node)}"
        for module in known.values()
        if module.room in PACKAGES
        for node in ast.walk(ast.parse(module.text))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("import_module", "importlib.import_module", "__import__")
    ]


def undeclared(known: Known) -> list[str]:
    """Imports of what the distribution of a module does not say it needs."""
    found = []
    for module in known.values():
        if module.room not in PACKAGES:
            continue
        needed = declared(module.room)
        for source, _ in imports(module):
            top = source.partition(".")[0]
            name = DISTRIBUTIONS.get(top, top).replace("_", "-")
            if top not in PACKAGES and top not in sys.stdlib_module_names and name not in needed:
                found.append(f"{module.name} imports {top}, which {module.room} does not declare")
    return found


def declared(room: str) -> set[str]:
    """Packages that the distribution of a room needs, also optionally."""
    if room == "earthcare_products":
        return set()  # the standard library alone
    project: dict[str, Any] = tomllib.loads((ROOT / PROJECTS[room]).read_text())["project"]
    lists = [project["dependencies"], *project.get("optional-dependencies", {}).values()]
    own = {"pytest", "maap-replay-names"} if room == "maap_replay" else set[str]()
    return own | {re.split(r"[<>=\[ ]", each)[0].lower() for needs in lists for each in needs}


def sizes(known: Known, name: str) -> tuple[int, int]:
    """Lines and modules of a verb's module with all that it imports from us."""
    names = closure(f"earthcare_tutorial.{name}", known)
    return sum(known[name].lines for name in names), len(names)


RULES = (wrong_arrows, circles, wrong_names, imports_by_string, undeclared)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Any) -> None:
    assert [*rule(modules())] == []


def module(name: str, text: str) -> Module:
    return Module(name, ROOT / "planted.py", text)


#: What each rule must see: the modules in which it is planted.
PLANTED = {
    wrong_arrows: [module("earthcare_tutorial.a", "def f():\n    from maap_replay import b")],
    circles: [
        module("earthcare_products.a", "from earthcare_products.b import c"),
        module("earthcare_products.b", "def d():\n    import earthcare_products.a"),
    ],
    wrong_names: [
        module("maap_replay.deep", "from maap_replay._c import d\n__all__ = ['d']"),
        module("maap_replay._c", ""),
    ],
    imports_by_string: [module("earthcare_synthetic.a", "import_module(f'x.{y}')")],
    undeclared: [module("earthcare_products.a", "import numpy as np")],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_sees_a_fault_that_is_planted(rule: Any) -> None:
    planted = {each.name: each for each in PLANTED[rule]}
    assert len(rule(modules() | planted)) == len(rule(modules())) + 1


def test_a_name_that_hides_its_module_is_seen() -> None:
    text = "from maap_replay.deep.run import run\n__all__ = ['run']"
    planted = [module("maap_replay.deep", text), module("maap_replay.deep.run", "")]
    assert wrong_names({each.name: each for each in planted}) == [
        "maap_replay.deep.run hides the module of that name"
    ]


def test_what_only_a_type_checker_reads_is_no_import() -> None:
    text = "if TYPE_CHECKING:\n    from maap_replay import items\nimport xarray"
    assert [*imports(module("earthcare_tutorial.a", text))] == [("xarray", "")]


def modules_of_verbs() -> list[str]:
    sources = public(modules()["earthcare_tutorial"]).values()
    rooms = {source.partition(".") for source in sources}
    return sorted(module for room, _, module in rooms if room == "earthcare_tutorial")


@pytest.mark.parametrize("name", modules_of_verbs())
def test_a_verb_can_be_copied(name: str) -> None:
    lines, count = sizes(modules(), name)
    most = LARGE.get(name, VERB)
    assert lines <= most[0], f"{name} brings {lines} lines of ours, in {count} modules"
    assert count <= most[1], f"{name} brings {count} modules of ours, with {lines} lines"


def test_the_helpers_stay_small() -> None:
    helpers = [each for each in modules().values() if each.room == "earthcare_tutorial"]
    assert sum(each.lines for each in helpers) <= HELPERS
