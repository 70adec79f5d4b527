// The options of gcc and clang as data: which take their value as the next argument, and which make a compile something
// that is not cached. Everything else goes into the key as it stands: what a compile reads and writes is observed, not
// guessed from its options, so an option that is not listed here needs no rule of its own.

/** Options whose value is the next argument when nothing is joined to them. */
export const separateValueOptions: ReadonlySet<string> = new Set([
  ...[
    '-o',
    '-x',
    '-D',
    '-U',
    '-I',
    '-L',
    '-l',
    '-B',
    '-T',
    '-u',
    '-z',
    '-e',
    '-h',
    '-arch',
    '-target',
    '-isysroot',
  ],
  ...[
    '-include',
    '-imacros',
    '-isystem',
    '-iquote',
    '-idirafter',
    '-iprefix',
    '-iwithprefix',
    '-iwithprefixbefore',
  ],
  ...[
    '-imultilib',
    '-cxx-isystem',
    '-F',
    '-iframework',
    '-framework',
    '-include-pch',
    '-include-pth',
    '-ivfsoverlay',
  ],
  ...[
    '-MF',
    '-MT',
    '-MQ',
    '-MJ',
    '-Xclang',
    '-Xassembler',
    '-Xlinker',
    '-Xpreprocessor',
    '-Xanalyzer',
    '-Xarch_device',
  ],
  ...[
    '-Xarch_host',
    '-Xopenmp-target',
    '-mllvm',
    '-aux-info',
    '-dumpbase',
    '-dumpbase-ext',
    '-dumpdir',
    '-wrapper',
  ],
  ...[
    '-specs',
    '--param',
    '--sysroot',
    '--include',
    '--include-directory',
    '--define-macro',
    '--undefine-macro',
  ],
  ...[
    '--output',
    '--language',
    '--prefix',
    '--serialize-diagnostics',
    '-serialize-diagnostics',
    '-gcc-toolchain',
  ],
  ...[
    '-resource-dir',
    '-dependency-file',
    '-fmodule-file',
    '-working-directory',
    '-stdlib++-isystem',
    '-Tbss',
  ],
  ...[
    '-Tdata',
    '-Ttext',
    '-segprot',
    '-install_name',
    '-exported_symbols_list',
    '-current_version',
    '-bundle_loader',
  ],
]);

export interface Refusal {
  readonly pattern: RegExp;
  /** The name that `p2pcache stats` counts it under. */
  readonly reason: string;
}

/** Options that make a command one that is run as it is and not cached. First match wins. */
export const refusals: readonly Refusal[] = [
  { pattern: /^-(E|M|MM)$|^--(preprocess|dependencies|user-dependencies)$/, reason: 'preprocess-only' },
  {
    pattern:
      /^-(v|###|Q|time|ftime-report.*|print-.*|dump(version|machine|specs|fullversion))$|^--(version|help.*|target-help|print-.*)$/,
    reason: 'prints-information',
  },
  {
    pattern: /^-(fplugin|fpass-plugin|iplugindir|fplugin-arg-).*|^-(load|plugin|add-plugin)$/,
    reason: 'plugin',
  },
  { pattern: /^-wrapper$/, reason: 'wrapper' },
  {
    pattern:
      /^-f(modules|implicit-modules|module-map-file|module-file|prebuilt-module-path|modules-.*)(=.*)?$/,
    reason: 'modules',
  },
  { pattern: /^-(gmodules|fcs-.*|fmodules-ts|emit-pch|emit-module.*|rewrite-.*)$/, reason: 'modules' },
  {
    pattern: /^-(fprofile-update=prefer.*|analyze|-analyze|fanalyzer-dump.*)$/,
    reason: 'unsupported-option',
  },
  {
    pattern: /^-(fcrash-diagnostics.*|gen-reproducer.*|gen-cdb-fragment-path)$/,
    reason: 'unsupported-option',
  },
  { pattern: /^-MJ.*/, reason: 'unsupported-option' },
  // clang looks at the mtimes of the headers that went into one
  { pattern: /^-include-p[ct]h$/, reason: 'precompiled-header' },
];

/** Languages (by `-x` or by the source's ending) that are cached. */
export const cachedLanguages: ReadonlySet<string> = new Set([
  'c',
  'c++',
  'cpp-output',
  'c++-cpp-output',
  'assembler',
  'assembler-with-cpp',
]);

const languageByEnding: Readonly<Record<string, string>> = {
  '.c': 'c',
  '.i': 'cpp-output',
  '.ii': 'c++-cpp-output',
  '.s': 'assembler',
  '.S': 'assembler-with-cpp',
  '.sx': 'assembler-with-cpp',
  '.C': 'c++',
  '.cc': 'c++',
  '.cp': 'c++',
  '.cpp': 'c++',
  '.cxx': 'c++',
  '.c++': 'c++',
  '.CPP': 'c++',
  '.m': 'objective-c',
  '.mm': 'objective-c++',
  '.M': 'objective-c++',
  '.h': 'c-header',
  '.hh': 'c++-header',
  '.hpp': 'c++-header',
  '.hxx': 'c++-header',
  '.cppm': 'c++-module',
  '.ixx': 'c++-module',
};

/** The language that the compiler takes a file for; undefined: it is handed to the linker. */
export function languageOf(path: string): string | undefined {
  const dot = path.lastIndexOf('.');
  return dot <= path.lastIndexOf('/') ? undefined : languageByEnding[path.slice(dot)];
}
