// Teammates where there are none: a machine that is alone.
import type { Peers } from './peers.ts';

export const noPeers: Peers = {
  holdersOf: () => [],
  connected: () => [],
  requestRecords: () => Promise.reject(new Error('nobody is there')),
  requestBlob: () => Promise.reject(new Error('nobody is there')),
  announce: () => {},
};
