// The one encoding of everything signed, stored or sent between peers: deterministic CBOR (RFC 8949 §4.2), so that
// equal values are equal bytes on every machine. Decoding is strict: no indefinite lengths, no duplicate keys, no floats'
// special values, nothing after the value.
import { decode as cborDecode, encode as cborEncode } from 'cborg';

export function encode(value: unknown): Uint8Array {
  return cborEncode(value, { float64: true, ignoreUndefinedProperties: true });
}

/** Throws on anything but one well-formed value. */
export function decode(bytes: Uint8Array): unknown {
  return cborDecode(bytes, {
    allowIndefinite: false,
    allowUndefined: false,
    allowNaN: false,
    allowInfinity: false,
    allowBigInt: false,
    rejectDuplicateMapKeys: true,
    strict: true,
  });
}
