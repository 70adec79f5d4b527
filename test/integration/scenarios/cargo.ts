// Cargo projects, each built plain, cold and hot: what crates read, what they are asked to make, and what is edited between.
import type { CargoScenario } from '../../support/cargo-folder.ts';
import { cargoEdits } from './cargo-edits.ts';

/** A manifest; `rest` follows the package's own lines. */
export const manifest = (name: string, rest = '') =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;

const workspace = (...members: string[]) =>
  `[workspace]\nresolver = "2"\nmembers = [${members.map(each => `"${each}"`).join(', ')}]\n`;

const library = 'pub fn answer() -> u32 { 42 }\n';
const macros = manifest('macros', '[lib]\nproc-macro = true\n');
const usesMacros = '[dependencies]\nmacros = { path = "macros" }\n';
const callsMacro = 'fn main() { println!("{:?}", macros::make!()); }\n';
const withMacro = (body: string) => ({
  'Cargo.toml': manifest('app', usesMacros),
  'src/main.rs': callsMacro,
  'macros/Cargo.toml': macros,
  'macros/src/lib.rs': `use proc_macro::TokenStream;\n#[proc_macro]\npub fn make(_: TokenStream) -> TokenStream {\n${body}\n}\n`,
});
const quoted = (expression: string) => `    format!("{:?}", ${expression}).parse().unwrap()`;

/** A program that uses a library, which has whatever features the case is about. */
const pair = (lib: string, main = 'fn main() { println!("{:?}", lib::get()); }\n', profile = '') => ({
  'Cargo.toml': manifest('app', `[dependencies]\nlib = { path = "lib" }\n${profile}`),
  'src/main.rs': main,
  'lib/Cargo.toml': manifest('lib'),
  'lib/src/lib.rs': lib,
});
const generic = `#[inline] pub fn get() -> Vec<u32> { each(3) }
pub fn each<T: From<u8>>(n: u8) -> Vec<T> { (0..n).map(T::from).collect() }
`;
const profile = (text: string) => `[profile.dev]\n${text}\n`;
const built = ['cargo build', './target/debug/app'];

const kinds: readonly CargoScenario[] = [
  { name: 'a library', files: { 'Cargo.toml': manifest('one'), 'src/lib.rs': library } },
  { name: 'a program that uses a library', files: pair(generic), steps: built },
  { name: 'released', files: pair(generic), steps: ['cargo build --release', './target/release/app'] },
  { name: 'checked only', files: pair(generic), steps: ['cargo check'] },
  { name: 'checked, then built', files: pair(generic), steps: ['cargo check', ...built] },
  {
    name: 'tests and a benchmark',
    files: {
      'Cargo.toml': manifest('one'),
      'src/lib.rs': `${library}#[test] fn it() { assert_eq!(answer(), 42); }\n`,
      'tests/outer.rs': '#[test] fn outer() { assert_eq!(one::answer(), 42); }\n',
      'benches/b.rs': 'fn main() {}\n',
    },
    steps: ['cargo test --lib --tests', 'cargo build --benches'],
  },
  {
    name: 'examples and several programs',
    files: {
      'Cargo.toml': manifest('one'),
      'src/lib.rs': library,
      'src/main.rs': 'fn main() { println!("{}", one::answer()); }\n',
      'src/bin/two.rs': 'fn main() { println!("two {}", one::answer()); }\n',
      'examples/e.rs': 'fn main() { println!("e {}", one::answer()); }\n',
    },
    steps: ['cargo build --all-targets', './target/debug/one; ./target/debug/two; ./target/debug/examples/e'],
  },
  {
    name: 'a C library, shared and static',
    files: {
      'Cargo.toml': manifest('one', '[lib]\ncrate-type = ["cdylib", "staticlib", "rlib"]\n'),
      'src/lib.rs': '#[no_mangle] pub extern "C" fn answer() -> u32 { 42 }\n',
    },
  },
  {
    name: 'a Rust library that is loaded',
    files: {
      ...pair(generic),
      'lib/Cargo.toml': manifest('lib', '[lib]\ncrate-type = ["dylib"]\n'),
    },
    environment: { RUSTFLAGS: '-C prefer-dynamic -C rpath' },
    steps: ['cargo build', 'ls target/debug'],
  },
  {
    name: 'without the standard library',
    files: {
      'Cargo.toml': manifest('one'),
      'src/lib.rs': '#![no_std]\nextern crate alloc;\npub fn v() -> alloc::vec::Vec<u8> { alloc::vec![1] }\n',
    },
  },
  {
    name: 'a workspace of four crates',
    files: {
      'Cargo.toml': workspace('a', 'b', 'c', 'd'),
      'a/Cargo.toml': manifest('a'),
      'a/src/lib.rs': 'pub trait T { fn t(&self) -> u8 { 1 } }\nimpl T for u8 {}\n',
      'b/Cargo.toml': manifest('b', '[dependencies]\na = { path = "../a" }\n'),
      'b/src/lib.rs': 'pub use a::T;\npub fn b() -> u8 { 2u8.t() }\n',
      'c/Cargo.toml': manifest('c', '[dependencies]\na = { path = "../a" }\n'),
      'c/src/lib.rs': 'pub const C: &str = concat!(file!(), ":", line!(), " ", module_path!());\n',
      'd/Cargo.toml': manifest(
        'd',
        '[dependencies]\nb = { path = "../b" }\nother = { path = "../c", package = "c" }\n',
      ),
      'd/src/main.rs': 'use b::T;\nfn main() { println!("{} {} {}", b::b(), other::C, 7u8.t()); }\n',
    },
    steps: ['cargo build', './target/debug/d'],
  },
  {
    name: 'a crate named library',
    files: {
      ...pair(generic),
      'Cargo.toml': manifest('app', '[dependencies]\nlib = { path = "lib", package = "liblib" }\n'),
      'lib/Cargo.toml': manifest('liblib'),
    },
    steps: built,
  },
  {
    name: 'incremental',
    files: pair(generic),
    environment: { CARGO_INCREMENTAL: '1' },
    gone: /\/incremental\//,
    changing: /deps\/|debug\/app/,
    uncached: { incremental: 2 },
  },
  {
    name: 'machine-readable messages',
    files: pair('pub fn get() -> u8 { let unused = 1; 2 }\n'),
    steps: ['cargo build --message-format=json'],
  },
  {
    name: 'for a named target',
    files: pair(generic),
    steps: ['cargo build --target x86_64-unknown-linux-gnu'],
    needs: 'uname -m | grep x86_64',
  },
  {
    name: 'a target folder elsewhere',
    files: pair(generic),
    environment: { CARGO_TARGET_DIR: 'out/of/place' },
    steps: ['cargo build', './out/of/place/debug/app'],
  },
];

