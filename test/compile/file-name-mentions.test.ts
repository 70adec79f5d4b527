// Which headers count as mentioning their own name: what a library's assert() does with it is known, anything else counts.
import { describe, expect, test } from 'vitest';
import { mentionsFileName } from '../../src/compile/file-name-mentions.ts';

const silent = [
  'typedef struct _IO_FILE __FILE;\nextern int f (__FILE *__stream, int location);',
  '/* understands `__builtin_$op_overflow` */',
  'int f(void);',
  '#define __cpp_lib_source_location 201907L\n#if __has_builtin(__builtin_source_location)\n#endif',
  'extern void __assert_fail (const char *__assertion, const char *__file,\n\t\t\t   unsigned int __line, const char *__function)\n     __THROW __attribute__ ((__noreturn__));',
  '# define assert(expr) ((expr) ? (void) (0) : __assert_fail (#expr, __FILE__, __LINE__, __func__))',
  '# define assert_perror(errnum) (!(errnum) ? 0 : __assert_perror_fail ((errnum), __FILE__, __LINE__, __func__))',
  'std::__glibcxx_assert_fail(__FILE__, __LINE__, __PRETTY_FUNCTION__, #_Condition);',
];

const telling = [
  '#define PASTED(a, b) a##b\nconst char *here = PASTED(__FI, LE__);',
  '#define LEFT __F\n#define RIGHT ILE__\n',
  'const char *here = PASTED(__FILE, __);',
  'const char *here = PASTED_BACK(__, __FILE);',
  'const char *here = PASTED(__builtin_, FILE)();',
  'auto here = std::PASTED(source_, location)::current();',
  '#define HERE __FILE__',
  '#define HERE __BASE_FILE__',
  'void f(const char *file = __builtin_FILE());',
  'void f(std::source_location at = std::source_location::current());',
  '#define __assert_fail(condition, file, line, function) f(sizeof(file))',
  'void __assert_fail(const char *a, const char *file, unsigned line, const char *b) { f(file); }',
  '# define assert(e) ((e) ? 0 : __assert_fail (#e, __FILE__ "", __LINE__, __func__))',
];

describe('mentions its name', () => {
  test.each(silent)('not: %s', text => expect(mentionsFileName(Buffer.from(text))).toBe(false));
  test.each(telling)('%s', text => expect(mentionsFileName(Buffer.from(text))).toBe(true));
  test('a program that is read does not', () => {
    expect(mentionsFileName(Buffer.from('\x7fELF__FILE__'))).toBe(false);
  });
});
