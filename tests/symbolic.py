"""The text of symbolic expressions, evaluated with Python's integers: a second reader of the grammar in docs/symbolic.md."""
import re

TOKEN = re.compile(r"\s*(\d+|[A-Za-z_][A-Za-z0-9_.]*|//|[-+*%(),])")


class Wrong(Exception):
    """The expression has no value under these numbers."""


def exactdiv(a, b):
    if b == 0 or a % b:
        raise Wrong(f"exactdiv({a}, {b})")
    return a // b


def bcast(a, b):
    if a != b and 1 not in (a, b):
        raise Wrong(f"bcast({a}, {b})")
    return b if a == 1 else a


CALLS = {"min": min, "max": max, "ceildiv": lambda a, b: -(-a // b), "exactdiv": exactdiv, "bcast": bcast,
         "eq": lambda a, b: int(a == b), "ne": lambda a, b: int(a != b), "lt": lambda a, b: int(a < b), "le": lambda a, b: int(a <= b),
         "and": lambda a, b: int(bool(a and b)), "or": lambda a, b: int(bool(a or b)), "not": lambda a: int(not a)}


class Reader:
    def __init__(self, text, numbers):
        self.tokens, self.at, self.numbers = TOKEN.findall(text), 0, numbers
        assert "".join(self.tokens) == re.sub(r"\s", "", text), text

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def sum(self):
        value = self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self):
        value = self.unary()
        while self.peek() in ("*", "//", "%"):
            operator, right = self.take(), self.unary()
            if operator == "*":
                value *= right
            elif right == 0:
                raise Wrong("division by zero")
            else:
                value = value // right if operator == "//" else value % right
        return value

    def unary(self):
        if self.peek() == "-":
            self.take()
            return -self.unary()
        return self.primary()

    def primary(self):
        token = self.take()
        if token == "(":
            value = self.sum()
            assert self.take() == ")"
            return value
        if token.isdigit():
            return int(token)
        if self.peek() != "(":
            if token not in self.numbers:
                raise Wrong(f"{token} is not known")
            return self.numbers[token]
        self.take()
        return self.select() if token == "select" else self.call(token)

    def call(self, name):
        args = [self.sum()]
        while self.peek() == ",":
            self.take()
            args.append(self.sum())
        assert self.take() == ")"
        return CALLS[name](*args)

    def select(self):
        """Only the branch that is taken needs a value."""
        condition, branches = self.sum(), []
        for _ in range(2):
            assert self.take() == ","
            start = self.at
            try:
                branches.append(self.sum())
            except Wrong as wrong:
                branches.append(wrong)
                self.at = self.skip(start)
        assert self.take() == ")"
        chosen = branches[0 if condition else 1]
        if isinstance(chosen, Wrong):
            raise chosen
        return chosen

    def skip(self, at):
        depth = 0
        while depth or self.tokens[at] not in (",", ")"):
            depth += {"(": 1, ")": -1}.get(self.tokens[at], 0)
            at += 1
        return at


def evaluate(text, numbers):
    """The number that `text` stands for, where symbols have these numbers. Wrong: it has none."""
    reader = Reader(str(text), numbers)
    value = reader.sum()
    assert reader.peek() is None, text
    return value
