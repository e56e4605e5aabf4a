import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { PodError } from '@mlpod/contract'

/** The first bytes by which other encodings say what they are. */
const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
]

const foreign = (encoding: string, name: string, at: string, because?: string): PodError =>
  new PodError('ENCODING_NOT_UTF8', `${name} is ${encoding} and not UTF-8`, {
    at,
    because,
    hint: `save it as UTF-8: iconv -f ${encoding === 'UTF-16' ? 'UTF-16' : 'LATIN1'} -t UTF-8 FILE`,
  })

/**
 * Returns the names in the first line of a CSV file. Throws `ENCODING_NOT_UTF8`, `CSV_MALFORMED` for an empty name or a
 * quote that is not closed, `COLUMN_TWICE` (also for names that differ only in case).
 */
export async function readHeader(
  path: string,
  { delimiter, name }: { readonly delimiter: string; readonly name: string },
): Promise<string[]> {
  const handle = await open(path, 'r')
  let head: Buffer
  try {
    const buffer = Buffer.alloc(1 << 20)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    head = buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
  for (const [encoding, mark] of MARKS)
    if (mark.every((byte, i) => head[i] === byte)) throw foreign(encoding, name, path)
  // every second byte of Latin letters in UTF-16 is zero
  const zeros = head.subarray(0, 256).filter((byte) => byte === 0).length
  if (4 * zeros > Math.min(256, head.length)) throw foreign('UTF-16', name, path, 'its first bytes hold zeros')
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  const names = firstRecord(head.subarray(start).toString('utf8'), delimiter)
  if (names === undefined)
    throw new PodError('CSV_MALFORMED', `a quote in the header of ${name} is not closed`, { at: `${path}:1` })
  if (names.some((column) => column.includes('\ufffd'))) throw await checkEncoding(path, name)
  names.forEach((column, i) => {
    if (column === '')
      throw new PodError('CSV_MALFORMED', `column ${i + 1} of ${name} has no name`, {
        at: `${path}:1`,
        hint: 'the first line names every column; an index written by pandas is left out with index=False',
      })
    const twin = names.find((other, j) => j < i && other.toLowerCase() === column.toLowerCase())
    if (twin !== undefined)
      throw new PodError(
        'COLUMN_TWICE',
        twin === column
          ? `${name} has two columns "${column}"`
          : `the columns "${twin}" and "${column}" of ${name} differ only in case`,
        { at: `${path}:1`, hint: twin === column ? undefined : 'SQL takes them for one: rename one of them' },
      )
  })
  const other = [';', '\t', '|'].find((mark) => mark !== delimiter && names.length === 1 && names[0].includes(mark))
  if (other !== undefined)
    throw new PodError('CSV_MALFORMED', `${name} has one column named "${names[0]}"`, {
      at: `${path}:1`,
      hint: `its fields seem to be separated otherwise: { delimiter: ${JSON.stringify(other)} }`,
    })
  return names
}

/** Splits the first record of a CSV text; undefined when a quote is not closed. */
function firstRecord(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = []
  let [field, inside] = ['', false]
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (inside) {
      if (c !== '"') field += c
      else if (text[i + 1] === '"') field += text[++i]
      else inside = false
    } else if (c === '"' && field === '') inside = true
    else if (c === delimiter) {
      fields.push(field)
      field = ''
    } else if (c === '\n' || c === '\r') break
    else field += c
  }
  return inside ? undefined : [...fields, field]
}

/** Returns the error that names the first byte of a file that is not UTF-8. */
export async function checkEncoding(path: string, name: string): Promise<PodError> {
  const handle = await open(path, 'r')
  let line = 1
  try {
    // line by line: a line feed is never part of a longer UTF-8 character
    let rest = Buffer.alloc(0)
    const buffer = Buffer.alloc(1 << 20)
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length)
      const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      let start = 0
      for (
        let end = text.indexOf(10, start);
        end >= 0 || (bytesRead === 0 && start < text.length);
        end = text.indexOf(10, start)
      ) {
        const stop = end < 0 ? text.length : end
        const bad = firstInvalid(text.subarray(start, stop))
        if (bad >= 0) {
          const byte = text[start + bad].toString(16).toUpperCase()
          return foreign(
            'not Unicode text (Latin-1?)',
            name,
            `${path}:${line}`,
            `byte ${bad + 1} of line ${line} is 0x${byte}`,
          )
        }
        line++
        start = stop + 1
      }
      if (bytesRead === 0) break
      rest = Buffer.from(text.subarray(start))
    }
  } finally {
    await handle.close()
  }
  return foreign('not Unicode text', name, path)
}

/** Index of the first byte that begins no UTF-8 character, or -1. */
function firstInvalid(bytes: Buffer): number {
  if (isUtf8(bytes)) return -1
  let [low, high] = [0, bytes.length]
  // the longest valid start; a cut character at its end counts as valid
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const valid = [0, 1, 2, 3].some(
      (cut) => middle - cut >= 0 && isUtf8(bytes.subarray(0, middle - cut)) && middle - cut >= low,
    )
    if (valid && isUtf8(bytes.subarray(0, middle))) low = middle
    else high = middle - 1
  }
  return low
}
