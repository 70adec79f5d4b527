// Cargo projects as scenarios: shell lines in a folder of crates, run by plain cargo, then with a wrapper around rustc cold
// and hot, always in one and the same folder, so that every byte below it can be compared.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runShell, type StepOutcome, snapshot } from './scenario.ts';

export interface CargoScenario {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Shell lines, each one step; `cargo build` where it is not given. */
  readonly steps?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Reasons for which calls of the hot run are not cached, with their number; cargo's own questions left out. */
  readonly uncached?: Readonly<Record<string, number>>;
  /** Files whose bytes plain cargo itself makes anew each time. */
  readonly changing?: RegExp;
  /** Files that plain cargo names anew each time. */
  readonly gone?: RegExp;
  /** Skipped aloud where this shell line fails. */
  readonly needs?: string;
}

const changingText = /in \d+m? ?[\d.]*s\b/g;
/** Where cargo remembers what the compiler, by way of its wrapper, said of itself. */
const ownMemory = /(^|\/)\.rustc_info\.json /;

/** Cargo's own notes, in which it writes times and lists in the order of a hash: they differ from one plain run to the next. */
const ownNotes = /(\.fingerprint\/[^/]+\/(?!output-)[^ ]+ \d+ links=\d+) .*/;

/** Whether cargo and rustc are here at all. */
export function hasCargo(): boolean {
  return spawnSync('cargo', ['--version']).status === 0 && spawnSync('rustc', ['--version']).status === 0;
}

export class CargoFolder {
  readonly #base = mkdtempSync(join(tmpdir(), 'p2pcache-cargo-'));
  readonly path: string;
  readonly cargoHome: string;

  constructor(name = 'w', cargoHome?: string) {
    this.path = join(this.#base, name);
    this.cargoHome = cargoHome ?? join(this.#base, 'cargo-home');
  }

  /** Runs all steps with this wrapper around rustc; empty: plain. */
  async run(
    scenario: CargoScenario,
    wrapper: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<StepOutcome[]> {
    rmSync(this.path, { recursive: true, force: true });
    for (const [name, text] of Object.entries(scenario.files)) {
      const at = join(this.path, name);
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, text);
    }
    const outcomes: StepOutcome[] = [];
    for (const step of scenario.steps ?? ['cargo build'])
      outcomes.push(await this.#runStep(step, scenario, { RUSTC_WRAPPER: wrapper, ...environment }));
    return outcomes;
  }

  async #runStep(
    step: string,
    scenario: CargoScenario,
    environment: Readonly<Record<string, string>>,
  ): Promise<StepOutcome> {
    const { end, stdout, stderr } = await runShell(step, this.path, {
      PATH: process.env.PATH,
      HOME: this.#base,
      CARGO_HOME: this.cargoHome,
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup'),
      CARGO_NET_OFFLINE: 'true',
      CARGO_INCREMENTAL: '0',
      CARGO_BUILD_JOBS: '2',
      ...environment,
      ...scenario.environment,
    });
    // jobs end in any order
    const settled = (text: string) => text.replaceAll(changingText, '…').split('\n').sort().join('\n');
    return {
      step,
      end,
      stdout: settled(stdout),
      stderr: settled(stderr),
      files: snapshot(this.path, scenario.changing)
        .filter(line => !ownMemory.test(line) && !scenario.gone?.test(line))
        .map(line => line.replace(ownNotes, '$1')),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true, force: true });
  }
}
