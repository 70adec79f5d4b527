// Cargo projects that are edited between builds, that fail, that warn, and that have odd names.
import type { CargoScenario } from '../../support/cargo-folder.ts';

const manifest = (name: string, rest = '') =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;
const pair = (lib: string, main = 'fn main() { println!("{:?}", lib::get()); }\n') => ({
  'Cargo.toml': manifest('app', '[dependencies]\nlib = { path = "lib" }\n'),
  'src/main.rs': main,
  'lib/Cargo.toml': manifest('lib'),
  'lib/src/lib.rs': lib,
});
/** rustc itself, not rustup's stand-in. */
const byPath = '$RUSTC_WRAPPER $(rustc --print sysroot)/bin/rustc';
const built = ['cargo build', './target/debug/app'];
const get = (value: string) => `pub fn get() -> u8 { ${value} }\n`;
const write = (value: string) => `printf 'pub fn get() -> u8 { ${value} }\\n' > lib/src/lib.rs; cargo build`;

export const cargoEdits: readonly CargoScenario[] = [
  {
    name: 'built again without a change',
    files: pair(get('1')),
    steps: [...built, 'cargo build', 'touch lib/src/lib.rs; cargo build', './target/debug/app'],
  },
  {
    name: 'a change and its reversal',
    files: pair(get('1')),
    steps: [...built, write('2'), './target/debug/app', write('1'), './target/debug/app'],
  },
  {
    name: 'cleaned and built',
    files: pair(get('1')),
    steps: [...built, 'cargo clean -q', ...built, 'cargo clean -q -p lib', ...built],
  },
  {
    name: 'a module moves from file to folder',
    files: { ...pair('mod m;\npub use m::get;\n'), 'lib/src/m.rs': get('1') },
    steps: [...built, 'mkdir lib/src/m; mv lib/src/m.rs lib/src/m/mod.rs; cargo build', './target/debug/app'],
  },
  {
    name: 'a module in both places',
    files: { ...pair('mod m;\npub use m::get;\n'), 'lib/src/m.rs': get('1') },
    steps: [
      ...built,
      `mkdir lib/src/m; printf 'pub fn get() -> u8 { 2 }' > lib/src/m/mod.rs; touch lib/src/lib.rs; cargo build`,
      'rm lib/src/m.rs; cargo build',
      './target/debug/app',
    ],
    uncached: { 'compile-failed': 1 },
  },
  {
    name: 'an included file changes',
    files: { ...pair('pub fn get() -> &\'static str { include_str!("t.txt") }\n'), 'lib/src/t.txt': 'one' },
    steps: [...built, 'echo two > lib/src/t.txt; cargo build', './target/debug/app'],
  },
  {
    name: 'warnings',
    files: pair('pub fn get() -> u8 { let unused = 1; 2 }\nfn never() {}\n'),
    steps: ['cargo build', 'touch src/main.rs; cargo build', 'cargo clean -q; cargo build --color=always'],
  },
  {
    name: 'warnings that are errors',
    files: pair('#![deny(warnings)]\npub fn get() -> u8 { let unused = 1; 2 }\n'),
    uncached: { 'compile-failed': 1 },
    steps: ['cargo build'],
  },
  {
    name: 'an error, then none',
    files: pair('pub fn get() -> u8 { "no" }\n'),
    steps: ['cargo build', write('1'), './target/debug/app'],
    uncached: { 'compile-failed': 1 },
  },
  {
    name: 'a macro that panics',
    files: {
      'Cargo.toml': manifest('app', '[dependencies]\nmacros = { path = "macros" }\n'),
      'src/main.rs': 'fn main() { macros::make!() }\n',
      'macros/Cargo.toml': manifest('macros', '[lib]\nproc-macro = true\n'),
      'macros/src/lib.rs':
        '#[proc_macro]\npub fn make(_: proc_macro::TokenStream) -> proc_macro::TokenStream { panic!("on purpose") }\n',
    },
    uncached: { 'compile-failed': 1 },
  },
  {
    name: 'a library that cannot be linked',
    files: {
      'Cargo.toml': manifest('app'),
      'src/main.rs':
        '#[link(name = "nowhere_to_be_found")] extern "C" { fn f(); }\nfn main() { unsafe { f() } }\n',
    },
    changing: /output-bin-app/,
    uncached: { 'compile-failed': 1 },
    steps: ['cargo build 2>/dev/null'],
  },
  {
    name: 'a version goes up',
    files: { ...pair('pub fn get() -> &\'static str { env!("CARGO_PKG_VERSION") }\n') },
    steps: [...built, 'sed -i s/0.1.0/0.2.0/ lib/Cargo.toml; cargo build', './target/debug/app'],
  },
  {
    name: 'a build script reads a file that changes',
    files: {
      ...pair('pub fn get() -> &\'static str { env!("FROM_FILE") }\n'),
      'lib/in.txt': 'one',
      'lib/build.rs':
        'fn main() { println!("cargo:rerun-if-changed=in.txt"); println!("cargo:rustc-env=FROM_FILE={}", std::fs::read_to_string("in.txt").unwrap().trim()); }\n',
    },
    steps: [...built, 'echo two > lib/in.txt; cargo build', './target/debug/app'],
  },
  {
    name: 'generated code changes',
    files: {
      ...pair('include!(concat!(env!("OUT_DIR"), "/made.rs"));\n'),
      'lib/in.txt': '1',
      'lib/build.rs':
        'fn main() { println!("cargo:rerun-if-changed=in.txt"); let v = std::fs::read_to_string("in.txt").unwrap(); std::fs::write(std::env::var("OUT_DIR").unwrap() + "/made.rs", format!("pub fn get() -> u8 {{ {} }}", v.trim())).unwrap(); }\n',
    },
    steps: [
      ...built,
      'echo 2 > lib/in.txt; cargo build',
      './target/debug/app',
      'echo 1 > lib/in.txt; cargo build',
      './target/debug/app',
    ],
  },
  {
    name: 'another interface of a dependency',
    files: pair(get('1')),
    steps: [
      ...built,
      'printf \'pub fn get() -> &\\047static str { "text" }\\n\' > lib/src/lib.rs; cargo build',
      './target/debug/app',
    ],
  },
  {
    name: 'a name with blanks and letters from afar',
    files: { ...pair(get('1')) },
    steps: ['mkdir "a ß b"; cp -r Cargo.toml src lib "a ß b"; cd "a ß b"; cargo build; ./target/debug/app'],
  },
  {
    name: 'only what is asked for stays',
    files: pair(get('1')),
    steps: [
      'cargo build',
      'rm target/debug/deps/*.rmeta target/debug/deps/*.rlib; cargo build',
      './target/debug/app',
    ],
  },
  {
    name: 'rustc by hand',
    files: {
      'a.rs': 'pub fn a() -> u8 { 1 }\n',
      'b.rs': 'extern crate a;\nfn main() { println!("{}", a::a()); }\n',
    },
    steps: [
      '$RUSTC_WRAPPER rustc --crate-type lib a.rs',
      '$RUSTC_WRAPPER rustc -L . b.rs',
      './b',
      'printf "pub fn a() -> u8 { 2 }" > a.rs; $RUSTC_WRAPPER rustc --crate-type lib a.rs; $RUSTC_WRAPPER rustc -L . b.rs',
      './b',
    ],
    uncached: { 'unknown-compiler': 4 },
  },
  {
    name: 'rustc by its own path',
    files: {
      'a.rs': 'pub fn a() -> u8 { 1 }\n',
      'b.rs': 'extern crate a;\nfn main() { println!("{}", a::a()); }\n',
    },
    steps: [
      `${byPath} --crate-type lib a.rs; ${byPath} --extern a=liba.rlib b.rs; ./b`,
      `echo "pub fn a() -> u8 { 2 }" > a.rs; ${byPath} --crate-type lib a.rs; ${byPath} --extern a=liba.rlib b.rs; ./b`,
      `mkdir o; ${byPath} -O --crate-type lib -o o/libx.rlib a.rs; ${byPath} --emit=obj=o/y.o --crate-type lib a.rs`,
      `${byPath} --extern a=o/libx.rlib -o o/b b.rs; ./o/b`,
      // what else is in the folder could be taken, and it changes as outputs go there
      `${byPath} -L . -o o/c b.rs; ${byPath} -L . b.rs`,
    ],
    uncached: { 'input-changed': 1 },
  },
];