const settings: readonly CargoScenario[] = [
  ...[
    'debug = 0',
    'debug = "line-tables-only"',
    'opt-level = "s"\ncodegen-units = 1',
    'panic = "abort"',
    'strip = true',
    'overflow-checks = false\ndebug-assertions = false',
  ].map(text => ({
    name: `profile: ${text.replace('\n', ', ')}`,
    files: pair(generic, undefined, profile(text)),
    steps: built,
  })),
  ...['thin', 'fat', 'off'].map(lto => ({
    name: `link-time optimisation: ${lto}`,
    files: pair(generic, undefined, `[profile.release]\nlto = "${lto}"\n`),
    steps: ['cargo build --release', './target/release/app'],
  })),
  ...['packed', 'unpacked'].map(kind => ({
    name: `debug information split: ${kind}`,
    files: pair(generic, undefined, profile(`split-debuginfo = "${kind}"`)),
    steps: built,
  })),
  {
    name: 'for this processor',
    files: pair(generic),
    environment: { RUSTFLAGS: '-C target-cpu=native' },
    steps: built,
  },
  {
    name: 'a cfg on the command line',
    files: pair('#[cfg(special)] pub fn get() -> u8 { 1 }\n#[cfg(not(special))] pub fn get() -> u8 { 2 }\n'),
    steps: [...built, 'RUSTFLAGS="--cfg special" cargo build', './target/debug/app'],
  },
  {
    name: 'paths mapped away',
    files: pair("pub fn get() -> &'static str { file!() }\n"),
    environment: { RUSTFLAGS: '--remap-path-prefix=/tmp=/elsewhere' },
    steps: built,
  },
  {
    name: 'a linker argument',
    files: pair(generic),
    environment: { RUSTFLAGS: '-C link-arg=-Wl,--build-id=sha1' },
    steps: built,
  },
  {
    name: 'coverage',
    files: pair(generic),
    environment: { RUSTFLAGS: '-C instrument-coverage' },
    steps: ['cargo build'],
  },
  {
    name: 'assembly and intermediate code',
    files: pair(generic),
    steps: ['cargo rustc -- --emit=asm,llvm-ir,mir', 'cargo rustc -- -C save-temps'],
    gone: /deps\/(rmeta|rustc)\w{6}\//,
    uncached: { 'unsupported-option': 1 },
  },
  {
    name: 'two features',
    files: {
      ...pair(
        '#[cfg(feature = "x")] pub fn get() -> u8 { 1 }\n#[cfg(not(feature = "x"))] pub fn get() -> u8 { 2 }\n',
        undefined,
        '[features]\nx = ["lib/x"]\n',
      ),
      'lib/Cargo.toml': manifest('lib', '[features]\nx = []\n'),
    },
    steps: [...built, 'cargo build --features x', './target/debug/app', 'cargo build', './target/debug/app'],
  },
  ...['2015', '2018', '2024'].map(edition => ({
    name: `edition ${edition}`,
    files: { 'Cargo.toml': manifest('one').replace('2021', edition), 'src/lib.rs': library },
  })),
];

