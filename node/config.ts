// The person's settings: defaults, then config.toml, then environment variables, checked once at the start. Every setting
// has one line in the table below; a key that is not there is refused by name, so that a typo never goes unnoticed.
import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { type Mode, modes, parseFarm, parseMode } from '../src/compile/compile-settings.ts';
import { CodedError } from '../src/errors.ts';
import { logSizeBytesMaxDefault, peerDeadlineMsDefault, storeSizeBytesMaxDefault } from '../src/limits.ts';

export interface Config {
  /** What teammates call this machine; empty: made from the host's name. */
  readonly name: string;
  /** Where teammates connect: `host:port` or multiaddrs; port 0 takes any free one. */
  readonly listen: readonly string[];
  /** Where newcomers knock; empty: no door. */
  readonly doorListen: readonly string[];
  /** Whether to find and be found on the local network. */
  readonly mdns: boolean;
  /** Members' addresses known beforehand. */
  readonly bootstrap: readonly string[];
  /** Longest that one compile waits for teammates before it runs here. */
  readonly peerDeadlineMs: number;
  readonly storeSizeBytesMax: number;
  /** What was not used for so long goes, however much room there is; 0: it stays. */
  readonly storeAgeMsMax: number;
  /** What compiles may do with the cache where neither command nor project says. */
  readonly mode: Mode;
  /** Whether compilers get prefix maps where the project does not say. */
  readonly prefixMaps: boolean;
  /** The share of earlier results that is made again on an idle machine and compared, from 0 to 1. */
  readonly verifySample: number;
  readonly logSizeBytesMax: number;
  /** Whether compiles may run at teammates that lend their machines, where the command does not say. */
  readonly farm: 'auto' | 'off';
  /** Compiles that run here at once before others are asked; 0: as many as there are cores. */
  readonly localSlots: number;
}

type Reader<T> = (value: unknown) => T | undefined;

interface Setting<T> {
  readonly key: string;
  readonly variable: string;
  readonly fallback: T;
  readonly expects: string;
  readonly read: Reader<T>;
}

/** The settings as documented: key in config.toml, environment variable, default, what it takes. */
export const settings: { readonly [Name in keyof Config]: Setting<Config[Name]> } = {
  name: {
    key: 'name',
    variable: 'P2PCACHE_NAME',
    fallback: '',
    expects: 'a text such as "desk-2"',
    read: text,
  },
  listen: {
    key: 'listen',
    variable: 'P2PCACHE_LISTEN',
    fallback: ['0.0.0.0:0'],
    expects: 'addresses such as "0.0.0.0:4777"',
    read: addresses,
  },
  doorListen: {
    key: 'door_listen',
    variable: 'P2PCACHE_DOOR_LISTEN',
    fallback: ['0.0.0.0:0'],
    expects: 'addresses such as "0.0.0.0:4778", or "off"',
    read: addresses,
  },
  mdns: {
    key: 'mdns',
    variable: 'P2PCACHE_MDNS',
    fallback: true,
    expects: '"on" or "off"',
    read: onOrOff,
  },
  bootstrap: {
    key: 'bootstrap',
    variable: 'P2PCACHE_BOOTSTRAP',
    fallback: [],
    expects: 'addresses such as "10.0.0.5:4777"',
    read: addresses,
  },
  peerDeadlineMs: {
    key: 'peer_deadline_ms',
    variable: 'P2PCACHE_PEER_DEADLINE_MS',
    fallback: peerDeadlineMsDefault,
    expects: 'a whole number of milliseconds from 0 to 60000',
    read: value => wholeNumber(value, 60_000),
  },
  storeSizeBytesMax: {
    key: 'store_size_max',
    variable: 'P2PCACHE_STORE_SIZE_MAX',
    fallback: storeSizeBytesMaxDefault,
    expects: 'a size such as "10GB"',
    read: byteSize,
  },
  storeAgeMsMax: {
    key: 'store_age_max',
    variable: 'P2PCACHE_STORE_AGE_MAX',
    fallback: 0,
    expects: 'a time span such as "30d" or "12h", or "off"',
    read: timeSpan,
  },
  mode: {
    key: 'mode',
    // Not P2PCACHE_MODE: that one is each command's own, and must not stick to a daemon that happened to start under it.
    variable: 'P2PCACHE_DEFAULT_MODE',
    fallback: 'read-write',
    expects: modes.map(mode => `"${mode}"`).join(', '),
    read: parseMode,
  },
  prefixMaps: {
    key: 'prefix_maps',
    variable: 'P2PCACHE_PREFIX_MAPS',
    fallback: false,
    expects: '"on" or "off"',
    read: onOrOff,
  },
  verifySample: {
    key: 'verify_sample',
    variable: 'P2PCACHE_VERIFY_SAMPLE',
    fallback: 0,
    expects: 'a share such as "2%", or "off"',
    read: share,
  },
  logSizeBytesMax: {
    key: 'log_size_max',
    variable: 'P2PCACHE_LOG_SIZE_MAX',
    fallback: logSizeBytesMaxDefault,
    expects: 'a size such as "4MB"',
    read: byteSize,
  },
  farm: {
    key: 'farm',
    variable: 'P2PCACHE_FARM',
    fallback: 'auto',
    expects: '"auto" or "off"',
    read: parseFarm,
  },
  localSlots: {
    key: 'local_slots',
    variable: 'P2PCACHE_LOCAL_SLOTS',
    fallback: 0,
    expects: 'a whole number, 0 for as many as there are cores',
    read: value => wholeNumber(value, 1024),
  },
};

