// A small cargo workspace with one of each kind of crate that matters to the farm, and building it so that every file can be
// compared: a library with modules, a procedural macro, a build script, a package of a registry, a program.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { digestOf } from '../../src/digest.ts';
import type { Ran, RigMember } from './rig.ts';

/** Where rustup has its toolchains: a member's home is not this person's. */
export const rustup = { RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup') };

const manifest = (name: string, rest = '') =>
  `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2021"\n${rest}`;
const uses = (...names: string[]) =>
  `[dependencies]\n${names.map(name => `${name} = { path = "../${name}" }\n`).join('')}`;

const files: Readonly<Record<string, string>> = {
  'Cargo.toml':
    '[workspace]\nmembers = ["app", "base", "macros", "generated", "user", "top"]\nresolver = "2"\n',
  'base/Cargo.toml': `${manifest('base')}[dependencies]\nplain = "1"\n`,
  'base/src/lib.rs':
    "pub mod part;\nmod deep { pub mod inner; }\nmacro_rules! module { ($name:ident) => { mod $name; } }\nmodule!(hidden);\npub fn place() -> &'static str { let unused = 1; deep::inner::of() }\n",
  'base/src/part.rs': 'pub const TEXT: &str = include_str!("../text.txt");\n',
  'base/src/deep/inner.rs': "pub fn of() -> &'static str { plain::place(); file!() }\n",
  'base/src/hidden.rs': '',
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
  'generated/src/lib.rs': `include!(concat!(env!("OUT_DIR"), "/g.rs"));
pub const ALL: [&str; 2] = [env!("SAID"), env!("CARGO_PKG_NAME")];
pub const FLAVOR: Option<&str> = option_env!("FLAVOR");
`,
  'user/Cargo.toml': manifest('user', uses('base', 'macros')),
  'user/src/lib.rs': "pub fn all() -> (&'static str, u8) { (base::place(), macros::seven!()) }\n",
  'top/Cargo.toml': manifest('top', uses('user', 'generated')),
  'top/src/lib.rs': 'pub fn all() -> String { format!("{:?} {}", user::all(), generated::G) }\n',
  'app/Cargo.toml': manifest('app', uses('top', 'generated')),
  'app/src/main.rs':
    'fn main() { println!("{} {:?} {:?}", top::all(), generated::ALL, generated::FLAVOR); }\n',
};

/** Its library crates; what else there is links: the macro, the build script, the program. */
export const libraries = ['plain', 'base', 'generated', 'user', 'top'];
export const linked = 3;

export class CargoWorkspace {
  readonly folder: string;
  readonly #member: RigMember;
  readonly #cargoHome: string;

  constructor(member: RigMember, name: string, changes: Readonly<Record<string, string>> = {}) {
    this.#member = member;
    this.folder = join(member.home, name);
    this.#cargoHome = join(member.home, `${name}-cargo`);
    for (const [path, text] of Object.entries({ ...files, ...changes })) this.write(path, text);
    this.#unpack('plain', "pub fn place() -> &'static str { file!() }\n");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** As if nothing had been built. */
  clean(): void {
    rmSync(join(this.folder, 'target'), { recursive: true, force: true });
  }

  /** What cargo says, and every file that compilers left. */
  async cargo(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly ran: Ran; readonly files: Readonly<Record<string, string>> }> {
    const { exitCode, stdout, stderr } = await this.#member.build(['cargo', ...args], {
      cwd: this.folder,
      env: {
        ...rustup,
        CARGO_HOME: this.#cargoHome,
        CARGO_NET_OFFLINE: 'true',
        CARGO_INCREMENTAL: '0',
        FLAVOR: 'sweet',
        ...env,
      },
    });
    // crates are done in any order, and only the first build makes the lock file
    const settled = (text: string) =>
      text
        .replace(/ in \d.*/, '')
        .split('\n')
        .filter(line => !/^ *Locking /.test(line))
        .sort()
        .join('\n');
    const ran = { exitCode, stdout: settled(stdout), stderr: settled(stderr) };
    const target = join(this.folder, 'target');
    return { ran, files: { ...filesOf(target, 'debug/deps'), ...filesOf(target, 'release/deps') } };
  }

  /** A package as cargo unpacks one of a registry. */
  #unpack(name: string, library: string): void {
    const registry = join(this.#cargoHome, 'registry', 'src', 'somewhere');
    const folder = join(registry, `${name}-1.0.0`);
    mkdirSync(join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'Cargo.toml'), manifest(name));
    writeFileSync(join(folder, 'src', 'lib.rs'), library);
    writeFileSync(join(folder, '.cargo-checksum.json'), '{"files":{}}');
    writeFileSync(
      join(this.#cargoHome, 'config.toml'),
      `[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "${registry}"\n`,
    );
  }
}

/** Digests of contents by name and mode. */
function filesOf(target: string, below: string): Record<string, string> {
  let names: string[];
  try {
    names = readdirSync(join(target, below)).sort();
  } catch {
    return {};
  }
  return Object.fromEntries(
    names.map(name => {
      const path = join(target, below, name);
      const mode = statSync(path).mode.toString(8);
      return [`${below}/${name} ${mode}`, digestOf(readFileSync(path))];
    }),
  );
}
