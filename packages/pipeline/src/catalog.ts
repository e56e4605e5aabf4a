import { type Dataset, PodError } from '@mlpod/contract'

/** A catalog: handles by name, their types kept. */
export type Catalog = Readonly<Record<string, Dataset>>

/** The handles of a catalog, each with its key as `name`. */
export type Named<C extends Catalog> = { readonly [K in keyof C]: C[K] & { readonly name: K & string } }

/** Node names, dataset names and tags: letters and digits of any language, `_`, `-`, `.`. */
export const NAME = /^[\p{L}\p{N}_.-]+$/u

/**
 * Gives each dataset its key as its name and keeps its types. Throws `NAME_MALFORMED` for keys that are no names, and
 * `FILE_TWICE` when two datasets put their copy at the same path.
 */
export function defineCatalog<const C extends Catalog>(datasets: C): Named<C> {
  const files = new Map<string, string>()
  const named: Record<string, Dataset> = {}
  for (const [name, dataset] of Object.entries(datasets)) {
    if (!NAME.test(name)) throw malformedName('dataset', name)
    if (dataset.file !== undefined) {
      const other = files.get(dataset.file)
      if (other !== undefined)
        throw new PodError('FILE_TWICE', `datasets "${other}" and "${name}" are the same file ${dataset.file}`, {
          hint: 'use one dataset for one file, or give each its own',
        })
      files.set(dataset.file, name)
    }
    named[name] = { ...dataset, name }
  }
  return named as Named<C>
}

/** Returns the error for a name that is none. */
export const malformedName = (what: string, name: string): PodError =>
  new PodError('NAME_MALFORMED', `"${name}" is no name for a ${what}`, {
    hint: 'use letters, digits, "_", "-" and "." only',
  })
