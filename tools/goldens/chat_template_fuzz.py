"""Random templates from a small grammar, for chat_template.py --fuzz."""

import re

# Productions by the type they make; {str} and so on stand for expressions of that type. Now and then a wrong one is put
# in, to see that both sides fail.
GRAMMAR = {
    "str": """s e u m pad q html 'a' 'b·' '' 'é<' "%s" ',·' ({str}) {str}|upper {str}|lower {str}|trim {str}|title {str}|capitalize {str}|e {str}|safe
        {str}|replace({str},{str}) {str}|truncate(9) {str}|center(9) {str}|indent {str}|indent(2,true) {any}|string {any}|tojson {any}|tojson(indent=2) {str}|striptags
        {list}|join {list}|join({str}) {str}|reverse {str}|first {str}|last {str}|default({str}) {str}|forceescape {people}|join('/',attribute='name')
        {any}~{any} ({str}+{str}) ({str}*2) {str}[0] {str}[-1] {str}[{slice}] {str}.upper() {str}.lower() {str}.strip() {str}.title() {str}.strip({str}) {str}.rstrip('d')
        {str}.replace({str},{str}) {str}.replace('l','L',1) {str}.join({strs}) {str}.capitalize() {str}.swapcase() {str}.center(8,'*') {str}.zfill(5) {str}.lstrip()
        '{}-{:>4}'.format({any},{str}) ('%s|%5s'%({any},{str})) '%s'|format({any}) {person}.name {person}['name'] {str}.removeprefix('a') {strs}[0] {strs}|first
        ({str}if({bool})else{str}) ({str}_or_{str}) {str}.split({sep})[0] {strs}|min {strs}|max missing|d({str}) {str}|urlencode""",
    "int": """n z neg 0 1 -2 3 10 ({int}) ({int}+{int}) ({int}-{int}) ({int}*{int}) ({int}//3) ({int}%4) ({int}**2) {any_sized}|length {str}|wordcount {list}|count -({int}) {int}|abs {str}|int {f}|int
        {ints}|sum {ints}|max {ints}|min {ints}|first {str}.find({str}) {str}.count({str}) {list}.index(1) {person}.age {ints}[0] {ints}[-1] {int}|default(2) ({int}if({bool})else{int}) {people}|sum(attribute='age')""",
    "f": "f 2.5 0.1 ({f}+{int}) ({int}/3) {int}|float {f}|round {f}|round(1) {f}|round(1,'floor') ({f}*{f}) ({f}//2) ({f}%{f}) {str}|float -({f})",
    "bool": """yes no true false ({any}=={any}) ({any}!={any}) ({int}<{int}) ({int}<={f}) ({str}>{str}) ({int}<{int}<{int}) ({str}_in_{str}) ({any}_in_{list}) ({str}_not_in_{str}) ({str}_in_{dict}) (not_{any})
        ({any}_is_defined) ({any}_is_string) ({any}_is_mapping) ({any}_is_iterable) ({any}_is_sequence) ({any}_is_number) ({any}_is_none) ({any}_is_boolean) ({any}_is_not_string) ({int}_is_odd) ({int}_is_divisibleby_2) ({any}_is_in({list})) ({any}_is_integer)
        ({any}_is_sameas_none) ({any}_is_escaped) ({str}_is_lower) ({int}_is_gt(1)) missing_is_defined ({bool}_and_{bool}) ({bool}_or_{bool}) {str}.startswith({str}) {str}.endswith(('a',{str})) {str}.isdigit() {str}.isalpha() ({any}_is_true) ({any}_is_callable) ({any}_is_float)""",
    "ints": "l [1,2] [{int},{int}] range(3) range({int})|list {ints}|sort {ints}|sort(reverse=true) {ints}|unique|list {ints}|reverse|list {ints}[{slice}] {ints}|select('odd')|list {ints}|reject('gt',1)|list {strs}|map('length')|list {people}|map(attribute='age')|list ({ints}|list+{ints}|list) {ints}|map('abs')|list",
    "strs": "words ['a','b'] [{str},{str}] {str}.split() {str}.split({sep}) {str}.split({sep},1) {str}.rsplit({sep},1) {str}.splitlines() {strs}|sort {strs}|sort(case_sensitive=true) {strs}|unique|list {strs}|map('upper')|list {strs}|reverse|list {strs}[{slice}] {dict}|list {dict}.keys()|list {str}|list {people}|map(attribute='name')|list {any_list}|map('string')|list {strs}|select('ne','a')|list {str}.partition(',')",
    "people": "people people[{slice}] people|selectattr('tags')|list people|selectattr('age','equalto',30)|list people|rejectattr('age','gt',26)|list people|sort(attribute='age') people|sort(attribute='age,name',reverse=true) people|unique(attribute='age')|list",
    "person": "people[0] people[1] people|first people|last ({people})[0] people|max(attribute='age')",
    "any_list": "nested el [{any},{any}] ({any},) {ints}|batch(2)|list {ints}|slice(2)|list {list}|batch(2,'x')|list {dict}.items()|list {dict}|dictsort {dict}|items|list {dict}.values()|list {people}|groupby('age') {str}|list {list}|reject('none')|list {list}|select|list ({list}|list+{list}|list) people|map(attribute='tags',default='-')|list d.a",
    "dict": "d ed {'a':1} {'k':{any},{str}:{any}} dict(a={any}) dict({dict},z=1) {person} {dict}.copy()",
    "sep": "',' '·' 'a' 'l' none '\\n'",
    "slice": ": 1: :2 ::-1 -2: :-1 1:3 ::2 3:0:-1",
    "list": ["ints", "strs", "any_list", "people"],
    "any_sized": ["str", "list", "dict"],
    "any": ["str", "str", "int", "f", "bool", "list", "dict", "odd"],
    "odd": "none nil missing x y k ns loop loop.index loop.last missing.x d.nope ns.a range(2) d.items() l|map('upper') s.nope ().x {dict}.a {dict}.get('k') d['b'] {any}|default('d',true) {any}|first {list}|last {dict}.k",
}
GRAMMAR = {k: v.split() if isinstance(v, str) else v for k, v in GRAMMAR.items()}
FIELD = re.compile(r"\{(\w+)\}")


