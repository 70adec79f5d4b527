// Whether an output holds the name of the folder it was made in, by looking at its bytes: debug information's folder,
// __FILE__ of an absolute path, coverage notes. Only what shows no trace is shared with other folders.
import type { ProjectFolder } from './project-folder.ts';

/** The spellings of the checkout's folder that compilers write; `source` is the compile's own, as it was given. */
export function folderSpellings(folder: ProjectFolder, source: string): string[] {
  const names = new Set([folder.root, folder.cwd, folder.spelledCwd]);
  for (const name of [...names]) names.add(`${name.replaceAll('/', '#')}#`); // in the names of coverage files
  for (const name of [...names]) {
    names.add(name.replace(/["\\]/g, '\\$&')); // within string literals of preprocessed text
    names.add(inAssembler(name));
  }
  // in the names of static constructors
  if (source.startsWith('/'))
    names.add(
      Buffer.from(source)
        .toString('latin1')
        .replace(/[^A-Za-z0-9.$]/g, '_'),
    );
  return [...names];
}

/** As it stands in the strings of assembler text. */
function inAssembler(name: string): string {
  const escaped = (byte: number) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  return [...Buffer.from(name.replace(/["\\]/g, '\\$&'))].map(escaped).join('');
}

/** Whether these bytes hold one of the spellings, or could hide one (compressed sections, bitcode, link-time code, any other binary). */
export function mayHoldFolder(bytes: Buffer, spellings: readonly string[]): boolean {
  const isText = !bytes.includes(0) && !bytes.subarray(0, 2).equals(gzipMagic);
  return (
    spellings.some(spelling => bytes.includes(spelling)) || (!isElf(bytes) && !isText) || hidesText(bytes)
  );
}

const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const gzipMagic = Buffer.from([0x1f, 0x8b]);
const bitcodeMagic = Buffer.from([0x42, 0x43, 0xc0, 0xde]);
const sectionCompressed = 0x800n; // SHF_COMPRESSED, System V gABI
const hidingSections = /^\.?(gnu\.lto_|gnu\.debuglto|zdebug|llvmbc|llvm\.lto|__llvm_cov|__llvm_prf_names)/;

/**
 * Options under which names of files go into hashes: of functions that are profiled, of names made unique; or into another
 * character set. Nothing of that can be seen in an object.
 */
const hashingOptions =
  /^-f((?:wide-)?exec-charset|profile|cs-profile|test-coverage|coverage|auto-profile|branch-probabilities|unique-internal-linkage-names)|^--?coverage$/;

/** Whether a compile with these arguments may depend on the names of its files without a trace. */
export function hashesFileNames(args: readonly string[]): boolean {
  return args.some(argument => hashingOptions.test(argument));
}

export function isElf(bytes: Uint8Array): boolean {
  return elfMagic.equals(bytes.subarray(0, 4));
}

/** Whether text can be in these bytes that a search for it does not find. */
export function hidesText(bytes: Buffer): boolean {
  if (bitcodeMagic.equals(bytes.subarray(0, 4))) return true;
  if (!isElf(bytes)) return false;
  if (bytes[4] !== 2 || bytes[5] !== 1) return true; // not 64-bit little-endian: not read here, so not trusted
  try {
    return hasHidingSection(bytes);
  } catch {
    return true;
  }
}

function hasHidingSection(elf: Buffer): boolean {
  const table = Number(elf.readBigUInt64LE(0x28));
  const entrySize = elf.readUInt16LE(0x3a);
  let count = elf.readUInt16LE(0x3c);
  let namesIndex = elf.readUInt16LE(0x3e);
  if (count === 0) count = Number(elf.readBigUInt64LE(table + 0x20)); // many sections: the count is in the first one
  if (namesIndex === 0xffff) namesIndex = elf.readUInt32LE(table + 0x28);
  const namesAt = Number(elf.readBigUInt64LE(table + namesIndex * entrySize + 0x18));
  for (let i = 0; i < count; i++) {
    const section = table + i * entrySize;
    if ((elf.readBigUInt64LE(section + 8) & sectionCompressed) !== 0n) return true;
    const nameAt = namesAt + elf.readUInt32LE(section);
    const name = elf.toString('latin1', nameAt, elf.indexOf(0, nameAt));
    if (hidingSections.test(name)) return true;
  }
  return false;
}
