// Why a compile is run as it is, in words: the names that `p2pcache stats` counts, and what can be done about each.

const reasons: Readonly<Record<string, string>> = {
  'mode-off': 'the cache is switched off for it (P2PCACHE_MODE, or mode in p2pcache.toml or config.toml)',
  'mode-unknown': 'P2PCACHE_MODE is none of off, read, write, read-write',
  'project-file': 'there is a mistake in p2pcache.toml',
  'compile-failed': 'the compiler ended with an error',
  'reads-the-time':
    'it uses the time of the compile (__DATE__, __TIME__, __TIMESTAMP__; in Rust, a procedural macro that asks)',
  'faked-clock': 'it runs under libfaketime',
  incremental:
    'rustc compiles it incrementally; CARGO_INCREMENTAL=0 (or incremental = false in the profile) turns that off',
  'unstable-option': 'it has an option of rustc that is not stable (-Z)',
  'output-to-stdout': 'it writes its result to standard output',
  terminal: 'rustc shapes its diagnostics for the terminal that they go to',
  'input-changed': 'a file that it reads was changed while it ran, or a moment before',
  link: 'it links; only compiles of one source to one object (-c) are cached',
  'prints-information': 'it asks the compiler something and compiles nothing',
  'preprocess-only': 'it only preprocesses (-E, -M)',
  'several-sources': 'it compiles several sources at once; give each a command of its own',
  'no-source': 'there is no source among its arguments',
  'standard-input': 'it reads its source from standard input',
  'response-file': 'its response files are nested too deeply',
  'precompiled-header': 'it makes a precompiled header',
  language: 'its language is not one that is cached',
  plugin: 'it loads a compiler plugin, which can do anything',
  wrapper: 'it runs the compiler under another program (-wrapper)',
  modules: 'it uses modules',
  'unsupported-option': 'it has an option that is not understood well enough',
  'unknown-compiler': 'its compiler is not gcc, clang or rustc, or cannot be read',
  'compiler-is-a-script': 'its compiler is a script, and what a script reads is not seen well enough',
  'not-observed': 'what the compiler read could not be seen (is it linked statically, or setuid?)',
  'too-many-inputs': 'it reads more files than are noted',
  'too-much-output': 'it prints more than is kept',
  'special-output': 'what it wrote is not a plain file, is too large, or was changed by others at once',
  'unexpected-output': 'it wrote a file that does not follow from its command',
  'path-encoding': 'a path in it is not UTF-8',
  'reads-a-device': 'it reads standard input, a terminal or another device as a file',
  'shared-output': 'another compile wrote the same output at the same time',
  'reads-own-output': 'it reads a file that it also writes',
  'changes-a-file': 'it changes a file that was there before',
  'removes-files': 'it removes a file that it did not make',
  'makes-folders': 'it makes folders',
  'unreadable-path': 'a path that it looked for could not be looked at',
  'write-failed': 'it could not write one of its files',
  network: 'its compiler opened a network connection',
};

/** The sentence for a reason; the name itself where there is none. */
export function describeReason(reason: string): string {
  return reasons[reason] ?? reason;
}
