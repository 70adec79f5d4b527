// What the farm's benchmarks build: abseil in a folder that only the client has, and what the plain compiler makes of it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BuildFolder, type Outcome } from './build-folder.ts';
import { type Compile, checkOut, projects } from './projects.ts';
import { formatMs, say } from './report.ts';

export interface LabBuildOptions {
  readonly hosts: number;
  readonly cpuShare: number;
  readonly jobs: number;
  /** Compiles one object in so many, for a quick look. */
  readonly every: number;
}

export interface LabBuild {
  /** The client's own folder, for workers to be kept from. */
  readonly hidden: string;
  readonly folder: BuildFolder;
  readonly reference: Outcome;
}

/** Checks abseil out below `work` and compiles, once and plainly, what `isWanted` of it. */
export async function prepareLabBuild(
  work: string,
  { hosts, cpuShare, jobs, every }: LabBuildOptions,
  isWanted: (compile: Compile) => boolean = () => true,
): Promise<LabBuild> {
  const hidden = join(work, 'client');
  mkdirSync(hidden);
  const abseil = projects.find(({ name }) => name === 'abseil')!;
  const build = await checkOut(abseil, join(hidden, 'abseil'), 'gcc');
  const compiles = build.compiles.filter(isWanted).filter((_, i) => i % every === 0);
  const folder = new BuildFolder({ folder: build.folder, compiles });
  say(`${compiles.length} compiles, ${hosts} hosts of ${cpuShare} core, -j${jobs}`);
  const plain = await folder.build({ name: 'plain', prefix: [], env: {}, daemonPid: undefined }, 2);
  say(`plain, on the whole machine, -j2: processor time ${formatMs(plain.cpuMs)}`);
  return { hidden, folder, reference: folder.outcome() };
}
