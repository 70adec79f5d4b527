// A lab of machines on one machine: network namespaces on a bridge, each with a share of a processor (a control group's quota)
// and folders of its own in the places where programs would otherwise meet. Takes root; leaves nothing behind.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LabOptions {
  readonly hosts: number;
  /** Of one core, for each host. */
  readonly cpuShare: number;
  /** Folders that every host sees empty and has for itself, such as /run. */
  readonly ownFolders: readonly string[];
}

const periodUs = 100_000;

/** Labs that are yet to be closed, for whoever is interrupted. */
export const openLabs = new Set<Lab>();

export class Lab {
  readonly hosts: readonly LabHost[];
  readonly #name = `p2pclab${process.pid}`;
  readonly #cpuShare: number;

  constructor({ hosts, cpuShare, ownFolders }: LabOptions) {
    this.#cpuShare = cpuShare;
    openLabs.add(this);
    const bridge = `${this.#name}b`;
    ip('netns', 'add', bridge);
    ip('-n', bridge, 'link', 'add', 'bridge', 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', 'bridge', 'up');
    this.hosts = Array.from({ length: hosts }, (_, i) => {
      const namespace = `${this.#name}h${i}`;
      const address = `10.78.0.${i + 1}`;
      ip('netns', 'add', namespace);
      ip('-n', bridge, 'link', 'add', `port${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      ip('-n', bridge, 'link', 'set', `port${i}`, 'master', 'bridge', 'up');
      for (const link of ['lo', 'eth0']) ip('-n', namespace, 'link', 'set', link, 'up');
      ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', namespace, 'route', 'add', '224.0.0.0/4', 'dev', 'eth0');
      return new LabHost(namespace, address, cpuGroup(namespace), ownFolders);
    });
  }

  /** From now on each host has its share of a processor and no more: setting up is not what is measured. */
  limit(): void {
    for (const host of this.hosts) host.limit(this.#cpuShare);
  }

  /** Ends every process of every host, then the hosts. */
  async close(): Promise<void> {
    openLabs.delete(this);
    for (const host of this.hosts) await host.close();
    for (const name of [...this.hosts.map(({ namespace }) => namespace), `${this.#name}b`]) {
      try {
        ip('netns', 'delete', name);
      } catch {
        // it was never made
      }
    }
  }
}

export class LabHost {
  readonly namespace: string;
  readonly address: string;
  readonly #group: string;
  readonly #ownFolders: readonly string[];

  constructor(namespace: string, address: string, group: string, ownFolders: readonly string[]) {
    this.namespace = namespace;
    this.address = address;
    this.#group = group;
    this.#ownFolders = ownFolders;
  }

  /** What comes before a command that is to run on this host. `hidden`: folders of others that it sees empty. */
  enter(hidden: readonly string[] = []): string[] {
    const folders = [...this.#ownFolders, ...hidden].filter(folder => existsSync(folder));
    const mounts = folders.map(folder => `mount -t tmpfs -o mode=755 tmpfs '${folder}'`);
    // The group first: `ip netns exec` shows another /sys.
    const groups = [this.#group, ...(isVersion1() ? [accountOf(this.#group)] : [])];
    const join = groups.map(group => `echo $$ > '${group}/cgroup.procs'`);
    const inGroup = ['sh', '-c', [...join, 'exec "$@"'].join(' && '), 'sh'];
    const inside = ['sh', '-c', [...mounts, 'exec "$@"'].join(' && '), 'sh'];
    return [...inGroup, 'ip', 'netns', 'exec', this.namespace, ...inside];
  }

  /** Gives it this share of one core. */
  limit(share: number): void {
    const quota = Math.round(share * periodUs);
    if (isVersion1()) {
      writeFileSync(join(this.#group, 'cpu.cfs_period_us'), String(periodUs));
      writeFileSync(join(this.#group, 'cpu.cfs_quota_us'), String(quota));
    } else writeFileSync(join(this.#group, 'cpu.max'), `${quota} ${periodUs}`);
  }

  /** Starts a program that stays; it ends with the lab. */
  start(argv: readonly string[], env: Readonly<Record<string, string>>, enter = this.enter()): ChildProcess {
    const [file, ...args] = [...enter, ...argv];
    return spawn(file!, args, {
      env: { PATH: process.env.PATH ?? '', HOME: '/root', ...env },
      stdio: 'ignore',
    });
  }

  /** Processor time that this host has used so far, in milliseconds. */
  cpuMs(): number {
    if (isVersion1())
      return Number(readFileSync(join(accountOf(this.#group), 'cpuacct.usage'), 'utf8')) / 1e6;
    const stat = readFileSync(join(this.#group, 'cpu.stat'), 'utf8');
    return Number(/usage_usec (\d+)/.exec(stat)?.[1] ?? 0) / 1000;
  }

  /** Signals every process of this host. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.#pids()) process.kill(pid, signal);
  }

  /** Pulls its cable. */
  unplug(): void {
    ip('-n', this.namespace, 'link', 'set', 'eth0', 'down');
  }

  /** Ends every process of this host. */
  async close(): Promise<void> {
    for (let tries = 0; tries < 50 && this.#pids().length > 0; tries++) {
      for (const pid of this.#pids()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // gone already
        }
      }
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    for (const group of [this.#group, ...(isVersion1() ? [accountOf(this.#group)] : [])]) {
      try {
        rmdirSync(group);
      } catch {
        // the kernel keeps it while something in it ends
      }
    }
  }

  #pids(): number[] {
    return readFileSync(join(this.#group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  }
}

/** A new control group: version 1 or 2, whichever is there. */
function cpuGroup(name: string): string {
  if (!isVersion1()) writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpu');
  const group = join(isVersion1() ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup', name);
  mkdirSync(group);
  if (isVersion1()) mkdirSync(accountOf(group));
  return group;
}

/** Where version 1 counts what a group uses. */
function accountOf(group: string): string {
  return group.replace('/cgroup/cpu/', '/cgroup/cpuacct/');
}

function isVersion1(): boolean {
  return existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
