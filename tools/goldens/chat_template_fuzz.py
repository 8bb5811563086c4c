"""Random templates from a small grammar, for chat_template.py --fuzz."""

NAMES = "s e u m n z f neg yes no nil l el d ed words nested people html pad q missing x y k v ns loop".split()
LITERALS = ["0", "1", "-2", "3", "2.5", "'a'", "'b '", "''", "'é<'", "none", "true", "false", "[]", "[1, 2]", "{'a': 1}",
            "(1, 2)", "()", "10", "'%s'", "'{}'", "', '"]
FILTERS = ["upper", "lower", "trim", "length", "list", "first", "last", "join", "join(', ')", "sort", "reverse", "string",
           "int", "float", "abs", "round", "tojson", "tojson(indent=2)", "default('d')", "default('d', true)", "title", "capitalize",
           "unique", "unique | list", "min", "max", "sum", "map('string') | list", "map('upper') | join('-')", "map(attribute='name') | list",
           "select('defined') | list", "selectattr('age') | list", "rejectattr('tags') | list", "replace('a', 'b')", "items | list",
           "dictsort", "indent", "indent(2, true)", "e", "safe", "wordcount", "truncate(5)", "center(9)", "batch(2) | list", "slice(2) | list",
           "groupby('age')", "count", "attr('x')", "format(1)", "striptags", "reject('none') | list", "map('length') | list", "sort(reverse=true)", "forceescape"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable",
         "true", "false", "odd", "even", "upper", "lower", "callable", "escaped", "divisibleby 2", "in [1, 'a']", "eq 1", "gt 0", "sameas none"]
METHODS = ["upper()", "lower()", "strip()", "split()", "split('a')", "split(',', 1)", "rsplit(None, 1)", "startswith('a')", "endswith('b')", "replace('l', 'L')",
           "title()", "find('l')", "count('l')", "items()", "keys() | list", "values()", "get('a')", "get('z', 3)", "splitlines()", "index(1)", "isdigit()",
           "join(['a', 'b'])", "join(words)", "format(1, 2)", "zfill(5)", "partition(' ')", "append(1)", "copy()", "rstrip('d')", "capitalize()", "swapcase()", "nope()", "center(8, '*')"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "and", "or", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "~", "**"]
ATTRIBUTES = ["a", "b", "name", "age", "tags", "x", "items", "index", "first", "last", "upper", "0", "append"]


def expression(r, depth=0):
    kind = r.randrange(16)
    if depth > 3 or kind < 4:
        return r.choice(NAMES) if r.random() < 0.6 else r.choice(LITERALS)
    inner = lambda: expression(r, depth + 1)
    if kind < 7:
        return f"{inner()} | {r.choice(FILTERS)}"
    if kind < 9:
        return f"({inner()}) {r.choice(BINARY)} ({inner()})"
    if kind == 9:
        return f"{inner()} {r.choice(BINARY)} {inner()}"
    if kind == 10:
        return f"({inner()}) is {r.choice(['', 'not '])}{r.choice(TESTS)}"
    if kind == 11:
        return f"({inner()}).{r.choice(METHODS)}"
    if kind == 12:
        return f"({inner()}).{r.choice(ATTRIBUTES)}" if r.random() < 0.5 else f"({inner()})[{inner()}]"
    if kind == 13:
        bound = lambda: r.choice(["", "1", "-1", "2", "-3", "0"])
        return f"({inner()})[{bound()}:{bound()}{r.choice(['', ':', ':-1', ':2'])}]"
    if kind == 14:
        return f"{inner()} if {inner()} else {inner()}"
    return r.choice([f"not {inner()}", f"-({inner()})", f"[{inner()}, {inner()}]", f"{{'k': {inner()}, {inner()}: 1}}", f"({inner()},)",
                     f"range({inner()})", f"dict(a={inner()})"])


def tag(r, text):
    return "{%" + r.choice(["", "", "", "-", "+"]) + " " + text + " " + r.choice(["", "", "", "-"]) + "%}"


def text(r):
    return r.choice(["", "", " ", "\n", "a", " b\n", "\n\n  ", "<x>", "  \t", "é\n"])


def statement(r, depth):
    body = lambda: statements(r, depth + 1)
    e = lambda: expression(r, 1)
    kind = r.randrange(14)
    if depth > 2 or kind < 4:
        return r.choice(["{{ ", "{{- "]) + e() + r.choice([" }}", " -}}"])
    if kind < 6:
        middle = tag(r, "elif " + e()) + body() if r.random() < 0.3 else ""
        other = tag(r, "else") + body() if r.random() < 0.4 else ""
        return tag(r, "if " + e()) + body() + middle + other + tag(r, "endif")
    if kind < 9:
        target = r.choice(["x", "x", "y", "k, v", "s"])
        source = r.choice(["l", "words", "people", "d.items()", "nested", "el", "range(3)", "s", e()])
        control = tag(r, "if " + e()) + tag(r, r.choice(["break", "continue"])) + tag(r, "endif") if r.random() < 0.2 else ""
        other = tag(r, "else") + body() if r.random() < 0.2 else ""
        condition = f" if {e()}" if r.random() < 0.2 else ""
        return tag(r, f"for {target} in {source}{condition}") + body() + control + other + tag(r, "endfor")
    if kind < 11:
        return tag(r, f"set {r.choice(['x', 'y', 's', 'n', 'ns.a', 'k, v'])} = {e()}")
    if kind == 11:
        name = r.choice(["f", "g"])
        return tag(r, f"macro {name}(x, y={e()})") + body() + tag(r, "endmacro") + "{{ " + f"{name}({e()})" + " }}"
    if kind == 12:
        return r.choice([tag(r, "set x") + body() + tag(r, "endset"), tag(r, f"filter {r.choice(['upper', 'trim', 'length'])}") + body() + tag(r, "endfilter"),
                         tag(r, f"with x = {e()}") + body() + tag(r, "endwith"), tag(r, "generation") + body() + tag(r, "endgeneration")])
    return r.choice(["{# c #}", "{#- c -#}", "{% raw %}{{ x }}{% endraw %}", tag(r, "set ns = namespace(a=1)")])


def statements(r, depth):
    return "".join(text(r) + statement(r, depth) for _ in range(r.randrange(1, 4))) + text(r)


def template(r):
    return ("{% set ns = namespace(a=0) %}" if r.random() < 0.3 else "") + statements(r, 0)
