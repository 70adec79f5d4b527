// Captures this machine's usual toolchains as soon as there are workers: the first job of a build would have to wait for its
// toolchain. Those of C are small enough to be sent ahead to the workers as well. A machine that lends itself is taken for idle: its
// toolchains go once it compiles (FarmEvents.uses), or every worker of a large team would take in those of everyone.
import type { ToolchainsAhead } from '../src/farm/toolchains-ahead.ts';
import type { Clock } from '../src/platform/clock.ts';
import type { UsualToolchain } from './usual-toolchains.ts';

export interface CaptureAheadParts {
  readonly clock: Clock;
  readonly ahead: Pick<ToolchainsAhead, 'add'>;
  readonly isLending: () => boolean;
  /** Whether there is anyone to capture for, and a way to. */
  readonly isNeeded: () => boolean;
  readonly capture: () => AsyncIterable<Pick<UsualToolchain, 'name' | 'toolchain'>>;
}

/** How often it is looked whether there is anyone to capture for; and when first, or while this machine lends itself. */
const lookMs = 1_000;
const lookSeldomMs = 5_000;

/** The returned function ends it. */
export function captureAhead({ clock, ahead, isLending, isNeeded, capture }: CaptureAheadParts): () => void {
  let cancel = clock.schedule(lookSeldomMs, () => void look());
  const look = async () => {
    if (isLending() || !isNeeded()) {
      cancel = clock.schedule(isLending() ? lookSeldomMs : lookMs, () => void look());
      return;
    }
    for await (const { name, toolchain } of capture())
      if (toolchain !== undefined && name !== 'rustc') ahead.add(toolchain);
  };
  return () => cancel();
}
