// A Rust program that depends on real crates, built by cargo with each rival as its RUSTC_WRAPPER: cold, again with everything cached,
// and in another folder. cargo runs as everybody runs it; only incremental compilation is off, for all alike.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Figure, ratioFigure, report, say } from './report.ts';
import { type Rival, type RivalName, startRival } from './rivals.ts';
import { type Cost, costOf, medianCost, runOk } from './run.ts';

export interface RustOptions {
  readonly rivals: readonly RivalName[];
  readonly coldRounds: number;
  readonly hotRounds: number;
}

const coldToPlainMax = 1.03;
const hotToSccacheMax = 0.7;
const cacheFolder = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

const manifest = `[package]
name = "bench"
version = "0.1.0"
edition = "2021"

[dependencies]
serde = { version = "1", features = ["derive"] }
regex = "1"
clap = { version = "4", features = ["derive"] }
tokio = { version = "1", features = ["full"] }
rayon = "1"
anyhow = "1"
`;

const program = `use clap::Parser;
use rayon::prelude::*;
use serde::Serialize;

#[derive(Parser, Serialize)]
struct Options {
    #[arg(default_value = "a+")]
    pattern: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let pattern = regex::Regex::new(&options.pattern)?;
    let texts = ["aaa", "bbb", "caa"];
    println!("{}", texts.par_iter().filter(|text| pattern.is_match(text)).count());
    Ok(())
}
`;

/** Returns whether every bound was met. */
export async function benchRust(work: string, options: RustOptions): Promise<boolean> {
  const names = options.rivals.filter(name => name !== 'ccache');
  const template = await crate();
  const [first, second] = ['one', 'two'].map(name => join(work, name, 'bench')) as [string, string];
  for (const folder of [first, second]) cpSync(template, folder, { recursive: true });
  const rivals = new Map<RivalName, Rival>();
  const cold = new Map<RivalName, Cost[]>(names.map(name => [name, []]));
  const hot = new Map<RivalName, Cost[]>(names.map(name => [name, []]));
  const differing = new Map<RivalName, number>(names.map(name => [name, 0]));
  const hits = new Map<RivalName, string>();
  let plain = new Map<string, string>();
  const compare = (name: RivalName, folder: string) => {
    const libraries = librariesIn(folder);
    if (name === 'plain') plain = libraries;
    const others = [...plain.keys()].filter(file => plain.get(file) !== libraries.get(file));
    differing.set(name, differing.get(name)! + others.length);
  };
  try {
    for (let round = 0; round < options.coldRounds; round += 1) {
      for (const name of names) {
        await rivals.get(name)?.end();
        const rival = await startRival(name, join(work, 'caches'));
        rivals.set(name, rival);
        cold.get(name)!.push(await build(first, rival));
        say(`cold, ${name}: ${(cold.get(name)!.at(-1)!.wallMs / 1000).toFixed(2)} s`);
        compare(name, first);
      }
    }
    for (let round = 0; round < options.hotRounds; round += 1) {
      for (const [name, rival] of rivals) {
        if (name === 'plain') continue;
        hot.get(name)!.push(await build(first, rival));
        compare(name, first);
      }
    }
    for (const [name, rival] of rivals) {
      const before = await rival.hits();
      await build(second, rival);
      compare(name, second);
      const after = await rival.hits();
      if (name !== 'plain') hits.set(name, `${after.hits - before.hits} of ${after.of - before.of}`);
    }
    return report('rust', names, figures(names, cold, hot, hits, differing));
  } finally {
    for (const rival of rivals.values()) await rival.end();
  }
}

function figures(
  names: readonly RivalName[],
  cold: ReadonlyMap<RivalName, readonly Cost[]>,
  hot: ReadonlyMap<RivalName, readonly Cost[]>,
  hits: ReadonlyMap<RivalName, string>,
  differing: ReadonlyMap<RivalName, number>,
): Figure[] {
  const part = (costs: ReadonlyMap<RivalName, readonly Cost[]>, of: keyof Cost) =>
    Object.fromEntries(
      names.flatMap(name => {
        const each = costs.get(name)!;
        return each.length === 0 ? [] : [[name, medianCost(each)[of]]];
      }),
    ) as Partial<Record<RivalName, number>>;
  const own = differing.get('p2pcache');
  return [
    ratioFigure('cold, wall', part(cold, 'wallMs'), 'plain', coldToPlainMax),
    ratioFigure('cold, CPU', part(cold, 'cpuMs'), 'plain'),
    ratioFigure('all hits, wall', part(hot, 'wallMs'), 'sccache', hotToSccacheMax),
    ratioFigure('all hits, CPU', part(hot, 'cpuMs'), 'sccache'),
    { name: 'hits in another folder', byRival: Object.fromEntries(hits) },
    {
      name: 'libraries unlike plain',
      byRival: Object.fromEntries([...differing].map(([name, count]) => [name, String(count)])),
      ...(own === undefined ? {} : { measured: String(own), bound: '0', isMet: own === 0 }),
    },
  ];
}

function build(folder: string, { prefix, env, daemonPid }: Rival): Promise<Cost> {
  rmSync(join(folder, 'target'), { recursive: true, force: true });
  const wrapper: Record<string, string> = prefix[0] === undefined ? {} : { RUSTC_WRAPPER: prefix[0] };
  const argv = ['cargo', 'build', '--offline', '--quiet'];
  return costOf(argv, { cwd: folder, env: { ...env, ...wrapper, CARGO_INCREMENTAL: '0' } }, daemonPid);
}

/** A hash for each library that the build made, by name. */
function librariesIn(folder: string): Map<string, string> {
  const files = globSync('target/debug/deps/*.{rlib,rmeta,so}', { cwd: folder });
  return new Map(
    files.map(file => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]),
  );
}

/** The crate with its lock file; every crate it needs has been downloaded. Made once, so that versions stay the same. */
async function crate(): Promise<string> {
  const folder = join(cacheFolder, 'rust');
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.${process.pid}`;
  mkdirSync(join(temporary, 'src'), { recursive: true });
  writeFileSync(join(temporary, 'Cargo.toml'), manifest);
  writeFileSync(join(temporary, 'src', 'main.rs'), program);
  say('fetching crates');
  await runOk(['cargo', 'fetch', '--quiet'], { cwd: temporary });
  renameSync(temporary, folder);
  return folder;
}
