// Which texts are understood well enough to say that a file's name is only printed there. What comes of it with real compilers is
// in test/integration/file-names.test.ts.
import { describe, expect, test } from 'vitest';
import { withoutPrintedNames } from '../../src/compile/printed-file-names.ts';

const root = '/home/me/checkout';
const name = `"${root}/src/a.h"`;
const declaration = 'typedef int t; extern void failed (const char *condition, const char *file, int line);';

const understood: Record<string, string> = {
  'glibc’s assert in C++':
    'extern "C" {\nextern void __assert_fail (const char *__assertion, const char *__file,\n      unsigned int __line, const char *__function)\n     noexcept (true) __attribute__ ((__noreturn__));\n}' +
    `inline void f(int x) { (static_cast <bool> (x == ')') ? void (0) : __assert_fail ("x == ')' && \\"(\\"", ${name}, 3, __extension__ __PRETTY_FUNCTION__)); }`,
  'glibc’s assert in C':
    'typedef int t; extern void __assert_fail (const char *__assertion, const char *__file, unsigned int __line, const char *__function) __attribute__ ((__nothrow__ , __leaf__)) __attribute__ ((__noreturn__));\n' +
    `static int f(int x) { ((void) sizeof ((x) ? 1 : 0), __extension__ ({ if (x) ; else __assert_fail ("x", ${name}, 3, __extension__ __PRETTY_FUNCTION__); })); }`,
  'a member of a namespace': `namespace n { namespace { }  void failed(const char* file, int line); }\nvoid f() { if (1) ::n::failed(${name}, 3); }`,
  'a call with another name beside it': `${declaration} void f() { failed("a", ${name}, 1); failed("b", "/usr/include/b.h", 2); }`,
};

const notUnderstood: Record<string, string> = {
  'no declaration': `void f() { failed("a", ${name}, 1); }`,
  'another use of the name': `${declaration} void f() { failed("a", ${name}, 1); g(sizeof(${name})); }`,
  'a text that goes on': `${declaration} void f() { failed("a", ${name} "b", 1); }`,
  'a text that began before': `${declaration} void f() { failed("a", "b" ${name}, 1); }`,
  'a text of wide characters': `${declaration} void f() { failed("a", L${name}, 1); }`,
  'a literal of the user’s': `${declaration} void f() { failed("a", ${name}_hash, 1); }`,
  'something else as argument before': `${declaration} void f() { failed(g(1), ${name}, 1); }`,
  'another parameter': `typedef int t; extern void failed (const char *condition, Text file, int line); void f() { failed("a", ${name}, 1); }`,
  'another overload': `${declaration} void failed(const char *c, const Text &file, int line); void f() { failed("a", ${name}, 1); }`,
  'a definition': `${declaration} void failed(const char *c, const char *file, int line) { } void f() { failed("a", ${name}, 1); }`,
  'a definition elsewhere': `${declaration} void f() { failed("a", ${name}, 1); } void n::failed(const char *c, const char *file, int line) { }`,
  'a template': `typedef int t; template <typename T> void failed(T c, const char *file, int line); void f() { failed("a", ${name}, 1); }`,
  'a function that returns something': `typedef int t; int failed(const char *c, const char *file, int line); void f() { failed("a", ${name}, 1); }`,
  'a virtual function': `struct S { virtual void failed(const char *c, const char *file, int line); }; void f() { failed("a", ${name}, 1); }`,
  'a pointer': `${declaration} void (*failed)(const char *c, const char *file, int line); void f() { failed("a", ${name}, 1); }`,
  'a format that is checked': `typedef int t; void failed(int c, const char *file, ...) __attribute__((format(printf, 2, 3))); void f() { failed(1, ${name}, 1); }`,
  'a class template': `typedef int t; template <class T> class Failure { public: Failure(const char *file, int line); }; void f() { Failure(${name}, 1); }`,
  'a class with a base': `typedef int t; class Failure : Base { public: Failure(const char *file, int line); }; void f() { Failure(${name}, 1); }`,
  'an attribute': `${declaration} int v __attribute__((failed("a", ${name}, 1)));`,
};

describe('a name that is only printed', () => {
  test.each(Object.entries(understood))('%s', (_, text) => {
    expect(withoutPrintedNames(text, root)).toBe(text.replaceAll(name, '""'));
  });
});

describe('not understood', () => {
  test.each(Object.entries(notUnderstood))('%s', (_, text) => {
    expect(withoutPrintedNames(text, root)).toBeUndefined();
  });
});
