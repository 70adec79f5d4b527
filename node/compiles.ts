// The part of the wiring where launchers' questions are answered, and where what they report is stored.
import { join } from 'node:path';
import type { Results } from '../src/actions/results.ts';
import { CompileFront } from '../src/compile/compile-front.ts';
import type { CompileEvents } from '../src/compile/compile-request.ts';
import type { Manifests } from '../src/compile/manifests.ts';
import type { RemoteRuns } from '../src/compile/remote-runs.ts';
import { Repeats } from '../src/compile/repeats.ts';
import { StoringQueue } from '../src/compile/storing-queue.ts';
import type { Digest } from '../src/digest.ts';
import { storingWaitBytesMax, storingWaitMemoryShare } from '../src/limits.ts';
import type { Peers } from '../src/peers/peers.ts';
import { deadline } from '../src/platform/clock.ts';
import type { Keyring } from '../src/team/keyring.ts';
import { CompileDebugLog } from './compile-debug-log.ts';
import { compileEvents } from './compile-events.ts';
import type { Foundation } from './compose.ts';
import { ProjectSettings } from './project-settings.ts';
import { childProcesses } from './system/child-processes.ts';
import { messageOf } from './system/event-log.ts';
import { localSlotsDefault, memoryBytes } from './system/machine-load.ts';
import { describeProcessor } from './system/processor.ts';
import { realClock } from './system/real-clock.ts';

export interface Compiles {
  readonly front: CompileFront;
  readonly storing: StoringQueue;
}

export function composeCompiles(parts: {
  readonly foundation: Foundation;
  readonly keyring: () => Keyring;
  readonly results: Results;
  readonly manifests: Manifests;
  readonly peers: Peers;
  readonly remote?: RemoteRuns;
  readonly onFallback: (reason: string, error: unknown) => void;
}): Compiles {
  const { foundation, keyring, peers, onFallback, ...stores } = parts;
  const { config, stats, journal, states } = foundation;
  const project = new ProjectSettings(config);
  const storing = new StoringQueue({
    clock: realClock,
    processors: localSlotsDefault(),
    bytesMax: Math.min(storingWaitBytesMax, memoryBytes() * storingWaitMemoryShare),
    isInTeam: () => peers.connected().length > 0,
    onError: error => onFallback('report', error),
  });
  const used = (blobs: readonly Digest[]) => stores.results.used(blobs);
  const events = compileEvents({ stats, journal, debugLog: debugLogOf(foundation), keyring, used });
  const front = new CompileFront({
    ...stores,
    ...{ states, storing, events },
    repeats: composeRepeats(foundation, events),
    settings: (...compile) => project.for(...compile),
    cpu: describeProcessor,
    processes: childProcesses,
    peerDeadline: () => deadline(realClock, config.peerDeadlineMs),
  });
  return { front, storing };
}

function composeRepeats({ states, ready, hits }: Foundation, events: CompileEvents): Repeats {
  const repeats = new Repeats({
    ...{ ready, states },
    hear: () => hits.hear(),
    onRepeated: each => events.repeated(each),
  });
  hits.listen(({ kind, name }) => repeats[kind](name));
  return repeats;
}

/** Where P2PCACHE_DEBUG=1 writes. */
function debugLogOf({ paths, log }: Foundation): CompileDebugLog {
  return new CompileDebugLog(join(paths.logDir, 'debug.log'), error =>
    log.write('trouble', { what: 'the debug log', error: messageOf(error) }),
  );
}
