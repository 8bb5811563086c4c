"""Expressions and statements for chat_template.py: each line or entry is one case, compared with jinja2."""

VARIABLES = {
    "s": "Hello, World", "e": "", "u": "Grüße, 世界! ñ 🎉", "m": "a\nb\r\nc\n\nd", "n": 7, "z": 0, "f": 2.5, "neg": -3,
    "yes": True, "no": False, "nil": None, "l": [3, 1, 2], "el": [], "d": {"b": 1, "a": [1, {"x": None}], "C": "c"},
    "ed": {}, "words": ["banana", "Apple", "cherry", "apple"], "nested": [[1, 2], [3, [4]]],
    "people": [{"name": "Ann", "age": 30, "tags": ["x"]}, {"name": "bob", "age": 25, "tags": []},
               {"name": "Cy", "age": 30}],
    "html": "<a href=\"x\">'&'</a>", "big": 9007199254740993, "small": 1e-7, "pad": "  x y \t", "q": "it's \"q\"",
    "methods": {"items": "shadow", "get": 1, "pop": 2, "keys": 3},
}

EXPRESSIONS = r'''
1
1.0
1e3
1_000
0x1f
0b101
0o17
1.5e-3
1e16
123456789012345678.0
0.1+0.2
1/3
7//2
-7//2
7%3
-7%3
7%-3
7.5//2
-7.5//2
7.5%-2
2**10
2**-1
2**3**2
-2**2
(-8)**2
10/2
1/0
1//0
1%0
1.0/0
true + true
true/2
n + f
n - neg
n * f
big + 1
9223372036854775807
1 + "a"
"a" + 1
"a" * 3
3 * "ab"
"a" * -1
[1, 2] * 2
[1] + [2]
(1,) + (2,)
[1] + (2,)
"a" "b" 'c'
"a" ~ 1 ~ none ~ true ~ 1.0 ~ [1] ~ missing
none
None
True
False
true
missing
missing.x
missing['x']
missing + 1
1 + missing
-missing
missing()
missing is defined
missing is undefined
missing | default('d')
missing | default
missing | length
missing | upper
missing | list
missing | join(',')
missing | tojson
missing | int
missing | first
missing | last
missing | trim
missing == missing
missing == none
missing != other
missing < 1
missing in [1]
1 in missing
[missing]
{'a': missing}
missing is iterable
missing is sequence
missing is mapping
missing is string
missing is callable
missing is none
not missing
missing or 'x'
missing and 'x'
missing if false
missing if false else 'e'
'x' if missing
('x' if false).y
d.nope
d.nope.nope
d['nope']
d.nope is defined
d.nope.x is defined
nil.x
nil['x']
n.x
s.nope
l.nope
l[0]
l[-1]
l[99]
l[99] is defined
l['x']
l[1:]
l[:1]
l[::-1]
l[-2:]
l[::2]
l[::0]
l[10:]
l[none:2]
s[0]
s[-1]
s[100]
s[1:4]
s[::-1]
s[-5:]
s['upper']
u[0:5]
u[::-1]
u[-1]
u | length
u | upper
u | lower
u | title
u | reverse
d['a'][1]['x']
d.a[0]
d.a.0
d.a.1.x
l.0
nested[1][1][0]
nested.1.1.0
nil[1:]
n[1:]
d[1:]
missing[1:]
(1, 2)[0]
(1, 2)[1:]
()
(1,)
(1, 2)
1, 2
[1, 2,]
{'a': 1,}
{}
{1: 2, 'a': {}, none: []}
{1: 'a', true: 'b', 1.0: 'c'}
{[1]: 2}
{(1, 2): 3}
{'a': 1, 'a': 2}
[1, [2, (3,)], {'k': 'v'}]
['it\'s', "q\"", 'both\'"', 'nl\n', 'tab\t', '\\', 'é', '\x00', '\u200b', '🎉', '\x7f', '\xa0']
q
[q]
1 == 1.0
1 == true
'1' == 1
[1] == [1.0]
[1] == (1,)
{'a': 1} == {'a': 1.0}
{'a': 1, 'b': 2} == {'b': 2, 'a': 1}
none == false
1 != 2
1 < 2
1 < 2 < 3
1 < 3 < 2
3 > 2 >= 2
1 < 'a'
'a' < 'b'
'B' < 'a'
[1, 2] < [1, 3]
[1, 2] < [1, 2, 0]
(1,) < (2,)
[1] < (2,)
none < 1
none == none
d < d
1 < 2.5
big > 9007199254740992.0
1 in [1, 2]
1 not in [1, 2]
'a' in 'abc'
'' in 'abc'
1 in 'abc'
'a' in d
'z' in d
'z' not in d
[1] in d
1 in 5
1 in none
1 in range(3)
'a' in d.keys()
1 in d.values()
('b', 1) in d.items()
not 1
not not 1
not 1 == 2
1 and 2
0 and 2
0 or ''
1 or 2
1 and 2 or 3
1 if true else 2
1 if false else 2
1 if 0 else 2 if 0 else 3
-n
+n
-f
--n
- -n
-'a'
+'a'
not ''
n is odd
n is even
n is divisibleby 7
n is divisibleby(2)
n is not odd
f is odd
's' is odd
n is number
f is number
yes is number
's' is number
n is integer
yes is integer
f is integer
f is float
n is float
s is string
n is string
l is sequence
d is sequence
s is sequence
n is sequence
range(2) is sequence
l is iterable
d is iterable
s is iterable
n is iterable
nil is iterable
d.items() is iterable
d.items() is sequence
d is mapping
l is mapping
yes is boolean
n is boolean
yes is true
no is false
no is true
1 is true
0 is false
nil is none
n is none
nil is not none
n is eq 7
n is equalto 7
n is ne 7
n is gt 3
n is greaterthan 30
n is lt 3
n is lessthan 30
n is ge 7
n is le 7
n is in [7, 8]
n is in(l)
'a' is in 'abc'
'ABC' is upper
'ABc' is upper
'abc' is lower
'12' is lower
'aBc' is lower
none is sameas none
1 is sameas 1
true is sameas true
1 is sameas true
'x' is callable
range is callable
'upper' is filter
'nope' is filter
'odd' is test
'nope' is test
html is escaped
html|safe is escaped
n is defined and n > 5
n is string or n is number
n is foo
n is divisibleby
n is odd(1)
s is not string
(s is string) and true
s | upper
s | lower
s|length
s | count
s | reverse
s | capitalize
'hello wORLD' | title
"hello-world (foo) [bar] {baz} it's" | title
"it's o'neil" | capitalize
s | replace('l', 'L')
s | replace('l', 'L', 1)
'aaa' | replace('a', '')
'abc' | replace('', '-')
n | replace(7, 8)
'abc' | replace('b')
pad | trim
'[' ~ (pad | trim) ~ ']'
'xxaxx' | trim('x')
'xyaxy' | trim('yx')
nil | trim
s | list
l | list
d | list
n | list
s | first
l | first
el | first
d | first
el | first is defined
l | last
s | last
el | last
d | last
d.items() | last
(l | map('string')) | last
l | join
l | join(', ')
l | join(d=', ')
words | join('|')
people | join(', ', attribute='name')
people | map(attribute='name') | join(', ')
people | join(attribute='age')
n | join
nil | join
s | join('-')
l | sort
l | sort(reverse=true)
l | sort(true)
words | sort
words | sort(case_sensitive=true)
words | sort(reverse=true)
people | sort(attribute='age') | map(attribute='name') | list
people | sort(attribute='age,name') | map(attribute='name') | list
people | sort(attribute='age', reverse=true) | map(attribute='name') | list
[1, 'a'] | sort
[none, 1] | sort
[[2, 1], [1, 2]] | sort
[missing, 1] | sort
words | unique | list
words | unique(true) | list
people | unique(attribute='age') | map(attribute='name') | list
[[1], [1]] | unique | list
[1, 1.0, true, 2] | unique | list
l | min
l | max
el | min
words | max
words | min(case_sensitive=true)
people | max(attribute='age')
l | sum
el | sum
people | sum(attribute='age')
l | sum(start=10)
words | sum
nested | sum(start=[])
[0.1, 0.2] | sum
l | reverse | list
(1, 2) | reverse | list
d | reverse | list
n | reverse
l | map('string') | list
l | map('float') | join(' ')
words | map('upper') | list
words | map('replace', 'a', 'b') | list
words | map('nope') | list
words | map | list
people | map(attribute='tags.0') | list
people | map(attribute='tags', default='none') | list
people | map(attribute='tags', default='none', foo=1) | list
nil | map('upper') | list
missing | map('upper') | list
n | map('upper') | list
l | select('odd') | list
l | select | list
[0, 1, '', 'a', none] | select | list
[0, 1, '', 'a', none] | reject | list
l | select('gt', 1) | list
l | select('>', 1) | list
l | reject('equalto', 1) | list
l | select('nope') | list
people | selectattr('tags') | map(attribute='name') | list
people | selectattr('age', 'equalto', 30) | map(attribute='name') | list
people | selectattr('age', '==', 30) | list | length
people | rejectattr('age', 'gt', 26) | list
people | selectattr('tags', 'defined') | list | length
people | selectattr('tags', 'undefined') | list | length
people | selectattr | list
people | selectattr('name', 'in', ['Ann']) | list
people | selectattr('missing.x') | list
people | groupby('age')
people | groupby('age') | map(attribute='grouper') | list
people | groupby('age') | map(attribute='list') | list
(people | groupby('age'))[0].grouper
(people | groupby('age') | first).list | length
words | groupby('0')
people | groupby('tags', default=[]) | length
l | batch(2) | list
l | batch(2, 'x') | list
l | batch(5, 0) | list
l | batch(0) | list
l | slice(2) | list
range(10) | slice(3) | list
range(10) | slice(3, 'x') | list
range(3) | slice(5, 'x') | list
l | slice(0) | list
d | items | list
missing | items | list
l | items | list
d | dictsort
d | dictsort(true)
d | dictsort(by='value')
{'a': 2, 'b': 1} | dictsort(by='value')
{'a': 2, 'b': 1} | dictsort(false, 'value', true)
d | dictsort(by='x')
l | dictsort
{1: 2, 'a': 3} | dictsort
d | tojson
d | tojson(indent=2)
d | tojson(indent=0)
d | tojson(indent='\t')
d | tojson(sort_keys=true)
d | tojson(separators=(',', ':'))
d | tojson(indent=1, separators=(';', '='))
d | tojson(true)
u | tojson
u | tojson(ensure_ascii=true)
html | tojson
q | tojson
'\x00\x1f\x7f\n\t\r\b\f\\/' | tojson
'\x7f' | tojson(ensure_ascii=true)
[1, 1.0, 1e100, -0.0, true, none, (1, 2)] | tojson
[] | tojson(indent=2)
{} | tojson(indent=2)
{'a': []} | tojson(indent=2)
{1: 1, 1.5: 2, none: 3, true: 4} | tojson
{(1, 2): 3} | tojson
{'b': 1, 1: 2} | tojson(sort_keys=true)
range(3) | tojson
missing | tojson
s | tojson | safe
s | string
n | string
l | string
nil | string
f | string
yes | string
n | int
f | int
'42' | int
' 42 ' | int
'42.7' | int
'abc' | int
'abc' | int(5)
'abc' | int(default=none)
'ff' | int(0, 16)
'0x1f' | int(0, 16)
'0b11' | int(base=2)
'1_000' | int
'-7' | int
'1e3' | int
nil | int
l | int
'inf' | int
'nan' | int(3)
'42' | float
'4.2e1' | float
'abc' | float
'abc' | float(1.5)
n | float
nil | float
'inf' | float
'-inf' | float
'nan' | float
2.5 | round
3.5 | round
-2.5 | round
2.675 | round(2)
2.675 | round(2, 'ceil')
2.675 | round(2, 'floor')
1234.5 | round(-2)
1234 | round
1250 | round(-2)
1350 | round(-2)
2.5 | round(none)
7 | round(1, 'floor')
7.99 | round(method='floor')
'a' | round
1 | round(0, 'x')
1e300 | round(2)
-5 | abs
-5.5 | abs
true | abs
'a' | abs
'%s-%d' | format('a', 3)
'%s' | format(none)
'%(a)s' | format(a=1)
'%s' | format
'%s %s' | format(1)
'%s' | format(1, 2)
'a' | format(1)
'%d' | format('x')
'%5d|%-5d|%05d|%+d|% d' | format(42, 42, 42, 42, 42)
'%.2f %8.3f %-8.1f|' | format(3.14159, 2.71828, 1.5)
'%e %g %G' | format(12345.678, 0.00001, 1e20)
'%x %X %o %#x %#o' | format(255, 255, 8, 255, 8)
'%c%c' | format(65, 'z')
'%r %s' | format('a', 'b')
'%5s|%-5s|%.2s' | format('ab', 'ab', 'abcdef')
'%%' | format
'%*d' | format(5, 42)
'%d' | format(3.7)
'%5.1f%%' | format(99.55)
'%s' % 'x'
'%s' % (1, 2)
'%s %s' % (1, 2)
'%s' % [1, 2]
'%s' % {'a': 1}
'%(a)s %(b)d' % {'a': 1, 'b': 2}
'%(z)s' % {'a': 1}
'%s' % missing
'%d' % missing
'%i' % true
'%' % 1
'%y' % 1
'x' % 1
'x' % []
'x' % {}
'x' % ()
m | indent
m | indent(2, true)
m | indent(2, first=true, blank=true)
m | indent('> ')
'' | indent
n | indent
s * 30 | length
'hello world foo bar' | truncate(10)
'hello world foo bar' | truncate(10, true)
'hello world foo bar' | truncate(10, leeway=0)
'hello world foo bar' | truncate(11, false, '!', 0)
'hello' | truncate(2)
'x' | center(5) ~ '|'
'ab' | center(5) ~ '|'
'ab' | center(1)
'hello world, foo' | wordcount
u | wordcount
html | escape
html | e
html | safe
html | e | e
html | forceescape
html | safe | forceescape
(html | safe) + '<b>'
'<b>' + (html | safe)
'<b>' ~ (html | safe)
(html | e) + (html | safe)
[html | safe]
('<b>' | safe) * 2
('%s' | safe) % '<i>'
('%s' | safe) | format('<i>')
('<{}>' | safe).format('<i>')
('<' | safe).join(['<', '>'])
('a<b' | safe).replace('a', '<')
('<A>' | safe).lower()
('<a>' | safe).split('a')
('<a>' | safe)[0] + '<'
('<a>' | safe) | upper
('<a>' | safe) | trim + '<'
('<a>' | safe) | title + '<'
('<a>' | safe) | replace('a', '<')
('<a>' | safe) | string + '<'
('<a>' | safe) == '<a>'
('<a>' | safe) | length
html | striptags
'a <!-- c --> <b>b</b>  c' | striptags
'a b/c?d=é&' | urlencode
{'a b': 1, 'c': '/'} | urlencode
[('a', 1), ('b', 'x y')] | urlencode
1000 | filesizeformat
1 | filesizeformat
123456789 | filesizeformat
123456789 | filesizeformat(true)
'abc' | default('x')
'' | default('x')
'' | default('x', true)
none | default('x')
none | default('x', boolean=true)
missing | d('y')
s | attr('upper')
d | attr('b')
d | attr('items') is defined
missing | attr('x')
s | nope
s | upper | lower | title
s.upper()
s.lower()
s.title()
"they're bill's friends".title()
s.swapcase()
s.capitalize()
'ß straße ǆ'.upper()
'ß ǆ'.title()
'ﬁne'.capitalize()
'ΑΣ ΑΣ. ΣΑ'.lower()
'İI'.lower()
'ß'.casefold()
'ÀÉ'.lower()
pad.strip() ~ '|'
pad.lstrip() ~ '|'
pad.rstrip() ~ '|'
'xxaxx'.strip('x')
'\u3000 a\xa0'.strip() ~ '|'
'abcba'.lstrip('ab')
'abc'.strip(none)
'abc'.strip(1)
'a b  c'.split()
'a b  c'.split(' ')
' a b '.split()
'a,b,c'.split(',')
'a,b,c'.split(',', 1)
'a,b,c'.split(sep=',', maxsplit=1)
'a,b,c'.rsplit(',', 1)
'a b c'.rsplit(none, 1)
'a b c'.split(none, 1)
' a  b  c '.split(maxsplit=1)
' a  b  c '.rsplit(maxsplit=1)
'abc'.split('')
''.split()
''.split(',')
'a'.split(none)
'<think>x</think>y'.split('</think>')[-1]
'<think>x</think>y'.split('</think>')|last
m.splitlines()
m.splitlines(true)
''.splitlines()
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('=')
'abc'.rpartition('=')
'-'.join(['a', 'b'])
'-'.join('abc')
'-'.join([1])
'-'.join(d)
'-'.join([])
'abc'.replace('b', 'x')
'aaa'.replace('a', 'b', 2)
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
'日本'.replace('', '-')
'abc'.replace('b')
'abc'.startswith('a')
'abc'.startswith(('x', 'a'))
'abc'.startswith(['a'])
'abc'.startswith('b', 1)
'abc'.endswith('c')
'abc'.endswith(('x', 'c'))
'abc'.endswith('b', 0, 2)
'abc'.startswith(1)
'abc'.startswith('')
'abc'.startswith('', 4)
'hello'.find('l')
'hello'.find('l', 3)
'hello'.find('z')
'hello'.rfind('l')
'hello'.index('l')
'hello'.index('z')
'hello'.rindex('l')
'hello'.find('')
'hello'.find('', 9)
'héllo'.find('l')
'héllo'.rfind('l')
'hello'.find('l', -2)
'hello'.count('l')
'hello'.count('')
'aaa'.count('aa')
'hello'.count('l', 3)
'abc'.removeprefix('a')
'abc'.removesuffix('c')
'abc'.removeprefix('x')
'abc'.isalpha()
'ab1'.isalpha()
''.isalpha()
'123'.isdigit()
'²'.isdigit()
'²'.isdecimal()
'½'.isnumeric()
'½'.isdigit()
'abc1'.isalnum()
' \t'.isspace()
'abc'.islower()
'ABC'.isupper()
'Abc Def'.istitle()
'abc Def'.istitle()
'abc'.isascii()
'é'.isascii()
'a_1'.isidentifier()
'1a'.isidentifier()
'a\n'.isprintable()
'ab'.ljust(5) ~ '|'
'ab'.ljust(5, '*')
'ab'.rjust(5, '*')
'ab'.center(5, '*')
'abc'.center(6, '*')
'ab'.center(7, '*')
'ab'.center(5, '**')
'42'.zfill(5)
'-42'.zfill(5)
'a\tb'.expandtabs(4)
'{} {}'.format(1, 'a')
'{0} {1} {0}'.format('a', 'b')
'{a} {b}'.format(a=1, b=2)
'{a.b} {a[c]} {l[0]}'.format(a={'b': 1, 'c': 2}, l=[5])
'{:>5}|{:<5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd')
'{:05d} {:+d} {: d} {:,} {:_}'.format(42, 42, 42, 1234567, 1234567)
'{:.2f} {:8.3f} {:.1%} {:e} {:g}'.format(3.14159, 2.5, 0.256, 1234.5, 0.0001)
'{:x} {:X} {:o} {:b} {:#x} {:#b} {:c}'.format(255, 255, 8, 5, 255, 5, 65)
'{:.2} {:5.1f} {:<6}|'.format(3.14159, 2.55, 1.5)
'{:.3s}|{:5s}|'.format('abcdef', 'ab')
'{!r} {!s}'.format('a', 'b')
'{:{}}|'.format('a', 5)
'{{}} {}'.format(1)
'{'.format()
'}'.format()
'{} {0}'.format(1)
'{}'.format()
'{x}'.format()
'{:d}'.format('a')
'{:d}'.format(1.5)
'{:s}'.format(1)
'{}'.format([1, 'a'])
'{:5}'.format([1])
'{}'.format(none)
'{:010,}'.format(1234567)
'{:<05}'.format(42)
'{a}'.format_map({'a': 1})
l.append(4)
l.pop()
l.sort()
l.index(1)
l.index(9)
l.count(1)
l.copy()
(1, 2, 1).count(1)
(1, 2).index(2)
d.get('b')
d.get('z')
d.get('z', 5)
d.get(key='b')
d.get()
d.get([1])
d.keys() | list
d.values() | list
d.items() | list
d.keys()
d.values()
d.items()
d.items() | length
d.copy()
d.update({'a': 1})
d.pop('a')
d.setdefault('a', 1)
d.pop is defined
d.clear
methods.items
methods['items']
methods.get('get')
methods.pop
methods['pop']
d.__class__
d['__class__']
s.__class__.__mro__
''.__class__
d._x
{'_x': 1}._x
{'_x': 1}['_x']
range(5)
range(5) | list
range(1, 5) | list
range(5, 1, -1) | list
range(0, 10, 3) | list
range(0)
range(2, 5)[1]
range(10)[2:5]
range(5) | length
range(1, 2, 0)
range('a')
range(1000000)
range(5) | sum
range(3) == range(3)
3 in range(3)
dict(a=1, b=2)
dict({'a': 1}, b=2)
dict([('a', 1)])
dict([1])
dict()
namespace(a=1).a
namespace({'a': 2}).a
namespace(a=1).b
namespace(a=1)['a']
namespace(_a=1)
namespace() is mapping
cycler('a', 'b').next()
joiner(', ')()
raise_exception('no')
raise_exception()
strftime_now('%Y') | length
strftime_now()
foo.bar.baz
foo(
1 +
(1
[1, 2
{1
{'a' 1}
1 2
a b
'abc
"abc
@
1 ? 2
a..b
a.
a[
a[]
a | 
a is
a is not
a if
1 == == 2
not
x = 1
f(a=1, a=2)
f(*l, **d)
dict(**d)
dict(*[[('a', 1)]])
range(*[1, 4]) | list
dict(**{'a': 1})
dict(**l)
dict(a=1, *[{'b': 2}])
'a' 'b' if true
[1, 2] | first | string | upper
(l | first) + 1
-l | first
-5 | abs
-(5 | abs)
n ** 2 | string
l | length > 2
l | length + 1
not l | length
s is string | string
1 if s is string else 2
'\n' | length
'\x41\u0042\U00000043\103'
'\d\q'
'\
x'
'a\'b'
'\u12'
1.e5
.5
0777
1__0
'a' < 'b' == true
1 < 2 in [true]
l is sequence and l is not mapping
people[0]['name'] ~ people[1].name
people | map(attribute='name') | map('lower') | sort | join('/')
people[-1:][0].name
people[::-1][0].name
[people[0].name, people[1]['name']]
'yes' if 'x' in people[0].tags else 'no'
loop
loop is defined
varargs
caller
true.x
(none).x is defined
s.upper
s.upper is callable
l.append is callable
1.5 | tojson
1e400
-1e400
1e400 - 1e400
0.0
-0.0
5e-324
1.7976931348623157e308
1e22
1e21 + 0
123456789.123456789
0.00001
0.0001
big | float
1e15
9999999999999998.0
-2**63
2**62
10 ** 18
10.0 ** 400
0 ** 0
0 ** -1
0.0 ** -1
4 ** 0.5
7 // 2.0
-7 // 2.0
0.3 % 0.1
-0.3 % 0.1
5 % 3.5
1e308 * 10
'é' < 'f'
'𐀀' > '￿'
words | map('length') | list
words | map('first') | list
words | map('truncate', 3, true, '') | list
'a-b_c d'.split('-')
'%s' | format(l)
'%s' | format(*l)
'%s-%s-%s' | format(*l)
{'a': {'b': {'c': 1}}}.a.b.c
{'a': 1}.items() | list | first
{'x': 1, 'y': 2} | map('upper') | list
[1, 2, 3] | map('add', 1) | list
'abc' | map('upper') | join('.')
'a,b' | list | select('ne', ',') | join
(1, 'a', none) | tojson
[[1, 2], [3, 4]] | map('first') | list
[[1, 2], [3, 4]] | map('sum') | sum
[1, 2, 3, 4, 5][1:4][::-1]
{'n': none}.n is none
{'n': none}.n is defined
'abc' is in(['abc'])
s == 'Hello, World' and n == 7 or false
'a' if n > 5 else 'b' if n > 3 else 'c'
s.split(', ')[1].lower().startswith('w')
((s))
( s ) . upper ( )
s . upper()
l [ 0 ]
{ 'a' : [ 1 , { 'b' : ( 2 , ) } ] }
'a'|upper~'b'|upper
'a' ~ 'b' * 2
1 ~ 2 + 3
1 + 2 ~ 3
2 * 3 ~ 4
1 ~ -2
10 - 2 - 3
2 + 3 * 4 ** 2 // 5 % 7
1 - -1
1 -1
'x' in 'xyz' in ['xyz']
1 == 1 == 1
not 'a' in 'abc'
not ('a' in 'abc')
'a' not in 'abc' or true
none is none is none
missing.upper() if missing is defined else 'u'
(missing | default({})).x is defined
'' or none or 0 or [] or 'end'
1 and 'a' and []
l and l[0]
[l, d][0][1]
[not true, -1, +1]
'%.0f' | format(0.5)
'%.0f' | format(1.5)
'%.3g' | format(1234567.0)
'%#.3g' | format(1.0)
'%s' | format(1e16)
'%10.4s|' | format('abcdefgh')
'%-10s|' | format('日本')
'%05s' | format('a')
'%+.1e' | format(0)
'%x' | format(-255)
'%d' | format(-0.5)
'{:.0f} {:.0f}'.format(0.5, 1.5)
'{:+} {:+}'.format(1, -1)
'{:=+6}'.format(42)
'{:06.2f}'.format(-1.5)
'{:n}'.format(5)
'{:.3}'.format(1e10)
'{:.3}'.format(100.0)
'{!x}'.format(1)
'{a!r:>5}'.format(a='x')
'{0[a]} {0.b}'.format({'a': 1, 'b': 2})
'{:<10}|'.format(true)
'{}'.format(true)
'{:d}'.format(true)
'''

