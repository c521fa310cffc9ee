"""Tests that must fail, by which a submission gives itself away that makes failing tests pass.

After the cells of a submission have run, its process is sent further ones in the same way. It
cannot know them from tests before it looks at them. Some are plain, as ``assert 317 == 902``. The
others are *mutants* of the assignment's own test cells, in which every expected value is replaced by
one that no honest answer can be equal to: ``assert f(2) == 4`` becomes ``assert f(2) == wrong(4)``.

Before, each mutant is run with the solutions of the source notebook. What passes there (a test that
an answer is *not* something, that an error is raised) is no canary: an assertion is left out, and of
points in parts those are counted off that the solutions keep.
"""

import ast
import builtins
import copy
import random
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, output_from_msg
from nbgrader import utils

from csqm.grading.flags import Flag
from csqm.grading.marks import SaveMarks, is_test
from csqm.grading.zygote import Died, Job
from csqm.text import Message

__all__ = ["Mutant", "look", "mutants"]

# Names in a mutant, each of which is replaced by another one every time that it is run.
NAMES = ["CSQM_BUILTINS", "CSQM_NUMBERS", "CSQM_NEVER", "CSQM_WRONG", "CSQM_PASSED", "CSQM_VALUE"]
FACTOR, SHIFT = "31415926", "27182818"
PRELUDE = f"""
import builtins as CSQM_BUILTINS, numbers as CSQM_NUMBERS
class CSQM_NEVER:
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda *_: False
    __hash__ = object.__hash__
def CSQM_WRONG(value):
    kind = CSQM_BUILTINS.type(value)
    if kind is CSQM_BUILTINS.type:
        return CSQM_NEVER
    if kind in (CSQM_BUILTINS.list, CSQM_BUILTINS.tuple, CSQM_BUILTINS.set, CSQM_BUILTINS.frozenset):
        return kind([CSQM_WRONG(each) for each in value] or [CSQM_NEVER()])
    if kind is CSQM_BUILTINS.dict:
        return {{key: CSQM_WRONG(each) for key, each in value.items()}} or {{0: CSQM_NEVER()}}
    if kind is CSQM_BUILTINS.str:
        return value + "{SHIFT}"
    if CSQM_BUILTINS.hasattr(value, "iloc"):
        return value.map(CSQM_WRONG)
    if kind is not CSQM_BUILTINS.bool and CSQM_BUILTINS.isinstance(value, CSQM_NUMBERS.Number):
        value = value.item() if CSQM_BUILTINS.hasattr(value, "item") else value
        return value * {FACTOR} + {SHIFT} if value - value == 0 else {SHIFT}
    if kind.__name__ == "ndarray" and value.dtype.kind in "biufc" and value.size:
        return value.astype(CSQM_BUILTINS.complex if value.dtype.kind == "c" else CSQM_BUILTINS.float) * {FACTOR} + {SHIFT}
    return CSQM_NEVER()
"""
EXPECTED = re.compile(r"expect|desired|correct|target|answer|truth|reference|solution", re.I)
# Functions that compare, with the position of the expected value; all others may be the trainee's.
COMPARING = {
    **dict.fromkeys(["isclose", "allclose", "array_equal", "array_equiv", "isinstance"], 1),
    **dict.fromkeys(["issubclass"], 1),
    **dict.fromkeys(["equals"], 0),
}
ASSERTING = re.compile(r"_*assert", re.I)
NOT_EQUAL = re.compile(r"not|less|greater|false|none|rais|warn", re.I)
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
ROUNDING = 1e-6
MOST_NAMED = 8
QUICKEST = 2  # mutants of a cell of which one is taken for a submission
PLAIN = new_code_cell(
    metadata={"nbgrader": {"grade": True, "solution": False, "grade_id": "", "points": 1.0}}
)
chance = random.SystemRandom()
_reader = SaveMarks(bound_points=True)


@dataclass(frozen=True)
class Mutant:
    """A test cell in which nobody honest gets the points.

    Parameters
    ----------
    source : str
        The cell, with names and numbers that are to be replaced.
    honest : float
        Points that the solutions get in it, and nobody honest more.
    """

    source: str
    honest: float


