// For machines where bubblewrap does not run and whose owner lends them all the same (`farm on --sandbox none`): a job sees the
// client's files at the client's paths, and its time, memory and output are bounded, but nothing keeps a hostile one from
// this machine's network and processes, nor, where the daemon runs as root, from anything.
import { execFile } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SandboxRun } from '../../src/farm/sandbox.ts';
import { JobProcess } from './job-process.ts';

/** Arguments: the new root, the folder, how many variables follow, the variables, the command. */
const enter = `
my ($root, $cwd, $count) = splice @ARGV, 0, 3;
%ENV = map { split /=/, $_, 2 } splice @ARGV, 0, $count;
if (!chroot($root) || !chdir($cwd)) { print STDERR "chroot: $cwd: $!\\n"; exit 1 }
exec { $ARGV[0] } @ARGV or print STDERR "chroot: $ARGV[0]: $!\\n";
exit 1`;

/** Arguments: how many mounts, each a source and its place, the command. */
const mountAll = `
left=$1 first=$3; shift
while [ $left -gt 0 ]; do
  mount --rbind "$1" "$2" || exit 1
  [ "$2" != "$first" ] || mount -o remount,bind,ro "$2" || exit 1
  shift 2; left=$((left - 1))
done
exec "$@"`;

export class BareRoot extends JobProcess {
  override readonly kind = 'none';
  override readonly canShow = false;
  protected override readonly makers = ['unshare', 'mount', 'chroot'];

  protected override commandLine({ root, writable, log, argv, cwd, environment }: SandboxRun): string[] {
    const above = join(dirname(log.hostFile), 'root');
    mkdirSync(above, { recursive: true });
    const at = (path: string) => join(above, path);
    const mounts: (readonly [string, string])[] = [[root, above]];
    for (const path of ['/dev', '/proc']) mounts.push([path, at(path)]);
    for (const { path, hostFolder, kept } of writable) {
      mounts.push([hostFolder, at(path)]);
      for (const below of kept) {
        const source = join(root, below);
        const mountPoint = join(hostFolder, below.slice(path.length));
        if (statSync(source).isDirectory()) mkdirSync(mountPoint, { recursive: true });
        else writeFileSync(mountPoint, '');
        mounts.push([source, at(below)]);
      }
    }
    mounts.push([this.observer, at('/.p2pcache/observer.so')], [log.hostFile, at(log.path)]);
    const variables = [...environment].map(([name, value]) => `${name}=${value}`);
    const program = ['perl', '-e', enter, above, cwd, String(variables.length), ...variables, ...argv];
    return inOwnMounts(mounts, program);
  }
}

/** Why jobs cannot run here even without a sandbox, in words for a person; undefined where they can. */
export function bareRootTrouble(): Promise<string | undefined> {
  const [file, ...args] = inOwnMounts([], ['perl', '-e', enter, '/', '/', '0', '/bin/true']);
  return new Promise(resolve => {
    execFile(file!, args, { timeout: 10_000 }, (error, _out, said) => {
      if (error === null) resolve(undefined);
      else
        resolve(
          `perl and mount namespaces are needed even so: ${said.trim().split('\n')[0] || error.message}`,
        );
    });
  });
}

/** A command that sees these folders and files at other places, the first of them read-only; its processes end with it. */
function inOwnMounts(mounts: readonly (readonly [string, string])[], argv: readonly string[]): string[] {
  const mapped = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const unshare = ['unshare', ...mapped, '--mount', '--pid', '--fork', '--kill-child'];
  return [...unshare, '/bin/sh', '-c', mountAll, 'sh', String(mounts.length), ...mounts.flat(), ...argv];
}
