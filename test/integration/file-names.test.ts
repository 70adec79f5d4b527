// Sources that mention their own file name, compiled in two checkouts: what cannot depend on the name is shared, and every way
// that we know of to let the name have a say without a trace in the object is not.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { compileInBoth } from '../support/checkout-pair.ts';
import { sharedParts } from '../support/compile-rig.ts';
import { missingTool } from '../support/real-tool.ts';
import { assemblerText, inC, inCxx } from './scenarios/file-names.ts';

const shared = await sharedParts();
afterAll(() => rmSync(shared.folder, { recursive: true, force: true }));

/** The second folder's name is longer than the first one's: the sources ask whether the file's name is longer than 70. */
const silentHeader = '#pragma once\nvoid g(void);\n';
/** Mentions the name, so that nothing is shared without a proof. */
const header = `${silentHeader}#define WHERE __FILE__\n`;
const languages = [
  { suffix: 'c', compilers: ['gcc', 'clang'] as const, cases: inC },
  { suffix: 'cc', compilers: ['g++', 'clang++'] as const, cases: inCxx },
];

for (const { suffix, compilers, cases } of languages) {
  for (const [i, compiler] of compilers.entries()) {
    const family = (['gcc', 'clang'] as const)[i]!;
    const own = Object.entries(cases).filter(([, { only = family }]) => only === family);
    describe.skipIf(missingTool(compiler) !== undefined)(compiler, () => {
      test.each(own)('%s', async (_, { text, isShared, isHeaderSilent, ...rest }) => {
        const source = `src/a.${suffix}`;
        const files = {
          'src/h.h': isHeaderSilent ? silentHeader : header,
          [source]: `#include "h.h"\n${text}`,
        };
        const pair = { ...rest, options: ['-c', ...rest.options], compiler, files, source };
        const { asPlain, hits } = await compileInBoth(pair, shared);
        expect(asPlain).toEqual([true, true]);
        expect(hits).toEqual([false, isShared]);
      });
    });
  }
}

test.each(['gcc', 'clang'])('%s: assembler text in a folder whose name is escaped there', async compiler => {
  const source = 'src/a.c';
  const files = { [source]: assemblerText.text };
  const { asPlain, hits } = await compileInBoth({ ...assemblerText, compiler, files, source }, shared);
  expect({ asPlain, hits }).toEqual({ asPlain: [true, true], hits: [false, false] });
});
