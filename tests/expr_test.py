"""Symbolic expressions against Python's integers: random expressions, their canonical text, bounds and values."""
import random
import subprocess

import pytest

from support import BUILD

TOOL = BUILD / "tests" / "expr_tool"
SYMBOLS = [("N", 0, 2**63 - 1), ("H", 1, 2**63 - 1), ("W", 3, 640), ("x", -(2**63), 2**63 - 1), ("y", -20, -1), ("a.b_1", 0, 7)]


class Wrong(Exception):
    """The expression has no value."""


class Overflow(Wrong):
    """A number on the way does not fit 64 bits."""


def fit(value):
    if not -(2**63) <= value < 2**63:
        raise Overflow
    return value


def floordiv(a, b):
    if b == 0:
        raise Wrong
    return a // b


def exactdiv(a, b):
    if b == 0 or a % b != 0:
        raise Wrong
    return a // b


def modulo(a, b):
    if b == 0:
        raise Wrong
    return a % b


def bcast(a, b):
    if a != b and 1 not in (a, b):
        raise Wrong
    return b if a == 1 else a


INFIX = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "//": floordiv, "%": modulo}
CALLS = {
    "min": (2, min), "max": (2, max), "ceildiv": (2, lambda a, b: -floordiv(-a, b)), "exactdiv": (2, exactdiv),
    "eq": (2, lambda a, b: int(a == b)), "ne": (2, lambda a, b: int(a != b)), "lt": (2, lambda a, b: int(a < b)),
    "le": (2, lambda a, b: int(a <= b)), "and": (2, lambda a, b: int(bool(a and b))), "or": (2, lambda a, b: int(bool(a or b))),
    "not": (1, lambda a: int(not a)), "bcast": (2, bcast), "select": (3, None),
}


def make(rng, depth, large):
    """A random tree: int, symbol name, or (operation, children...)."""
    if depth == 0 or rng.random() < 0.15:
        if rng.random() < 0.55:
            return rng.choice(SYMBOLS)[0]
        if large and rng.random() < 0.3:
            return rng.choice([2**63 - 1, -(2**63), 2**62, 2**32, -(2**31), 2**63 - 2])
        return rng.choice([0, 1, 2, 3, 4, 6, 8, -1, -2, -3, rng.randint(-100, 100)])
    if rng.random() < 0.7:
        return (rng.choice(["+", "+", "-", "*", "*", "//", "%"]), make(rng, depth - 1, large), make(rng, depth - 1, large))
    name = rng.choice(list(CALLS))
    return (name, *(make(rng, depth - 1, large) for _ in range(CALLS[name][0])))


def text(tree):
    if isinstance(tree, tuple):
        name, *args = tree
        parts = [text(a) for a in args]
        return f"({parts[0]} {name} {parts[1]})" if name in INFIX else f"{name}({', '.join(parts)})"
    return str(tree) if not isinstance(tree, int) or tree >= 0 else f"({tree})"


def value(tree, env, lazy):
    """The number; `lazy` leaves the branch that select does not take."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return env[tree]
    name, *args = tree
    if name == "select":
        if lazy:
            return value(args[1] if value(args[0], env, lazy) else args[2], env, lazy)
        c, a, b = (value(arg, env, lazy) for arg in args)
        return a if c else b
    numbers = [value(a, env, lazy) for a in args]
    return fit(INFIX[name](*numbers) if name in INFIX else CALLS[name][1](*numbers))


class Tool:
    def __init__(self):
        self.process = subprocess.Popen([str(TOOL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name, low, high in SYMBOLS:
            self.process.stdin.write(f"symbol {name} {low} {high}\n")

    def ask(self, expression, env):
        self.process.stdin.write(f"eval {expression}; {' '.join(str(env[s]) for s, _, _ in SYMBOLS)}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")


@pytest.fixture(scope="module")
def tool():
    tool = Tool()
    yield tool
    tool.process.stdin.close()
    assert tool.process.wait() == 0


def random_env(rng):
    def pick(low, high):
        low, high = max(low, -50), min(high, 50 if rng.random() < 0.7 else 5)
        return rng.randint(low, max(low, high))

    return {name: pick(low, high) for name, low, high in SYMBOLS}


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_random(tool, seed, large):
    rng = random.Random(seed * 2 + large)
    parsed = 0
    for _ in range(400):
        tree, env = make(rng, rng.randint(1, 4), large), random_env(rng)
        answer = tool.ask(text(tree), env)
        try:
            strict = value(tree, env, lazy=False)
        except Wrong:
            strict = None
        if answer.startswith("error:"):
            assert large or strict is None or "grows beyond" in answer, (text(tree), env, answer)
            continue
        parsed += 1
        printed, same, bounds, number = answer.split("; ")
        assert same == "same", (text(tree), printed)
        try:
            wanted = value(tree, env, lazy=True)
        except Wrong:
            continue
        assert number == str(wanted) or (large and number == "error"), (text(tree), env, answer)
        low, high = map(int, bounds.split())
        assert low <= wanted <= high, (text(tree), env, answer)
    assert parsed > 100


@pytest.mark.parametrize("expression, printed", [
    ("N + N", "2*N"), ("N - N", "0"), ("(N*4)//2", "2*N"), ("(H - 1)//2 + 1", "(H + 1)//2"), ("((H + 1)//2 + 1)//2", "(H + 3)//4"),
    ("ceildiv(H, 2)", "(H + 1)//2"), ("exactdiv(N*H*W*64, N*H)", "64*W"), ("exactdiv(N*(H + 1)*3, H + 1)", "3*N"),
    ("exactdiv((H//2 + 1)*(W//2 + 1)*N, (W//2 + 1)*N)", "H//2 + 1"), ("max(H, 1)", "H"), ("min(N, 9223372036854775807)", "N"),
    ("max(H, H - 3)", "H"), ("W // 1000", "0"), ("W % 1000", "W"), ("(4*N + 3) % 4", "3"), ("bcast(N, N)", "N"), ("bcast(1, N)", "N"),
    ("bcast(8, N)", "bcast(8, N)"), ("bcast(bcast(N, 8), 8)", "bcast(8, N)"), ("eq(bcast(N, 8), 8)", "eq(bcast(8, N), 8)"), ("select(lt(W, 1000), N, H)", "N"), ("eq(H, 0)", "0"), ("not(lt(N, H))", "le(H, N)"),
    ("(N*H) % (N*W)", "N*(H % W)"), ("-9223372036854775808", "-9223372036854775808"), ("(2*N + 3)//4", "(N + 1)//2"),
    ("N*(H + 1) - N*H", "N"), ("and(lt(N, 4), 1)", "lt(N, 4)"), ("select(N, 5, 5)", "5"),
])
def test_canonical(tool, expression, printed):
    env = {name: max(low, 1) for name, low, _ in SYMBOLS}
    env["y"] = -1
    assert tool.ask(expression, env).split("; ")[0] == printed


@pytest.mark.parametrize("expression", [
    "", "N +", "(N", "N)", "9223372036854775808", "unknown", "foo(N)", "min(N)", "select(N, 1)", "1//0", "N//0", "exactdiv(3, 2)", "bcast(2, 3)",
    "(" * 65 + "N" + ")" * 65, "+".join(["N"] * 3000), "N $ 2", "1e9", "0x10", "not(not(not(" * 30, "min(" * 60, "9223372036854775807 + 1",
    "x" * 70, "N N", "N**2", ",", "min(,)",
])
def test_refused(tool, expression):
    answer = tool.ask(expression, {name: 5 for name, _, _ in SYMBOLS})
    assert answer.startswith("error: "), answer
