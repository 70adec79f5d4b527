// One running daemon: its foundation, the session it is in (which a join replaces), and the sockets on which it serves.
import { mkdirSync, renameSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import type { MemberPaths } from '../src/control-paths.ts';
import { CodedError } from '../src/errors.ts';
import type { Identity } from '../src/team/identity.ts';
import { loadOrCreateIdentity } from '../src/team/identity-file.ts';
import {
  clock,
  composeFoundation,
  composeSession,
  type Foundation,
  observerPath,
  type Session,
  statsFile,
} from './compose.ts';
import type { Config } from './config.ts';
import { controlOperations } from './control-operations.ts';
import { type ControlSocket, serveControlSocket } from './endpoints/control-socket.ts';
import { launcherServer } from './endpoints/launcher-socket.ts';
import { requireFreePorts } from './listen-ports.ts';
import type { EventLog } from './system/event-log.ts';
import { writeKept } from './system/kept-file.ts';
import { listenPrivately } from './system/private-socket.ts';
import { type CurrentTeam, TeamFolder } from './team-folder.ts';
import { verifyWhenIdle } from './verify-operations.ts';

const statsKeptEveryMs = 5_000;

export interface DaemonInit {
  readonly paths: MemberPaths;
  readonly config: Config;
  readonly log: EventLog;
  /** Called when a command asks the daemon to end. */
  readonly onStopAsked: () => void;
}

export class Daemon {
  readonly foundation: Foundation;
  readonly startedAtMs = clock.nowMs();
  readonly #init: DaemonInit;
  #session: Session;
  #control: ControlSocket | undefined;
  #launcher: Server | undefined;
  #isMoving = false;
  #keptStats = '';
  #statsTimer: NodeJS.Timeout | undefined;
  #stopVerifying = () => {};

  private constructor(init: DaemonInit, foundation: Foundation, session: Session) {
    this.#init = init;
    this.foundation = foundation;
    this.#session = session;
  }

  /** Serves when it resolves; the caller holds the lock of the home. Rejects with what a person must put right. */
  static async start(init: DaemonInit): Promise<Daemon> {
    const { paths, config, log } = init;
    const identity = await loadOrCreateIdentity(keyFile(paths));
    const foundation = await composeFoundation(paths, config, log);
    const folder = new TeamFolder(paths.dataDir, identity, clock);
    const session = await openSession(foundation, identity, folder, await folder.open());
    const daemon = new Daemon(init, foundation, session);
    await daemon.#serve();
    daemon.#watchForRevocation();
    return daemon;
  }

  /** The team that this machine is in now. */
  get session(): Session {
    return this.#session;
  }

  /** Moves this machine, alone so far, into the team that `enter` makes. BAD_INPUT where it is in a team already. */
  async move(enter: (folder: TeamFolder, identity: Identity) => Promise<CurrentTeam>): Promise<void> {
    const { identity, team } = this.#session;
    if (!team.isSolo) {
      throw new CodedError('BAD_INPUT', `this machine is in team ${team.ledger.keyring().teamName} already`, {
        hint: 'set P2PCACHE_HOME to another folder to join as another member',
      });
    }
    if (this.#isMoving) {
      throw new CodedError('BAD_INPUT', 'another join is under way on this machine', {
        hint: 'end that one first',
      });
    }
    this.#isMoving = true;
    try {
      const { listen, doorListen } = this.foundation.config;
      await requireFreePorts([...listen, ...doorListen]);
      await this.#enter(identity, enter);
    } finally {
      this.#isMoving = false;
    }
  }

  /** Ends everything it began. */
  async stop(): Promise<void> {
    clearInterval(this.#statsTimer);
    this.#stopVerifying();
    this.#launcher?.close();
    await this.#control?.close();
    await this.#session.stop();
    await this.#keepStats();
    await this.foundation.close();
  }

  async #enter(
    identity: Identity,
    enter: (folder: TeamFolder, identity: Identity) => Promise<CurrentTeam>,
  ): Promise<void> {
    const folder = new TeamFolder(this.foundation.paths.dataDir, identity, clock);
    const team = await enter(folder, identity);
    await this.#session.stop();
    this.#session = await openSession(this.foundation, identity, folder, team);
    const { teamName, teamId } = team.ledger.keyring();
    this.foundation.log.write('team-entered', { team: teamName, id: teamId });
    this.#watchForRevocation();
  }

  /** A revoked machine leaves its teammates in peace and works on alone. Its key stays revoked for good, so it gets a new
   * one, with which it may ask to be let in again. */
  #watchForRevocation(): void {
    const { identity, team } = this.#session;
    const { ledger } = team;
    if (team.isSolo) return;
    const leaveIfRevoked = async () => {
      const keyring = ledger.keyring();
      if (this.#session.team !== team || this.#isMoving || !keyring.isRevoked(identity.key)) return;
      this.#isMoving = true;
      this.foundation.log.write('revoked-here', { team: keyring.teamName });
      try {
        const fresh = await renewIdentity(this.foundation.paths, identity);
        await this.#enter(fresh, folder => folder.beAlone(keyring.teamName));
      } catch (error) {
        this.foundation.log.write('trouble', { what: 'leaving the team', error: String(error) });
      } finally {
        this.#isMoving = false;
      }
    };
    // Not from within the change: the swarm must first pass the statement on.
    ledger.onChange(() => setImmediate(leaveIfRevoked));
    setImmediate(leaveIfRevoked);
  }

  async #serve(): Promise<void> {
    const { paths, log, stats } = this.foundation;
    const onFallback = (reason: string, error: unknown) => {
      stats.fallback(reason);
      log.write('fallback', { reason, error: String(error ?? '') });
    };
    const onRefused = (reason: string) => {
      stats.refused(reason);
      log.write('refused', { reason });
    };
    const frontNow = () => this.#session.front;
    this.#launcher = launcherServer(
      {
        get front() {
          return frontNow();
        },
        observerPath: observerPath(paths),
        onRefused,
        onFallback,
      },
      paths.launcherSocket,
    );
    await listenPrivately(this.#launcher, paths.launcherSocket);
    this.#control = await serveControlSocket(
      paths.controlSocket,
      controlOperations(this, this.#init.onStopAsked),
      {
        onRefused,
        onBug: error =>
          log.write('bug', { error: error instanceof Error ? (error.stack ?? '') : String(error) }),
      },
    );
    this.#statsTimer = setInterval(() => void this.#keepStats(), statsKeptEveryMs);
    this.#statsTimer.unref();
    this.#stopVerifying = verifyWhenIdle(this);
  }

  /** A kill costs a few seconds' counting; a full disk costs the counting only. */
  async #keepStats(): Promise<void> {
    const snapshot = this.foundation.stats.snapshot();
    const text = JSON.stringify(snapshot);
    if (text === this.#keptStats) return;
    this.#keptStats = text;
    await writeKept(statsFile(this.foundation.paths), snapshot).catch(() => {});
  }
}

/** Makes the folders that only this user may enter. STORAGE where one cannot be made or written. */
export function prepareFolders({ dataDir, runDir, storeDir }: MemberPaths): void {
  for (const dir of [dataDir, storeDir, runDir]) {
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new CodedError('STORAGE', `cannot make the folder ${dir}: ${(error as Error).message}`, {
        hint: 'make the folder above it yours and writable, or set P2PCACHE_HOME to another one',
        cause: error,
      });
    }
  }
}

function openSession(
  foundation: Foundation,
  identity: Identity,
  folder: TeamFolder,
  team: CurrentTeam,
): Promise<Session> {
  return composeSession(foundation, identity, team, folder.addressBook(team.ledger.teamId));
}

function keyFile({ dataDir }: MemberPaths): string {
  return join(dataDir, 'key');
}

/** The old key is kept beside the new one: it still proves what it once signed. */
async function renewIdentity(paths: MemberPaths, old: Identity): Promise<Identity> {
  renameSync(keyFile(paths), `${keyFile(paths)}.revoked-${old.key.slice(0, 12)}`);
  return loadOrCreateIdentity(keyFile(paths));
}
