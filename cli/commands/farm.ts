// `p2pcache farm`: what idle teammates compile for this machine and it for them; `on` and `off` lend it and take it back.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { type FarmView, unsafeLending } from '../../src/control-farm.ts';
import { CodedError } from '../../src/errors.ts';
import { ask, ownPaths } from '../daemon.ts';
import { lastBuildText, reasonSection } from '../farm-report.ts';
import { setUpLauncher } from '../launcher-setup.ts';
import { bold, print, printJson, say, table } from '../output.ts';

interface OnOptions {
  readonly slots?: string;
  readonly when: string;
  readonly sandbox: string;
  readonly json?: boolean;
}

interface ShowOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const watchEveryMs = 1_000;

const on = new Command('on')
  .summary('lend this machine to the team')
  .description(
    'Lends this machine: teammates may have compiles run here, in a sandbox without network, home or keys.',
  )
  .option('--slots <n>', 'compiles that run here at once (default: as many as there are cores)')
  .addOption(
    new Option('--when <when>', 'always, or only while nobody needs this machine')
      .choices(['always', 'idle'])
      .default('always'),
  )
  .addOption(
    new Option(
      '--sandbox <sandbox>',
      'bubblewrap; none: without one, where bubblewrap does not run. Dangerous',
    )
      .choices(['bubblewrap', 'none'])
      .default('bubblewrap'),
  )
  .option('--json', 'print JSON')
  .action(async ({ slots, when, sandbox, json }: OnOptions) => {
    if (slots !== undefined && !/^\d{1,4}$/.test(slots)) {
      throw new CodedError('BAD_INPUT', `${JSON.stringify(slots)} is not a number of slots`, {
        hint: 'for example: p2pcache farm on --slots 4',
      });
    }
    await setUpLauncher(ownPaths());
    const request = { when, sandbox, ...(slots === undefined ? {} : { slots: Number(slots) }) };
    const view = await ask('farmOn', request);
    if (sandbox === 'none') say(bold(unsafeLending));
    if (json) printJson(view);
    else print(`lending ${view.lending?.slots ?? 0} slots, ${when}; take it back with: p2pcache farm off`);
  });

const off = new Command('off')
  .summary('take this machine back')
  .description('Takes this machine back at once; jobs that run here are run elsewhere by their owners.')
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const view = await ask('farmOff', {});
    if (json) printJson(view);
    else print('this machine is yours again');
  });

export const command = new Command()
  .option('--watch', 'show it again every second')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Compiles that miss the cache run on teammates' machines when that is predicted to be faster, and here otherwise.
P2PCACHE_FARM=off keeps a command's jobs here; farm = "off" in config.toml keeps all of them, in p2pcache.toml a project's.

Examples:
  p2pcache farm on --slots 4 --when idle     lend four slots while nobody needs this machine
  p2pcache farm                              workers, jobs now, why jobs stayed here
  p2pcache doctor farm                       what is in the way`,
  )
  .action(async ({ watch, json }: ShowOptions) => {
    for (;;) {
      const view = await ask('farm', {});
      if (json) printJson(view);
      else print(`${watch && process.stdout.isTTY ? '\u001b[2J\u001b[H' : ''}${describe(view)}`);
      if (!watch) return;
      await sleep(watchEveryMs);
    }
  });
command.addCommand(on);
command.addCommand(off);

function describe(view: FarmView): string {
  const { lending, workers, running, jobs } = view;
  const lent =
    lending === null
      ? 'nothing (p2pcache farm on)'
      : `${lending.slots} slots, ${lending.when}${lending.isBusy ? ', but you need it now' : ''}; ${lending.jobs} jobs of others now`;
  const rows = [
    ['sending', view.isOn ? 'on' : 'off by the settings'],
    ['lending', lent],
    ['now', `${running.here} compiles here (of ${view.localSlots}), ${running.elsewhere} at teammates`],
    ['jobs', `${jobs.sent} sent, ${jobs.done} done; ${jobs.ranForOthers} run for others`],
  ];
  if (lending?.sandbox === 'none') rows.push(['', bold(unsafeLending)]);
  const build = lastBuildText(view);
  if (build !== undefined) rows.push(['last build', build]);
  const lines = [
    table(rows),
    ...reasonSection('came back', jobs.returned),
    ...reasonSection('ran here', jobs.stayed),
    ...reasonSection('of others, not done', jobs.failedForOthers),
  ];
  lines.push('', workers.length === 0 ? 'no teammate lends a machine now' : 'workers');
  if (workers.length > 0)
    lines.push(
      table(
        workers.map(({ name, slots, jobs, isOpen }) => [
          `  ${name}`,
          `${jobs} of ${slots}`,
          isOpen ? 'takes jobs' : 'takes none now',
        ]),
      ),
    );
  return lines.join('\n');
}
