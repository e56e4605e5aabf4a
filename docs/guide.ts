/** A fenced block of a guide, with the line on which its content begins (1 for the first line of the file). */
export interface Block {
  readonly kind: 'ts' | 'sh'
  readonly code: string
  readonly line: number
  /** What the block must print; undefined when the guide does not say. */
  readonly output?: string
}

/** A file that a guide tells its reader to write. */
export interface GuideFile {
  readonly name: string
  readonly content: string
}

/** A guide: its front matter, the files it writes and the blocks that are run. */
export interface Guide {
  /** The pod in whose copy the commands run. */
  readonly fixture?: string
  /** A file of a pod that the reader is given, as `data/NAME`. */
  readonly data?: string
  readonly files: readonly GuideFile[]
  readonly blocks: readonly Block[]
}

/**
 * Returns the blocks of a guide that are marked to run: three backticks, then `ts run` or `sh run`; a `text output` block that follows
 * one is what it must print; `ts file=NAME` is a file to write. Throws when an output block follows nothing that runs.
 */
export function readGuide(markdown: string): Guide {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  const files: GuideFile[] = []
  for (let i = 0; i < lines.length; i++) {
    const fence = lines[i].match(/^```(\S*) ?(.*)$/)
    if (!fence) continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`the block that opens on line ${i + 1} is never closed`)
    const code = lines.slice(i + 1, end).join('\n')
    const [, language, info] = fence
    if ((language === 'ts' || language === 'sh') && info.split(' ')[0] === 'run')
      blocks.push({ kind: language, code, line: i + 2 })
    if (info.startsWith('file=')) files.push({ name: info.slice('file='.length), content: `${code}\n` })
    if (language === 'text' && info === 'output') {
      const last = blocks.pop()
      if (last === undefined || last.output !== undefined)
        throw new Error(`the output block on line ${i + 1} follows no block that runs`)
      blocks.push({ ...last, output: code })
    }
    i = end
  }
  const front = markdown.match(/^---\n([\s\S]*?)\n---$/m)?.[1] ?? ''
  const field = (name: string): string | undefined => front.match(new RegExp(`^${name}: (\\S+)$`, 'm'))?.[1]
  return { fixture: field('fixture'), data: field('data'), files, blocks }
}

const placeholders: Readonly<Record<string, string>> = {
  '...': '[\\s\\S]*?',
  '<time>': '(?:[\\d.]+s|\\d+m \\d+s|\\d+:\\d\\d)',
  '<hash>': '[0-9a-f]{7,64}',
  '<date>': '\\d{4}-\\d\\d-\\d\\d(?:T[\\d:.]+Z)?',
  '<number>': '-?[\\d,.]+(?:e-?\\d+)?',
}

/**
 * Returns a pattern of what a block prints: text stands for itself, runs of blanks for any run of blanks; `...` stands for
 * anything, `<time>`, `<hash>`, `<date>`, `<number>` for one of these, and `~0.873` for any number that rounds to it.
 */
export function outputPattern(expected: string): { readonly pattern: RegExp; readonly numbers: readonly string[] } {
  const numbers: string[] = []
  const source = expected
    .trim()
    .split(/(\.\.\.|<time>|<hash>|<date>|<number>|~-?[\d.]+)/)
    .map((piece) => {
      if (piece.startsWith('~')) {
        numbers.push(piece.slice(1))
        return '(-?[\\d.]+(?:e-?\\d+)?)'
      }
      return placeholders[piece] ?? piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/[ \t]+/g, '[ \\t]+')
    })
    .join('')
  return { pattern: new RegExp(`^${source}$`), numbers }
}

/** Tells whether a block printed what its guide says; blanks at line ends do not count. */
export function printsAsSaid(expected: string, printed: string): boolean {
  const { pattern, numbers } = outputPattern(expected.replace(/[ \t]+$/gm, ''))
  const match = printed
    .replace(/[ \t]+$/gm, '')
    .trim()
    .match(pattern)
  if (!match) return false
  return numbers.every((said, i) => {
    const digits = (said.split('.')[1] ?? '').length
    return Math.abs(Number(match[i + 1]) - Number(said)) <= 0.5 * 10 ** -digits + 1e-12
  })
}
