import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ErrorRecord, errorRecord } from '@mlpod/contract'
import type { Style } from './style.ts'

/** A line of source. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** What `problemLines` may show: the pod's root makes paths short and finds the pod's own frame; `debug` adds the stack. */
export interface ProblemOptions {
  readonly root?: string
  readonly debug?: boolean
}

/** Reads `file:line` out of text such as `src/nodes/fit.ts:14` or a stack frame. */
function placeOf(text: string): Place | undefined {
  const match = text
    .replace(/^\s*at (?:async )?/, '')
    .match(/(?:^|\()((?:file:\/\/)?[^()]*?\.[cm]?[jt]s):(\d+)(?::\d+)?\)?$/m)
  if (!match) return undefined
  const file = match[1].trim()
  return { file: file.startsWith('file://') ? fileURLToPath(file) : file, line: Number(match[2]) }
}

/** The first stack frame in the pod's own code: not in a dependency, not in the platform. */
function podPlace(stack: string | undefined, root: string | undefined): Place | undefined {
  if (root === undefined) return undefined
  return (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at |^file:\/\/|^\//.test(line) && !line.includes('node_modules') && !line.includes('node:'))
    .map((line) => placeOf(line.trimEnd()))
    .find((place) => place?.file.startsWith(`${root}/`))
}

/** What is known of anything thrown. An error of the system keeps its own code (`ENOSPC`). */
function recordOf(thrown: unknown): ErrorRecord {
  if (isRecord(thrown)) return thrown
  const record = errorRecord(thrown)
  const { code, syscall } = (thrown ?? {}) as Partial<NodeJS.ErrnoException>
  return record.code === 'UNEXPECTED' && syscall !== undefined && code !== undefined ? { ...record, code } : record
}

const causesOf = (thrown: unknown): readonly unknown[] =>
  thrown instanceof Error && thrown.cause !== undefined ? [thrown.cause, ...causesOf(thrown.cause)] : []

/** Returns the place in the pod's code that an error names: its own, else that of its stack or of what caused it. */
export function problemPlace(thrown: unknown, { root }: ProblemOptions = {}): Place | undefined {
  const { at, stack } = recordOf(thrown)
  const own = at === undefined ? undefined : placeOf(at)
  if (own) return { ...own, file: isAbsolute(own.file) || root === undefined ? own.file : join(root, own.file) }
  if (at !== undefined) return undefined
  const stacks = [stack, ...causesOf(thrown).map((cause) => (cause instanceof Error ? cause.stack : undefined))]
  return stacks.map((text) => podPlace(text, root)).find((place) => place !== undefined)
}

/** Three lines around a line of source, the line itself marked; none where it cannot be read. */
function codeFrame({ file, line }: Place, style: Style): string[] {
  let lines: readonly string[]
  try {
    lines = readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
  return [line - 1, line, line + 1]
    .filter((number) => number >= 1 && number <= lines.length)
    .map((number) => {
      const text =
        `     ${number === line ? '>' : ' '} ${number.toString().padStart(4)} | ${lines[number - 1]}`.trimEnd()
      return number === line ? text : style.dim(text)
    })
}

/** The lines of a text behind a label, the later ones under the first. */
const labelled = (label: string, text: string): string[] =>
  text.split('\n').map((line, i) => `  ${i === 0 ? label : ' '.repeat(label.length)}${line}`)

/** Returns the lines that tell an error: code and sentence, where (with the code around it), why, and what to try. */
export function problemLines(thrown: unknown, style: Style, options: ProblemOptions = {}): string[] {
  const { root, debug = false } = options
  const record = recordOf(thrown)
  const short = (text: string): string =>
    root ? text.replaceAll(`file://${root}/`, '').replaceAll(`${root}/`, '') : text
  const place = problemPlace(thrown, options)
  const at = record.at ?? (place && `${place.file}:${place.line}`)
  return [
    `${style.broken('error')} ${style.bold(record.code)}  ${short(record.message)}`,
    ...(at ? labelled('at   ', short(at)) : []),
    ...(place ? codeFrame(place, style) : []),
    ...(record.because ? labelled('because  ', short(record.because)) : []),
    ...(record.hint ? labelled('try  ', short(record.hint)) : []),
    ...(debug && record.stack
      ? record.stack
          .split('\n')
          .slice(1)
          .map((line) => style.dim(`  ${line.trim()}`))
      : []),
  ]
}

const isRecord = (thrown: unknown): thrown is ErrorRecord =>
  typeof thrown === 'object' && thrown !== null && !(thrown instanceof Error) && 'code' in thrown && 'message' in thrown
