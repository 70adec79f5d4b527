// Sources that mention their own file name: those whose objects cannot depend on it, and every way that we know of to let it have
// a say without a trace in the object.
import type { PairCase } from '../../support/checkout-pair.ts';

export type NameCase = Omit<PairCase, 'compiler' | 'files' | 'source'> & {
  readonly text: string;
  readonly isShared: boolean;
  /** Whether a header of the project mentions the name too; without it, nothing but the text decides. */
  readonly isHeaderSilent?: true;
  readonly only?: 'gcc' | 'clang';
};

const printer = 'void failed(const char *condition, const char *file, int line);\n';

export const inC: Record<string, NameCase> = {
  'an assert that is never reached': {
    text: '#include <assert.h>\nstatic inline int unused(int x) { assert(x); return x; }\nint f(int x) { return x; }\n',
    options: ['-O2'],
    isShared: true,
  },
  'an assert that is always true': {
    text: '#include <assert.h>\nint f(void) { assert(sizeof(int) == 4 && "so it is"); return 1; }\n',
    options: ['-O2'],
    isShared: true,
  },
  'an assert that is reached': {
    text: '#include <assert.h>\nint f(int x) { assert(x); return x; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'a function of the project that is only declared': {
    text: `${printer}static inline void unused(void) { failed("no", WHERE, 1); }\nint f(void) { return 1; }\n`,
    options: ['-O2'],
    isShared: true,
  },
  'a function with a body': {
    text: `${printer}int f(void) { failed("no", WHERE, 1); return 1; }
void failed(const char *c, const char *file, int line) { if (__builtin_strlen(file) > 70) g(); }\n`,
    options: ['-O2', '-fno-semantic-interposition'],
    isShared: false,
  },
  'an assert with a body': {
    text: `#include <assert.h>
static inline void __assert_fail_here(const char *file) { if (__builtin_strlen(file) > 70) g(); }
#undef assert
#define __assert_fail(condition, file, line, function) __assert_fail_here(file)
#define assert(e) ((e) ? (void)0 : __assert_fail(#e, __FILE__, __LINE__, __func__))
int f(int x) { assert(x); return x; }\n`,
    options: ['-O2'],
    isHeaderSilent: true,
    isShared: false,
  },
  'a function that the compiler knows': {
    text: '#include <string.h>\nint f(void) { return strlen(WHERE) > 70; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'a function that returns something': {
    text: 'unsigned long strlen(const char *text);\nint f(void) { return strlen(WHERE) > 70; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'an alias of a function with a body': {
    text: `static void body(const char *condition, const char *file, int line) { if (__builtin_strlen(file) > 70) g(); }
void failed(const char *condition, const char *file, int line) __attribute__((alias("body")));
int f(void) { failed("no", WHERE, 1); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'the length, in a constant': {
    text: 'int f(void) { return sizeof(WHERE) > 70; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'the length of the base file’s name': {
    text: 'int f(void) { return sizeof(__BASE_FILE__) > 70; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'the length of a text made of the name': {
    text: '#define TEXT(x) #x\n#define OF(x) TEXT(x)\nint f(void) { return sizeof(OF(WHERE)) > 70; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'the length, next to a call that is fine': {
    text: `${printer}int f(void) { if (0) failed("no", WHERE, 1); return sizeof(WHERE) > 70; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'whether the compiler knows the name': {
    text: 'int f(void) { return __builtin_constant_p(WHERE[70]) ? WHERE[70] != 0 : 0; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'a builtin’s name of the file': {
    text: 'int f(void) { return __builtin_strlen(__builtin_FILE()) > 70; }\n',
    options: ['-O2'],
    isShared: false,
  },
  'a comparison with a folder': {
    text: '#define IS_HERE(x) (WHERE == x)\nint f(void) { return IS_HERE("/nowhere/src/a.c"); }\n',
    options: ['-O2'],
    isShared: false,
  },
  'a macro of a library outside of the project': {
    text: '#include <where.h>\nint f(void) { return LIBRARY_SIZE > 70; }\n',
    library: { 'where.h': '#define LIBRARY_SIZE sizeof(__FILE__)\n' },
    options: ['-O2', '-I{library}'],
    isHeaderSilent: true,
    isShared: false,
  },
  'an attribute’s text': {
    text: 'void section(const char *name);\nint f(void) { return 1; }\nint variable __attribute__((section("no" WHERE)));\n',
    options: ['-O2'],
    isShared: false,
  },
  'a name in another character set': {
    text: '#include <assert.h>\nint f(int x) { assert(x); return x; }\n',
    options: ['-O2', '-fexec-charset=IBM1047'],
    isHeaderSilent: true,
    isShared: false,
    only: 'gcc',
  },
  'a name that is escaped in the text': {
    text: 'int f(void) { return sizeof(WHERE) > 70; }\n',
    options: ['-O2'],
    names: ['a "quoted"', 'a "quoted" checkout with a much longer name so that it is seen'],
    isShared: false,
  },
  'assembler text': {
    text: '#include <assert.h>\nstatic inline int unused(int x) { assert(x); return x; }\nint f(int x) { return x; }\n',
    options: ['-O2', '-S'],
    isShared: false,
  },
  'debug information': {
    text: '#include <assert.h>\nstatic inline int unused(int x) { assert(x); return x; }\nint f(int x) { return x; }\n',
    options: ['-O2', '-g', '-fdebug-prefix-map={root}=/nowhere'],
    isShared: false,
  },
  'a warning of a long name': {
    text: '#include <assert.h>\nstatic inline int unused(int x) { assert(x); return x; }\nint f(int x) { return x; }\n',
    options: ['-O2', '-std=c99', '-Wpedantic'],
    isShared: false,
  },
};

export const assemblerText: NameCase = {
  text: '#include <assert.h>\nint f(int x) { assert(x); return x; }\n',
  options: ['-O2', '-S'],
  names: ['für-a', 'für-einen-anderen'],
  isShared: false,
};

export const inCxx: Record<string, NameCase> = {
  'an assert that is never reached': {
    text: '#include <cassert>\ninline int unused(int x) { assert(x); return x; }\nint f(int x) { return x; }\n',
    options: ['-O2'],
    isShared: true,
  },
  'a class that is only declared': {
    text: `class Failure { public: Failure(int severity, const char* file, int line); ~Failure();
  private: Failure(const Failure&) = delete; Failure& operator=(const Failure&) = delete; };
inline void unused() { ::Failure(1, WHERE, 3); }
int f() { return 1; }\n`,
    options: ['-O2'],
    isShared: true,
  },
  'a template beside the function': {
    text: `void failed(const char* condition, const char* file, int line);
template <unsigned long N> inline void failed(const char*, const char (&)[N], int) { if (N > 70) g(); }
int f() { failed("no", WHERE, 1); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'a variable that is called like the function': {
    text: `struct Length { template <unsigned long N> Length(const char*, const char (&)[N]) { if (N > 70) g(); } };
void failed(const char* condition, const char* file);
int f() { Length failed("no", WHERE); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'one of several variables': {
    text: `struct Length { Length(int) {}
  template <unsigned long N> Length(const char*, const char (&)[N]) { if (N > 70) g(); } };
void failed(const char* condition, const char* file);
int f() { Length first(1), failed("no", WHERE); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'a parameter that keeps the length': {
    text: `struct Length { unsigned long n; template <unsigned long N> constexpr Length(const char (&)[N]) : n(N) {} };
void failed(const char* condition, Length file);
int f() { failed("no", WHERE); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'a call within a raw string': {
    text: `template <unsigned long N> inline bool isLong(const char*, const char (&)[N]) { return N > 70; }
void failed(int, const char* condition, const char* file);
int f() { return isLong(R"x(: failed(1, ")x", WHERE); }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'an overload by what the name is': {
    text: `void failed(const char* file, int line);
void failed(const char* file, int line) __attribute__((enable_if(__builtin_strlen(file) > 70, "long")));
inline void unused() { failed(WHERE, 1); }
int f() { failed(WHERE, 2); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
    only: 'clang',
  },
  'the last part of the name, found by another function': {
    text: `namespace absl { namespace raw_log_internal {
void RawLog(int severity, const char* file, int line, const char* text);
constexpr const char* Basename(const char* fname, int offset) { return offset > 70 ? fname + 1 : fname; } } }
int f() { constexpr const char* absl_raw_log_internal_basename = ::absl::raw_log_internal::Basename(WHERE, sizeof(WHERE) - 1);
  return absl_raw_log_internal_basename[0] == '/'; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'the last part of the name, found by an overload': {
    text: `namespace absl { namespace raw_log_internal {
void RawLog(int severity, const char* file, int line, const char* text);
constexpr const char* Basename(const char* fname, int offset) {
  return offset == 0 || fname[offset - 1] == '/' || fname[offset - 1] == '\\\\' ? fname + offset : Basename(fname, offset - 1);
}
template <unsigned long N> constexpr const char* Basename(const char (&)[N], unsigned long) { return N > 70 ? "long" : "short"; }
} }
int f() { constexpr const char* absl_raw_log_internal_basename = ::absl::raw_log_internal::Basename(WHERE, sizeof(WHERE) - 1);
  ::absl::raw_log_internal::RawLog(1, absl_raw_log_internal_basename, 2, "no"); return 1; }\n`,
    options: ['-O2'],
    isShared: false,
  },
  'the last part of the name, used for something else': {
    text: `namespace absl { namespace raw_log_internal {
void RawLog(int severity, const char* file, int line, const char* text);
constexpr const char* Basename(const char* fname, int offset) {
  return offset == 0 || fname[offset - 1] == '/' || fname[offset - 1] == '\\\\' ? fname + offset : Basename(fname, offset - 1);
} } }
int f() { constexpr const char* absl_raw_log_internal_basename = ::absl::raw_log_internal::Basename(WHERE, sizeof(WHERE) - 1);
  return absl_raw_log_internal_basename[-6] == 'a'; }\n`,
    options: ['-O2', '-w'],
    isShared: false,
  },
  'the last part of the name, which is never printed': {
    text: `namespace absl { namespace raw_log_internal {
void RawLog(int severity, const char* file, int line, const char* text);
constexpr const char* Basename(const char* fname, int offset) {
  return offset == 0 || fname[offset - 1] == '/' || fname[offset - 1] == '\\\\' ? fname + offset : Basename(fname, offset - 1);
} } }
inline void unused() { constexpr const char* absl_raw_log_internal_basename = ::absl::raw_log_internal::Basename(WHERE, sizeof(WHERE) - 1);
  ::absl::raw_log_internal::RawLog(1, absl_raw_log_internal_basename, 2, "no"); }
int f() { return 1; }\n`,
    options: ['-O2'],
    isShared: true,
  },
  'a default argument of a library': {
    text: '#include <where.h>\nint f() { return isLong(); }\n',
    library: {
      'where.h':
        'constexpr bool isLong(const char* file = __builtin_FILE()) { return __builtin_strlen(file) > 70; }\n',
    },
    options: ['-O2', '-I{library}'],
    isHeaderSilent: true,
    isShared: false,
  },
  'the standard’s place in a source': {
    text: '#include <source_location>\nint f() { return __builtin_strlen(std::source_location::current().file_name()) > 70; }\n',
    options: ['-O2', '-std=c++20'],
    isShared: false,
    only: 'gcc',
  },
};
