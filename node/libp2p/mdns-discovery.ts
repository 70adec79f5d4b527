// Finds hosts of a team on the LAN by libp2p's mDNS, with queries as sparse as RFC 6762 (5.2, 7.3) asks for: every host answers
// every query to everyone, so what a team's hosts ask at fixed pauses grows with the cube of their number.
import type { PeerDiscovery, PeerInfo } from '@libp2p/interface';
import { type MulticastDNSComponents, mdns } from '@libp2p/mdns';

/** What libp2p's service is, beside what its type says. */
interface MdnsService extends PeerDiscovery {
  /** The socket; undefined while stopped. */
  readonly mdns?: {
    on(event: 'query', listener: (query: MdnsQuery) => void): void;
    query(query: MdnsQuery): void;
  };
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface MdnsQuery {
  readonly questions: readonly { readonly name: string; readonly type: string }[];
}

export interface HostMdns {
  /** The service that this host answers for and looks for. */
  readonly tag: string;
  /**
   * After how many milliseconds without a query to query again; the first goes out at once. Another host's query counts as well,
   * as everyone hears the answers. Asked again and again.
   */
  pauseMs(): number;
  /** Called for every answer, also about those who were seen before: they may have been away. */
  onFound?(peer: PeerInfo): void;
}

/** libp2p's own queries after the first are not wanted; this is the longest pause that a timer can have. */
const neverMs = 2 ** 31 - 1;
/** The pause may become shorter meanwhile. */
const lookMsMax = 3_000;

/** The service for libp2p's list of peer discoveries. */
export function discovery({
  tag,
  pauseMs,
  onFound,
}: HostMdns): (components: MulticastDNSComponents) => PeerDiscovery {
  return components => {
    const service = mdns({ serviceTag: tag, interval: neverMs })(components) as MdnsService;
    // libp2p's own peer:discovery event comes only once for each peer.
    service.addEventListener('peer', ({ detail }) => onFound?.(detail));
    let heardAtMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const leftMs = () => heardAtMs + pauseMs() - performance.now();
    const look = () => {
      if (leftMs() <= 0) {
        heardAtMs = performance.now();
        service.mdns?.query({ questions: [{ name: tag, type: 'PTR' }] });
      }
      timer = setTimeout(look, Math.min(lookMsMax, leftMs())).unref();
    };
    const { start, stop } = service;
    service.start = async () => {
      await start.call(service);
      service.mdns?.on('query', ({ questions }) => {
        if (questions.some(({ name }) => name === tag)) heardAtMs = performance.now();
      });
      look();
    };
    service.stop = () => {
      clearTimeout(timer);
      return stop.call(service);
    };
    return service;
  };
}