const inputs: readonly CargoScenario[] = [
  {
    name: 'text and bytes included',
    files: {
      ...pair(
        'pub fn get() -> (&\'static str, usize) { (include_str!("a.txt"), include_bytes!("../b.bin").len()) }\n',
      ),
      'lib/src/a.txt': 'text\n',
      'lib/b.bin': 'bytes',
    },
    steps: built,
  },
  {
    name: 'code included from beside',
    files: { ...pair('include!("../../shared/code.rs");\n'), 'shared/code.rs': 'pub fn get() -> u8 { 9 }\n' },
    steps: built,
  },
  {
    name: 'modules by path and by folder',
    files: {
      ...pair(
        '#[path = "odd name.rs"] mod odd;\nmod deep;\npub fn get() -> u8 { odd::o() + deep::er::d() }\n',
      ),
      'lib/src/odd name.rs': 'pub fn o() -> u8 { 1 }\n',
      'lib/src/deep/mod.rs': 'pub mod er;\n',
      'lib/src/deep/er.rs': 'pub fn d() -> u8 { 2 }\n',
    },
    steps: built,
  },
  {
    name: 'a source that is a link',
    files: pair('mod linked;\npub use linked::get;\n'),
    steps: ['echo "pub fn get() -> u8 { 3 }" > real.rs; ln -s ../../real.rs lib/src/linked.rs', ...built],
  },
  {
    name: 'an environment variable that is there or not',
    files: pair('pub fn get() -> Option<&\'static str> { option_env!("SEEN") }\n'),
    steps: [
      ...built,
      'SEEN=yes cargo build',
      './target/debug/app',
      'SEEN=no cargo build',
      './target/debug/app',
      'cargo build',
      './target/debug/app',
    ],
  },
  {
    name: "cargo's own variables",
    files: pair(
      'pub fn get() -> [&\'static str; 3] { [env!("CARGO_PKG_VERSION"), env!("CARGO_MANIFEST_DIR"), env!("CARGO_CRATE_NAME")] }\n',
    ),
    steps: built,
  },
  {
    name: 'a build script that says much',
    files: {
      ...pair('pub fn get() -> (&\'static str, bool) { (env!("SAID"), cfg!(said)) }\n'),
      'lib/build.rs':
        'fn main() { println!("cargo:rustc-env=SAID=hello world"); println!("cargo:rustc-cfg=said"); println!("cargo:rustc-check-cfg=cfg(said)"); println!("cargo:warning=careful"); }\n',
    },
    steps: built,
  },
  {
    name: 'a build script that writes code',
    files: {
      ...pair('include!(concat!(env!("OUT_DIR"), "/made.rs"));\n'),
      'lib/build.rs':
        'use std::{env, fs};\nfn main() { fs::write(env::var("OUT_DIR").unwrap() + "/made.rs", "pub fn get() -> u8 { 77 }").unwrap(); println!("cargo:rerun-if-changed=build.rs"); }\n',
    },
    steps: built,
  },
  {
    name: 'a build script that asks the compiler',
    files: {
      ...pair('pub fn get() -> bool { cfg!(works) }\n'),
      'lib/build.rs':
        'use std::{env, fs, process::Command};\nfn main() {\n  let out = env::var("OUT_DIR").unwrap();\n  fs::write(format!("{out}/probe.rs"), "pub fn f() -> u8 { 1 }").unwrap();\n  let mut rustc = match env::var_os("RUSTC_WRAPPER").filter(|w| !w.is_empty()) { Some(w) => { let mut c = Command::new(w); c.arg(env::var_os("RUSTC").unwrap()); c } None => Command::new(env::var_os("RUSTC").unwrap()) };\n  let ok = rustc.args(["--crate-type=lib", "--emit=metadata", "--out-dir", &out]).arg(format!("{out}/probe.rs")).status().unwrap().success();\n  println!("cargo:rustc-check-cfg=cfg(works)");\n  if ok { println!("cargo:rustc-cfg=works"); }\n}\n',
    },
    steps: built,
  },
  {
    name: 'a native library',
    files: {
      ...pair('extern "C" { fn native() -> i32; }\npub fn get() -> i32 { unsafe { native() } }\n'),
      'lib/n.c': 'int native(void) { return 5; }\n',
      'lib/build.rs':
        'use std::{env, process::Command};\nfn main() {\n  let out = env::var("OUT_DIR").unwrap();\n  assert!(Command::new("gcc").args(["-c", "n.c", "-o"]).arg(format!("{out}/n.o")).status().unwrap().success());\n  assert!(Command::new("ar").arg("crsD").arg(format!("{out}/libn.a")).arg(format!("{out}/n.o")).status().unwrap().success());\n  println!("cargo:rustc-link-search=native={out}");\n  println!("cargo:rustc-link-lib=static=n");\n}\n',
    },
    steps: built,
    needs: 'gcc --version && ar --version',
  },
  {
    name: 'assembly inside',
    files: {
      ...pair(
        'std::arch::global_asm!(include_str!("f.s"));\nextern "C" { fn five() -> u32; }\npub fn get() -> u32 { unsafe { five() } }\n',
      ),
      'lib/src/f.s': '.globl five\nfive: movl $5, %eax\n ret\n'.replace('movl $5, %eax', 'mov eax, 5'),
    },
    steps: built,
    needs: 'uname -m | grep x86_64',
  },
  { name: 'a macro that makes code', files: withMacro(quoted('"made"')), steps: built },
  {
    name: 'a derive',
    files: {
      ...withMacro(
        '    TokenStream::new()\n}\n#[proc_macro_derive(Name)]\npub fn name(item: TokenStream) -> TokenStream {\n    let name = item.into_iter().nth(1).unwrap().to_string();\n    format!("impl {name} {{ pub fn name() -> &\'static str {{ {name:?} }} }}").parse().unwrap()',
      ),
      'src/main.rs': '#[derive(macros::Name)] struct Thing;\nfn main() { println!("{}", Thing::name()); }\n',
    },
    steps: built,
  },
  {
    name: 'a macro that reads a file',
    files: { ...withMacro(quoted('std::fs::read_to_string("data.txt").unwrap()')), 'data.txt': 'one' },
    steps: [
      ...built,
      'echo two > data.txt; touch src/main.rs; cargo build',
      './target/debug/app',
      'printf one > data.txt; touch src/main.rs; cargo build',
      './target/debug/app',
    ],
  },
  {
    name: 'a macro that reads a variable',
    files: withMacro(quoted('std::env::var("SECRET_INPUT").unwrap_or_default()')),
    steps: [
      ...built,
      'touch src/main.rs; SECRET_INPUT=1 cargo build',
      './target/debug/app',
      'touch src/main.rs; SECRET_INPUT=2 cargo build',
      './target/debug/app',
    ],
  },
  {
    name: 'a macro that lists a folder',
    files: {
      ...withMacro(
        quoted(
          '{ let mut names: Vec<_> = std::fs::read_dir("data").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect(); names.sort(); names }',
        ),
      ),
      'data/a': '',
    },
    steps: [...built, 'touch data/b src/main.rs; cargo build', './target/debug/app'],
  },
  {
    name: 'a macro that looks for a file',
    files: withMacro(quoted('std::path::Path::new("there").exists()')),
    steps: [
      ...built,
      'touch there src/main.rs; cargo build',
      './target/debug/app',
      'rm there; touch src/main.rs; cargo build',
      './target/debug/app',
    ],
  },
  {
    name: 'a macro that asks the time',
    files: withMacro(quoted('std::time::SystemTime::now() > std::time::UNIX_EPOCH')),
    steps: built,
    uncached: { 'reads-the-time': 1 },
  },
  {
    name: 'a macro that writes a file',
    files: withMacro(`    std::fs::write("left.txt", "left").unwrap();\n${quoted('"made"')}`),
    steps: built,
    uncached: { 'unexpected-output': 1 },
  },
  {
    name: 'a macro that runs a program',
    files: withMacro(
      quoted('String::from_utf8(std::process::Command::new("uname").output().unwrap().stdout).unwrap()'),
    ),
    steps: built,
  },
  {
    name: 'panics say where',
    files: pair('pub fn get() -> u8 { let v: Vec<u8> = vec![]; v[v.len()] }\n'),
    steps: ['cargo build', "./target/debug/app 2>&1 | sed 's/([0-9]*)//'"],
  },
  {
    name: 'its own path measured',
    files: pair('pub const fn get() -> usize { file!().len() + env!("CARGO_MANIFEST_DIR").len() }\n'),
    steps: built,
  },
];

export const cargoScenarios: readonly CargoScenario[] = [...kinds, ...settings, ...inputs, ...cargoEdits];
