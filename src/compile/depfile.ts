// Depfiles in another checkout: gcc and clang break a depfile's lines by the length of its paths, so a depfile from a
// folder with a longer name is broken elsewhere. A template keeps the rules unbroken with the root as a token, and is made
// only where rendering it here gives back the very bytes that the compiler wrote.

const token = '\0{root}\0';
const heads: Record<'gcc' | 'clang', string> = { gcc: '\0depfile gcc\0', clang: '\0depfile clang\0' };

/** A template of this depfile, or undefined where it is none that can be rendered back exactly. */
export function depfileTemplate(text: string, root: string): string | undefined {
  if (text.includes('\0') || !/^[^\n]*:/.test(text)) return undefined;
  const unbroken = text.replace(/ \\\n +/g, ' ').replaceAll(root, token);
  for (const family of ['gcc', 'clang'] as const) {
    const template = heads[family] + unbroken;
    if (renderDepfile(template, root) === text) return template;
  }
  return undefined;
}

/** The depfile for this root, or undefined where the text is no template. */
export function renderDepfile(template: string, root: string): string | undefined {
  const family = (['gcc', 'clang'] as const).find(name => template.startsWith(heads[name]));
  if (family === undefined) return undefined;
  const text = template.slice(heads[family].length).replaceAll(token, root);
  return text
    .split('\n')
    .map(family === 'gcc' ? breakLikeGcc : breakLikeClang)
    .join('\n');
}

const names = (line: string) => line.split(/(?<!\\) /);

/** libcpp's mkdeps.cc, make_write_name: 72 columns, a break before a name that would pass them. */
function breakLikeGcc(line: string): string {
  let out = '';
  let column = 0;
  for (const name of names(line)) {
    const size = name.endsWith(':') ? name.length - 1 : name.length;
    if (column > 0) {
      if (column + size > 72) {
        out += ' \\\n';
        column = 0;
      }
      out += ' ';
      column++;
    }
    out += name;
    column += name.length;
  }
  return out;
}

/** clang's DependencyFile.cpp, outputDependencyFile: 75 columns, two spaces before a name on a new line. */
function breakLikeClang(line: string): string {
  const [first, ...rest] = names(line);
  let out = first!;
  let column = first!.length;
  for (const name of rest) {
    if (column + name.length + 3 > 75) {
      out += ' \\\n ';
      column = 2;
    }
    out += ` ${name}`;
    column += name.length + 1;
  }
  return out;
}