def mutants(job: Job, notebook: Any, seconds: float | None) -> dict[str, list[Mutant]]:
    """Make the mutants of an assignment's test cells.

    Parameters
    ----------
    job : Job
        Where the notebook is run, as a submission would be.
    notebook : NotebookNode
        The source notebook.
    seconds : float or None
        How long a cell may take.

    Returns
    -------
    dict of str to list of Mutant
        By the name of the test cell; without those of which there is no mutant that must fail.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for cell in cells:
        job.run(cell.source, seconds)
    answers = [cell.source for cell in cells if utils.is_solution(cell)]
    own = {name for source in answers for name in _defined(source)}
    found = {}
    for cell in filter(is_test, cells):
        made = []
        # Leave out the assertions that hold for the solutions too.
        passed = {
            int(number)
            for source in _mutated(cell.source, own, frozenset())[:1]
            if "CSQM_PASSED" in source
            for number in _numbers(job.run(_fresh(f"{source}\nCSQM_PASSED"), seconds)[0])
        }
        for source in _mutated(cell.source, own, passed):
            start = time.perf_counter()
            honest = _points(cell, *job.run(_fresh(source), seconds))
            if honest < cell.metadata.nbgrader["points"]:
                made.append((time.perf_counter() - start, Mutant(source, honest)))
        if made:
            quickest = sorted(made, key=itemgetter(0))[:QUICKEST]
            found[cell.metadata.nbgrader["grade_id"]] = [mutant for _, mutant in quickest]
    return found


def look(
    job: Job, tests: Sequence[Any], known: Mapping[str, Sequence[Mutant]], seconds: float | None
) -> list[Flag]:
    """See whether a submission that has run makes failing tests pass.

    Parameters
    ----------
    job : Job
        Where it ran.
    tests : sequence of NotebookNode
        Its test cells, with their outputs.
    known : mapping of str to Mutant
        The mutants of its assignment.
    seconds : float or None
        How long a cell may take.

    Returns
    -------
    list of Flag
        What was found: ``canary``; ``patched`` for what stands in the way of the tests;
        ``unchecked`` if it could not be seen.
    """
    try:
        changed = job.changed()
        flags = _passing(job, tests, known, seconds)
    except Died as death:
        return [Flag("unchecked", Message("tampering.unchecked", why=death.why))]
    if changed:
        flags.append(Flag("patched", Message("tampering.patched", names=changed[:MOST_NAMED])))
    return flags


def _passing(
    job: Job, tests: Sequence[Any], known: Mapping[str, Sequence[Mutant]], seconds: float | None
) -> list[Flag]:
    worth = {cell.metadata.nbgrader["grade_id"]: cell for cell in tests}
    # Which of the mutants, is always the same for the same answers.
    choice = random.Random(repr([cell.outputs for cell in tests]))
    mutated = {
        name: choice.choice(made)
        for name, made in known.items()
        # Who got no more than a mutant gives has gained nothing.
        if name in worth and _reader.points(worth[name]) > max(each.honest for each in made)
    }
    work: list[tuple[str, str]] = [(_fresh(each.source), name) for name, each in mutated.items()]
    low, high = sorted(chance.sample(range(100, 999), 2))
    work += [(source, "") for source in _plain(low, high)]
    work.append((f"{low} - {high}", "value"))
    chance.shuffle(work)
    plain, gained, value = [], [], str(low - high)
    for source, name in work:
        reply, late = job.run(source, seconds)
        if late:
            raise Died(Message("tampering.too_long"))
        try:
            if name == "value":
                value = _value(reply)
            elif not name and _points(PLAIN, reply, late) > 0:
                plain.append(source.strip().rpartition("\n")[2].strip())
            elif name and _points(worth[name], reply, late) > mutated[name].honest + ROUNDING:
                gained.append(name)
        except Exception as error:  # only a forged message can be wrong
            raise Died(Message("grading.forged", error=repr(error))) from error
    flags = []
    if plain:
        told = [f"`{each}`" for each in plain]
        flags.append(Flag("canary", Message("tampering.must_fail", cells=told)))
    if value != str(low - high):
        code = f"`{low} - {high}`"
        flags.append(Flag("canary", Message("tampering.no_value", code=code)))
    if gained:
        flags.append(Flag("canary", Message("tampering.gained", tests=sorted(gained))))
    return flags


def _plain(low: int, high: int) -> list[str]:
    """Return cells that must fail or give 0 points, never the same."""
    name = _name()
    return [
        chance.choice([f"assert {low} == {high}", f"assert {high} < {low}", f"assert not {low}"]),
        f"{name} = {low}\nif {name} != {high}:\n    raise AssertionError({high})",
        f"{_name()}({low})",
        f"{low} * 0.0",
    ]


def _points(cell: Any, reply: dict[str, Any], late: bool) -> float:
    """Return the points that a test cell would get for a reply."""
    if late or reply["error"]:
        return 0.0
    twin = new_code_cell(metadata=cell.metadata)
    twin.outputs = [
        output_from_msg({"header": {"msg_type": kind}, "content": content})
        for kind, content in reply["messages"]
        if kind in ("stream", "error", "execute_result")
    ]
    return _reader.points(twin)


def _numbers(reply: dict[str, Any]) -> list[str]:
    return re.findall(r"\d+", _value(reply) or "")


def _value(reply: dict[str, Any]) -> str | None:
    """Return what the last line of a cell gave."""
    values = [content for kind, content in reply["messages"] if kind == "execute_result"]
    return values[-1]["data"].get("text/plain") if values else None


def _fresh(source: str) -> str:
    """Return a mutant with other names and numbers."""
    for name in NAMES:
        source = source.replace(name, _name())
    source = source.replace(FACTOR, str(3 + chance.randrange(90)))
    return source.replace(SHIFT, str(10**6 + chance.randrange(10**7)))


def _name() -> str:
    return "".join(chance.choices("abcdefghkmnpqrstuvwxyz", k=9))


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return None


def _defined(source: str) -> set[str]:
    """Return the names that a cell gives to something."""
    names = set()
    for node in ast.walk(_parsed(source) or ast.Module([], [])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _mutated(source: str, own: set[str], left_out: Collection[int]) -> list[str]:
    """Return the mutants of a cell: one for each call with an expected value, else one or none.

    In each, all assertions are changed and tried by themselves, but of the calls that give points in
    parts, which take their time, there is only one, and none that gives points for something else.
    """
    made: list[str] = []
    while True:
        tree = _parsed(source)
        if tree is None:
            return made
        maker = _Maker(own, left_out, kept=len(made))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _expecting(call):
                more = _keywords(call) - {each.arg for each in _expecting(call)}
                maker.others.setdefault(_first(call.func), set()).update(more)
        tree.body = maker.block(tree.body)
        if not maker.changed and (not tree.body or not maker.misname(tree.body[-1])):
            return made
        body = tree.body
        if maker.wrapped:
            # Here an honest submission fails, for nothing has passed; points come after it.
            points = [body.pop()] if body and isinstance(body[-1], ast.Expr) else []
            body += [*ast.parse("assert CSQM_PASSED").body, *points]
        start = PRELUDE + ("CSQM_PASSED = []\n" if maker.wrapped else "")
        made.append(start + ast.unparse(ast.fix_missing_locations(tree)))
        if len(made) >= maker.calls:
            return made


class _Maker:
    """Changes the statements of a test cell.

    Each assertion is tried by itself, so that one that fails does not hide that another passes.
    """

    def __init__(self, own: set[str], left_out: Collection[int], kept: int) -> None:
        self.own, self.left_out, self.kept = own, left_out, kept
        self.calls = 0  # calls with an expected value
        # By object, what such calls are told besides: others that are told it give points as well.
        self.others: dict[str, set[str]] = {}
        self.changed = False  # whether any statement became another
        self.wrapped = 0  # assertions tried by themselves
        self._number = 0
        self._hit = False  # whether the expression at hand was changed
        self._results: set[str] = set()  # names of changed comparisons
        self._inside = 0  # how deep in functions, of which only the assertions are changed

    def block(self, statements: list[ast.stmt], *, tried: bool = False) -> list[ast.stmt]:
        """Return changed statements; within a ``try`` of the test they are not tried again."""
        made = []
        for statement in statements:
            made += self._statement(statement, tried)
        return made

    def _statement(self, node: ast.stmt, tried: bool) -> list[ast.stmt]:
        self._hit = False
        if isinstance(node, ast.Assert):
            node.test = self._test(node.test)
            return self._assertion(node, tried)
        if isinstance(node, ast.If):
            raises = any(isinstance(each, ast.Raise) for each in node.body)
            test = self._test(copy.deepcopy(node.test), wanted=not raises)
            if raises and self._hit:
                node.test = test
                return self._assertion(node, tried)
            if not self._inside:
                node.test, self.changed = test, self.changed or self._hit
            node.body = self.block(node.body, tried=tried) or [ast.Pass()]
            node.orelse = self.block(node.orelse, tried=tried)
            return [node]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if ASSERTING.match(_last(call.func)):
                self._assert_call(call)
                return self._assertion(node, tried)
            if _first(call.func) not in self.own:
                for keyword in _expecting(call):
                    keyword.value = self._wrong(keyword.value)
            self.changed |= self._hit
            self.calls += self._hit
            if self._hit:
                return [node] if self.calls - 1 == self.kept else []
            return [] if _keywords(call) & self.others.get(_first(call.func), set()) else [node]
        if isinstance(node, ast.Assign | ast.AugAssign):
            if not self._inside and any(
                isinstance(each, ast.Compare) for each in ast.walk(node.value)
            ):
                self._remember(node)
            return [node]
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self._inside += function
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if inner and isinstance(inner, list) and isinstance(inner[0], ast.stmt):
                within = tried or (isinstance(node, ast.Try) and field == "body")
                changed = self.block(inner, tried=within)
                setattr(node, field, changed or [ast.Pass()])
        self._inside -= function
        return [node]

    def _remember(self, node: ast.Assign | ast.AugAssign) -> None:
        """Change a comparison whose result is kept, as in ``ok = f(2) == 4``."""
        if isinstance(node.value, ast.Compare | ast.BoolOp):
            node.value = self._test(node.value)
        if self._hit:
            self.changed = True
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            self._results |= {each.id for each in targets if isinstance(each, ast.Name)}

    def _assertion(self, node: ast.stmt, tried: bool) -> list[ast.stmt]:
        """Return a statement that must raise an error, and notes if it does not."""
        if not self._hit:
            return []
        self._number += 1
        if self._number in self.left_out:
            return []
        self.changed = True
        if tried:
            return [node]
        self.wrapped += 1
        frame = ast.parse(
            "try:\n    pass\nexcept Exception:\n    pass\n"
            f"else:\n    CSQM_PASSED.append({self._number})"
        )
        frame.body[0].body = [node]  # type: ignore[attr-defined]
        return frame.body

    def _assert_call(self, call: ast.Call) -> None:
        """Change the expected value of ``assert_allclose(f(2), 4)`` and the like."""
        if NOT_EQUAL.search(_last(call.func)) or _first(call.func) in self.own:
            return
        named = _expecting(call)
        if named:
            for keyword in named:
                keyword.value = self._wrong(keyword.value)
        elif len(call.args) > 1:
            place = 0 if _is_literal(call.args[0]) and not _is_literal(call.args[1]) else 1
            call.args[place] = self._wrong(call.args[place])
        elif call.args:
            call.args[0] = self._test(call.args[0])

    def _test(self, node: ast.expr, wanted: bool = True) -> ast.expr:
        """Change an expression so that it is false, or, if not wanted, true."""
        if isinstance(node, ast.Compare):
            return self._comparison(node, wanted)
        if isinstance(node, ast.BoolOp):
            node.values = [self._test(each, wanted) for each in node.values]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self._test(node.operand, not wanted)
        elif isinstance(node, ast.Name) and node.id in self._results and wanted:
            self._hit = True
        elif isinstance(node, ast.Call) and wanted:
            return self._call(node)
        elif isinstance(node, ast.GeneratorExp | ast.ListComp) and wanted:
            node.elt = self._test(node.elt)
        return node

    def _call(self, node: ast.Call) -> ast.expr:
        name, place = _last(node.func), COMPARING.get(_last(node.func))
        if place is not None and len(node.args) > place and _first(node.func) not in self.own:
            node.args[place] = self._wrong(node.args[place])
        elif name == "all" and isinstance(node.func, ast.Name) and len(node.args) == 1:
            # Of nothing, all is true: that would be no sign of tampering.
            node.args = [self._test(node.args[0])]
            made = _expression("(CSQM_VALUE := [*_]) != [] and all(CSQM_VALUE)")
            return _filled(made, node.args[0])
        elif name in ("all", "any") and isinstance(node.func, ast.Attribute):
            if node.args:  # np.all(x)
                node.args[0] = self._test(node.args[0])
            else:
                node.func.value = self._test(node.func.value)
                if name == "all":
                    made = _expression("(CSQM_VALUE := _).size and CSQM_VALUE.all()")
                    return _filled(made, node.func.value)
        elif name in ("any", "bool") and len(node.args) == 1:
            node.args = [self._test(node.args[0])]
        return node

    def _comparison(self, node: ast.Compare, wanted: bool) -> ast.expr:
        kind = type(node.ops[-1])
        if len(node.ops) > 1 and not wanted:
            return node
        equal = (ast.Eq, ast.In, ast.Is) if wanted else (ast.NotEq, ast.NotIn, ast.IsNot)
        right = node.comparators[-1]
        if kind in equal:
            if len(node.ops) == 1 and _is_literal(node.left) and not _is_literal(right):
                node.left = self._wrong(node.left)
            else:
                node.comparators[-1] = self._wrong(right)
        elif kind in ORDER and wanted:
            if not self._distance(node.left):
                node.comparators[-1] = _expression("CSQM_BUILTINS.float('nan')")
            self._hit = True
        return node

    def _distance(self, node: ast.expr) -> bool:
        """Change the expected value in ``abs(f(2) - 4) < 0.1``; return whether there is one."""
        found = False
        for call in ast.walk(node):
            if not (isinstance(call, ast.Call) and re.search("abs|norm", _last(call.func))):
                continue
            for part in call.args:
                if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub):
                    side = "right"
                    if _is_literal(part.left) and not _is_literal(part.right):
                        side = "left"
                    setattr(part, side, self._wrong(getattr(part, side)))
                    found = True
        return found

    def _wrong(self, node: ast.expr) -> ast.expr:
        self._hit = True
        return _filled(_expression("CSQM_WRONG(_)"), node)

    def misname(self, node: ast.stmt) -> bool:
        """Change names of things in the last calls, as in ``points("answer.json")``."""
        found = False
        for call in ast.walk(node):
            if not isinstance(call, ast.Call):
                continue
            first = _first(call.func)
            if first in self.own or hasattr(builtins, first):
                continue
            for place, part in enumerate(call.args):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    call.args[place] = ast.Constant(part.value + SHIFT)
                    found = True
        return found


def _expecting(call: ast.Call) -> list[ast.keyword]:
    """Return the arguments of a call that give an expected value by name."""
    return [each for each in call.keywords if each.arg and EXPECTED.match(each.arg)]


def _keywords(call: ast.Call) -> set[str]:
    return {each.arg for each in call.keywords if each.arg}


def _is_literal(node: ast.expr) -> bool:
    return not any(isinstance(each, ast.Name | ast.Call) for each in ast.walk(node))


def _last(node: ast.expr) -> str:
    """Return the last name of ``a.b.c``."""
    return getattr(node, "attr", "") or getattr(node, "id", "")


def _first(node: ast.expr) -> str:
    """Return the first name of ``a.b.c``."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return getattr(node, "id", "")


def _expression(text: str) -> Any:
    return ast.parse(text, mode="eval").body


def _filled(frame: Any, node: ast.expr) -> Any:
    """Return an expression with another one in the place of its name ``_``."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return node if name.id == "_" else name

    return Fill().visit(frame)
