// `p2pcache cc gcc -c a.c`: one compiler through the cache. This process becomes the launcher, which becomes the compiler
// where it must, so signals, job servers and exit codes are the compiler's own.
import { Command } from 'commander';
import { CodedError } from '../../src/errors.ts';
import { ownPaths } from '../daemon.ts';
import { setUpLauncher } from '../launcher-setup.ts';

export const command = new Command()
  .argument('<compiler>', 'gcc, g++, cc, c++, clang, clang++, or a path to one')
  .argument('[args...]', "the compiler's own arguments")
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption('--help', 'explain this command')
  .addHelpText(
    'after',
    `
For many files use what "p2pcache env" prints: it starts no Node process for each of them.

Examples:
  p2pcache cc gcc -O2 -c hello.c
  make CC="p2pcache cc gcc"`,
  )
  .action(async (compiler: string, args: string[]) => {
    const { launcher } = await setUpLauncher(ownPaths());
    become(launcher, [launcher, compiler, ...args]);
  });

function become(file: string, argv: string[]): never {
  // Node's types do not know it yet.
  const { execve } = process as unknown as {
    execve(file: string, argv: string[], env: NodeJS.ProcessEnv): never;
  };
  try {
    return execve(file, argv, process.env);
  } catch (error) {
    throw new CodedError('STORAGE', `cannot run ${file}: ${(error as Error).message}`, {
      hint: 'is its folder on a file system that allows programs? Set P2PCACHE_HOME to another folder',
    });
  }
}
