// `p2pcache env`: shell lines that put the cache in front of the compilers, for `eval`. Nothing else goes to stdout.
import { delimiter } from 'node:path';
import { Command, Option } from 'commander';
import { ensureDaemon, ownPaths } from '../daemon.ts';
import { setUpLauncher } from '../launcher-setup.ts';
import { printJson } from '../output.ts';
import { quoteFish, quoteSh } from '../shell-quote.ts';

type Shell = 'sh' | 'fish';

interface Options {
  readonly shell?: Shell;
  readonly json?: boolean;
}

export const command = new Command()
  .addOption(new Option('--shell <shell>', 'for which shell (default: by $SHELL)').choices(['sh', 'fish']))
  .option('--json', 'print the variables as JSON')
  .addHelpText(
    'after',
    `
Puts gcc, g++, cc, c++, clang and clang++ of the cache first in PATH, exports P2PCACHE_LAUNCHER, and RUSTC_WRAPPER for
cargo, and starts the daemon. What rustc compiles incrementally is not cached: CARGO_INCREMENTAL=0 turns that off.

Examples:
  eval "$(p2pcache env)"                     sh, bash, zsh: then make -j8
  p2pcache env --shell fish | source
  CC="$P2PCACHE_LAUNCHER gcc" ./configure
  cmake -DCMAKE_C_COMPILER_LAUNCHER=$P2PCACHE_LAUNCHER -DCMAKE_CXX_COMPILER_LAUNCHER=$P2PCACHE_LAUNCHER ..`,
  )
  .action(async ({ shell, json }: Options) => {
    const paths = ownPaths();
    const { launcher, shimDir } = await setUpLauncher(paths);
    await ensureDaemon(paths);
    const variables: Record<string, string> = {
      ...(paths.home === undefined ? {} : { P2PCACHE_HOME: paths.home }),
      P2PCACHE_LAUNCHER: launcher,
      RUSTC_WRAPPER: launcher,
    };
    if (json) return printJson({ ...variables, PATH: withFirst(shimDir) });
    const isFish = (shell ?? (process.env.SHELL?.endsWith('/fish') ? 'fish' : 'sh')) === 'fish';
    process.stdout.write(isFish ? fishLines(variables, shimDir) : shLines(variables, shimDir));
  });

/** PATH with the folder first, and there only: evaluating twice must not grow it. */
function withFirst(folder: string): string {
  const rest = (process.env.PATH ?? '').split(delimiter).filter(entry => entry !== folder);
  return [folder, ...rest].join(delimiter);
}

function shLines(variables: Record<string, string>, shimDir: string): string {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoteSh(value)}\n`);
  return [...lines, `export PATH=${quoteSh(withFirst(shimDir))}\n`].join('');
}

function fishLines(variables: Record<string, string>, shimDir: string): string {
  const lines = Object.entries(variables).map(([name, value]) => `set -gx ${name} ${quoteFish(value)};\n`);
  const entries = withFirst(shimDir).split(delimiter).map(quoteFish).join(' ');
  return [...lines, `set -gx PATH ${entries};\n`].join('');
}
