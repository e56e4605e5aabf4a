import type { S3FileOptions } from '@mlpod/store'
import type { Relation } from '../relation.ts'

/** How a table is found and read where its file does not say it by itself. */
export interface OpenOptions {
  /** The format; by default that of the file's ending. */
  readonly format?: string
  /** Between the fields of a CSV file; by default found in its first line. */
  readonly delimiter?: string
  /** Texts that mean missing in a CSV file; by default the empty one. */
  readonly nullValues?: readonly string[]
  /** A table of a database, or a sheet of a workbook; by default the only one. */
  readonly table?: string
  /** Of what is partitioned in folders `key=value`: the values that are wanted. Other parts are neither read nor fetched. */
  readonly partitions?: Readonly<Record<string, string | number | readonly (string | number)[]>>
  /** Where S3 is, who asks, and what is kept of it; what is left out is taken from the environment. */
  readonly s3?: S3FileOptions
}

/** One format that tables are read from: an entry of the table of formats. */
export interface Format {
  readonly about: string
  /** Endings of its files, with the dot. */
  readonly extensions: readonly string[]
  /** Opens what is at `path`; `name` is what errors call it. */
  readonly open: (path: string, name: string, options: OpenOptions) => Promise<Relation>
  /** Opens several files as one table, where the format has it; folders named key=value in their paths are columns. */
  readonly openAll?: (paths: readonly string[], name: string, options: OpenOptions) => Promise<Relation>
}
