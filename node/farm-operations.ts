// What the daemon does for `p2pcache farm` and `p2pcache doctor farm`.
import { type FarmCheck, type FarmView, unsafeLending } from '../src/control-farm.ts';
import { digestSizeBytes } from '../src/digest.ts';
import { CodedError } from '../src/errors.ts';
import type { Toolchain } from '../src/farm/toolchain.ts';
import { lendingSlotsMax } from '../src/limits.ts';
import type { Daemon } from './daemon.ts';
import type { OperationHandlers } from './endpoints/control-socket.ts';
import type { Farm } from './farm.ts';
import { localSlotsDefault } from './system/machine-load.ts';
import { usualToolchains } from './usual-toolchains.ts';

/** Compilers whose toolchains are looked at. */
const doctored = ['gcc', 'g++', 'clang', 'clang++', 'rustc'] as const;

type FarmHandlers = Pick<OperationHandlers, 'farm' | 'farmOn' | 'farmOff' | 'farmDoctor'>;

export function farmOperations(daemon: Daemon): FarmHandlers {
  return {
    farm: async () => viewOf(daemon),
    farmOn: async request => {
      const slots = request.slots ?? localSlotsDefault();
      if (typeof slots !== 'number' || !Number.isInteger(slots) || slots < 1 || slots > lendingSlotsMax) {
        throw new CodedError('BAD_INPUT', `a machine cannot lend ${JSON.stringify(request.slots)} slots`, {
          hint: `a whole number from 1 to ${lendingSlotsMax}`,
        });
      }
      const when = request.when ?? 'always';
      if (when !== 'always' && when !== 'idle') {
        throw new CodedError('BAD_INPUT', `there is no time ${JSON.stringify(when)} to lend a machine`, {
          hint: 'always, or idle',
        });
      }
      const sandbox = request.sandbox ?? 'bubblewrap';
      if (sandbox !== 'bubblewrap' && sandbox !== 'none') {
        throw new CodedError('BAD_INPUT', `there is no sandbox ${JSON.stringify(sandbox)}`, {
          hint: 'bubblewrap, or none',
        });
      }
      await farmOf(daemon).lending.lend({ slots, when, sandbox });
      return viewOf(daemon);
    },
    farmOff: async () => {
      await farmOf(daemon).lending.takeBack();
      return viewOf(daemon);
    },
    farmDoctor: async () => ({ checks: await checksOf(daemon) }),
  };
}

function farmOf({ session }: Daemon): Farm {
  if (session.farm !== undefined) return session.farm;
  throw new CodedError('NOT_IN_TEAM', 'this machine is in no team, so there is nobody to share work with', {
    hint: 'p2pcache join <team>',
  });
}

function viewOf({ session, foundation }: Daemon): FarmView {
  const { farm, team } = session;
  const members = team.ledger.keyring().members;
  const { lending, hub, dispatcher, counters } = farm ?? {};
  const terms = lending?.terms;
  const { config } = foundation;
  return {
    isOn: config.farm === 'auto',
    lending:
      terms === undefined ? null : { ...terms, jobs: lending?.jobs ?? 0, isBusy: lending?.isBusy ?? false },
    workers: (hub?.workers() ?? []).map(({ member, offer }) => ({
      name: members.get(member)?.name ?? member,
      slots: offer.slots,
      jobs: offer.jobs,
      isOpen: offer.isOpen,
    })),
    running: { here: dispatcher?.runningHere ?? 0, elsewhere: dispatcher?.sentCount ?? 0 },
    localSlots: config.localSlots === 0 ? localSlotsDefault() : config.localSlots,
    jobs: counters?.counts() ?? {
      sent: 0,
      done: 0,
      returned: {},
      stayed: {},
      ranForOthers: 0,
      failedForOthers: {},
    },
    lastBuild: counters?.lastBuild() ?? null,
  };
}

async function checksOf(daemon: Daemon): Promise<FarmCheck[]> {
  const { session, foundation } = daemon;
  const { farm, team, identity } = session;
  if (farm === undefined) return [{ what: 'team', isFine: false, detail: 'this machine is in no team' }];
  const keyring = team.ledger.keyring();
  const trouble = await farm.lending.trouble('bubblewrap');
  const isWorker = keyring.hasRole(identity.key, 'worker');
  const terms = farm.lending.terms;
  const workers = farm.hub.workers();
  const usable = farm.dispatcher.workers();
  const checks: FarmCheck[] = [
    {
      what: 'sandbox',
      isFine: trouble === undefined,
      detail: trouble ?? 'bubblewrap runs, user namespaces are allowed',
    },
    {
      what: 'role',
      isFine: isWorker,
      detail: isWorker ? 'this member may work for others' : 'no role worker',
    },
    {
      what: 'lending',
      isFine: true,
      detail: terms === undefined ? 'off (p2pcache farm on)' : `${terms.slots} slots, ${terms.when}`,
    },
    ...(terms?.sandbox === 'none' ? [{ what: 'lending', isFine: false, detail: unsafeLending }] : []),
    {
      what: 'sending',
      isFine: foundation.config.farm === 'auto',
      detail: foundation.config.farm === 'auto' ? 'on' : 'off by the settings (farm, P2PCACHE_FARM)',
    },
    ...(await toolchainChecks(daemon, farm)),
  ];
  for (const { member, offer } of workers) {
    const isUsable = usable.some(each => each.member === member);
    const isTrusted = keyring.hasRole(member, 'worker');
    const why = !isTrusted ? 'has no role worker' : offer.isOpen ? 'failed a moment ago' : 'busy';
    checks.push({
      what: `worker ${keyring.members.get(member)?.name ?? member}`,
      isFine: isUsable,
      detail: isUsable ? `takes jobs, ${offer.slots} slots` : why,
    });
  }
  if (workers.length === 0)
    checks.push({ what: 'workers', isFine: false, detail: 'no connected teammate lends its machine' });
  return checks;
}

/** Captures the toolchains of this machine's compilers, as the first job of each would. */
async function toolchainChecks({ foundation }: Daemon, { toolchains }: Farm): Promise<FarmCheck[]> {
  if (!toolchains.canCapture)
    return [
      { what: 'toolchains', isFine: false, detail: 'the launcher is not set up yet: eval "$(p2pcache env)"' },
    ];
  const checks: FarmCheck[] = [];
  for await (const { name, compiler, toolchain } of usualToolchains(doctored, toolchains, foundation)) {
    checks.push({
      what: `toolchain ${name}`,
      isFine: toolchain !== undefined,
      detail:
        toolchain === undefined
          ? `${compiler} cannot be captured, so its jobs stay here`
          : `captured: ${describeToolchain(toolchain)}`,
    });
  }
  return checks;
}

function describeToolchain({ entries }: Toolchain): string {
  const sizes = entries.flatMap(entry => (entry.kind === 'file' ? [digestSizeBytes(entry.digest)] : []));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return `${sizes.length} files, ${Math.round(bytes / 1e6)} MB`;
}
