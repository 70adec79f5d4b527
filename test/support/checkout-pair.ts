// One compile in two checkouts of the same project, in folders of different names, each first without and then with the cache:
// whether the second may use the first one's result, and whether both are what the plain compiler makes.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { CompileRig, runCommand, type SharedParts } from './compile-rig.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface PairCase {
  readonly compiler: string;
  /** By their paths in the checkout. */
  readonly files: Readonly<Record<string, string>>;
  /** Outside of both checkouts, where `{library}` is the folder. */
  readonly library?: Readonly<Record<string, string>>;
  readonly source: string;
  /** `{root}` and `{library}` stand for the folders. */
  readonly options: readonly string[];
  readonly names?: readonly [string, string];
}

const usualNames = ['a', 'a-checkout-with-a-much-longer-name-so-that-lines-break-elsewhere'] as const;

/** Compiles from a folder `build` in each checkout, the source named by its absolute path, as CMake does. */
export async function compileInBoth(
  pair: PairCase,
  shared: SharedParts,
): Promise<{ asPlain: boolean[]; hits: boolean[] }> {
  await using rig = await CompileRig.start(shared);
  const folder = await temporaryFolder();
  const library = join(folder, 'library');
  writeFiles(library, pair.library ?? {});
  const asPlain: boolean[] = [];
  const hits: boolean[] = [];
  for (const name of pair.names ?? usualNames) {
    const root = join(folder, name);
    const cwd = join(root, 'build');
    writeFiles(root, { ...pair.files, 'build/.keep': '' });
    const own = pair.options.map(each => each.replace('{root}', root).replace('{library}', library));
    const output = join(cwd, 'out.o');
    const argv = [
      pair.compiler,
      ...own,
      '-MD',
      '-MF',
      join(cwd, 'out.d'),
      join(root, pair.source),
      '-o',
      output,
    ];
    const outcome = (ran: unknown) => JSON.stringify([ran, contents(cwd)]);
    const ran = await runCommand(argv, { cwd });
    expect(ran.exitCode, ran.stderr).toBe(0);
    const plain = outcome(ran);
    for (const file of readdirSync(cwd)) rmSync(join(cwd, file));
    const before = rig.hitCount();
    asPlain.push(outcome(await rig.cached(argv, { cwd })) === plain);
    hits.push(rig.hitCount() > before);
    expect(rig.fallbacks).toEqual([]);
  }
  return { asPlain, hits };
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter(name => name.startsWith('out.'));
  return Object.fromEntries(files.map(name => [name, readFileSync(join(folder, name), 'latin1')]));
}
