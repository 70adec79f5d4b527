// One checkout of a project as every rival builds it: by ninja, from the same list of compiles, with the rival's prefix before each.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Build, Compile } from './projects.ts';
import type { Rival } from './rivals.ts';
import { type Cost, costOf } from './run.ts';

/** What a build left: a hash for each object, depfile and diagnostics, by path. */
export type Outcome = ReadonlyMap<string, string>;

export class BuildFolder {
  readonly folder: string;
  readonly #compiles: readonly Compile[];

  constructor({ folder, compiles }: Build) {
    this.folder = folder;
    this.#compiles = compiles;
    for (const { object } of compiles) mkdirSync(dirname(join(folder, object)), { recursive: true });
  }

  get objectCount(): number {
    return this.#compiles.length;
  }

  /** The same folder, so many objects at a time. */
  portions(size: number): BuildFolder[] {
    const starts = Array.from({ length: Math.ceil(this.objectCount / size) }, (_, i) => i * size);
    return starts.map(
      start => new BuildFolder({ folder: this.folder, compiles: this.#compiles.slice(start, start + size) }),
    );
  }

  /** Builds every object anew (`around` comes before ninja); resolves with the costs of ninja and all it started, and of the rival's daemon. */
  async build(
    rival: Pick<Rival, 'prefix' | 'env' | 'daemonPid'> & { readonly name: string },
    jobs: number,
    around: readonly string[] = [],
  ): Promise<Cost> {
    this.#clean();
    const file = `bench-${rival.name}.ninja`;
    writeFileSync(join(this.folder, file), this.#ninjaFile(rival));
    const argv = [...around, 'ninja', '--quiet', '-f', file, '-j', String(jobs)];
    return costOf(argv, { cwd: this.folder, env: rival.env }, rival.daemonPid);
  }

  outcome(): Outcome {
    const files = this.#compiles.flatMap(outputsOf);
    return new Map(
      files.map(file => [
        file,
        createHash('sha256')
          .update(readFileSync(join(this.folder, file)))
          .digest('hex'),
      ]),
    );
  }

  #clean(): void {
    for (const file of this.#compiles.flatMap(outputsOf)) rmSync(join(this.folder, file), { force: true });
    rmSync(join(this.folder, '.bench'), { recursive: true, force: true });
  }

  #ninjaFile({ prefix }: Pick<Rival, 'prefix'>): string {
    const lines = ['builddir = .bench', 'rule compile', '  command = $run'];
    for (const compile of this.#compiles) {
      const { command, object } = compile;
      const run = [...prefix, command, '2>', diagnosticsOf(compile)].join(' ').replaceAll('$', '$$');
      lines.push(`build ${object}: compile`, `  run = ${run}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

/** The paths at which two builds differ. */
export function differences(a: Outcome, b: Outcome): string[] {
  return [...a.keys()].filter(path => a.get(path) !== b.get(path));
}

function outputsOf(compile: Compile): string[] {
  return [compile.object, compile.depfile, diagnosticsOf(compile)];
}

function diagnosticsOf({ object }: Compile): string {
  return `${object}.stderr`;
}
