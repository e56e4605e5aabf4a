import { readFileSync } from 'node:fs'
import { type ErrorRecord, errorRecord } from '@mlpod/contract'
import type { Style } from './style.ts'

/** Reads `file:line` out of text such as `src/nodes/fit.ts:14` or a stack frame. */
function placeOf(text: string | undefined): { file: string; line: number } | undefined {
  const match = text?.match(/(?:file:\/\/)?((?:[A-Za-z]:)?[^\s()]+\.[cm]?[jt]s):(\d+)/)
  return match ? { file: match[1], line: Number(match[2]) } : undefined
}

/** The first stack frame in the pod's own code: not in a dependency, not in the platform. */
function podFrame(stack: string | undefined, root: string | undefined): string | undefined {
  if (root === undefined) return undefined
  const frames = (stack ?? '').split('\n').filter((line) => line.trim().startsWith('at '))
  const own = frames.find((line) => !line.includes('node_modules') && !line.includes('node:') && line.includes(root))
  const place = placeOf(own)
  return place && `${place.file}:${place.line}`
}

/** Three lines around a line of source, the line itself marked; none where it cannot be read. */
function codeFrame(place: { file: string; line: number }, style: Style): string[] {
  try {
    const lines = readFileSync(place.file, 'utf8').split('\n')
    return [place.line - 1, place.line, place.line + 1]
      .filter((number) => number >= 1 && number <= lines.length)
      .map((number) => {
        const text = `${number === place.line ? '>' : ' '} ${number.toString().padStart(4)} | ${lines[number - 1]}`
        return `       ${number === place.line ? text : style.dim(text)}`
      })
  } catch {
    return []
  }
}

/** What `problemLines` may show: the pod's root makes paths short and finds the pod's own frame; `debug` adds the stack. */
export interface ProblemOptions {
  readonly root?: string
  readonly debug?: boolean
}

/** Returns the lines that tell an error: code and sentence, where (with the code around it), why, and what to try. */
export function problemLines(thrown: unknown, style: Style, { root, debug = false }: ProblemOptions = {}): string[] {
  const record = isRecord(thrown) ? thrown : errorRecord(thrown)
  const short = (text: string): string =>
    root ? text.replaceAll(`file://${root}/`, '').replaceAll(`${root}/`, '') : text
  const at = record.at ?? podFrame(record.stack, root)
  const place = placeOf(at)
  return [
    `${style.broken('error')} ${style.bold(record.code)}  ${short(record.message)}`,
    ...(at ? [`  at   ${short(at)}`] : []),
    ...(place
      ? codeFrame(
          { ...place, file: place.file.startsWith('/') || root === undefined ? place.file : `${root}/${place.file}` },
          style,
        )
      : []),
    ...(record.because ? [`  because  ${short(record.because)}`] : []),
    ...(record.hint ? [`  try  ${short(record.hint)}`] : []),
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
