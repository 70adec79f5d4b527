// Where one member's files live: the daemon and the commands must agree on it without asking each other.
import { join, resolve } from 'node:path';

export interface MemberPaths {
  /** What P2PCACHE_HOME named, or undefined where the XDG folders are used. */
  readonly home: string | undefined;
  /** The person's settings; need not exist. */
  readonly configFile: string;
  /** Key, ledger, counters: small, precious. */
  readonly dataDir: string;
  /** Blobs and records: large, can be rebuilt. */
  readonly storeDir: string;
  /** The compiled launcher and its shims. */
  readonly binDir: string;
  /** What the launcher has compilers load, to see which files they read. */
  readonly observerLibrary: string;
  readonly logDir: string;
  /** Sockets and lock: private to the user (0700). */
  readonly runDir: string;
  readonly controlSocket: string;
  readonly launcherSocket: string;
  /** Where launchers tell of what they answered by themselves. */
  readonly hitsPipe: string;
  /** Results for repeated commands, and the link by which launchers find them. */
  readonly readyDir: string;
  readonly readyLink: string;
  /** The daemon's process id, for whoever must end one that no longer answers. */
  readonly pidFile: string;
}

/** The paths for this environment: one folder under P2PCACHE_HOME, else the XDG folders. Relative folders count from `cwd`. */
export function memberPaths(
  env: Readonly<Record<string, string | undefined>>,
  userHome: string,
  cwd: string,
): MemberPaths {
  const home = env.P2PCACHE_HOME ? resolve(cwd, env.P2PCACHE_HOME) : undefined;
  const folder = (variable: string, fallback: string) => {
    const value = env[variable];
    // The XDG specification says to ignore relative paths.
    return join(value?.startsWith('/') ? value : join(userHome, fallback), 'p2pcache');
  };
  const dataDir = home ?? folder('XDG_DATA_HOME', '.local/share');
  const stateDir = home ?? folder('XDG_STATE_HOME', '.local/state');
  const hasRuntimeDir = env.XDG_RUNTIME_DIR?.startsWith('/') === true;
  const runDir = home === undefined && hasRuntimeDir ? folder('XDG_RUNTIME_DIR', '') : join(stateDir, 'run');
  return {
    home,
    configFile: join(home ?? folder('XDG_CONFIG_HOME', '.config'), 'config.toml'),
    dataDir,
    storeDir: join(home ?? folder('XDG_CACHE_HOME', '.cache'), 'store'),
    binDir: join(dataDir, 'bin'),
    observerLibrary: join(dataDir, 'bin', 'observer.so'),
    logDir: join(stateDir, 'log'),
    runDir,
    controlSocket: join(runDir, 'control.sock'),
    launcherSocket: join(runDir, 'launcher.sock'),
    hitsPipe: join(runDir, 'hits'),
    readyDir: join(home ?? folder('XDG_CACHE_HOME', '.cache'), 'ready'),
    readyLink: join(runDir, 'ready'),
    pidFile: join(runDir, 'daemon.pid'),
  };
}
