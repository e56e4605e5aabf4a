import type { ParseArgsConfig } from 'node:util'
import { PodError } from '@mlpod/contract'
import type { ColourMode, Style } from './terminal/style.ts'

/** The exit codes, the same for every command. */
export const exitCode = {
  done: 0,
  /** The answer is no: a node failed, a promise is broken, a check failed. */
  no: 1,
  /** Wrong usage or configuration: nothing was run. */
  usage: 2,
  /** Undecided, under `--strict`. */
  undecided: 3,
  /** Something outside failed: the store, the network, the disk. */
  outside: 4,
  /** Our own bug. */
  bug: 70,
} as const

/** What every command may use: where to write, how it looks, from where it was called. */
export interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Style of standard output (data) and of standard error (progress, notices). */
  readonly out: Style
  readonly err: Style
  readonly colour: ColourMode
  /** Columns of text, between 60 and 120. */
  readonly width: number
  readonly json: boolean
  readonly quiet: boolean
  /** Stacks of all errors. */
  readonly debug: boolean
  readonly cwd: string
  /** The command line behind `mlpod`. */
  readonly argv: readonly string[]
}

/** One option of a command, as `parseArgs` takes it, with what help says of it. */
export interface Option {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  readonly multiple?: boolean
  /** Its value may begin with a dash. */
  readonly dashed?: boolean
  /** What stands for the value in help: `NAME`, `FILE`. */
  readonly value?: string
  readonly about: string
}

/** The values that a command gets: text, lists of text, or true. */
export type OptionValues = Readonly<Record<string, string | readonly string[] | boolean | undefined>>

/** One entry of the table of commands: help, parsing and completion come from it. */
export interface Command {
  readonly name: string
  readonly about: string
  /** Positional arguments as help shows them: `[NODE]`. */
  readonly positionals?: string
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly string[]
  load(): Promise<CommandRun>
}

/** Does what a command does; returns the exit code. */
export type CommandRun = (values: OptionValues, positionals: readonly string[], terminal: Terminal) => Promise<number>

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', about: 'machine-readable output on stdout, nothing else there' },
  color: { type: 'string', value: 'WHEN', about: 'auto (default), always or never' },
  quiet: { type: 'boolean', short: 'q', about: 'only failures' },
  debug: { type: 'boolean', about: 'stack traces' },
  help: { type: 'boolean', short: 'h', about: 'this text' },
}

/** Returns the options in the form that `parseArgs` takes. */
export const parseable = (options: Readonly<Record<string, Option>>): NonNullable<ParseArgsConfig['options']> =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) },
    ]),
  )

/** Returns an option's whole number; undefined when it is not given. Throws `OPTION_INVALID` outside of [least, most]. */
export function wholeNumber(
  values: OptionValues,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const given = values[name]
  if (given === undefined) return undefined
  const number = Number(given)
  if (String(given).trim() === '' || !Number.isInteger(number) || number < least || number > most)
    throw new PodError('OPTION_INVALID', `--${name} takes a whole number from ${least} to ${most}, not "${given}"`)
  return number
}

/** Returns arguments as a shell takes them: what a shell would read otherwise stands in quotes. */
export const shellWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
