// Addresses as people type them and as libp2p reads them.
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { CodedError } from '../../src/errors.ts';

/** The multiaddr of `/ip4/10.0.0.7/tcp/4001`, `10.0.0.7:4001`, `[::1]:4001` or `build-1.lan:4001`; BAD_INPUT otherwise. */
export function parseAddress(text: string): Multiaddr {
  try {
    const address = multiaddr(text.startsWith('/') ? text : fromHostAndPort(text));
    if (address.toString().includes('/tcp/')) return address;
  } catch {
    // Told below, with an example.
  }
  throw new CodedError('BAD_INPUT', `${JSON.stringify(text.slice(0, 256))} is not an address`, {
    hint: 'for example: 10.0.0.7:4001, or /ip4/10.0.0.7/tcp/4001',
  });
}

/** The multiaddr, or undefined for what is none: for addresses that come from other machines. */
export function tryAddress(text: string): Multiaddr | undefined {
  try {
    return multiaddr(text);
  } catch {
    return undefined;
  }
}

function fromHostAndPort(text: string): string {
  const [, six, name, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  if (six !== undefined) return `/ip6/${six}/tcp/${port}`;
  const family = name !== undefined && /^[\d.]+$/.test(name) ? 'ip4' : 'dns';
  return `/${family}/${name}/tcp/${port}`;
}

/** The address without a peer id at its end. */
export function withoutPeerId(address: Multiaddr): Multiaddr {
  return address.decapsulateCode(421); // the code of /p2p/
}
