// Two checkouts in folders with names of different length: what does not depend on the folder is shared, with depfile and
// diagnostics as they would be there; what does is compiled again.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CompileRig, runCommand } from '../support/compile-rig.ts';
import { missingTool } from '../support/real-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const files: Record<string, string> = {
  'src/h.h': '#pragma once\n#include <assert.h>\n#define WHERE __FILE__\nint g(void);\n',
  'src/plain.c': '#include "h.h"\nint f(void) { return g(); }\n',
  'src/warns.c': '#include "h.h"\nint f(void) { int unused; return g(); }\n',
  'src/size.c': '#include "h.h"\nint f(void) { return sizeof(WHERE); }\n',
  'src/text.c': '#include "h.h"\nconst char *f(void) { return WHERE; }\n',
  'src/checks.c': '#include "h.h"\nint f(int x) { assert(x); return x; }\n',
  'src/builtin.c': '#include "h.h"\nint f(void) { return __builtin_strlen(__builtin_FILE()); }\n',
};

/** Whether the second folder may use the first one's result. */
const cases: [name: string, options: string[], isShared: boolean][] = [
  ['plain', ['-O2'], true],
  ['warns', ['-O2', '-Wall'], true],
  ['plain', ['-O2', '-DNDEBUG', '-MP'], true],
  ['size', ['-O2'], false],
  ['text', ['-O2'], false],
  ['checks', ['-O2'], false],
  ['checks', ['-O2', '-DNDEBUG'], true],
  ['builtin', ['-O2'], false],
  ['plain', ['-g'], false],
  ['plain', ['-g', '-gz'], false],
  ['plain', ['--coverage', '-frandom-seed=1'], false],
  ['plain', ['-g', '-ffile-prefix-map={root}=.'], true],
  ['text', ['-O2', '-ffile-prefix-map={root}=.'], true],
];

for (const compiler of ['gcc', 'clang']) {
  describe.skipIf(missingTool(compiler) !== undefined)(compiler, () => {
    test.each(cases)('%s.c %j', async (name, options, isShared) => {
      await using rig = await CompileRig.start();
      const folder = await temporaryFolder();
      const outcomes = [];
      for (const checkout of ['a', 'a-checkout-with-a-much-longer-name-so-that-lines-break-elsewhere']) {
        const root = join(folder, checkout);
        outcomes.push(await compileIn(root, rig, compiler, name, options));
      }
      expect(outcomes.map(outcome => outcome.isAsPlain)).toEqual([true, true]);
      expect(outcomes.map(outcome => outcome.isHit)).toEqual([false, isShared]);
    });
  });
}

async function compileIn(root: string, rig: CompileRig, compiler: string, name: string, options: string[]) {
  for (const folder of ['src', 'build']) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  const cwd = join(root, 'build');
  const [object, depfile] = [join(cwd, `${name}.o`), join(cwd, `${name}.d`)];
  const own = options.map(option => option.replace('{root}', root));
  const argv = [
    compiler,
    ...own,
    `-I${root}/src`,
    '-MD',
    '-MF',
    depfile,
    '-c',
    join(root, 'src', `${name}.c`),
    '-o',
    object,
  ];
  const look = () => [readFileSync(object), readFileSync(depfile)].map(bytes => bytes.toString('latin1'));
  const plain = [await runCommand(argv, { cwd }), look()];
  const hitsBefore = (await rig.counts()).hits.memory;
  const cached = [await rig.cached(argv, { cwd }), look()];
  expect(rig.fallbacks).toEqual([]);
  return {
    isAsPlain: JSON.stringify(plain) === JSON.stringify(cached),
    isHit: (await rig.counts()).hits.memory > hitsBefore,
  };
}
