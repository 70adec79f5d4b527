// What a crate will read, guessed from its sources and from the metadata of the crates that it is given.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '../../node/system/real-clock.ts';
import { FileStates } from '../../src/compile/file-states.ts';
import { type RustCommand, readRustCommand } from '../../src/compile/rust/rust-command.ts';
import { MacroLibraries } from '../../src/farm/macro-libraries.ts';
import { RustScanner } from '../../src/farm/rust-scanner.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const states = new FileStates(realClock);

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function scanned(
  folder: string,
  args: readonly string[] = [],
  outDir?: string,
  also: readonly string[] = [],
) {
  const command = readRustCommand(['src/lib.rs', '--crate-type=lib', ...args], false) as RustCommand;
  const environment = (name: string) => (name === 'OUT_DIR' ? outDir : undefined);
  const { files, variables } = new RustScanner(states).of(
    { environment },
    command,
    {
      root: folder,
      cwd: folder,
      spelledCwd: folder,
    },
    also,
  );
  return { files: [...files].map(path => path.replace(`${folder}/`, '')).sort(), variables };
}

test('modules are followed to where rustc looks for them', async () => {
  const folder = await folderWith({
    'src/lib.rs':
      'pub mod a;\nmod block { mod inner { pub mod d; } }\nmod r#b;\n#[path = "odd/name.rs"]\nmod c;\n#[cfg(windows)] mod absent;\n',
    'src/a.rs': 'pub(crate) mod deep;\n',
    'src/a/deep.rs': '',
    'src/other.rs': '// no module of this crate\n',
    'src/block/inner/d.rs': '',
    'src/b/mod.rs': 'mod beside;\n',
    'src/b/beside.rs': '',
    'src/odd/name.rs': '',
  });
  expect(scanned(folder).files).toEqual([
    'src/a.rs',
    'src/a/deep.rs',
    'src/b/beside.rs',
    'src/b/mod.rs',
    'src/block/inner/d.rs',
    'src/lib.rs',
    'src/odd/name.rs',
  ]);
});

test('a module that a macro declares is looked for at the crate’s root, too, and one that was learnt of leads on', async () => {
  const folder = await folderWith({
    'src/lib.rs': 'mod all;\nall!();\n',
    'src/all.rs': 'macro_rules! all { () => { mod de; } }\n',
    'src/de.rs': '',
    'src/learnt.rs': 'mod more;\n',
    'src/learnt/more.rs': '',
  });
  expect(scanned(folder).files).toEqual(['src/all.rs', 'src/de.rs', 'src/lib.rs']);
  const also = [`${folder}/src/learnt.rs`];
  expect(scanned(folder, [], undefined, also).files).toContain('src/learnt/more.rs');
});

test('so are included files, those of a build script too, and variables are noted', async () => {
  const folder = await folderWith({
    'src/lib.rs':
      '#![doc = include_str!("../README.md")]\ninclude!(concat!(env!("OUT_DIR"), "/g.rs"));\nconst V: Option<&str> = option_env!("FLAVOR");\n',
    'README.md': 'mod none;\n',
    'out/g.rs': 'const S: &str = env!("SAID");\n',
    'none.rs': '',
  });
  const { files, variables } = scanned(folder, [], `${folder}/out`);
  expect(files).toEqual(['README.md', 'out/g.rs', 'src/lib.rs']);
  expect([...variables].sort()).toEqual(['FLAVOR', 'OUT_DIR', 'SAID']);
});

test('crates beneath the given ones are found by the hashes that these hold', async () => {
  const [direct, below, macro, other] = ['1', '2', '3', '4'].map(digit => digit.repeat(16));
  const folder = await folderWith({
    'src/lib.rs': '',
    [`deps/libdirect-${direct}.rmeta`]: `rust below -${below} macros -${macro}\n`,
    [`deps/libbelow-${below}.rmeta`]: '',
    [`deps/libbelow-${below}.rlib`]: '',
    [`deps/libmacros-${macro}.so`]: '',
    [`deps/macros-${macro}.d`]: '',
    [`deps/libother-${other}.rmeta`]: '',
  });
  const args = ['--extern', `direct=${folder}/deps/libdirect-${direct}.rmeta`, '-L', 'dependency=deps'];
  expect(scanned(folder, args).files).toEqual([
    `deps/libbelow-${below}.rmeta`,
    `deps/libdirect-${direct}.rmeta`,
    `deps/libmacros-${macro}.so`,
    'src/lib.rs',
  ]);
});

test.each([
  ['asks for one variable after the other', '\0getenv\0', false],
  ['takes the whole environment', '\0getenv\0environ\0', true],
  ['takes it under a longer name’s end', '\0__environ\0', true],
  ['has Rust’s own library beside it', '\0libstd-d1237ef7159db0a2.so\0', true],
])('a macro that %s', async (_, names, reads) => {
  const folder = await folderWith({ 'libm.so': `\x7fELF${names}`, 'libm.rmeta': names });
  const own = { root: folder, cwd: folder, spelledCwd: folder };
  const obstacle = reads ? 'macro-environment' : undefined;
  const macros = new MacroLibraries();
  expect(macros.obstacleIn(['libm.rmeta', `${folder}/libm.so`], own, states)).toBe(obstacle);
  expect(macros.obstacleIn(['libm.rmeta', 'none.so'], own, states)).toBeUndefined();
  const toolchain = { ...own, places: [{ token: '{toolchain}', path: folder }] };
  expect(macros.obstacleIn([`${folder}/libm.so`], toolchain, states)).toBeUndefined();
});
