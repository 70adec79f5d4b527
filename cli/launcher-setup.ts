// The launcher as the commands see it: built where it is not, and told how to start a daemon and how to run p2pcache.
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemberPaths } from '../src/control-paths.ts';
import { daemonCommand } from './daemon.ts';
import { type InstalledLauncher, installLauncher } from './launcher/install.ts';
import { quoteSh } from './shell-quote.ts';

export function setUpLauncher(paths: MemberPaths): Promise<InstalledLauncher> {
  const { file, args } = daemonCommand(paths);
  const main = fileURLToPath(new URL(`main${extname(import.meta.url)}`, import.meta.url));
  const home = paths.home === undefined ? '' : `P2PCACHE_HOME=${quoteSh(paths.home)} `;
  const words = (list: readonly string[]) => list.map(quoteSh).join(' ');
  return installLauncher(paths.binDir, {
    startDaemon: `env ${home}${words([file, ...args])}`,
    runCli: `env ${home}${words([file, '--disable-warning=ExperimentalWarning', main])}`,
  });
}
