// The farms that are compared in the lab, each set up on its hosts from nothing: p2pcache, distcc (plain and pump), icecc.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuMs, runOk } from '../bench/run.ts';
import type { Lab, LabHost } from './lab.ts';

export interface RunningFarm {
  /** Comes before each compile's command. */
  readonly prefix: readonly string[];
  /** Comes before the build tool, on the client. */
  readonly around: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Added for the warm build: what is cached is not to be used. */
  readonly warmEnv?: Readonly<Record<string, string>>;
  /** Processor time of its daemons so far, the client's first, where they run for long. */
  daemonsCpuMs?(): number[];
  /** What it has to say of itself afterwards. */
  note?(): Promise<string>;
}

export type FarmName = 'p2pcache' | 'distcc' | 'pump' | 'icecc';

const program = fileURLToPath(new URL('../../cli/p2pcache.js', import.meta.url));
/** What a farm's parts have to find each other and to get ready, as on any machine that has been on for a moment. */
const settleMs = 5_000;
/** Folders of the client's that no worker may see. */
export type Hidden = readonly string[];

export const farms: Readonly<
  Record<FarmName, (lab: Lab, work: string, hidden: Hidden, jobsPerHost: number) => Promise<RunningFarm>>
> = {
  p2pcache: startP2pcache,
  distcc: (lab, work, hidden, jobs) => startDistcc(lab, work, hidden, jobs, false),
  pump: (lab, work, hidden, jobs) => startDistcc(lab, work, hidden, jobs, true),
  icecc: startIcecc,
};

async function startP2pcache(
  lab: Lab,
  work: string,
  hidden: Hidden,
  jobsPerHost: number,
): Promise<RunningFarm> {
  const homes = mkdtempSync(join(work, 'homes-'));
  const own = mkdtempSync(join(hidden[0]!, 'home-'));
  const [client, ...workers] = lab.hosts as [LabHost, ...LabHost[]];
  const environmentOf = (host: LabHost) => ({
    P2PCACHE_HOME: host === client ? own : join(homes, host.namespace),
    P2PCACHE_LISTEN: `${host.address}:0`,
    P2PCACHE_DOOR_LISTEN: 'off',
    LC_ALL: 'C.UTF-8',
    P2PCACHE_LOCAL_SLOTS: '1', // the share of a core is not to be seen from within
  });
  const command = async (host: LabHost, ...args: string[]) => {
    mkdirSync(join(homes, host.namespace), { recursive: true });
    const enter = host === client ? host.enter() : host.enter(hidden);
    const { stdout } = await runOk([...enter, process.execPath, program, ...args], {
      cwd: homes,
      env: environmentOf(host),
    });
    return stdout;
  };
  await command(client, 'join', 'lab', '--create', '--name', 'client');
  const env = JSON.parse(await command(client, 'env', '--json')) as Record<string, string>;
  const invite = JSON.parse(await command(client, 'invite', '--expires', '1h', '--uses', '50', '--json'));
  for (const [i, host] of workers.entries()) {
    await command(host, 'join', invite.line, '--name', `worker-${i + 1}`);
    await command(host, 'farm', 'on', '--slots', String(jobsPerHost));
  }
  for (let tries = 0; tries < 100; tries++) {
    const view = JSON.parse(await command(client, 'farm', '--json'));
    if (view.workers.length === workers.length) break;
    await sleep(200);
  }
  await sleep(settleMs);
  return {
    prefix: [env.P2PCACHE_LAUNCHER!],
    around: [],
    env: { ...environmentOf(client) },
    warmEnv: { P2PCACHE_MODE: 'write' },
    daemonsCpuMs: () =>
      lab.hosts.map(host => {
        const file = join(environmentOf(host).P2PCACHE_HOME, 'run', 'daemon.pid');
        const pid = Number(readFileSync(file, 'utf8'));
        return existsSync(`/proc/${pid}`) ? cpuMs(pid, 'own') : 0; // one that was killed on purpose is gone
      }),
    note: () => command(client, 'farm'),
  };
}

async function startDistcc(
  lab: Lab,
  work: string,
  hidden: Hidden,
  jobsPerHost: number,
  isPump: boolean,
): Promise<RunningFarm> {
  const [, ...workers] = lab.hosts;
  for (const host of workers) {
    const log = join(work, `distccd-${host.namespace}.log`);
    const argv = [
      'distccd',
      '--daemon',
      '--no-detach',
      '--allow',
      '10.78.0.0/24',
      '--jobs',
      `${jobsPerHost + 1}`,
    ];
    host.start([...argv, '--log-file', log], {}, host.enter(hidden));
  }
  await sleep(1_000);
  const options = isPump ? ',cpp,lzo' : '';
  const hosts = workers.map(({ address }) => `${address}/${jobsPerHost + 1}${options}`);
  const env = {
    DISTCC_HOSTS: [...(isPump ? [] : ['localhost/1']), ...hosts].join(' '),
    DISTCC_DIR: join(work, 'distcc'),
  };
  mkdirSync(env.DISTCC_DIR, { recursive: true });
  return { prefix: ['distcc'], around: isPump ? ['distcc-pump'] : [], env };
}

async function startIcecc(lab: Lab, work: string, hidden: Hidden, jobsPerHost: number): Promise<RunningFarm> {
  const [client, ...workers] = lab.hosts as [LabHost, ...LabHost[]];
  // Its programs run as a user of their own, who writes logs, sockets and environments here.
  const folder = mkdtempSync(join(work, 'icecc-')); // for each round its own
  chmodSync(work, 0o711);
  chmodSync(folder, 0o777);
  const socketOf = (host: LabHost) => ({ ICECC_TEST_SOCKET: join(folder, `${host.namespace}.sock`) });
  client.start(['icecc-scheduler', '-n', 'lab', '-l', join(folder, 'scheduler.log')], {});
  await sleep(500);
  const daemon = (host: LabHost, ...more: string[]) => {
    const environments = join(folder, host.namespace);
    execFileSync('install', ['-d', '-o', 'icecc', environments]);
    const argv = ['iceccd', '-s', client.address, '-n', 'lab', '-N', host.namespace, '-b', environments];
    const log = ['-l', join(folder, `${host.namespace}.log`)];
    const enter = host.enter(host === client ? [] : hidden);
    host.start([...argv, ...log, ...more], socketOf(host), enter);
  };
  daemon(client, '-m', '1');
  for (const host of workers) daemon(host, '-m', String(jobsPerHost));
  await sleep(settleMs);
  return { prefix: ['icecc'], around: [], env: socketOf(client) };
}
