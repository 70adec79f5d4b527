// Fewer window updates. js yamux answers every frame of a stream with one, which costs both sides as much as the frame itself;
// Go's waits until half of the window is used (https://github.com/hashicorp/yamux/blob/master/spec.md, flow control).
import type { Stream } from '@libp2p/interface';

/** What a yamux stream is, beside what its type says. */
interface Window {
  readonly recvWindow: number;
  readonly recvWindowCapacity: number;
  readonly state: number;
  sendWindowUpdate(): void;
}

/** StreamState.Established: until then an update opens the stream, or says that it is open. */
const established = 3;
/** So much of the window may be used before the other side hears of room: it never comes near to waiting for it. */
const usedPart = 1 / 8;

/** Has the stream tell of room less often. Does nothing where the stream is not one of yamux. */
export function spareWindowUpdates(stream: Stream): void {
  const window = stream as Partial<Window> as Window;
  if (typeof window.sendWindowUpdate !== 'function') return;
  const { sendWindowUpdate } = window;
  window.sendWindowUpdate = () => {
    const used = window.recvWindow - window.recvWindowCapacity;
    if (window.state === established && used < window.recvWindow * usedPart) return;
    sendWindowUpdate.call(window);
  };
}
