// What tests of the farm have in common: members whose compiles leave their machine, a compiler that gets stuck at a worker
// and nowhere else, and waiting for what the daemons count.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FarmView } from '../../src/control-farm.ts';
import type { Rig, RigMember, Started } from './rig.ts';

/** One compile fills this machine, so that every other leaves as long as `busy` lasts. */
export const oneSlot = { P2PCACHE_LOCAL_SLOTS: '1' };

/** Resolves with the member's view of the farm once it is so; the test's own timeout bounds it. */
export async function untilFarm(member: RigMember, isSo: (view: FarmView) => boolean): Promise<FarmView> {
  for (;;) {
    const view = await member.farm();
    if (isSo(view)) return view;
    await sleep(20);
  }
}

/** A worker that lends two slots, and clients of one slot that see it. */
export async function workerAndClients(rig: Rig, ...names: string[]): Promise<RigMember[]> {
  const members = ['worker', ...names].map(name => rig.member(name, name === 'worker' ? {} : oneSlot));
  const [worker, ...clients] = await rig.join(members);
  await worker!.ok('farm', 'on', '--slots', '2');
  for (const client of clients) await untilFarm(client, ({ workers }) => workers.length === 1);
  return members;
}

/** A checkout of the member's with one small source in it. */
export function checkout(
  member: RigMember,
  name: string,
  text = 'int answer(void) { return 42; }\n',
): string {
  const folder = join(member.home, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.c'), text);
  return folder;
}

/** A gcc of the member's own that does this in C before it becomes the real one. */
export function ownCompiler(member: RigMember, name: string, statements: string): string {
  const folder = join(member.home, `tools-${name}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'gcc');
  const source = join(folder, 'own.c');
  writeFileSync(
    source,
    `#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  (void)argc;
  ${statements}
  argv[0] = "/usr/bin/gcc";
  return execv(argv[0], argv);
}
`,
  );
  execFileSync('/usr/bin/gcc', ['-O1', '-o', path, source]);
  return path;
}

/** What an own compiler does until SIGUSR1 comes; that it waits shows in what it has blocked. */
export const waits = `sigset_t set, pending; int got;
  sigemptyset(&set); sigaddset(&set, SIGUSR1); sigprocmask(SIG_BLOCK, &set, NULL);
  do { usleep(10000); sigpending(&pending); } while (!sigismember(&pending, SIGUSR1));
  sigwait(&set, &got); sigprocmask(SIG_UNBLOCK, &set, NULL);`;
const signalBit = 1 << (constants.signals.SIGUSR1 - 1);
/** In the sandbox there are no other processes; whoever asks for files there asks for what home does not have. */
export const isAtWorker = 'getpid() < 50';

let stuck = 0;

/** A compiler that never ends at a worker; what hangs there bears its path. */
export function stuckCompiler(member: RigMember): string {
  return ownCompiler(member, `stuck-${stuck++}`, 'while (access("/.p2pcache", F_OK) == 0) pause();');
}

/** Starts one compile of a.c through p2pcache; `compiler` may have options with it. */
export async function startCompile(
  member: RigMember,
  compiler: string | readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const { P2PCACHE_LAUNCHER: launcher } = await member.json<Record<string, string>>('env', '--json');
  return member.start([launcher!, ...commandOf(compiler)], { cwd: folder, env });
}

/** Keeps the member's one slot taken until it is disposed of. */
export async function busy(member: RigMember): Promise<AsyncDisposable> {
  const compiler = ownCompiler(member, 'busy', 'for (;;) pause();');
  const { pid, ended } = await startCompile(member, compiler, checkout(member, 'busy'), {
    P2PCACHE_FARM: 'off',
  });
  await untilFarm(member, ({ running }) => running.here === 1);
  return {
    [Symbol.asyncDispose]: async () => {
      process.kill(pid, 'SIGKILL'); // the compiler ends with its launcher
      await ended;
    },
  };
}

export function objectOf(folder: string): string {
  return readFileSync(join(folder, 'a.o')).toString('base64');
}

/** What a plain compile of the same makes. */
export async function plainObject(
  member: RigMember,
  compiler: string | readonly string[],
  folder: string,
): Promise<string> {
  const ran = await member.exec(commandOf(compiler), { cwd: folder });
  if (ran.exitCode !== 0) throw new Error(ran.stderr);
  return objectOf(folder);
}

function commandOf(compiler: string | readonly string[]): string[] {
  const [program, ...options] = [compiler].flat();
  return [program!, '-O1', '-g', ...options, '-c', 'a.c', '-o', 'a.o'];
}

/** Comes before commands of a member that sees other mounts than this machine: pairs of what is seen where. */
export function withMounts(mounts: readonly (readonly [string, string])[]): string[] {
  const all = mounts.map(([seen, at]) => `mount --bind '${seen}' '${at}' && `).join('');
  return ['unshare', '--mount', 'sh', '-c', `${all}exec "$@"`, 'sh'];
}

/** Processes of this machine whose command line begins so. */
export function processesNamed(text: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && name !== String(process.pid))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').startsWith(text);
      } catch {
        return false;
      }
    });
}

/** Processes of this compiler that wait there. */
export function waiting(compiler: string, where: 'worker' | 'home'): string[] {
  const mounts = (pid: string) => readlinkSync(`/proc/${pid}/ns/mnt`);
  return processesNamed(compiler).filter(pid => {
    const [, blocked] = /^SigBlk:\s+(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const isHome = mounts(pid) === mounts('self');
    return (Number.parseInt(blocked!, 16) & signalBit) !== 0 && isHome === (where === 'home');
  });
}

/** Lets the first of them go on, as soon as there is one. */
export async function release(compiler: string, where: 'worker' | 'home'): Promise<void> {
  while (waiting(compiler, where).length === 0) await sleep(10);
  process.kill(Number(waiting(compiler, where)[0]), 'SIGUSR1');
}
