// Whether a source could put the name of its own file into what is compiled: by a token that stands for it, in any file that
// is read, system headers included (a macro of theirs expands in the file that uses it).
import { isElf } from './folder-evidence.ts';

/** Ways for a source to put its own path into the result. */
const fileNameTokens = [
  '__FILE__',
  '__BASE_FILE__',
  '__builtin_FILE',
  '__builtin_source_location',
  'source_location',
];
/**
 * Of each way to paste such a token together out of two (`__FI ## LE__`), the half that is found nowhere else. These three are,
 * and `location` is everywhere: they count where they could be half of one, as an operand, an argument or a macro.
 */
const commonHalves = ['__FILE', '__builtin', '__builtin_'];
const rareHalves = fileNameTokens
  .flatMap(token =>
    Array.from({ length: token.length - 1 }, (_, i) => [token.slice(0, i + 1), token.slice(i + 1)]),
  )
  .map(([left, right]) => (left!.length >= right!.length || right === 'location' ? left! : right!))
  .filter(half => !commonHalves.includes(half));
const fileNameText = new RegExp(
  `\\b(?:${[...fileNameTokens, ...rareHalves].join('|')})\\b|\\b(?:${commonHalves.join('|')})\\b(?!\\s*[\\w*$;])`,
);

/**
 * What the C and C++ libraries do with it in assert(): a function that is declared without a body gets a pointer to the name, so
 * an object depends on it only if it holds it. Whoever gives such a function a body or another meaning mentions it.
 */
const libraryAsserts = '(?:__assert|__assert_perror|__glibcxx_assert)_fail';
const anyAssert = new RegExp(`\\b${libraryAsserts}\\b`);
const harmless = [
  new RegExp(
    `\\b${libraryAsserts}\\s*\\((?:(?:#\\w+|\\(\\w+\\)|\\(\\(\\w+\\)\\)), )?__FILE__, __LINE__,`,
    'g',
  ),
  new RegExp(`\\bvoid\\s+${libraryAsserts}\\s*\\([^()]*\\)[^;{}#]*;`, 'g'),
  // libstdc++'s own, in its own headers only
  /\b__glibcxx_assert_fail\(nullptr, 0,/g,
  /\bstd::__replacement_assert\(__FILE__, __LINE__,/g,
  /\b_PSTL_PRAGMA_LOCATION __FILE__/g,
  /\b__has_builtin\s*\(__builtin_source_location\)/g,
];

/** Whether a source's text holds a token that stands for its own path, or gives assert() another meaning. */
export function mentionsFileName(text: Buffer): boolean {
  if (isElf(text)) return false; // the compiler itself, which is read too
  const source = text.toString('latin1');
  const mentions = (rest: string) => fileNameText.test(rest) || anyAssert.test(rest);
  return mentions(source) && mentions(harmless.reduce((rest, use) => rest.replaceAll(use, ''), source));
}
