import type { Json } from './canonical.ts'

/**
 * A handle of data: what a node reads and writes, known to the compiler by its types and to the store by its bytes.
 * `Read` is what a node gets, `Write` what a node may return. A handle holds no data and no state.
 */
export interface Dataset<Read = unknown, Write = Read> {
  /** What it is: `table`, `csv`, `json`, `model`, ... */
  readonly kind: string
  /** The key in the catalog; set by `defineCatalog`. */
  readonly name?: string
  /** Path from the pod's root: of a source, the file read; of a node's output, where a copy is put. */
  readonly file?: string
  /**
   * Of a source that is no file of the pod, as a table of a database: makes its bytes a file at `path`, where nothing is yet. The same contents give the same
   * bytes, which are kept in the store.
   */
  fetch?(path: string): Promise<void>
  /** Ending of its file, with the dot. */
  readonly extension: string
  /** What else decides its bytes or its meaning (columns, order): part of the run keys of the nodes that write it. */
  readonly describe: Json
  /** Reads the bytes at `path`. Throws `PodError` naming the path when they are not of this kind. */
  read(path: string): Promise<Read>
  /** Writes the value as a new file at `path`; the same value gives the same bytes. */
  write(value: Write, path: string): Promise<void>
}

/** The type that a node reads from a handle. */
export type ReadOf<D> = D extends Dataset<infer Read, infer _> ? Read : never

/** The type that a node may write to a handle. */
export type WriteOf<D> = D extends Dataset<infer _, infer Write> ? Write : never
