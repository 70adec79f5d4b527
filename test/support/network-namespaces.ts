// Machines on one local network, for real: network namespaces joined by a bridge, made for one test and removed with it.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);

/** Why namespaces cannot be used here, or undefined where they can: they take root and the `ip` command. */
export async function namespacesUnavailable(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'needs root';
  const probe = `p2pc-probe-${process.pid}`;
  try {
    await run('ip', ['netns', 'add', probe]);
    await run('ip', ['netns', 'delete', probe]);
    return undefined;
  } catch (error) {
    return `ip netns does not work here: ${error instanceof Error ? error.message : String(error)}`;
  }
}

let networks = 0;

export class LocalNetwork {
  readonly #name = `p2pc${process.pid}x${networks++}`;
  #hosts = 0;

  /** A bridge without hosts; it and all hosts vanish with the test. */
  static async create(): Promise<LocalNetwork> {
    const network = new LocalNetwork();
    // A namespace for the bridge too, so that nothing of this machine's own network changes.
    await run('ip', ['netns', 'add', network.#bridge]);
    onTestFinished(() => network.#remove(network.#bridge));
    await network.#in(network.#bridge, ['ip', 'link', 'add', 'bridge', 'type', 'bridge']);
    await network.#in(network.#bridge, ['ip', 'link', 'set', 'bridge', 'up']);
    return network;
  }

  /** A host on the bridge, with an address of its own and the route that multicast needs. Returns the namespace's name. */
  async host(): Promise<string> {
    const number = ++this.#hosts;
    const name = `${this.#name}h${number}`;
    await run('ip', ['netns', 'add', name]);
    onTestFinished(() => this.#remove(name));
    const port = `port${number}`;
    await this.#in(this.#bridge, [
      'ip',
      'link',
      'add',
      port,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      name,
    ]);
    await this.#in(this.#bridge, ['ip', 'link', 'set', port, 'master', 'bridge', 'up']);
    await this.#in(name, ['ip', 'link', 'set', 'lo', 'up']);
    await this.#in(name, ['ip', 'address', 'add', `10.77.0.${number}/24`, 'dev', 'eth0']);
    await this.#in(name, ['ip', 'link', 'set', 'eth0', 'up']);
    await this.#in(name, ['ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0']);
    return name;
  }

  /** Pulls a host's cable. */
  async unplug(host: string): Promise<void> {
    await this.#in(host, ['ip', 'link', 'set', 'eth0', 'down']);
  }

  /** Takes a host off the bridge, or puts it there again; its own end of the cable sees nothing of that. */
  async bridge(host: string, isOn: boolean): Promise<void> {
    const port = `port${/\d+$/.exec(host)![0]}`;
    await this.#in(this.#bridge, [
      'ip',
      'link',
      'set',
      port,
      ...(isOn ? ['master', 'bridge'] : ['nomaster']),
    ]);
  }

  get #bridge(): string {
    return `${this.#name}b`;
  }

  async #in(namespace: string, command: readonly string[]): Promise<void> {
    await run('ip', ['netns', 'exec', namespace, ...command]);
  }

  async #remove(namespace: string): Promise<void> {
    await run('ip', ['netns', 'delete', namespace]).catch(() => undefined);
  }
}

/** A Node program that runs on a host and is spoken to in lines of JSON. */
export class HostProcess {
  readonly #lines: unknown[] = [];
  readonly #readers: (() => void)[] = [];
  readonly #child;
  #errors = '';

  constructor(namespace: string, script: string, args: readonly string[] = []) {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', script, ...args];
    const child = spawn('ip', ['netns', 'exec', namespace, ...node], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    let rest = '';
    child.stdout.on('data', (text: Buffer) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines.map(line => JSON.parse(line)));
      for (const reader of this.#readers.splice(0)) reader();
    });
    child.stderr.on('data', (text: Buffer) => {
      this.#errors += text;
    });
    child.on('exit', () => {
      for (const reader of this.#readers.splice(0)) reader();
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** The process's own id: `ip netns exec` becomes the command, it does not stay around it. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** The next line it wrote. Rejects with what it wrote to stderr once it has ended. */
  async read<Line>(): Promise<Line> {
    while (this.#lines.length === 0) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`ended: ${this.#errors}`);
      await new Promise<void>(resolve => this.#readers.push(resolve));
    }
    return this.#lines.shift() as Line;
  }

  write(line: unknown): void {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
