// Crates of a real cargo workspace at a worker: libraries are compiled there and are, with everything that is linked of them, what
// plain cargo makes in the same folder; what links stays at home.
import { homedir } from 'node:os';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { hasCargo } from '../support/cargo-folder.ts';
import { busy, workerAndClients } from '../support/farm-rig.ts';
import { type Ran, Rig, type RigMember } from '../support/rig.ts';

const obstacle = hasCargo() ? undefined : 'no cargo';
if (obstacle !== undefined) console.warn(`SKIPPED: ${obstacle}`);

const rustup = { RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup') };

const manifest = (name: string, rest = '') =>
  `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2021"\n${rest}`;

const workspace: Readonly<Record<string, string>> = {
  'Cargo.toml': '[workspace]\nmembers = ["app", "base", "macros", "generated", "user"]\nresolver = "2"\n',
  'base/Cargo.toml': manifest('base'),
  'base/src/lib.rs':
    "pub mod part;\nmod deep { pub mod inner; }\npub fn place() -> &'static str { let unused = 1; deep::inner::of() }\n",
  'base/src/part.rs': 'pub const TEXT: &str = include_str!("../text.txt");\n',
  'base/src/deep/inner.rs': "pub fn of() -> &'static str { file!() }\n",
  'base/text.txt': 'some text\n',
  'macros/Cargo.toml': manifest('macros', '[lib]\nproc-macro = true\n'),
  'macros/src/lib.rs':
    '#[proc_macro]\npub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { "7".parse().unwrap() }\n',
  'generated/Cargo.toml': manifest('generated'),
  'generated/build.rs': `fn main() {
    std::fs::write(std::env::var("OUT_DIR").unwrap() + "/g.rs", "pub const G: u8 = 3;").unwrap();
    println!("cargo:rustc-env=SAID=so");
}
`,
  'generated/src/lib.rs':
    'include!(concat!(env!("OUT_DIR"), "/g.rs"));\npub const ALL: [&str; 2] = [env!("SAID"), env!("CARGO_PKG_NAME")];\npub const FLAVOR: Option<&str> = option_env!("FLAVOR");\n',
  'user/Cargo.toml': manifest(
    'user',
    '[dependencies]\nbase = { path = "../base" }\nmacros = { path = "../macros" }\n',
  ),
  'user/src/lib.rs': 'pub fn all() -> (&\'static str, u8) { (base::place(), macros::seven!()) }\n',
  'app/Cargo.toml': manifest(
    'app',
    '[dependencies]\nuser = { path = "../user" }\ngenerated = { path = "../generated" }\n',
  ),
  'app/src/main.rs':
    'fn main() { println!("{:?} {} {:?} {:?}", user::all(), generated::G, generated::ALL, generated::FLAVOR); }\n',
};

test.skipIf(obstacle !== undefined)('library crates run at a worker, byte for byte as at home', async () => {
  await using rig = await Rig.create();
  const [, client] = await workerAndClients(rig, 'client');
  const folder = cargoWorkspace(client!, workspace);
  const plain = await built(client!, folder, { P2PCACHE_MODE: 'off' });
  await using _ = await busy(client!);
  const farmed = await built(client!, folder, {});
  expect(farmed).toEqual(plain);
  expect(farmed.ran.stdout).toBe('("base/src/deep/inner.rs", 7) 3 ["so", "generated"] Some("sweet")\n');
  const { done, stayed, returned } = (await client!.farm()).jobs;
  expect({ done, stayed, returned }).toEqual({ done: 3, stayed: { links: 3 }, returned: {} });
  console.log((await client!.ok('doctor', 'farm')).stdout, (await client!.ok('farm')).stdout);
});

function cargoWorkspace(member: RigMember, files: Readonly<Record<string, string>>): string {
  const folder = join(member.home, 'workspace');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** What `cargo run` says and leaves, from scratch. */
async function built(
  member: RigMember,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly ran: Ran; readonly files: Readonly<Record<string, string>> }> {
  rmSync(join(folder, 'target'), { recursive: true, force: true });
  const ran = await member.build(['cargo', 'run'], {
    cwd: folder,
    env: {
      ...rustup,
      CARGO_HOME: join(member.home, 'cargo'),
      CARGO_NET_OFFLINE: 'true',
      CARGO_INCREMENTAL: '0',
      FLAVOR: 'sweet',
      ...env,
    },
  });
  // crates are done in any order
  const stderr = ran.stderr.replace(/ in \d.*/, '').split('\n').sort().join('\n');
  return { ran: { ...ran, stderr }, files: filesOf(join(folder, 'target', 'debug', 'deps')) };
}

function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder).sort();
  return Object.fromEntries(
    files.map(name => {
      const path = join(folder, name);
      return [`${name} ${statSync(path).mode.toString(8)}`, readFileSync(path).toString('base64')];
    }),
  );
}
