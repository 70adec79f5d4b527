// What the daemon does for each command: about the daemon itself here, joining in join-operations.ts, the team's own in
// team-operations.ts.
import type { DaemonStatus } from '../src/control.ts';
import { version } from '../src/version.ts';
import { clock } from './compose.ts';
import type { Daemon } from './daemon.ts';
import type { OperationHandlers } from './endpoints/control-socket.ts';
import { farmOperations } from './farm-operations.ts';
import { joinOperations } from './join-operations.ts';
import { flag } from './request-fields.ts';
import { storeOperations } from './store-operations.ts';
import { teamOperations } from './team-operations.ts';
import { verifyOperations } from './verify-operations.ts';
import { why } from './why-operation.ts';

export function controlOperations(daemon: Daemon, onStopAsked: () => void): OperationHandlers {
  const { stats, hits } = daemon.foundation;
  return {
    ...joinOperations(daemon),
    ...teamOperations(daemon),
    ...storeOperations(daemon),
    ...verifyOperations(daemon),
    ...farmOperations(daemon),
    status: async () => statusOf(daemon),
    stats: async request => {
      await daemon.session.storing.settleAll();
      hits.hear();
      const snapshot = stats.snapshot();
      if (flag(request, 'zero')) stats.zero(clock.nowMs());
      return snapshot;
    },
    why: async request => {
      await daemon.session.storing.settleAll();
      hits.hear();
      return why(daemon, request);
    },
    stop: async (_request, { signal }) => {
      // Once the answer is out (or whoever asked has gone), not before.
      signal.addEventListener('abort', onStopAsked, { once: true });
      return { pid: process.pid };
    },
  };
}

function statusOf({ foundation, session, startedAtMs }: Daemon): DaemonStatus {
  const { paths, config, disk, log } = foundation;
  const { identity, team, swarm } = session;
  const keyring = team.ledger.keyring();
  const self = keyring.members.get(identity.key);
  return {
    version,
    pid: process.pid,
    home: paths.home ?? null,
    startedAtMs,
    member: { name: self?.name ?? '', key: identity.key },
    team: team.isSolo ? null : { id: keyring.teamId, name: keyring.teamName },
    listen: swarm?.listenAddresses() ?? [],
    door: hostAndPort(swarm?.doorAddresses() ?? []),
    peers: swarm?.connectedMembers().length ?? 0,
    store: {
      dir: paths.storeDir,
      bytes: disk.sizeBytes,
      bytesMax: config.storeSizeBytesMax,
    },
    logFile: log.file,
  };
}

/** What a person types after --address: the first that others can reach, as `host:port`. */
function hostAndPort(multiaddrs: readonly string[]): string | null {
  const parts = multiaddrs.map(address => /^\/(ip4|ip6|dns\w*)\/([^/]+)\/tcp\/(\d+)/.exec(address));
  const found = parts.filter(match => match !== null);
  const best = found.find(([, , host]) => host !== '127.0.0.1' && host !== '::1') ?? found[0];
  if (best === undefined) return null;
  const [, kind, host, port] = best;
  return kind === 'ip6' ? `[${host}]:${port}` : `${host}:${port}`;
}