def expression(r, kind="any", depth=0):
    if depth > 0 and r.random() < 0.01:
        kind = "any"
    choices = GRAMMAR[kind]
    if kind in ("list", "any_sized", "any"):
        return expression(r, r.choice(choices), depth)
    if depth > 3:
        choices = [c for c in choices if not FIELD.search(c)]

    def fill(match):
        if match[1] not in GRAMMAR:
            return match[0]
        part = expression(r, match[1], depth + 1)
        return part if re.fullmatch(r"[\w:]*|:+-?\d*|-?\d+:+-?\d*", part) or match[1] in ("slice", "sep") else f"({part})"

    made = FIELD.sub(fill, r.choice(choices))
    for word in ("is_not", "not_in", "is", "in", "and", "or", "not", "divisibleby", "sameas"):
        made = re.sub(rf"(?<![a-z])_?{word}_", " " + word.replace("_", " ") + " ", made)
    return made.replace("·", " ").replace("if(", " if (").replace(")else", ") else ")


def tag(r, text):
    return "{%" + r.choice(["", "", "", "-", "+"]) + " " + text + " " + r.choice(["", "", "", "-"]) + "%}"


def text(r):
    return r.choice(["", "", " ", "\n", "a", " b\n", "\n\n  ", "<x>", "  \t", "é\n"])


def statement(r, depth):
    body = lambda: statements(r, depth + 1)
    e = lambda kind="any": expression(r, kind, 1)
    kind = r.randrange(14)
    if depth > 2 or kind < 4:
        return r.choice(["{{ ", "{{- "]) + e() + r.choice([" }}", " -}}"])
    if kind < 6:
        middle = tag(r, "elif " + e()) + body() if r.random() < 0.3 else ""
        other = tag(r, "else") + body() if r.random() < 0.4 else ""
        return tag(r, "if " + e()) + body() + middle + other + tag(r, "endif")
    if kind < 9:
        target = r.choice(["x", "x", "y", "k, v", "s"])
        source = e("list") if target != "k, v" else r.choice(["d.items()", "d | dictsort", "people | groupby('age')", e()])
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
    return "{% set ns = namespace(a=0) %}" + statements(r, 0)
