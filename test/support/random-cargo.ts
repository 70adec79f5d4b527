// Cargo scenarios made from a seed: a workspace of a program and a library with a build script, whose sources, features,
// profile and variables change between builds, and that is built in a second folder too.
import type { CargoScenario } from './cargo-folder.ts';
import { SeededRandom } from './seeded-random.ts';

const manifest = (name: string, rest: string) =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;

/** A scenario of `stepCount` builds; equal seeds make equal ones. */
export function randomCargo(seed: number, stepCount: number): CargoScenario {
  const random = new SeededRandom(seed);
  const files = {
    'Cargo.toml': workspaceText(random),
    'app/Cargo.toml': manifest('app', '[dependencies]\nlib = { path = "../lib" }\n'),
    'app/src/main.rs': mainText(random),
    'lib/Cargo.toml': manifest('lib', '[features]\nextra = []\n'),
    'lib/src/lib.rs': libraryText(random),
    'lib/src/part.rs': partText(random),
    'lib/build.rs': scriptText(random),
    'lib/in.txt': 'one',
  };
  const steps = Array.from({ length: stepCount }, () => randomStep(random));
  // of a warning that two crates share, cargo counts the later one as a duplicate: one after the other
  const environment = { CARGO_BUILD_JOBS: '1' };
  return { name: `seed ${seed}`, files, steps: ['cargo build', ...steps], environment };
}

function randomStep(random: SeededRandom): string {
  const edit = random.below(4) === 0 ? '' : `${randomEdit(random)}; `;
  if (random.below(5) > 0) return `${edit}${build(random)}`;
  return `${edit}rm -rf copy; mkdir copy; cp -a Cargo.* app lib copy; cd copy; ${build(random)}`;
}

function build(random: SeededRandom): string {
  const variables = random.pick(['', '', 'FLAVOR=sweet ', 'FLAVOR=sour ', "RUSTFLAGS='--cfg odd' "]);
  const verb = random.pick(['build', 'build', 'build', 'check', 'test --no-run', 'build --release']);
  const features = random.pick(['', '', ' --features lib/extra', ' -p lib']);
  const run = verb === 'build' ? '; ./target/debug/app' : '';
  return `${variables}cargo ${verb}${features}${run}`;
}

function randomEdit(random: SeededRandom): string {
  const write = (text: string, path: string) => `printf %s '${text.replaceAll("'", "'\\''")}' > ${path}`;
  return random.pick([
    () => write(libraryText(random), 'lib/src/lib.rs'),
    () => write(libraryText(random), 'lib/src/lib.rs'),
    () => write(partText(random), 'lib/src/part.rs'),
    () => write(mainText(random), 'app/src/main.rs'),
    () => write(scriptText(random), 'lib/build.rs'),
    () => write(random.pick(['one', 'two']), 'lib/in.txt'),
    () => write(workspaceText(random), 'Cargo.toml'),
    () => 'touch lib/src/lib.rs',
    () => 'mkdir -p lib/src/part; mv -f lib/src/part.rs lib/src/part/mod.rs',
    () => 'mv -f lib/src/part/mod.rs lib/src/part.rs',
    () => 'cargo clean -q',
    () => 'rm -rf target',
  ])();
}

function workspaceText(random: SeededRandom): string {
  const profile = random.pick([
    '',
    'debug = 1\n',
    'opt-level = 1\n',
    'overflow-checks = false\n',
    'panic = "abort"\n',
  ]);
  return `[workspace]\nmembers = ["app", "lib"]\nresolver = "2"\n[profile.dev]\n${profile}`;
}

function mainText(random: SeededRandom): string {
  const unused = random.below(3) === 0 ? 'let unused = 1; ' : '';
  return `fn main() { ${unused}println!("{} {:?} {}", ${random.below(3)}, lib::get(), lib::part::SIZE); }\n`;
}

function libraryText(random: SeededRandom): string {
  const value = random.pick([
    'option_env!("FLAVOR")',
    'Some(env!("SAID"))',
    'Some(file!())',
    'Some(include_str!("../in.txt"))',
    'if cfg!(feature = "extra") { Some("extra") } else { None }',
    'if cfg!(odd) { Some("odd") } else { None }',
    'Some(env!("CARGO_MANIFEST_DIR"))',
  ]);
  const wrong = random.below(12) === 0 ? 'let wrong: u8 = "text"; ' : '';
  const hidden = random.below(3) === 0 ? 'fn hidden() {}\n' : '';
  return `#![allow(unexpected_cfgs)]\npub mod part;\n${hidden}pub fn get() -> Option<&'static str> { ${wrong}${value} }\n`;
}

function partText(random: SeededRandom): string {
  const inline = random.below(2) === 0 ? '#[inline]\n' : '';
  return `pub const SIZE: usize = ${random.below(3)};\n${inline}pub fn sum(a: u32) -> u32 { a + ${random.below(3)} }\n`;
}

function scriptText(random: SeededRandom): string {
  const watched = random.below(2) === 0 ? 'println!("cargo:rerun-if-changed=in.txt"); ' : '';
  const said = random.pick(['"fixed".to_string()', 'std::fs::read_to_string("in.txt").unwrap()']);
  return `fn main() { ${watched}println!("cargo:rustc-env=SAID={}", ${said}); }\n`;
}
