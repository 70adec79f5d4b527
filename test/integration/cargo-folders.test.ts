// One person's workspaces share what their registry's crates compile to, in folders of any name; what names its own folder
// stays there; and every file is what plain cargo makes in that very folder.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CargoFolder, type CargoScenario, hasCargo } from '../support/cargo-folder.ts';
import { CompileRig } from '../support/compile-rig.ts';

const manifest = (name: string, rest = '') =>
  `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2021"\n${rest}`;

/** Packages as a registry's client unpacks them: a library, one with a build script, a macro, and one that uses all. */
const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {
    'Cargo.toml': manifest('plain'),
    'src/lib.rs': "pub fn where_am_i() -> &'static str { file!() }\npub fn warn() { let unused = 1; }\n",
  },
  scripted: {
    'Cargo.toml': manifest('scripted'),
    'build.rs':
      'fn main() { println!("cargo:rustc-cfg=said"); println!("cargo:rustc-check-cfg=cfg(said)"); }\n',
    'src/lib.rs': 'pub const SAID: bool = cfg!(said);\n',
  },
  generated: {
    'Cargo.toml': manifest('generated'),
    'build.rs':
      'fn main() { std::fs::write(std::env::var("OUT_DIR").unwrap() + "/g.rs", "pub const G: u8 = 3;").unwrap(); }\n',
    'src/lib.rs': 'include!(concat!(env!("OUT_DIR"), "/g.rs"));\n',
  },
  macros: {
    'Cargo.toml': manifest('macros', '[lib]\nproc-macro = true\n'),
    'src/lib.rs':
      '#[proc_macro]\npub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { "7".parse().unwrap() }\n',
  },
  user: {
    'Cargo.toml': manifest('user', '[dependencies]\nplain = "1"\nscripted = "1"\nmacros = "1"\n'),
    'src/lib.rs':
      "pub fn all() -> (&'static str, bool, u8) { (plain::where_am_i(), scripted::SAID, macros::seven!()) }\n",
  },
};
/** What they compile to: five libraries (one of them a macro's) and two build scripts. */
const calls = 7;

let cargoHome: string;
beforeEach(() => {
  cargoHome = mkdtempSync(join(tmpdir(), 'p2pcache-cargo-home-'));
  for (const [name, files] of Object.entries(packages)) {
    const folder = join(cargoHome, 'registry', 'src', 'somewhere', `${name}-1.0.0`);
    for (const [file, text] of Object.entries({ ...files, '.cargo-checksum.json': '{"files":{}}' })) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
  }
  const registry = join(cargoHome, 'registry', 'src', 'somewhere');
  writeFileSync(
    join(cargoHome, 'config.toml'),
    `[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "${registry}"\n`,
  );
});
afterEach(() => rmSync(cargoHome, { recursive: true, force: true }));

const project = (steps = ['cargo build', './target/debug/app']): CargoScenario => ({
  name: 'a project',
  files: {
    'Cargo.toml': manifest('app', '[dependencies]\nuser = "1"\ngenerated = "1"\nown = { path = "own" }\n'),
    'src/main.rs': 'fn main() { println!("{:?} {} {}", user::all(), generated::G, own::FILE); }\n',
    'own/Cargo.toml': manifest('own'),
    'own/src/lib.rs': 'pub const FILE: &str = file!();\n',
  },
  steps,
});

/** The same, asking for prefix maps. */
const mapped = (): CargoScenario => {
  const { files } = project();
  return {
    name: 'a project with prefix maps',
    files: { ...files, 'p2pcache.toml': 'prefix_maps = true\n' },
    steps: ['cargo build', './target/debug/app'],
  };
};

describe.skipIf(!hasCargo())('cargo in folders of other names', () => {
  it('takes the registry’s crates from the first, and all files are as if it had compiled them', async () => {
    await using rig = await CompileRig.start();
    using first = new CargoFolder('first', cargoHome);
    using second = new CargoFolder('the-second-with-a-longer-name', cargoHome);
    const environment = { P2PCACHE_HOME: rig.home };
    await first.run(project(), rig.launcher, environment);
    const plain = await second.run(project(), '', {});
    const { misses } = await rig.counts();
    expect(await second.run(project(), rig.launcher, environment)).toEqual(plain);
    const counts = await rig.counts();
    // `generated` names the target folder, `app` and `own` their checkout
    expect({ hits: counts.hits.memory + counts.hits.disk, misses: counts.misses - misses }).toEqual({
      hits: calls - 1,
      misses: 3,
    });
    expect(rig.fallbacks).toEqual([]);
  });

  it('keeps a project’s own crates when only its target folder moves', async () => {
    await using rig = await CompileRig.start();
    using folder = new CargoFolder('w', cargoHome);
    const environment = { P2PCACHE_HOME: rig.home };
    const elsewhere = project(['CARGO_TARGET_DIR=elsewhere/t cargo build', './elsewhere/t/debug/app']);
    const plain = await folder.run(elsewhere, '', {});
    await folder.run(project(), rig.launcher, environment);
    const { misses } = await rig.counts();
    expect(await folder.run(elsewhere, rig.launcher, environment)).toEqual(plain);
    // `generated`, and `app` that links it
    expect((await rig.counts()).misses - misses).toBe(2);
  });

  it('shares all that is compiled where the project asks for prefix maps, whatever cargo’s home is called', async () => {
    await using rig = await CompileRig.start();
    using first = new CargoFolder('first', cargoHome);
    const environment = { P2PCACHE_HOME: rig.home };
    const firstSteps = await first.run(mapped(), rig.launcher, environment);
    const moved = `${cargoHome}-of-a-teammate`;
    cpSync(cargoHome, moved, { recursive: true });
    writeFileSync(
      join(moved, 'config.toml'),
      readFileSync(join(moved, 'config.toml'), 'utf8').replaceAll(cargoHome, moved),
    );
    using second = new CargoFolder('the-second-with-a-longer-name', moved);
    try {
      const { misses } = await rig.counts();
      const [, ran] = await second.run(mapped(), rig.launcher, environment);
      expect(ran!.stdout).toBe(firstSteps[1]!.stdout);
      expect(ran!.stdout).toContain('/cargo/registry/src/somewhere/plain-1.0.0/src/lib.rs');
      expect((await rig.counts()).misses - misses).toBe(0);
      expect((await rig.counts()).hits.memory + (await rig.counts()).hits.disk).toBe(calls + 2);
    } finally {
      rmSync(moved, { recursive: true, force: true });
    }
  });

  it('shares nothing that another home of cargo would show', async () => {
    await using rig = await CompileRig.start();
    using folder = new CargoFolder('w', cargoHome);
    const environment = { P2PCACHE_HOME: rig.home };
    await folder.run(project(), rig.launcher, environment);
    const moved = `${cargoHome}-moved`;
    using other = new CargoFolder('w', moved);
    try {
      const steps = [
        `cp -r ${cargoHome} ${moved}; sed -i s:${cargoHome}:${moved}: ${moved}/config.toml; cargo build`,
        './target/debug/app',
      ];
      const plain = await other.run(project(steps), '', {});
      rmSync(moved, { recursive: true, force: true });
      expect(await other.run(project(steps), rig.launcher, environment)).toEqual(plain);
    } finally {
      rmSync(moved, { recursive: true, force: true });
    }
  });
});
