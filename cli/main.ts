// The command line: finds the command that was typed, loads that one file and nothing else, and turns errors into one plain
// message and an exit code.
import { Command, CommanderError } from 'commander';
import { CodedError, exitCodes } from '../src/errors.ts';
import { version } from '../src/version.ts';
import { sayError } from './output.ts';

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ command: Command }>;
}

/** In the order in which `p2pcache --help` shows them: the order in which a person needs them. */
const commands: Readonly<Record<string, CommandEntry>> = {
  join: { summary: 'join a team, or found it', load: () => import('./commands/join.ts') },
  trust: {
    summary: 'list who waits to be let in, or let them in',
    load: () => import('./commands/trust.ts'),
  },
  invite: {
    summary: 'make a line that lets a machine in by itself',
    load: () => import('./commands/invite.ts'),
  },
  env: {
    summary: 'print what puts the cache in front of your compilers',
    load: () => import('./commands/env.ts'),
  },
  cc: { summary: 'run one compiler through the cache', load: () => import('./commands/cc.ts') },
  stats: { summary: 'hits, misses, what was not cached and why', load: () => import('./commands/stats.ts') },
  why: { summary: 'why a compile was or was not a hit', load: () => import('./commands/why.ts') },
  verify: {
    summary: 'whether all that is cached is sound, and results are made again alike',
    load: () => import('./commands/verify.ts'),
  },
  gc: { summary: 'let go of what the cache can do without', load: () => import('./commands/gc.ts') },
  clean: { summary: 'forget everything that is cached here', load: () => import('./commands/clean.ts') },
  team: { summary: 'members, their roles, who is online', load: () => import('./commands/team.ts') },
  revoke: { summary: 'stop using everything a machine made', load: () => import('./commands/revoke.ts') },
  status: { summary: 'what the daemon is doing and where', load: () => import('./commands/status.ts') },
  stop: { summary: 'stop the daemon', load: () => import('./commands/stop.ts') },
  farm: {
    summary: 'compiles on idle teammates; lend this machine',
    load: () => import('./commands/farm.ts'),
  },
  doctor: { summary: 'what is in the way of a part of p2pcache', load: () => import('./commands/doctor.ts') },
  node: { summary: 'run the daemon in the foreground', load: () => import('./commands/node.ts') },
};

const exitCodesHelp = `
Exit codes:
  0   done
${Object.entries(exitCodes)
  .map(([code, number]) => `  ${String(number).padEnd(3)} ${code.toLowerCase().replaceAll('_', ' ')}`)
  .join('\n')}
  (cc: the compiler's own)
`;

const examples = `
Start here:
  p2pcache join acme            on each machine; the first one founds the team
  p2pcache trust                on a member's machine: who waits to be let in
  eval "$(p2pcache env)"        then build as always: make, cmake, ninja
  p2pcache stats                what it did for you

p2pcache help <command> explains one command, with examples.
p2pcache help exit-codes lists the exit codes.
`;

async function run(args: readonly string[]): Promise<void> {
  const program = new Command('p2pcache')
    .description(
      "Your teammates' machines are the build cache: what one has compiled, no other compiles again.",
    )
    .version(version, '-V, --version')
    .addHelpText('after', examples)
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions()
    .exitOverride();
  const words = args.filter(word => !word.startsWith('-'));
  if (words[0] === 'help' && words[1] === 'exit-codes') {
    process.stdout.write(exitCodesHelp.trimStart());
    return;
  }
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    if (name !== wanted) {
      program.command(name).description(summary);
      continue;
    }
    const { command } = await load();
    program.addCommand(command.name(name).description(summary).copyInheritedSettings(program));
  }
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: 'user' });
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CodedError) return exitCodes[error.code];
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.BAD_INPUT;
  return exitCodes.INTERNAL;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  // Commander has said its own already.
  if (!(error instanceof CommanderError)) sayError(error);
  process.exitCode = exitCodeOf(error);
}