/** The settings of `file` (absent: none) and `env`. BAD_INPUT names the setting and where it stands; STORAGE where the file
 * cannot be read. */
export async function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Config> {
  const given = parseToml(await readIfPresent(file), file);
  // prefix-maps is prefix_maps
  const table = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key.replaceAll('-', '_'), value]),
  );
  const known = new Map<string, Setting<unknown>>(
    Object.values(settings).map(setting => [setting.key, setting]),
  );
  for (const key of Object.keys(table)) {
    if (!known.has(key)) {
      throw new CodedError('BAD_INPUT', `${file}: there is no setting "${key}"`, {
        hint: `settings: ${[...known.keys()].join(', ')}`,
      });
    }
  }
  const entries = Object.entries(settings).map(([name, setting]) => [
    name,
    settingValue(setting as Setting<unknown>, table, env, file),
  ]);
  return Object.fromEntries(entries) as Config;
}

function settingValue(
  { key, variable, fallback, expects, read }: Setting<unknown>,
  table: Record<string, unknown>,
  env: Readonly<Record<string, string | undefined>>,
  file: string,
): unknown {
  const isFromEnv = env[variable] !== undefined && env[variable] !== '';
  const given = isFromEnv ? env[variable] : table[key];
  if (given === undefined) return fallback;
  const value = read(given);
  if (value !== undefined) return value;
  const where = isFromEnv ? `the environment variable ${variable}` : `${file}: the setting "${key}"`;
  throw new CodedError('BAD_INPUT', `${where} cannot be ${JSON.stringify(given)}`, {
    hint: `it takes ${expects}`,
  });
}

async function readIfPresent(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new CodedError('STORAGE', `cannot read the settings: ${(error as Error).message}`, {
      hint: `make ${file} readable, or remove it`,
      cause: error,
    });
  }
}

function parseToml(source: string, file: string): Record<string, unknown> {
  try {
    return parse(source);
  } catch (error) {
    const where = error instanceof TomlError ? `${file}:${error.line}:${error.column}` : file;
    const [reason = ''] = (error as Error).message.split('\n');
    throw new CodedError('BAD_INPUT', `${where}: ${reason}`, { hint: 'correct that line and try again' });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function onOrOff(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const words: Record<string, boolean> = {
    on: true,
    true: true,
    '1': true,
    off: false,
    false: false,
    '0': false,
  };
  return typeof value === 'string' ? words[value] : undefined;
}

function wholeNumber(value: unknown, max: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'bigint') return wholeNumber(Number(number), max);
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= max
    ? (number as number)
    : undefined;
}

/** A list, or one text with commas; `off` is the empty list. Each is `host:port`, `[host]:port` or a multiaddr. */
function addresses(value: unknown): string[] | undefined {
  const list = typeof value === 'string' ? value.split(',').map(each => each.trim()) : value;
  if (!Array.isArray(list)) return undefined;
  if (list.length === 1 && list[0] === 'off') return [];
  const isSound = list.every(each => typeof each === 'string' && isAddress(each));
  return isSound ? list : undefined;
}

function isAddress(address: string): boolean {
  if (address.startsWith('/')) return /^(\/[^/\s]+)+$/.test(address);
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(address)?.[1] ?? Number.NaN);
  return port >= 0 && port <= 65_535;
}

/** Bytes of a size such as 500MB, 10 GB or 1.5GiB; a bare number counts bytes. */
export function byteSize(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint')
    return wholeNumber(value, Number.MAX_SAFE_INTEGER);
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?$/i.exec(value.trim()) : null;
  if (match === null) return undefined;
  const [, amount, unit = '', binary] = match;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase());
  const bytes = Math.floor(Number(amount) * (binary ? 1024 : 1000) ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Milliseconds of 90s, 30m, 12h, 30d or 8w; `off` is 0. */
export function timeSpan(value: unknown): number | undefined {
  if (value === 'off') return 0;
  const match = typeof value === 'string' ? /^(\d{1,6})\s*([smhdw])$/.exec(value.trim()) : null;
  const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 7 * 86_400e3 };
  return match === null ? undefined : Number(match[1]) * units[match[2]!]!;
}

/** From 0 to 1, of a text such as 2% or 0.5 %; `off` is 0. */
export function share(value: unknown): number | undefined {
  if (value === 'off') return 0;
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value.trim()) : null;
  const percent = match === null ? Number.NaN : Number(match[1]);
  return percent <= 100 ? percent / 100 : undefined;
}