# What jinja2 renders and hone refuses on purpose: integers beyond 64 bits, complex numbers, bytes, chance.
REFUSED = ["-9223372036854775808 + 0", "2**63", "9223372036854775807 + 1", "3000000000 * 4000000000", "10 ** 19", "(-8) ** 0.5",
           "'abc'.encode('utf-8') | length", "l | random", "lipsum()"]

STATEMENTS = [
    "{% if n %}y{% endif %}", "{% if z %}y{% else %}n{% endif %}", "{% if z %}a{% elif n %}b{% else %}c{% endif %}",
    "{% if missing %}y{% else %}n{% endif %}", "{% if n > 5 and s %}ok{% endif %}", "{% if (1, 2) %}t{% endif %}",
    "{% for x in l %}{{ x }}{% endfor %}", "{% for x in el %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in missing %}{{ x }}{% else %}none{% endfor %}", "{% for x in n %}{{ x }}{% endfor %}",
    "{% for x in nil %}{{ x }}{% endfor %}", "{% for c in s %}{{ c }}.{% endfor %}", "{% for c in u %}{{ c }}.{% endfor %}",
    "{% for k in d %}{{ k }}{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in d | dictsort %}{{ k }}={{ v }};{% endfor %}", "{% for k, v in d %}{{ k }}{% endfor %}",
    "{% for a, b in [[1, 2], (3, 4)] %}{{ a }}-{{ b }} {% endfor %}", "{% for a, b in [[1, 2, 3]] %}{{ a }}{% endfor %}",
    "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for (a, b) in [[1, 2]] %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, in [[1]] %}{{ a }}{% endfor %}", "{% for a, b in ['xy'] %}{{ a }}{{ b }}{% endfor %}",
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem }}|{{ loop.nextitem }};{% endfor %}",
    "{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in l %}{{ loop.cycle() }}{% endfor %}",
    "{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }} {% endfor %}", "{% for x in [1, 1, 2] %}{% if loop.changed(x, 1) %}{{ x }}{% endif %}{% endfor %}",
    "{% for x in l %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}", "{% for x in l %}{{ loop }}{% endfor %}",
    "{% for x in l %}{{ loop['index'] }}{% endfor %}", "{% for x in l %}{{ loop.nope }}{% endfor %}", "{% for x in l %}{{ loop.nope.x }}{% endfor %}",
    "{% for x in l if x > 1 %}{{ x }}{{ loop.index }}{{ loop.length }}{{ loop.last }} {% endfor %}",
    "{% for x in l if x > 10 %}{{ x }}{% else %}none{% endfor %}", "{% for x in l if missing %}{{ x }}{% else %}e{% endfor %}",
    "{% for k, v in d.items() if v is not string %}{{ k }}{% endfor %}", "{% for x in l | select('odd') %}{{ x }}{{ loop.last }}{{ loop.length }}{% endfor %}",
    "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
    "{% for x in nested recursive %}{% if x is iterable %}[{{ loop(x) }}]{% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}",
    "{% for x in l %}{{ loop(l) }}{% endfor %}", "{% for x in l recursive %}{{ loop(1) }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in l %}{% break %}{% else %}else{% endfor %}", "{% for x in l %}{% continue %}{% else %}else{% endfor %}",
    "{% for x in l %}{{ x }}{% if loop.index == 2 %}{% break %}{% endif %}{% else %}else{% endfor %}", "{% break %}", "{% continue %}",
    "{% macro f() %}{% break %}{% endmacro %}", "{% for x in l %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}",
    "{% for x in range(3) %}{% set y = x %}{% endfor %}{{ y }}", "{% set y = 1 %}{% for x in l %}{% set y = x %}{% endfor %}{{ y }}",
    "{% set y = 1 %}{% for x in l %}{{ y }}{% set y = x %}{{ y }};{% endfor %}{{ y }}",
    "{% set ns = namespace(y=1) %}{% for x in l %}{% set ns.y = x %}{% endfor %}{{ ns.y }}", "{% set ns = namespace() %}{{ ns.x }}{% set ns.x = 1 %}{{ ns.x }}",
    "{% set ns = {} %}{% set ns.x = 1 %}", "{% set d.x = 1 %}", "{% set ns = namespace(a=[1]) %}{% set ns.a = ns.a + [2] %}{{ ns.a }}",
    "{% set ns = namespace() %}{% set ns._x = 1 %}", "{% set missing_ns.x = 1 %}", "{% set ns = namespace(a=1) %}{% if true %}{% set ns.a = 2 %}{% endif %}{{ ns.a }}",
    "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}",
    "{% if true %}{% set y = 1 %}{% endif %}{{ y }}", "{% if false %}{% set y = 1 %}{% endif %}{{ y is defined }}", "{% if false %}{% set s = 1 %}{% endif %}{{ s }}",
    "{% if true %}{% set s = 1 %}{% endif %}{{ s }}", "{% if false %}{% set s = 1 %}{% else %}{% set s = 2 %}{% endif %}{{ s }}",
    "{% if false %}a{% elif true %}{% set s = 3 %}{% endif %}{{ s }}", "{{ s }}{% set s = 1 %}{{ s }}", "{% set s = s + '!' %}{{ s }}",
    "{% for i in l %}{{ s }}{% endfor %}{% set s = 1 %}", "{% macro f() %}{{ s }}{% endmacro %}{{ f() }}{% set s = 1 %}{{ f() }}",
    "{% for i in l %}{{ s }}{% endfor %}{% if n %}{% set s = 1 %}{% endif %}{% for i in l %}{{ s }}{% endfor %}",
    "{% for i in l %}{% if i == 1 %}{% set s = 'in' %}{% endif %}{{ s }} {% endfor %}{{ s }}", "{% for s in l %}{{ s }}{% endfor %}{{ s }}",
    "{% set x = 1 %}{% set x = x + 1 %}{{ x }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = [1] %}", "{% set (a, b) = 'xy' %}{{ b }}{{ a }}",
    "{% set x = 1, 2 %}{{ x }}", "{% set x %}a{{ n }}b{% endset %}{{ x }}|{{ x is string }}", "{% set x | upper %}abc{% endset %}{{ x }}",
    "{% set x | upper | replace('B', 'x') %}abc{% endset %}{{ x }}", "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y is defined }}",
    "{% set true = 1 %}", "{% set none = 1 %}", "{% set 1 = 1 %}", "{% set x %}", "{% set x == 1 %}", "{% set x = %}", "{% set %}", "{% set x.y.z = 1 %}",
    "{% macro f(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(1, c=5) }}{{ f(a=9) }}{{ f() }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}", "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}",
    "{% macro f(a) %}{{ a.x }}{% endmacro %}{{ f() }}", "{% macro f(a) %}{{ a is defined }}{% endmacro %}{{ f() }}{{ f(none) }}",
    "{% macro f(a, b=a) %}{{ b }}{% endmacro %}{{ f(1) }}", "{% macro f(a=b, b=2) %}{{ a }}{% endmacro %}{{ f() }}", "{% macro f(a=1, b) %}{% endmacro %}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro f() %}x{% endmacro %}{{ f }}{{ f.name }}{{ f.arguments }}",
    "{% macro f(a) %}{% endmacro %}{{ f.arguments }}{{ f.catch_kwargs }}{{ f.catch_varargs }}{{ f.caller }}",
    "{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}x{{ n }}{% endcall %}", "{% macro f() %}[{{ caller(1, 2) }}]{% endmacro %}{% call(a, b=5) f() %}{{ a }}-{{ b }}{% endcall %}",
    "{% macro f() %}x{% endmacro %}{% call f() %}y{% endcall %}", "{% macro f() %}{{ caller }}{% endmacro %}{{ f() }}", "{% macro f() %}{% if caller %}c{% else %}n{% endif %}{% endmacro %}{{ f() }}{% call f() %}{% endcall %}",
    "{% call f %}{% endcall %}", "{% call 1 %}{% endcall %}", "{% macro f() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ f() }}", "{% macro f() %}{% set s = 2 %}{{ s }}{% endmacro %}{{ f() }}{{ s }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{% macro f() %}  x  {% endmacro %}{{ f() | trim }}|", "{% for i in l %}{% macro f() %}{{ i }}{% endmacro %}{{ f() }}{% endfor %}",
    "{% macro f(x) %}{{ x }}{% endmacro %}{{ l | map('string') | map('upper') | join }}{{ f(f(1)) }}", "{{ f() }}{% macro f() %}late{% endmacro %}", "{% macro f(a, a) %}{% endmacro %}", "{% macro true() %}{% endmacro %}",
    "{% macro f() %}<{{ n }}>{% endmacro %}{{ f() + '&' }}", "{% macro outer() %}{% macro inner() %}{{ n }}{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}",
    "{% filter upper %}abc{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}abc{% endfilter %}", "{% filter nope %}{% endfilter %}", "{% filter %}x{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a is defined }}", "{% with s = s ~ '!' %}{{ s }}{% endwith %}{{ s }}", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% generation %}a{{ n }}{% endgeneration %}b", "{% for x in l %}{% generation %}{{ loop.index }}{{ x }}{% endgeneration %}{% endfor %}", "{% generation %}{% set q2 = 1 %}{% endgeneration %}{{ q2 is defined }}", "{% generation %}", "{% endgeneration %}",
    "{% print n %}", "{% print n, s %}", "{% raw %}{{ n }}{% endraw %}", "{% raw -%}  {{ x }}  {%- endraw %}|", "a\n{% raw %}\n x {% endraw %}\nb", "{% raw %}", "{%raw%}{%x%}{%endraw%}",
    "{# comment #}x", "a {#- c -#} b", "a\n{# c #}\nb", "a\n  {# c #}\nb", "{# unclosed", "{#- a +#} b", "{# {{ x }} {% y %} #}z",
    "a\n{% if n %}\nb\n{% endif %}\nc", "  {% if n %}\n  b\n  {% endif %}\nc", "a {%- if n -%} b {%- endif -%} c", "a\n\n{%- if n -%}\n\nb{% endif %}", "  {%+ if n %}b{% endif %}", "x  {% if n %}b{% endif %}\n  y",
    "{% if n +%}\nb{% endif %}", "{{ n }}\n", "{{ n }}\n\n", "\n{{ n }}", "a {{- n -}} b", "a\n  {{ n }}\n  b", "{{- n }}", "{{+ n }}", "{{ n -}}  \n x", "\t{% if n %}\n\tx\n\t{% endif %}", "a\r\n{% if n %}\r\nb\r\n{% endif %}\r\n", "a\rb",
    "", " ", "\n", "\n\n", "text only", "{", "{ {", "}}", "%}", "{{", "{{ n", "{%", "{% if", "{% if n %}", "{% endif %}", "{% else %}", "{% for %}{% endfor %}", "{% for x l %}{% endfor %}", "{% for x in %}{% endfor %}", "{% for 1 in l %}{% endfor %}",
    "{% for loop in l %}{% endfor %}", "{% for x in l %}", "{% for x in l %}{% endif %}", "{% if n %}{% endfor %}", "{% nope %}", "{% 1 %}", "{% if n %}{% else %}{% else %}{% endif %}", "{% if n %}{% else %}{% elif n %}{% endif %}", "{{}}", "{{ }}", "{%%}",
    "{% if n: %}x{% endif %}", "{% for x in l: %}{{ x }}{% endfor %}", "{% if n | nope %}{% endif %}", "{% if false %}{{ n | nope }}{% endif %}ok", "{% if true %}{{ n | nope }}{% endif %}", "{% if false %}{{ n is nope }}{% endif %}ok", "{% for x in el %}{{ x | nope }}{% endfor %}",
    "{{ n | nope if false else 1 }}", "{{ 1 if true else n is nope }}", "{% if false %}{% for x in l %}{{ x | nope }}{% endfor %}{% endif %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}", "{% set j = joiner() %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}",
    "{% set g = l | map('string') %}{{ g | join }}|{{ g | join }}", "{% set g = d.items() %}{{ g | list | length }}{{ g | list | length }}", "{% set r = l | reverse %}{{ r | list }}{{ r | list }}",
    "{% set x = [] %}{% set x = x + [1] %}{% set _ = x %}{{ x }}", "{% set _ = l.append(1) %}", "{% if l.append(1) %}{% endif %}", "{% do l.append(1) %}",
    "{% for m in people %}{% if m.name == 'bob' %}{{ m.age }}{% endif %}{% endfor %}", "{% for m in people | selectattr('age', 'equalto', 30) %}{{ m.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for g in people | groupby('age') %}{{ g.grouper }}:{{ g.list | length }};{% endfor %}", "{% for k, v in people | groupby('age') %}{{ k }}:{{ v | map(attribute='name') | join }};{% endfor %}",
    "{% for b in range(7) | batch(3, 'x') %}{{ b | join(',') }};{% endfor %}", "{% for p in people %}{{ p.tags | default(['none']) | join }}{% endfor %}", "{% for p in people %}{{ p.get('tags') }}{% endfor %}",
    "{%- set x = 1 -%}\n\n  {{- x }}", "{%- for x in l -%}\n  {{ x }}\n{%- endfor -%}", "{% for x in l -%}\n  {{ x }}\n{% endfor %}", "{% for x in l %}\n  {{ x }}\n{% endfor %}\n", "   {%- if n %} a {%- endif %}   ",
    "{{ '{{' }}{{ '%}' }}", "{{ \"}}\" }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a':1}}}", "{% if '%}' %}x{% endif %}", "{{ [1,2}} }}", "{{ (1,2]) }}", "{{ n }}{{ s }}{{ f }}",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% from 'x' import y %}",
    "{% set x = namespace(l=[]) %}{% for i in range(3) %}{% set x.l = x.l + [i] %}{% endfor %}{{ x.l }}", "{% set outer = namespace(i=0) %}{% for a in l %}{% for b in l %}{% set outer.i = outer.i + 1 %}{% endfor %}{% endfor %}{{ outer.i }}",
    "{% for x in l %}{% set loop = 1 %}{% endfor %}", "{% for x in l %}{{ x }}{% for x in 'ab' %}{{ x }}{% endfor %}{{ x }}{% endfor %}", "{% for i in range(3) %}{{ i }}{% set i = 10 %}{{ i }} {% endfor %}",
    "{% set a = 1 %}{% macro f() %}{{ a }}{% set a = 2 %}{{ a }}{% endmacro %}{{ f() }}{{ a }}", "{% set a = 1 %}{% macro f(b=a) %}{{ b }}{% endmacro %}{% set a = 3 %}{{ f() }}", "{% for x in l %}{% set a = a | default(0) + x %}{{ a }} {% endfor %}",
    "{% if n is defined and n is not none and n | string | length > 0 %}ok{% endif %}", "{% if not (n is string) %}num{% endif %}", "{% if s in ['Hello, World'] and n not in [1] %}y{% endif %}", "{{ raise_exception('bad: ' ~ n) }}", "{% if false %}{{ raise_exception('x') }}{% endif %}fine",
    "{% set content = 'x' %}{%- if content is string %}{{- content }}{%- else %}{%- for c in content %}{{- c.text }}{%- endfor %}{%- endif %}", "{{ s }}{{- '\\n' }}", "{{- '<|' ~ s ~ '|>\\n' -}}  x", "{{ '\\n\\n' }}x",
    "{% set m1 = messages %}{{ m1 | length }}", "{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}", "{% if tools %}t{% endif %}", "{{ messages }}{{ tools }}",
]
