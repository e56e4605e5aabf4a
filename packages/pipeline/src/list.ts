import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dataset, PodError } from '@mlpod/contract'

/** Datasets of one kind in a row, as one dataset: a folder with a file for each element. */
export interface ListDataset<Read = unknown, Write = Read> extends Dataset<readonly Read[], readonly Write[]> {
  readonly kind: 'list'
  /** What each element is. */
  readonly of: Dataset<Read, Write>
}

/**
 * A list of datasets: what `foreach` makes, and what it can go over. It reads as an array in order; `file`, if any, is a
 * folder. A folder of files in any names, sorted by code unit, can be a source.
 */
export function list<Read, Write>(of: Dataset<Read, Write>, folder?: string): ListDataset<Read, Write> {
  return {
    kind: 'list',
    of,
    ...(folder !== undefined && { file: folder }),
    extension: '',
    describe: { kind: of.kind, extension: of.extension, describe: of.describe },
    async read(path) {
      if (!(await stat(path)).isDirectory())
        throw new PodError('LIST_MALFORMED', `${path} is no folder, so it holds no list`)
      const names = (await readdir(path)).sort()
      return await Promise.all(names.map((name) => of.read(join(path, name))))
    },
    async write(values, path) {
      if (!Array.isArray(values)) throw new PodError('NOT_WRITABLE', `a list must be an array, not ${typeof values}`)
      await mkdir(path)
      for (const [i, value] of values.entries()) await of.write(value, join(path, elementName(i, of)))
    },
  }
}

/** Returns the file name of an element, so that names sort as numbers do. */
export const elementName = (index: number, of: Pick<Dataset, 'extension'>): string =>
  `${String(index).padStart(8, '0')}${of.extension}`

/** Tells whether a dataset is a list. */
export const isList = (dataset: { readonly kind: string }): dataset is ListDataset =>
  dataset.kind === 'list' && 'of' in dataset
